// One blob on its way from a registry into a folder: parts side by side, and tries.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_client.h"
#include "store/manifest.h"
#include "store/registry/partial_blob.h"
#include "store/registry/registry_client.h"
#include "store/registry/surroundings.h"

namespace quire::store::registry {

// Fetches what is missing of one blob. Lives for one run(); one thread.
class BlobDownload {
 public:
  // All borrowed for its life. `on_progress` is called with the bytes that are there.
  // `transfers`: nothing else runs there; its connections are used again for the next blob.
  BlobDownload(PartialBlob& partial, const Layer& layer, RegistryClient& registry, net::HttpTransfers& transfers,
               const Surroundings& surroundings, const Hooks& hooks, std::function<void(uint64_t)> on_progress);

  // Afterwards every part is complete. On an error what has arrived is kept and written down.
  Result<void> run();

 private:
  // One part's connection.
  struct Fetch {
    net::HttpTransfers::Id transfer = 0;  // 0: none runs
    std::optional<std::string> token;     // that it used
    bool head_checked = false;            // its reply has begun, and is what was asked for
    uint64_t skip_bytes = 0;              // of the reply: what is there already, where the range is ignored
    uint64_t saved_bytes = 0;             // of the part, as its state file has it
    uint64_t begun_bytes = 0;             // of the part, when this try began
    int64_t due_ns = 0;                   // when it may be tried again
    Backoff backoff;
    std::optional<Error> failure;  // why the sink hung up
    bool disk_failed = false;      // and no other try helps
  };
  enum class Turn : unsigned char { none, one_stream, start_over };

  Result<void> round();
  void start_fetches();
  void start_fetch(size_t index);
  bool take(size_t index, const net::HttpReply& head, std::string_view bytes);
  bool check_head(size_t index, const net::HttpReply& head);
  Result<void> end_fetch(size_t index, Result<net::HttpReply> reply);
  Result<void> try_later(size_t index, Error why, int64_t asked_s);
  Result<void> take_turn();
  void stop_fetches();
  void save_all();
  bool complete() const;

  PartialBlob& partial_;
  const Layer& layer_;
  RegistryClient& registry_;
  net::HttpTransfers& transfers_;
  const Surroundings& surroundings_;
  const Hooks& hooks_;
  const std::function<void(uint64_t)> on_progress_;
  std::vector<Fetch> fetches_;  // one a part
  Turn turn_ = Turn::none;      // what all fetches must do together
  bool started_over_ = false;
};

}  // namespace quire::store::registry
