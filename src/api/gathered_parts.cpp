#include "api/gathered_parts.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "api/as_written.h"

namespace quire::api {

GatheredCall& GatheredParts::open(size_t call) {
  if (calls.empty() || calls.back().call != call) calls.push_back({.call = call});
  return calls.back();
}

void GatheredParts::add(std::span<const parts::Part> pieces, std::string_view answer_id, size_t choice) {
  for (const parts::Part& piece : pieces) {
    if (const auto* text = std::get_if<parts::Content>(&piece)) {
      content += text->text;
    } else if (const auto* thought = std::get_if<parts::Thinking>(&piece)) {
      thinking += thought->text;
    } else if (const auto* begun = std::get_if<parts::CallBegun>(&piece)) {
      has_called = true;
      calls.push_back({.call = begun->call,
                       .begins = true,
                       .name = begun->name,
                       .id = begun->id.empty() ? call_id(answer_id, choice, begun->call) : begun->id});
    } else if (const auto* arguments = std::get_if<parts::CallArguments>(&piece)) {
      open(arguments->call).arguments += arguments->text;
    } else {
      open(std::get<parts::CallEnded>(piece).call).ended = true;
    }
  }
}

void GatheredParts::clear() {
  content.clear();
  thinking.clear();
  calls.clear();
}

std::vector<GatheredCall> GatheredParts::take_ended() {
  const auto open = std::ranges::stable_partition(calls, &GatheredCall::ended);
  std::vector<GatheredCall> ended(std::make_move_iterator(calls.begin()), std::make_move_iterator(open.begin()));
  calls.erase(calls.begin(), open.begin());
  return ended;
}

std::string call_id(std::string_view answer_id, size_t choice, size_t call) {
  uint64_t hash = 14695981039346656037U;  // FNV-1a
  const auto mix = [&](uint64_t byte) { hash = (hash ^ byte) * 1099511628211U; };
  for (const char c : answer_id) mix(static_cast<unsigned char>(c));
  mix(choice);
  mix(call);
  constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string id = "call";
  for (int i = 0; i < 5; ++i, hash /= digits.size()) id += digits[hash % digits.size()];
  return id;
}

nlohmann::ordered_json arguments_object(const std::string& arguments) {
  auto object = parse_in_order(arguments, "arguments");
  return object && object->is_object() ? std::move(*object) : nlohmann::ordered_json::object();
}

}  // namespace quire::api
