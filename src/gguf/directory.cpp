#include "gguf/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "base/bytes.h"
#include "gguf/format.h"
#include "gguf/printable.h"
#include "gguf/read_value.h"
#include "gguf/reader.h"

namespace quire::gguf {
namespace {

struct Header {
  uint32_t version = 0;
  uint64_t tensor_count = 0;
  uint64_t key_count = 0;
};

// A tensor as the directory names it; its view's offset is none yet.
struct TensorInfo {
  TensorView view;
  uint64_t offset = 0;  // from the start of the data section
  uint64_t size = 0;
};

std::unexpected<Error> invalid(std::string message) { return fail(ErrorKind::invalid, std::move(message)); }

Result<Header> read_header(Reader& reader) {
  QUIRE_TRY(const uint32_t magic, reader.number<uint32_t>("the file's magic number"));
  if (magic != file_magic) return invalid(fmt::format("the file begins with 0x{:08x}; expected 'GGUF'", magic));
  Header header;
  QUIRE_TRY(header.version, reader.number<uint32_t>("the file's version"));
  if (header.version < version_min || header.version > version_max) {
    const uint32_t swapped = __builtin_bswap32(header.version);
    const bool big_endian = swapped >= 1 && swapped <= version_max;
    return fail(
        ErrorKind::unsupported,
        fmt::format("GGUF version {} is not supported{}; expected {} or {}", big_endian ? swapped : header.version,
                    big_endian ? " in big-endian byte order" : "", version_min, version_max));
  }
  QUIRE_TRY(header.tensor_count, reader.number<uint64_t>("the tensor count"));
  QUIRE_TRY(header.key_count, reader.number<uint64_t>("the metadata key count"));
  const uint64_t left = reader.remaining();
  if (header.tensor_count > left / tensor_info_bytes_min) {
    return invalid(fmt::format("the header claims {} tensors; the {} bytes left in the file hold at most {}",
                               header.tensor_count, left, left / tensor_info_bytes_min));
  }
  if (header.key_count > left / key_value_bytes_min) {
    return invalid(fmt::format("the header claims {} metadata keys; the {} bytes left in the file hold at most {}",
                               header.key_count, left, left / key_value_bytes_min));
  }
  return header;
}

Result<Metadata> read_metadata(Reader& reader, uint64_t key_count) {
  Metadata metadata;
  for (uint64_t i = 0; i < key_count; ++i) {
    QUIRE_TRY(std::string key, reader.string(key_bytes_max, fmt::format("metadata key {}", i)));
    if (key.empty()) return invalid(fmt::format("metadata key {} has an empty name", i));
    if (metadata.contains(key)) return invalid(fmt::format("metadata key {} appears twice", printable(key)));
    QUIRE_TRY(Value value, read_value(reader, key));
    metadata.set(std::move(key), std::move(value));
  }
  return metadata;
}

Result<uint64_t> read_alignment(const Metadata& metadata) {
  QUIRE_TRY(const int64_t found,
            metadata.get_int_or(alignment_key, static_cast<int64_t>(alignment_default),
                                static_cast<int64_t>(alignment_min), static_cast<int64_t>(alignment_max)));
  const auto alignment = static_cast<uint64_t>(found);
  if (!std::has_single_bit(alignment)) {
    return invalid(fmt::format("metadata key {} is {}; expected a power of two", printable(alignment_key), alignment));
  }
  return alignment;
}

std::string supported_types() {
  std::string names;
  for (const ElementTraits& traits : element_traits_table) {
    if (!names.empty()) names += ' ';
    names += traits.name;
  }
  return names;
}

Result<std::string> read_tensor_name(Reader& reader, uint64_t index) {
  QUIRE_TRY(std::string name, reader.string(tensor_name_bytes_max, fmt::format("the name of tensor {}", index)));
  if (name.empty()) return invalid(fmt::format("tensor {} has an empty name", index));
  return name;
}

// Dimensions, type and offset of one tensor; its size in bytes cannot overflow afterwards.
Result<TensorInfo> read_tensor_info(Reader& reader, uint64_t index) {
  TensorInfo info;
  QUIRE_TRY(info.view.name, read_tensor_name(reader, index));
  const std::string name = printable(info.view.name);
  QUIRE_TRY(const uint32_t dimensions, reader.number<uint32_t>(fmt::format("the dimension count of tensor {}", name)));
  if (dimensions < 1 || dimensions > dimensions_max) {
    return invalid(fmt::format("tensor {} has {} dimensions; expected 1 to {}", name, dimensions, dimensions_max));
  }
  uint64_t elements = 1;
  for (uint32_t i = 0; i < dimensions; ++i) {
    QUIRE_TRY(const uint64_t length, reader.number<uint64_t>(fmt::format("dimension {} of tensor {}", i, name)));
    const auto product = checked_mul(elements, length);
    if (length == 0 || !product || *product > static_cast<uint64_t>(INT64_MAX)) {
      return invalid(
          fmt::format("dimension {} of tensor {} is {}; expected at least 1 and fewer than 2^63 elements in all", i,
                      name, static_cast<int64_t>(length)));
    }
    elements = *product;
    info.view.shape[i] = static_cast<int64_t>(length);
  }
  QUIRE_TRY(const uint32_t type, reader.number<uint32_t>(fmt::format("the type of tensor {}", name)));
  const auto traits = find_element_traits(type);
  if (!traits) {
    const std::string_view known_as = name_of_other_type(type);
    return fail(ErrorKind::unsupported,
                fmt::format("tensor {} has element type {}{}, which is not supported; supported are {}", name, type,
                            known_as.empty() ? "" : fmt::format(" ({})", known_as), supported_types()));
  }
  info.view.type = traits->type;
  if (info.view.shape[0] % traits->block_elements != 0) {
    return invalid(fmt::format("tensor {} has rows of {} elements; {} needs a multiple of {}", name, info.view.shape[0],
                               traits->name, traits->block_elements));
  }
  const auto size =
      checked_mul(elements / static_cast<uint64_t>(traits->block_elements), static_cast<uint64_t>(traits->block_bytes));
  if (!size)
    return invalid(fmt::format("tensor {} has {} elements of {}: more than 2^64 bytes", name, elements, traits->name));
  info.size = *size;
  QUIRE_TRY(info.offset, reader.number<uint64_t>(fmt::format("the offset of tensor {}", name)));
  return info;
}

// Points each view at its bytes. Bytes between and behind tensors belong to nobody and are allowed.
Result<void> place_tensors(std::vector<TensorInfo>& infos, const ByteSource& source, uint64_t directory_end,
                           uint64_t alignment) {
  if (infos.empty()) return {};
  const uint64_t data_begin = round_up(directory_end, alignment);
  const uint64_t data_size = source.size_bytes() > data_begin ? source.size_bytes() - data_begin : 0;
  for (TensorInfo& info : infos) {
    const std::string name = printable(info.view.name);
    if (info.offset % alignment != 0) {
      return invalid(fmt::format("tensor {} is at offset {}; expected a multiple of the alignment {}", name,
                                 info.offset, alignment));
    }
    if (info.offset > data_size || info.size > data_size - info.offset) {
      return invalid(fmt::format("tensor {} needs {} bytes at offset {}; the file's data section has {} bytes", name,
                                 info.size, info.offset, data_size));
    }
    info.view.source = &source;
    info.view.offset = data_begin + info.offset;
  }
  std::vector<const TensorInfo*> by_offset;
  by_offset.reserve(infos.size());
  for (const TensorInfo& info : infos) by_offset.push_back(&info);
  std::ranges::sort(by_offset, {}, [](const TensorInfo* info) { return info->offset; });
  for (size_t i = 1; i < by_offset.size(); ++i) {
    const TensorInfo& left = *by_offset[i - 1];
    const TensorInfo& right = *by_offset[i];
    if (right.offset - left.offset < left.size) {
      return invalid(fmt::format("tensors {} and {} overlap: {} bytes at offset {}, and offset {}",
                                 printable(left.view.name), printable(right.view.name), left.size, left.offset,
                                 right.offset));
    }
  }
  return {};
}

}  // namespace

Result<Directory> read_directory(const ByteSource& source) {
  Reader reader(source);
  QUIRE_TRY(const Header header, read_header(reader));
  Directory directory{.version = header.version, .metadata = {}, .tensors = {}};
  QUIRE_TRY(directory.metadata, read_metadata(reader, header.key_count));
  QUIRE_TRY(const uint64_t alignment, read_alignment(directory.metadata));

  std::vector<TensorInfo> infos;  // grows with what was read, never by what a count claims
  for (uint64_t i = 0; i < header.tensor_count; ++i) {
    QUIRE_TRY(TensorInfo info, read_tensor_info(reader, i));
    infos.push_back(std::move(info));
  }
  QUIRE_TRY_VOID(place_tensors(infos, source, reader.offset(), alignment));
  directory.tensors.reserve(infos.size());
  for (TensorInfo& info : infos) directory.tensors.push_back(std::move(info.view));
  return directory;
}

}  // namespace quire::gguf
