// One item of an answer while it is written.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"

namespace quire::api::responses {

enum class ItemKind : uint8_t { message, reasoning, call };

struct Item {
  ItemKind kind = ItemKind::message;
  std::string id = {};
  std::string text = {};   // said, thought, or the arguments
  std::string name = {};   // of a call
  std::string space = {};  // the namespace of what it calls; empty: none
  std::string call_id = {};
  std::vector<PositionLogprobs> logprobs = {};  // of what is said
};

// How reasoning is written. A model that thinks aloud has no summary of it but the thinking itself.
struct ReasoningForm {
  bool summarizes = false;  // as `summary`; else as `content`
  bool seals = false;       // also as `encrypted_content`
};

nlohmann::ordered_json logprobs_json(const std::vector<PositionLogprobs>& logprobs);
// The item's only part.
nlohmann::ordered_json part_json(const Item& item, const ReasoningForm& form);
// "in_progress": nothing of its text is there yet.
nlohmann::ordered_json item_json(const Item& item, std::string_view status, const ReasoningForm& form);

// Of the tokens that were generated, how many were thinking.
nlohmann::ordered_json usage_json(const RequestStats& stats, size_t reasoning_tokens);

}  // namespace quire::api::responses
