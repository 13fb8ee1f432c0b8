#include <fmt/format.h>

#include <set>
#include <type_traits>

#include "base/bytes.h"
#include "gguf/format.h"
#include "gguf/printable.h"
#include "gguf/writer.h"

namespace quire::gguf {
namespace {

// Appends numbers and strings in the file's layout.
class Output {
 public:
  template <typename T>
  void number(T value) {
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    store_value(bytes_.data() + at, value);
  }
  void string(std::string_view text) {
    number(static_cast<uint64_t>(text.size()));
    const auto raw = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  void type(ValueType value) { number(static_cast<uint32_t>(value)); }
  void pad() { bytes_.resize(round_up(bytes_.size(), static_cast<size_t>(alignment_default))); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

template <typename T>
constexpr ValueType type_of() {
  if constexpr (std::is_same_v<T, uint8_t>) return ValueType::uint8;
  if constexpr (std::is_same_v<T, int8_t>) return ValueType::int8;
  if constexpr (std::is_same_v<T, uint16_t>) return ValueType::uint16;
  if constexpr (std::is_same_v<T, int16_t>) return ValueType::int16;
  if constexpr (std::is_same_v<T, uint32_t>) return ValueType::uint32;
  if constexpr (std::is_same_v<T, int32_t>) return ValueType::int32;
  if constexpr (std::is_same_v<T, uint64_t>) return ValueType::uint64;
  if constexpr (std::is_same_v<T, int64_t>) return ValueType::int64;
  if constexpr (std::is_same_v<T, float>) return ValueType::float32;
  if constexpr (std::is_same_v<T, double>) return ValueType::float64;
  if constexpr (std::is_same_v<T, bool>) return ValueType::boolean;
  if constexpr (std::is_same_v<T, std::string>) return ValueType::string;
}

template <typename T>
void write_content(Output& out, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    out.string(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    out.number(static_cast<uint8_t>(value ? 1 : 0));
  } else {
    out.number(value);
  }
}

struct WriteValue {
  Output& out;

  template <typename T>
  void operator()(const T& value) const {
    out.type(type_of<T>());
    write_content(out, value);
  }
  template <typename T>
  void operator()(const std::vector<T>& values) const {
    out.type(ValueType::array);
    out.type(type_of<T>());
    out.number(static_cast<uint64_t>(values.size()));
    for (size_t i = 0; i < values.size(); ++i) write_content<T>(out, values[i]);
  }
};

Result<void> check_tensor(const TensorSpec& tensor) {
  const std::string name = printable(tensor.name);
  if (tensor.name.empty() || tensor.name.size() > tensor_name_bytes_max) {
    return fail(ErrorKind::invalid, fmt::format("tensor name {} has {} bytes; expected 1 to {}", name,
                                                tensor.name.size(), tensor_name_bytes_max));
  }
  const ElementTraits traits = element_traits(tensor.type);
  // Far below what the format could say, so that no later sum of sizes overflows.
  constexpr uint64_t elements_max = uint64_t{1} << 48;
  uint64_t elements = 1;
  for (const int64_t length : tensor.shape) {
    const auto product = length < 1 ? std::nullopt : checked_mul(elements, static_cast<uint64_t>(length));
    if (!product || *product > elements_max) {
      return fail(ErrorKind::invalid,
                  fmt::format("tensor {} has a dimension of {}; expected at least 1 and at most 2^48 "
                              "elements in all",
                              name, length));
    }
    elements = *product;
  }
  if (tensor.shape[0] % traits.block_elements != 0) {
    return fail(ErrorKind::invalid, fmt::format("tensor {} has rows of {} elements; {} needs a multiple of {}", name,
                                                tensor.shape[0], traits.name, traits.block_elements));
  }
  return {};
}

uint32_t dimension_count(const TensorSpec& tensor) {
  uint32_t count = dimensions_max;
  while (count > 1 && tensor.shape[count - 1] == 1) --count;
  return count;
}

}  // namespace

Result<std::vector<std::byte>> header_bytes(const Metadata& metadata, std::span<const TensorSpec> tensors) {
  Output out;
  out.number(file_magic);
  out.number(version_max);
  out.number(static_cast<uint64_t>(tensors.size()));
  out.number(static_cast<uint64_t>(metadata.entries().size()));
  for (const auto& [key, value] : metadata.entries()) {
    if (key.empty() || key.size() > key_bytes_max) {
      return fail(ErrorKind::invalid, fmt::format("metadata key {} has {} bytes; expected 1 to {}", printable(key),
                                                  key.size(), key_bytes_max));
    }
    out.string(key);
    if (key == alignment_key) {
      WriteValue{out}(static_cast<uint32_t>(alignment_default));
    } else {
      std::visit(WriteValue{out}, value);
    }
  }
  uint64_t offset = 0;
  std::set<std::string_view> names;
  for (const TensorSpec& tensor : tensors) {
    QUIRE_TRY_VOID(check_tensor(tensor));
    if (!names.insert(tensor.name).second) {
      return fail(ErrorKind::invalid, fmt::format("tensor {} appears twice", printable(tensor.name)));
    }
    const uint32_t dimensions = dimension_count(tensor);
    out.string(tensor.name);
    out.number(dimensions);
    for (uint32_t i = 0; i < dimensions; ++i) out.number(static_cast<uint64_t>(tensor.shape[i]));
    out.number(static_cast<uint32_t>(tensor.type));
    out.number(offset);
    offset += round_up(static_cast<uint64_t>(tensor.size_bytes()), alignment_default);
  }
  out.pad();
  return out.take();
}

}  // namespace quire::gguf
