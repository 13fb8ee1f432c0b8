// The layers of a model that is being made, each held until its manifest is written.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "store/create.h"
#include "store/folder.h"
#include "store/manifest.h"

namespace quire::store {

// One thread. Lives as long as one create_model().
class CreateLayers {
 public:
  CreateLayers(const StoreFolder& folder, const CreateHooks& hooks) : folder_(folder), hooks_(hooks) {}

  // A layer whose blob is in the folder, or in `other`, from where it is copied and checked.
  Result<void> take(const Layer& layer, const StoreFolder& other, std::string from);
  // The blob that a client sent; not_found when it did not.
  Result<void> take_blob(std::string_view digest, std::string_view type, std::string from);
  // The bytes of a file that is no blob.
  Result<void> import_file(const std::filesystem::path& path, std::string_view type);
  Result<void> add_text(std::string_view type, std::string_view text);
  // One GGUF layer, or all parts of a split one, in another type: one layer in the first one's place. False: they are
  // of this type already, and stay. REQUIRES: indices ascend, at least one.
  Result<bool> quantize(std::span<const size_t> parts, std::string_view type_name);
  // The model in a GGUF layer, or in all parts of a split one. REQUIRES: at least one.
  Result<gguf::File> open(std::span<const size_t> parts) const;

  void remove(std::string_view type);
  bool has(std::string_view type, std::string_view digest) const;

  const std::vector<Layer>& layers() const { return layers_; }
  // Where a layer's bytes are.
  const std::filesystem::path& path(size_t index) const { return holds_[index].path; }
  void set_type(size_t index, std::string_view type) { layers_[index].media_type = type; }

  // Says of every layer whether it is new, writes the config and the manifest, and deletes what only the replaced
  // manifest named.
  Result<void> write(const ModelName& name, const ModelConfig& config) const;

 private:
  void remove_at(size_t index);
  void push(BlobHold hold, std::string_view type, std::string from, bool is_new);

  const StoreFolder& folder_;
  const CreateHooks& hooks_;
  std::vector<Layer> layers_;
  std::vector<BlobHold> holds_;        // of layers_, by index
  std::vector<std::string> statuses_;  // of layers_, by index
};

}  // namespace quire::store
