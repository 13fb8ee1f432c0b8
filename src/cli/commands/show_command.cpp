#include "cli/commands/show_command.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/client.h"
#include "cli/commands/commands.h"
#include "cli/terminal/human.h"
#include "cli/terminal/listing.h"

namespace quire::cli {
namespace {

using nlohmann::json;

constexpr size_t text_columns_max = 100;  // of a line of the system message or the licence
constexpr int text_lines_max = 2;
constexpr size_t array_columns_max = 10;

const json& object_at(const json& object, const char* key) {
  static const json empty = json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : empty;
}

// The shortest digits that are this number, with an exponent from 10^exponent_min on, as Go writes numbers.
std::string number_text(double number, int exponent_min) {
  const double size = std::fabs(number);
  const bool plain = number == 0 || (size >= 1e-4 && size < std::pow(10.0, exponent_min));
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {text.data(), end.ptr};
}

std::string item_text(const json& value) {
  constexpr int exponent_min = 21;
  if (value.is_number()) return number_text(value.get<double>(), exponent_min);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// "[a b ...+3 more]": as many of the first as fit.
std::string array_text(const json& array) {
  std::string shown = "[";
  size_t columns = 1, count = 0;
  for (const json& item : array) {
    const std::string text = item_text(item);
    const size_t width = column_count(text) + (count > 0 ? 2 : 0);
    if (columns + width > array_columns_max && count > 0) break;
    columns += width;
    shown += (count > 0 ? " " : "") + text;
    ++count;
  }
  if (count < array.size()) shown += fmt::format(" ...+{} more", array.size() - count);
  return shown + "]";
}

std::string metadata_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) return array_text(value);
  constexpr int exponent_min = 6;
  if (value.is_number()) return number_text(value.get<double>(), exponent_min);
  return value.is_boolean() ? value.dump() : "";
}

void add_section(std::string& out, const char* title, const Listing& rows) {
  out += fmt::format("  {}\n{}\n", title, rows.text());
}

// A whole number of the metadata, wherever a server writes it as a float.
std::string whole_text(const json& info, const std::string& key) {
  const int64_t number = number_at(info, key.c_str(), -1);
  return number >= 0 ? fmt::format("{}", number) : "";
}

Listing model_rows(const json& shown) {
  const json& details = object_at(shown, "details");
  const json& info = object_at(shown, "model_info");
  const std::string architecture = text_at(info, "general.architecture", text_at(details, "family"));
  Listing rows;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) rows.add({"", name, value});
  };
  add("Remote model", text_at(shown, "remote_model"));
  add("Remote URL", text_at(shown, "remote_host"));
  add("architecture", architecture);
  add("parameters", text_at(details, "parameter_size"));
  add("context length", whole_text(info, architecture + ".context_length"));
  add("embedding length", whole_text(info, architecture + ".embedding_length"));
  rows.add({"", "quantization", text_at(details, "quantization_level")});
  add("requires", text_at(shown, "requires"));
  return rows;
}

Listing projector_rows(const json& info) {
  Listing rows;
  const std::string architecture = text_at(info, "general.architecture");
  rows.add({"", "architecture", architecture});
  for (const auto& [name, key] :
       {std::pair{"embedding length", ".vision.embedding_length"}, std::pair{"dimensions", ".vision.projection_dim"}}) {
    if (const std::string value = whole_text(info, architecture + key); !value.empty()) rows.add({"", name, value});
  }
  return rows;
}

Listing parameter_rows(const std::string& parameters) {
  Listing rows;
  std::istringstream lines(parameters);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> row = {""};
    std::istringstream words(line);
    for (std::string word; words >> word;) row.push_back(word);
    if (row.size() > 1) rows.add(std::move(row));
  }
  return rows;
}

Listing metadata_rows(const json& info) {
  Listing rows;
  for (const auto& [key, value] : info.items()) rows.add({"", key, metadata_text(value)});
  return rows;
}

Listing tensor_rows(const json& tensors) {
  Listing rows;
  for (const json& tensor : tensors) {
    std::string shape;
    for (const json& size : array_at(tensor, "shape")) shape += (shape.empty() ? "" : " ") + size.dump();
    rows.add({"", text_at(tensor, "name"), text_at(tensor, "type"), "[" + shape + "]"});
  }
  return rows;
}

// The first lines that say anything.
Listing first_lines(const std::string& text) {
  Listing rows({}, text_columns_max);
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos) continue;
    if (++count > text_lines_max) {
      rows.add({"", "..."});
      break;
    }
    rows.add({"", line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin)});
  }
  return rows;
}

}  // namespace

std::string overview_text(const json& shown, bool verbose) {
  std::string out;
  add_section(out, "Model", model_rows(shown));
  if (const json& capabilities = array_at(shown, "capabilities"); !capabilities.empty()) {
    Listing rows;
    for (const json& capability : capabilities) rows.add({"", item_text(capability)});
    add_section(out, "Capabilities", rows);
  }
  if (const json& info = object_at(shown, "projector_info"); !info.empty()) {
    add_section(out, "Projector", projector_rows(info));
  }
  if (const std::string text = text_at(shown, "parameters"); !text.empty()) {
    add_section(out, "Parameters", parameter_rows(text));
  }
  if (verbose) {
    if (const json& info = object_at(shown, "model_info"); !info.empty()) {
      add_section(out, "Metadata", metadata_rows(info));
    }
    if (const json& tensors = array_at(shown, "tensors"); !tensors.empty()) {
      add_section(out, "Tensors", tensor_rows(tensors));
    }
  }
  if (const std::string text = text_at(shown, "system"); !text.empty()) add_section(out, "System", first_lines(text));
  if (const std::string text = text_at(shown, "license"); !text.empty()) add_section(out, "License", first_lines(text));
  return out;
}

Result<void> show_command(const ShowOptions& options) {
  QUIRE_TRY(Client client, Client::from_environment());
  const json body = {{"model", options.model}, {"verbose", options.verbose}};
  QUIRE_TRY(const json shown, client.call("POST", "/api/show", body));
  struct Part {
    bool wanted;
    const char* key;
    const char* end;  // as Ollama ends it
  };
  const Part parts[] = {{options.license, "license", "\n"},
                        {options.modelfile, "modelfile", "\n"},
                        {options.parameters, "parameters", "\n"},
                        {options.template_text, "template", ""},
                        {options.system, "system", ""}};
  for (const Part& part : parts) {
    if (!part.wanted) continue;
    fmt::print("{}{}", text_at(shown, part.key), part.end);
    return {};
  }
  fmt::print("{}", overview_text(shown, options.verbose));
  return {};
}

}  // namespace quire::cli
