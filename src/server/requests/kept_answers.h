// Answers that later requests may go on from, kept on disk within a bound.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "server/asio.h"
#include "server/http/http.h"
#include "store/record_folder.h"

namespace quire::server {

// Asked on the io thread. The folder is only touched in order, by one thread of the pool at a time: an answer that was
// kept is found by who asks next, and no stream waits for a disk. The pool must be joined before this goes.
class KeptAnswers {
 public:
  // Nothing is kept where `bytes_max` is 0 or the folder has no name. The folder is opened when it is first needed.
  KeptAnswers(asio::thread_pool& pool, std::filesystem::path folder, uint64_t bytes_max);

  // Whether answers are kept here; when they cannot be, the log says so once.
  asio::awaitable<bool> ready();
  // What cannot be kept (a full disk) is a line of the log. REQUIRES: ready() has said yes.
  void keep(const std::string& id, const std::string& owner, std::string record);
  // ErrorKind::not_found also for what is another owner's.
  // REQUIRES: both stay until the answer is there.
  asio::awaitable<Result<std::string>> find(const std::string& id, const std::string& owner);
  asio::awaitable<Result<void>> remove(const std::string& id, const std::string& owner);

 private:
  bool open();
  void put(const std::string& id, const std::string& text);
  Result<std::string> read(const std::string& id, const std::string& owner);

  // Const after construction.
  const std::filesystem::path path_;
  const uint64_t bytes_max_;
  // The io thread's.
  asio::strand<asio::thread_pool::executor_type> strand_;
  std::optional<bool> ready_;
  // Of records that wait to be written: added to by the io thread, taken from by the strand.
  std::atomic<uint64_t> waiting_bytes_ = 0;
  // The strand's.
  std::optional<store::RecordFolder> folder_;
  bool fails_ = false;  // the last put did, and the log has said so
};

// Whose answers a request may see: those of its API key; without one, those that were made without one.
std::string owner_of(const HttpRequest& request);

}  // namespace quire::server
