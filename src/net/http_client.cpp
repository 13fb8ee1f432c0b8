#include "net/http_client.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/check.h"
#include "net/line_splitter.h"
#include "net/transfer.h"

namespace quire::net {
namespace {

// How often a call asks whether it is still wanted.
constexpr int ask_interval_ms = 50;

// libcurl counts how often it was set up, and does so under a lock of its own: every owner sets it up and takes it
// down.
class CurlLibrary {
 public:
  CurlLibrary() { QUIRE_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl cannot be set up"); }
  ~CurlLibrary() { curl_global_cleanup(); }
  CurlLibrary(const CurlLibrary&) = delete;
  CurlLibrary& operator=(const CurlLibrary&) = delete;
};

struct CloseMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

}  // namespace

struct HttpTransfers::State {
  CurlLibrary library;
  std::unique_ptr<CURLM, CloseMulti> multi{curl_multi_init()};
  std::map<Id, std::unique_ptr<Transfer>> transfers;
  std::vector<Finished> stillborn;  // could not even begin
  Id last_id = 0;

  ~State() {
    for (auto& [id, transfer] : transfers) curl_multi_remove_handle(multi.get(), transfer->handle());
  }

  std::vector<Finished> collect() {
    std::vector<Finished> finished = std::exchange(stillborn, {});
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      CURL* easy = message->easy_handle;
      for (auto entry = transfers.begin(); entry != transfers.end(); ++entry) {
        if (entry->second->handle() != easy) continue;
        curl_multi_remove_handle(multi.get(), easy);
        finished.push_back({.id = entry->first, .reply = entry->second->take(code)});
        transfers.erase(entry);
        break;
      }
    }
    std::erase_if(transfers, [&](const auto& entry) {
      if (!entry.second->stalled()) return false;
      curl_multi_remove_handle(multi.get(), entry.second->handle());
      finished.push_back({.id = entry.first, .reply = entry.second->take(CURLE_OPERATION_TIMEDOUT)});
      return true;
    });
    return finished;
  }
};

HttpTransfers::HttpTransfers() : state_(std::make_unique<State>()) {}
HttpTransfers::~HttpTransfers() = default;

HttpTransfers::Id HttpTransfers::start(HttpRequest request, BodySink sink) {
  const Id id = ++state_->last_id;
  Result<std::unique_ptr<Transfer>> transfer = Transfer::make(std::move(request), std::move(sink));
  if (!transfer) {
    state_->stillborn.push_back({.id = id, .reply = std::unexpected(transfer.error())});
    return id;
  }
  curl_multi_add_handle(state_->multi.get(), (*transfer)->handle());
  state_->transfers.emplace(id, std::move(*transfer));
  return id;
}

void HttpTransfers::stop(Id id) {
  const auto entry = state_->transfers.find(id);
  if (entry == state_->transfers.end()) return;
  curl_multi_remove_handle(state_->multi.get(), entry->second->handle());
  state_->transfers.erase(entry);
}

size_t HttpTransfers::running() const { return state_->transfers.size() + state_->stillborn.size(); }

std::vector<HttpTransfers::Finished> HttpTransfers::wait(int timeout_ms) {
  int active = 0;
  curl_multi_perform(state_->multi.get(), &active);
  std::vector<Finished> finished = state_->collect();
  if (!finished.empty() || active == 0) return finished;
  curl_multi_poll(state_->multi.get(), nullptr, 0, timeout_ms, nullptr);
  curl_multi_perform(state_->multi.get(), &active);
  return state_->collect();
}

Result<HttpReply> HttpClient::send(HttpRequest request, const KeepGoing& keep_going) {
  return stream(std::move(request), {}, keep_going);
}

Result<HttpReply> HttpClient::stream(HttpRequest request, BodySink sink, const KeepGoing& keep_going) {
  const HttpTransfers::Id id = transfers_.start(std::move(request), std::move(sink));
  for (;;) {
    std::vector<HttpTransfers::Finished> finished = transfers_.wait(ask_interval_ms);
    if (!finished.empty()) return std::move(finished.front().reply);
    if (!keep_going || keep_going()) continue;
    transfers_.stop(id);
    return fail(ErrorKind::cancelled, "the reply is not wanted any more");
  }
}

Result<HttpReply> HttpClient::stream_lines(HttpRequest request, const LineSink& on_line, const KeepGoing& keep_going) {
  const size_t line_bytes_max = request.body_bytes_max;
  LineSplitter lines(line_bytes_max);
  const auto sink = [&](const HttpReply&, std::string_view bytes) {
    return lines.add(bytes, on_line) == LineSplitter::State::open;
  };
  Result<HttpReply> reply = stream(std::move(request), sink, keep_going);
  if (reply && reply->ok()) lines.finish(on_line);
  if (lines.state() == LineSplitter::State::too_long) {
    return fail(ErrorKind::too_large, fmt::format("a line of the reply has more than {} bytes", line_bytes_max));
  }
  return reply;
}

}  // namespace quire::net
