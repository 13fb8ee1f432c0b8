// Models written into a folder for tests. The weights are any bytes; only create and loading look into them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/folder.h"

namespace quire::store {

// Media types and the bytes of their layers, in order.
using TestLayers = std::vector<std::pair<std::string_view, std::string>>;

inline Layer put_layer(const StoreFolder& folder, std::string_view type, std::string_view bytes) {
  const Result<BlobHold> blob = folder.put_blob(bytes);
  EXPECT_TRUE(blob) << blob.error().message;
  return {.media_type = std::string(type), .digest = blob->digest, .size_bytes = blob->size_bytes};
}

inline Manifest store_model(const StoreFolder& folder, std::string_view name, const TestLayers& layers,
                            std::string_view config = R"({"model_format":"gguf","model_family":"llama"})") {
  Manifest manifest;
  manifest.config = put_layer(folder, media_type::config, config);
  for (const auto& [type, bytes] : layers) manifest.layers.push_back(put_layer(folder, type, bytes));
  const Result<void> written = folder.write_manifest(*ModelName::parse(name), manifest.to_json());
  EXPECT_TRUE(written) << written.error().message;
  return manifest;
}

}  // namespace quire::store
