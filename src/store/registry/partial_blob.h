// The file that a blob grows in while it comes from a registry.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/folder.h"
#include "store/manifest.h"
#include "store/registry/part_state.h"
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

}  // namespace quire::store::registry
