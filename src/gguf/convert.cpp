#include "gguf/convert.h"

#include <algorithm>
#include <vector>

#include "gguf/write_rows.h"
#include "gguf/writer.h"
#include "tensor/dequantize.h"

namespace quire::gguf {
namespace {

// The layers that a file's tensor names speak of; metadata may lack them.
int64_t count_layers(const File& source) {
  const auto architecture = source.metadata().get_string_or("general.architecture", "");
  if (!architecture) return 0;
  return source.metadata().get_int_or(*architecture + ".block_count", 0, 0, INT32_MAX).value_or(0);
}

std::vector<TensorSpec> choose_types(const File& source, FileType type) {
  const FileFacts facts = {.layers = count_layers(source),
                           .has_output = source.find_tensor("output.weight") != nullptr};
  std::vector<TensorSpec> specs;
  specs.reserve(source.tensors().size());
  for (const TensorView& tensor : source.tensors()) {
    specs.push_back({tensor.name, choose_element_type(type, tensor.name, tensor.shape, facts), tensor.shape});
  }
  return specs;
}

Result<void> copy_bytes(Writer& writer, std::span<const std::byte> bytes,
                        FunctionRef<void(uint64_t written_bytes)> on_written) {
  constexpr size_t piece_bytes = 16 << 20;
  for (size_t offset = 0; offset < bytes.size(); offset += piece_bytes) {
    const auto piece = bytes.subspan(offset, std::min(piece_bytes, bytes.size() - offset));
    QUIRE_TRY_VOID(writer.append(piece));
    on_written(piece.size());
  }
  return {};
}

Result<void> convert_tensor(const TensorView& tensor, const TensorSpec& spec, Writer& writer, Team& team,
                            FunctionRef<void(uint64_t written_bytes)> on_written) {
  if (tensor.type == spec.type) return copy_bytes(writer, tensor.bytes, on_written);
  const int64_t row_elements = tensor.shape[0];
  const int64_t row_bytes = row_size_bytes(tensor.type, row_elements);
  const auto row_values = [&](int64_t row, float* values) {
    dequantize(tensor.type, tensor.bytes.data() + row * row_bytes, row_elements, values);
  };
  return write_rows(writer, spec, team, row_values, on_written);
}

}  // namespace

Result<void> convert_file(const File& source, FileType type, const std::filesystem::path& path, Team& team,
                          FunctionRef<void(uint64_t done_bytes, uint64_t total_bytes)> progress) {
  const std::vector<TensorSpec> specs = choose_types(source, type);
  Metadata metadata = source.metadata();
  metadata.set("general.file_type", static_cast<uint32_t>(type));
  metadata.set("general.quantization_version", uint32_t{2});
  QUIRE_TRY(Writer writer, Writer::create(path, metadata, specs));

  uint64_t done = 0;
  uint64_t total = 0;
  for (const TensorSpec& spec : specs) total += static_cast<uint64_t>(spec.size_bytes());
  const auto on_written = [&](uint64_t bytes) {
    done += bytes;
    progress(done, total);
  };
  for (size_t i = 0; i < specs.size(); ++i) {
    QUIRE_TRY_VOID(convert_tensor(source.tensors()[i], specs[i], writer, team, on_written));
    source.release(source.tensors()[i].bytes);
  }
  return writer.finish();
}

}  // namespace quire::gguf
