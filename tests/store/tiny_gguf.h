// A GGUF file of a few kilobytes whose weights are of one type.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "gguf/writer.h"

namespace quire::store {

// `salt` makes files differ; `extra` comes to the metadata or replaces it.
inline std::filesystem::path write_tiny_gguf(const std::filesystem::path& path, uint8_t salt = 0,
                                             const gguf::Metadata& extra = {}, ElementType type = ElementType::f16,
                                             const std::string& tensor = "blk.0.ffn_up.weight") {
  gguf::Metadata metadata;
  metadata.set("general.architecture", std::string("llama"));
  metadata.set("general.file_type", type == ElementType::f16 ? uint32_t{1} : uint32_t{7});
  metadata.set("llama.block_count", uint32_t{1});
  for (const auto& [key, value] : extra.entries()) metadata.set(key, value);
  const gguf::TensorSpec spec{.name = tensor, .type = type, .shape = {256, 4, 1, 1}};
  Result<gguf::Writer> writer = gguf::Writer::create(path, metadata, {spec});
  EXPECT_TRUE(writer) << writer.error().message;
  const std::vector<std::byte> bytes(static_cast<size_t>(spec.size_bytes()), std::byte{salt});
  EXPECT_TRUE(writer->append(bytes));
  EXPECT_TRUE(writer->finish());
  return path;
}

}  // namespace quire::store
