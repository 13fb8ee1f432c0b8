// Literal marks in a text that comes byte by byte.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quire::parts {

// Looks for the first of some marks, none of which begins with another one. One thread.
class Marks {
 public:
  // The marks' bytes outlive this.
  explicit Marks(std::vector<std::string_view> marks) : marks_(std::move(marks)) {
    for (const std::string_view mark : marks_) {
      if (!first_bytes_.contains(mark.front())) first_bytes_ += mark.front();
    }
  }

  // No byte of these: no mark begins.
  std::string_view first_bytes() const { return first_bytes_; }
  // Appends to `text` what is not part of a mark. A value: the mark with this place ends here.
  std::optional<size_t> take(char byte, std::string& text) {
    begun_ += byte;
    while (!begun_.empty()) {
      bool begins = false;
      for (size_t index = 0; index < marks_.size(); ++index) {
        if (!marks_[index].starts_with(begun_)) continue;
        begins = true;
        if (marks_[index].size() > begun_.size()) continue;
        begun_.clear();
        return index;
      }
      if (begins) break;
      text += begun_.front();
      begun_.erase(0, 1);
    }
    return std::nullopt;
  }
  // A mark may have begun.
  bool has_begun() const { return !begun_.empty(); }
  // The beginning of a mark that does not come.
  std::string give_up() { return std::exchange(begun_, {}); }

 private:
  std::vector<std::string_view> marks_;
  std::string first_bytes_;
  std::string begun_;
};

}  // namespace quire::parts
