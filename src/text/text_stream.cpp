#include "text/text_stream.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/check.h"

namespace quire {
namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

std::vector<std::string> without_empty(std::vector<std::string> stops) {
  std::erase_if(stops, [](const std::string& stop) { return stop.empty(); });
  return stops;
}

// How the bytes at the start of a text form a character (Unicode 15, table 3-7).
enum class CharacterState { whole, incomplete, invalid };

struct CharacterStart {
  CharacterState state;
  size_t size;  // of the whole character
};

CharacterStart classify(std::string_view bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  if (first < 0x80) return {CharacterState::whole, 1};
  const size_t size = first >= 0xC2 && first <= 0xDF ? 2 : first >= 0xE0 && first <= 0xEF ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
  if (size == 0) return {CharacterState::invalid, 1};
  for (size_t index = 1; index < size; ++index) {
    if (index == bytes.size()) return {CharacterState::incomplete, size};
    const auto byte = static_cast<uint8_t>(bytes[index]);
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    if (index == 1) {  // no overlong forms, no surrogates, nothing above U+10FFFF
      if (first == 0xE0) low = 0xA0;
      if (first == 0xED) high = 0x9F;
      if (first == 0xF0) low = 0x90;
      if (first == 0xF4) high = 0x8F;
    }
    if (byte < low || byte > high) return {CharacterState::invalid, 1};
  }
  return {CharacterState::whole, size};
}

}  // namespace

TextStream::TextStream(std::vector<std::string> stops) : stops_(without_empty(std::move(stops))) {}

std::string TextStream::push(std::string_view bytes) {
  QUIRE_CHECK(!stopped(), "nothing follows a stop string");
  append_whole_characters(bytes);
  if (cut_at_stop()) return std::exchange(pending_, {});
  const size_t safe = pending_.size() - held_back();
  std::string text = pending_.substr(0, safe);
  pending_.erase(0, safe);
  return text;
}

std::string TextStream::push_unstopped(std::string_view bytes) {
  QUIRE_CHECK(!stopped(), "nothing follows a stop string");
  append_whole_characters(bytes);
  return std::exchange(pending_, {});
}

std::string TextStream::finish() {
  if (!stopped() && !incomplete_.empty()) {
    pending_ += replacement_character;
    incomplete_.clear();
  }
  return std::exchange(pending_, {});
}

void TextStream::append_whole_characters(std::string_view bytes) {
  incomplete_ += bytes;
  size_t begin = 0;
  while (begin < incomplete_.size()) {
    const std::string_view rest = std::string_view(incomplete_).substr(begin);
    const CharacterStart start = classify(rest);
    if (start.state == CharacterState::incomplete) break;
    pending_ += start.state == CharacterState::whole ? rest.substr(0, start.size) : replacement_character;
    begin += start.size;
  }
  incomplete_.erase(0, begin);
}

bool TextStream::cut_at_stop() {
  const std::string* found = nullptr;
  size_t found_begin = 0;
  for (const std::string& stop : stops_) {
    const size_t begin = pending_.find(stop);
    if (begin == std::string::npos) continue;
    const size_t end = begin + stop.size();
    const size_t found_end = found ? found_begin + found->size() : std::string::npos;
    if (end < found_end || (end == found_end && begin < found_begin)) {
      found = &stop;
      found_begin = begin;
    }
  }
  if (!found) return false;
  stop_text_ = *found;
  pending_.resize(found_begin);
  incomplete_.clear();
  return true;
}

size_t TextStream::held_back() const {
  size_t held = 0;
  for (const std::string& stop : stops_) {
    // The longest end of the text that begins this stop string.
    for (size_t size = std::min(stop.size() - 1, pending_.size()); size > held; --size) {
      if (pending_.ends_with(std::string_view(stop).substr(0, size))) held = size;
    }
  }
  return held;
}

}  // namespace quire
