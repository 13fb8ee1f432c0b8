#include "server/requests/kept_answers.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "server/requests/client_identity.h"

namespace quire::server {

// A record's first line is its owner.
KeptAnswers::KeptAnswers(asio::thread_pool& pool, std::filesystem::path folder, uint64_t bytes_max)
    : path_(std::move(folder)), bytes_max_(path_.empty() ? 0 : bytes_max), strand_(pool.get_executor()) {}

asio::awaitable<bool> KeptAnswers::ready() {
  if (bytes_max_ == 0) co_return false;
  if (ready_) co_return *ready_;
  const auto work = [this] { return open(); };
  const bool opened = co_await on_pool(strand_, work);
  ready_ = opened;
  co_return opened;
}

bool KeptAnswers::open() {
  if (folder_) return true;
  Result<store::RecordFolder> opened = store::RecordFolder::open(path_, bytes_max_);
  if (opened) {
    folder_.emplace(std::move(*opened));
  } else if (!std::exchange(fails_, true)) {
    spdlog::warn("answers are not kept: {}", opened.error().message);
  }
  return opened.has_value();
}

void KeptAnswers::keep(const std::string& id, const std::string& owner, std::string record) {
  const auto text = std::make_shared<const std::string>(owner + "\n" + std::move(record));
  if (waiting_bytes_ + text->size() > bytes_max_) {
    spdlog::warn("answer {} is not kept: the disk is slower than the answers", id);
    return;
  }
  waiting_bytes_ += text->size();
  asio::post(strand_, [this, id, text] {
    put(id, *text);
    waiting_bytes_ -= text->size();
  });
}

void KeptAnswers::put(const std::string& id, const std::string& text) {
  if (!folder_ || !store::is_record_name(id)) return;
  const Result<void> written = folder_->put(id, text);
  if (!written && !fails_) spdlog::warn("answers are not kept: {}", written.error().message);
  fails_ = !written;
}

Result<std::string> KeptAnswers::read(const std::string& id, const std::string& owner) {
  if (!folder_) return fail(ErrorKind::not_found, "nothing is kept");
  QUIRE_TRY(std::string text, folder_->find(id));
  const std::string mine = owner + "\n";
  if (!text.starts_with(mine)) return fail(ErrorKind::not_found, "it is another owner's");
  text.erase(0, mine.size());
  return text;
}

asio::awaitable<Result<std::string>> KeptAnswers::find(const std::string& id, const std::string& owner) {
  const bool keeps = co_await ready();
  if (!keeps) co_return fail(ErrorKind::not_found, "nothing is kept");
  const auto work = [&] { return read(id, owner); };
  Result<std::string> record = co_await on_pool(strand_, work);
  co_return record;
}

asio::awaitable<Result<void>> KeptAnswers::remove(const std::string& id, const std::string& owner) {
  const bool keeps = co_await ready();
  if (!keeps) co_return fail(ErrorKind::not_found, "nothing is kept");
  const auto work = [&]() -> Result<void> {
    QUIRE_TRY_VOID(read(id, owner));
    return folder_->remove(id);
  };
  Result<void> removed = co_await on_pool(strand_, work);
  co_return removed;
}

std::string owner_of(const HttpRequest& request) {
  std::string client = client_of(request, {});
  return client.starts_with("key:") ? std::move(client) : std::string();
}

}  // namespace quire::server
