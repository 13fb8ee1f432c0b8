#include "api/responses/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "api/as_written.h"
#include "api/json_text.h"
#include "api/responses/items.h"

namespace quire::api::responses {
namespace {

using Json = nlohmann::ordered_json;

Json parsed_member(std::string_view record, std::string_view name) {
  return Json::parse(member_text(record, name), nullptr, false);
}

std::string_view id_kind(const Json& item) {
  const auto type = item.value("type", "");
  if (type == "reasoning") return "rs";
  if (type == "function_call") return "fc";
  if (type == "function_call_output") return "fco";
  return type == "compaction" ? "cmp" : "msg";
}

struct Page {
  size_t limit = 20;
  bool ascending = false;
  std::string after = {};
};

ApiResult<Page> read_page(std::string_view query) {
  Page page;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::string_view name = pair.substr(0, pair.find('='));
    const std::string_view value = pair.size() > name.size() ? pair.substr(name.size() + 1) : std::string_view();
    if (name == "limit") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), page.limit);
      if (error != std::errc() || end != value.data() + value.size() || page.limit < 1 || page.limit > 100) {
        return refuse(400, fmt::format("\"limit\" must be from 1 to 100, got \"{}\"", value), "limit");
      }
    } else if (name == "order") {
      if (value != "asc" && value != "desc") {
        return refuse(400, fmt::format("\"order\" must be asc or desc, got \"{}\"", value), "order");
      }
      page.ascending = value == "asc";
    } else if (name == "after") {
      page.after = value;
    }
  }
  return page;
}

}  // namespace

std::string make_record(const Json& response, std::string_view items) {
  Json input = Json::parse(items, nullptr, false);
  const auto answer = response.value("id", "");
  for (size_t i = 0; i < input.size(); ++i) {
    if (!input[i].contains("id")) input[i]["id"] = item_id(id_kind(input[i]), answer, fmt::format("i{}", i));
  }
  return to_text({{"response", response}, {"input", std::move(input)}});
}

Json conversation_of(std::string_view record) {
  Json items = parsed_member(record, "input");
  const Json response = parsed_member(record, "response");
  if (!items.is_array() || !response.is_object() || !response.contains("output")) return nullptr;
  for (const Json& item : response["output"]) items.push_back(item);
  return items;
}

std::string response_body(std::string_view record) { return std::string(member_text(record, "response")); }

std::string deleted_body(std::string_view id) {
  return to_text({{"id", id}, {"object", "response"}, {"deleted", true}});
}

ApiResult<std::string> input_items_body(std::string_view record, std::string_view query) {
  QUIRE_TRY(const Page page, read_page(query));
  Json items = parsed_member(record, "input");
  if (!items.is_array()) items = Json::array();
  if (!page.ascending) std::ranges::reverse(items);
  size_t begin = 0;
  if (!page.after.empty()) {
    const auto found =
        std::ranges::find_if(items, [&](const Json& item) { return item.value("id", "") == page.after; });
    if (found == items.end()) return refuse(404, fmt::format("Item with id '{}' not found.", page.after), "after");
    begin = static_cast<size_t>(found - items.begin()) + 1;
  }
  const size_t end = std::min(items.size(), begin + page.limit);
  Json data = Json::array();
  for (size_t i = begin; i < end; ++i) data.push_back(std::move(items[i]));
  const auto id_at = [&](size_t index) { return data.empty() ? Json() : data[index]["id"]; };
  const Json first = id_at(0);
  const Json last = id_at(data.size() - 1);
  return to_text({{"object", "list"},
                  {"data", std::move(data)},
                  {"first_id", first},
                  {"last_id", last},
                  {"has_more", end < items.size()}});
}

ApiError not_kept(std::string_view id) {
  return {.status = 404, .message = fmt::format("Response with id '{}' not found.", id), .param = "response_id"};
}

}  // namespace quire::api::responses
