#include "text/parts/output.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace quire::parts {
namespace {

constexpr std::string_view white = " \t\r\n";

// Appends to the last part of this kind, if it is one of this push.
template <typename Kind>
Kind* last(std::vector<Part>& parts, size_t first) {
  return parts.size() > first ? std::get_if<Kind>(&parts.back()) : nullptr;
}

}  // namespace

void Output::append_text(std::string_view text, bool thinking) {
  if (text.empty() || parts_ == nullptr) return;
  if (thinking) {
    if (auto* part = last<Thinking>(*parts_, first_)) {
      part->text += text;
    } else {
      parts_->emplace_back(Thinking{std::string(text)});
    }
  } else if (auto* part = last<Content>(*parts_, first_)) {
    part->text += text;
  } else {
    parts_->emplace_back(Content{std::string(text)});
  }
}

void Output::give_text(std::string_view text, bool thinking) {
  if (drops_) {
    text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
    drops_ = text.empty();
  }
  const size_t solid = text.find_last_not_of(white) + 1;
  if (solid > 0) {
    append_text(space_, space_is_thinking_);
    space_.clear();
    append_text(text.substr(0, solid), thinking);
    has_text_ = true;
  }
  space_ += text.substr(solid);
  space_is_thinking_ = thinking;
}

void Output::drop_space() {
  space_.clear();
  drops_ = true;
  has_text_ = false;
}

void Output::finish_text() { append_text(std::exchange(space_, {}), space_is_thinking_); }

void Output::begin_call(std::string_view name, std::string_view id) {
  QUIRE_CHECK(!open_, "calls are not inside of each other");
  drop_space();
  open_ = true;
  if (parts_ != nullptr) parts_->emplace_back(CallBegun{calls_, std::string(name), std::string(id)});
  arguments(std::exchange(waiting_arguments_, {}));
}

void Output::arguments(std::string_view text) {
  if (text.empty()) return;
  if (!open_) {
    waiting_arguments_ += text;
    return;
  }
  if (parts_ == nullptr) return;
  if (auto* part = last<CallArguments>(*parts_, first_)) {
    part->text += text;
  } else {
    parts_->emplace_back(CallArguments{calls_, std::string(text)});
  }
}

void Output::end_call() {
  QUIRE_CHECK(open_, "a call that ends was begun");
  open_ = false;
  if (parts_ != nullptr) parts_->emplace_back(CallEnded{calls_});
  ++calls_;
}

}  // namespace quire::parts
