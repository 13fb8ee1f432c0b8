// One blob on its way from a registry into a folder: parts side by side, tries, verification.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_client.h"
#include "store/folder.h"
#include "store/manifest.h"
#include "store/registry/part_state.h"
#include "store/registry/registry_client.h"
#include "store/registry/surroundings.h"

namespace quire::store::registry {

// The growing file of a blob, and its lock: while this lives, nobody else who takes the lock writes to it. One thread.
// What is here when the process ends, however it ends, is there for the next one.
class PartialBlob {
 public:
  // Waits while another download has it. None: that one has brought the blob.
  static Result<std::optional<PartialBlob>> open(const StoreFolder& folder, const Layer& layer,
                                                 const Surroundings& surroundings, const Hooks& hooks);

  Result<void> write(uint64_t offset, std::string_view bytes) const;
  // Everything that has arrived is forgotten, parts are planned anew.
  Result<void> start_over(std::vector<Part> parts);
  // The whole file has the layer's digest; else ErrorKind::invalid, and the file is gone.
  Result<void> verify(const Hooks& hooks);
  // Gives the file its blob's name. REQUIRES: verify() succeeded.
  Result<BlobHold> adopt(const StoreFolder& folder);

  uint64_t completed_bytes() const;
  // Of the disk, that are taken already.
  uint64_t allocated_bytes() const;
  bool resumed() const { return resumed_; }

  PartFiles states;

 private:
  PartialBlob(Layer layer, std::filesystem::path path, Descriptor file, PartFiles files)
      : states(std::move(files)), layer_(std::move(layer)), path_(std::move(path)), file_(std::move(file)) {}
  void discard();

  Layer layer_;
  std::filesystem::path path_;
  Descriptor file_;
  bool resumed_ = false;
};

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
    std::string token;                    // that it used
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
