// The layers of a model that is being made, each held until its manifest is written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
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
  // A GGUF layer in another type in its place.
  Result<void> quantize(size_t index, std::string_view type_name);

  void remove(std::string_view type);
  bool has(std::string_view type, std::string_view digest) const;

  const std::vector<Layer>& layers() const { return layers_; }
  // Where a layer's bytes are.
  const std::filesystem::path& path(size_t index) const { return holds_[index].path; }
  void set_type(size_t index, std::string_view type) { layers_[index].media_type = type; }

  // Says of every layer whether it is new, writes the config and the manifest, and deletes what only the replaced
  // manifest named.
  Result<void> write(const ModelName& name, ModelConfig config) const;

 private:
  void push(BlobHold hold, std::string_view type, std::string from, bool is_new);

  const StoreFolder& folder_;
  const CreateHooks& hooks_;
  std::vector<Layer> layers_;
  std::vector<BlobHold> holds_;        // of layers_, by index
  std::vector<std::string> statuses_;  // of layers_, by index
};

}  // namespace quire::store
