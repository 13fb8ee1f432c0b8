#include "cli/commands/show_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "cli/terminal/text_table.h"

namespace quire::cli {
namespace {

using nlohmann::json;

std::string value_text(const json& value) {
  if (value.is_string()) return one_line_head(value.get<std::string>(), 80);
  if (value.is_array() || value.is_object()) return fmt::format("({} values)", value.size());
  return value.dump();
}

void print_section(const char* title, const std::vector<std::pair<std::string, std::string>>& rows) {
  if (rows.empty()) return;
  size_t width = 0;
  for (const auto& [name, value] : rows) width = std::max(width, display_width(name));
  fmt::print("  {}\n", title);
  for (const auto& [name, value] : rows) {
    fmt::print("    {}{}    {}\n", name, std::string(width - display_width(name), ' '), value);
  }
  fmt::print("\n");
}

void print_lines(const char* title, const std::string& text) {
  if (text.empty()) return;
  fmt::print("  {}\n", title);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    fmt::print("    {}\n", text.substr(begin, end - begin));
    begin = end + 1;
  }
  fmt::print("\n");
}

const json& object_at(const json& reply, const char* key) {
  static const json empty = json::object();
  const auto found = reply.find(key);
  return found != reply.end() && found->is_object() ? *found : empty;
}

void print_overview(const json& reply, bool verbose) {
  const json& details = object_at(reply, "details");
  const json& info = object_at(reply, "model_info");
  const std::string architecture = text_at(info, "general.architecture", text_at(details, "family"));
  std::vector<std::pair<std::string, std::string>> model;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) model.emplace_back(name, value);
  };
  add("architecture", architecture);
  add("parameters", text_at(details, "parameter_size"));
  const auto add_key = [&](const char* name, const char* key) {
    if (const auto found = info.find(architecture + key); found != info.end()) add(name, value_text(*found));
  };
  add_key("context length", ".context_length");
  add_key("embedding length", ".embedding_length");
  add("quantization", text_at(details, "quantization_level"));
  print_section("Model", model);

  if (const auto found = reply.find("capabilities"); found != reply.end() && found->is_array()) {
    std::string list;
    for (const json& capability : *found) list += value_text(capability) + "\n";
    print_lines("Capabilities", list);
  }
  print_lines("Parameters", text_at(reply, "parameters"));
  print_lines("System", text_at(reply, "system"));
  print_lines("License", text_at(reply, "license"));
  if (!verbose) return;
  std::vector<std::pair<std::string, std::string>> metadata;
  for (const auto& [key, value] : info.items()) metadata.emplace_back(key, value_text(value));
  print_section("Metadata", metadata);
}

}  // namespace

Result<void> show_command(const ShowOptions& options) {
  QUIRE_TRY(const load::HttpEndpoint endpoint, client_endpoint());
  return print_model(endpoint, options);
}

Result<void> print_model(const load::HttpEndpoint& endpoint, const ShowOptions& options) {
  const json body = {{"model", options.model}, {"verbose", options.verbose}};
  QUIRE_TRY(const json reply, call_json(endpoint, "POST", "/api/show", body));
  const std::pair<bool, const char*> parts[] = {{options.license, "license"},
                                                {options.modelfile, "modelfile"},
                                                {options.parameters, "parameters"},
                                                {options.template_text, "template"},
                                                {options.system, "system"}};
  for (const auto& [wanted, key] : parts) {
    if (!wanted) continue;
    fmt::print("{}\n", text_at(reply, key));
    return {};
  }
  print_overview(reply, options.verbose);
  return {};
}

}  // namespace quire::cli
