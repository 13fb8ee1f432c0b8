#include "text/charsmap.h"

#include <array>
#include <optional>
#include <span>
#include <utility>
#include <variant>

namespace quire {

namespace {

constexpr std::string_view charsmap_key = "tokenizer.ggml.precompiled_charsmap";
constexpr size_t unit_size_bytes = 4;

uint32_t little_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < unit_size_bytes; ++i) value |= uint32_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  return value;
}

// A unit of the trie: a node, or the value of the node before it.
bool is_value(uint32_t unit) { return (unit >> 31) != 0; }
uint32_t value_of(uint32_t unit) { return unit & 0x7FFFFFFF; }
bool has_value(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t label_of(uint32_t unit) { return unit & 0x800000FF; }  // of a value: no byte
// Exclusive or with the node's own place: where its value is, and with a byte too, where that child is.
uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

// Nothing unless all of it is base64, of RFC 4648.
std::optional<std::string> base64_decoded(std::string_view text) {
  static constexpr auto value_of_digit = [] {
    std::array<int8_t, 256> values{};
    values.fill(-1);
    int8_t next = 0;
    for (const char digit : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")) {
      values[static_cast<uint8_t>(digit)] = next++;
    }
    return values;
  }();
  if (text.size() % 4 != 0) return std::nullopt;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string bytes;
  uint32_t bits = 0;
  int bit_count = 0;
  for (const char digit : text) {
    const int8_t value = value_of_digit[static_cast<uint8_t>(digit)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    bytes.push_back(static_cast<char>(bits >> bit_count & 0xFF));
  }
  return bytes;
}

std::unexpected<Error> misfit(const std::string& what) {
  return fail(ErrorKind::invalid, std::string(charsmap_key) + " " + what);
}

}  // namespace

Result<Charsmap> Charsmap::read(const gguf::Metadata& metadata) {
  const gguf::Value* value = metadata.find(charsmap_key);
  if (value == nullptr) return Charsmap();
  std::string blob;
  if (const auto* text = std::get_if<std::string>(value)) {
    blob = *text;
  } else {
    QUIRE_TRY(const std::vector<int64_t> bytes, metadata.get_ints(charsmap_key));
    blob.reserve(bytes.size());
    for (const int64_t byte : bytes) {
      if (byte < -128 || byte > 255) return misfit("holds " + std::to_string(byte) + ", expected bytes");
      blob.push_back(static_cast<char>(byte));
    }
  }
  // Four digits of base64 are no length that anything has.
  if (auto decoded = base64_decoded(blob)) return parse(*decoded);
  return parse(blob);
}

Result<Charsmap> Charsmap::parse(std::string_view blob) {
  Charsmap map;
  if (blob.empty()) return map;
  if (blob.size() < unit_size_bytes) return misfit("has " + std::to_string(blob.size()) + " bytes, expected 4 or more");
  const size_t trie_bytes = little_endian(blob);
  blob.remove_prefix(unit_size_bytes);
  if (trie_bytes == 0 || trie_bytes % unit_size_bytes != 0 || trie_bytes >= blob.size()) {
    return misfit("says that its trie has " + std::to_string(trie_bytes) + " bytes of " + std::to_string(blob.size()) +
                  ", expected a multiple of 4 with texts after it");
  }
  map.replacements_ = blob.substr(trie_bytes);
  if (map.replacements_.back() != '\0') return misfit("ends within a text, expected NUL after each");
  map.units_.reserve(trie_bytes / unit_size_bytes);
  for (size_t at = 0; at < trie_bytes; at += unit_size_bytes) {
    const uint32_t unit = little_endian(blob.substr(at));
    if (is_value(unit) && value_of(unit) >= map.replacements_.size()) {
      return misfit("refers to a text at " + std::to_string(value_of(unit)) + ", expected below " +
                    std::to_string(map.replacements_.size()));
    }
    map.units_.push_back(unit);
  }
  return map;
}

Charsmap::Match Charsmap::longest(std::string_view text, size_t at) const {
  Match match;
  if (units_.empty()) return match;
  uint32_t place = offset_of(units_[0]);
  for (size_t end = at; end < text.size(); ++end) {
    const uint8_t byte = static_cast<uint8_t>(text[end]);
    place ^= byte;
    // NUL ends texts in the trie. Places outside of it are those of a broken one.
    if (byte == 0 || place >= units_.size() || label_of(units_[place]) != byte) break;
    const uint32_t unit = units_[place];
    place ^= offset_of(unit);
    if (!has_value(unit)) continue;
    if (place >= units_.size() || value_of(units_[place]) >= replacements_.size()) break;
    match.size = end + 1 - at;
    match.replacement = replacements_.data() + value_of(units_[place]);
  }
  return match;
}

}  // namespace quire
