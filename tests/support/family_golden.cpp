#include "support/family_golden.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "base/random.h"

namespace quire::test {
namespace {

using nlohmann::ordered_json;

std::vector<std::byte> base64_bytes(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::byte> bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const size_t digit = digits.find(c);
    QUIRE_CHECK(digit != std::string_view::npos, "a digit of base64");
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::byte>(bits >> count & 0xFF));
  }
  return bytes;
}

FamilyGolden::Output output_of(const ordered_json& stored) {
  FamilyGolden::Output output{.rows = stored.at("rows"), .columns = stored.at("columns"), .values = {}};
  const std::vector<std::byte> bytes = base64_bytes(stored.at("values").get<std::string>());
  output.values.resize(std::max<size_t>(output.rows.size(), 1) * output.columns);
  QUIRE_CHECK(bytes.size() == output.values.size() * sizeof(float), "all values are there");
  std::memcpy(output.values.data(), bytes.data(), bytes.size());
  return output;
}

// JSON has no infinity: it is a string.
std::vector<float> floats_of(const ordered_json& numbers) {
  std::vector<float> values;
  for (const ordered_json& number : numbers) {
    values.push_back(number.is_string() ? std::stof(number.get<std::string>()) : number.get<float>());
  }
  return values;
}

// {"uint32": 4} and the like.
gguf::Value value_of(const ordered_json& typed) {
  const std::string& type = typed.items().begin().key();
  const ordered_json& value = typed.front();
  if (type == "uint32") return value.get<uint32_t>();
  if (type == "int32") return value.get<int32_t>();
  if (type == "float32") return static_cast<float>(value.get<double>());
  if (type == "bool") return value.get<bool>();
  if (type == "string") return value.get<std::string>();
  if (type == "uint32[]") return value.get<std::vector<uint32_t>>();
  if (type == "int32[]") return value.get<std::vector<int32_t>>();
  if (type == "float32[]") return floats_of(value);
  if (type == "bool[]") return value.get<std::vector<bool>>();
  if (type == "string[]") return value.get<std::vector<std::string>>();
  QUIRE_CHECK(false, "a type that goldens have: " + type);
  return {};
}

uint64_t fnv1a64(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3;
  return hash;
}

}  // namespace

FamilyGolden read_family_golden(const std::filesystem::path& path) {
  std::ifstream in(path);
  const ordered_json stored = ordered_json::parse(in);
  FamilyGolden golden;
  for (const auto& [key, typed] : stored.at("metadata").items()) golden.metadata.set(key, value_of(typed));
  golden.architecture = golden.metadata.get_string("general.architecture").value_or("");
  for (const auto& [name, tensor] : stored.at("tensors").items()) {
    gguf::TensorSpec spec{.name = name};
    const ordered_json& shape = tensor.at("shape");
    for (size_t i = 0; i < shape.size(); ++i) spec.shape.at(i) = shape[i];
    golden.tensors.push_back(std::move(spec));
    if (tensor.contains("values")) golden.listed[name] = tensor.at("values").get<std::vector<float>>();
  }
  golden.tokens = stored.at("tokens").get<std::vector<TokenId>>();
  for (const auto& [kind, output] : stored.at("outputs").items()) golden.outputs[kind] = output_of(output);
  return golden;
}

std::vector<float> family_values(const gguf::TensorSpec& spec) {
  const bool norm = spec.name.find("_norm") != std::string::npos && spec.name.ends_with(".weight");
  double scale = 0.25;
  if (spec.row_count() > 1) {
    scale = 1.0;
    for (int64_t limit = 6; spec.shape[0] >= limit; limit *= 4) scale /= 2.0;
  }
  const uint64_t hash = fnv1a64(spec.name);
  std::vector<float> values(static_cast<size_t>(spec.shape[0] * spec.row_count()));
  for (size_t i = 0; i < values.size(); ++i) {
    const double u = static_cast<double>(mix(hash + i) >> 40) / 8388608.0 - 1.0;
    values[i] = static_cast<float>(norm ? 1.0 + u / 8.0 : u * scale);
  }
  return values;
}

std::vector<std::byte> family_file(const FamilyGolden& golden) {
  Result<std::vector<std::byte>> header = gguf::header_bytes(golden.metadata, golden.tensors);
  QUIRE_CHECK(header.has_value(), header.error().message);
  std::vector<std::byte> bytes = std::move(*header);
  for (const gguf::TensorSpec& spec : golden.tensors) {
    const auto listed = golden.listed.find(spec.name);
    const std::vector<float> values = listed == golden.listed.end() ? family_values(spec) : listed->second;
    QUIRE_CHECK(static_cast<int64_t>(values.size() * sizeof(float)) == spec.size_bytes(), spec.name);
    const auto* begin = reinterpret_cast<const std::byte*>(values.data());
    bytes.insert(bytes.end(), begin, begin + spec.size_bytes());
    bytes.resize(round_up<size_t>(bytes.size(), 32));
  }
  return bytes;
}

}  // namespace quire::test
