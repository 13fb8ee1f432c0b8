#include "store/model_facts.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <map>
#include <type_traits>
#include <variant>

#include "store/json_text.h"

namespace quire::store {
namespace {

constexpr int64_t int64_max = std::numeric_limits<int64_t>::max();
constexpr size_t short_array_max = 1024;  // Ollama's

Json scalar_json(const auto& value) { return value; }
// The double whose shortest text is the float's: 0.00001, and not 0.000009999999747378752.
Json scalar_json(float value) { return std::strtod(fmt::format("{}", value).c_str(), nullptr); }

Json value_json(const gguf::Value& value, bool with_long_arrays) {
  return std::visit(
      [&](const auto& held) -> Json {
        using T = std::remove_cvref_t<decltype(held)>;
        if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
          return scalar_json(held);
        } else {
          if (!with_long_arrays && held.size() > short_array_max) return nullptr;
          Json items = Json::array();
          for (const typename T::value_type& item : held) items.push_back(scalar_json(item));
          return items;
        }
      },
      value);
}

std::string metadata_text(const gguf::Metadata& metadata, uint64_t parameter_count, bool with_long_arrays) {
  Json result = Json::object();
  for (const auto& [key, value] : metadata.entries()) {
    if (key != "tokenizer.chat_template") result[key] = value_json(value, with_long_arrays);  // a fact of its own
  }
  result["general.parameter_count"] = parameter_count;
  return json_text(result);
}

TensorFacts tensor_facts(const TensorView& tensor) {
  TensorFacts facts{.name = tensor.name, .type = element_traits(tensor.type).name, .shape = {}};
  size_t dimensions = tensor.shape.size();
  while (dimensions > 1 && tensor.shape[dimensions - 1] == 1) --dimensions;
  for (size_t i = 0; i < dimensions; ++i) facts.shape.push_back(static_cast<uint64_t>(tensor.shape[i]));
  return facts;
}

}  // namespace

std::string human_count(uint64_t count) {
  struct Scale {
    uint64_t unit;
    char letter;
    int digits;
  };
  for (const Scale scale : {Scale{1'000'000'000, 'B', 1}, Scale{1'000'000, 'M', 2}, Scale{1'000, 'K', 0}}) {
    if (count < scale.unit) continue;
    const int digits = count % scale.unit == 0 ? 0 : scale.digits;
    return fmt::format("{:.{}f}{}", static_cast<double>(count) / static_cast<double>(scale.unit), digits, scale.letter);
  }
  return fmt::format("{}", count);
}

std::string_view file_type_name(int64_t file_type) {
  // Source: enum llama_ftype; the gaps are types that were removed.
  static constexpr std::array<std::string_view, 41> names = {
      "F32",    "F16",     "Q4_0",   "Q4_1",   "",       "",          "",       "Q8_0",  "Q5_0",    "Q5_1",   "Q2_K",
      "Q3_K_S", "Q3_K_M",  "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S",    "Q5_K_M", "Q6_K",  "IQ2_XXS", "IQ2_XS", "Q2_K_S",
      "IQ3_XS", "IQ3_XXS", "IQ1_S",  "IQ4_NL", "IQ3_S",  "IQ3_M",     "IQ2_S",  "IQ2_M", "IQ4_XS",  "IQ1_M",  "BF16",
      "",       "",        "",       "TQ1_0",  "TQ2_0",  "MXFP4_MOE", "NVFP4",  "Q1_0"};
  if (file_type < 0 || file_type >= static_cast<int64_t>(names.size())) return "unknown";
  const std::string_view name = names[static_cast<size_t>(file_type)];
  return name.empty() ? "unknown" : name;
}

ModelFacts facts_of(const gguf::File& file) {
  const gguf::Metadata& metadata = file.metadata();
  ModelFacts facts;
  facts.architecture = metadata.get_string_or("general.architecture", "").value_or("");
  facts.file_type = metadata.get_int_or("general.file_type", -1, -1, int64_max).value_or(-1);
  facts.context_length = metadata.get_int_or(facts.architecture + ".context_length", 0, 0, int64_max).value_or(0);
  facts.embedding_length = metadata.get_int_or(facts.architecture + ".embedding_length", 0, 0, int64_max).value_or(0);
  facts.makes_vectors = metadata.contains(facts.architecture + ".pooling_type") ||
                        !metadata.get_bool_or(facts.architecture + ".attention.causal", true).value_or(true);
  facts.license = metadata.get_string_or("general.license", "").value_or("");
  facts.chat_template = metadata.get_string_or("tokenizer.chat_template", "").value_or("");

  std::map<std::string_view, uint64_t> elements_by_type;
  for (const TensorView& tensor : file.tensors()) {
    const auto count = static_cast<uint64_t>(tensor.element_count());
    facts.parameter_count += count;
    elements_by_type[element_traits(tensor.type).name] += count;
  }
  uint64_t most = 0;
  for (const auto& [type, count] : elements_by_type) {
    if (count > most) {
      most = count;
      facts.main_type = type;
    }
  }
  return facts;
}

Result<gguf::File> open_weights(const ModelFile& model) {
  return model.parts.empty() ? gguf::File::open(model.path) : gguf::File::open(model.parts);
}

Result<ModelFacts> read_facts(const ModelFile& model) {
  QUIRE_TRY(const gguf::File file, open_weights(model));
  return facts_of(file);
}

Result<ModelContents> read_contents(const ModelFile& model, bool with_long_arrays) {
  QUIRE_TRY(const gguf::File file, open_weights(model));
  ModelContents contents{.facts = facts_of(file), .metadata = {}, .tensors = {}};
  contents.metadata = metadata_text(file.metadata(), contents.facts.parameter_count, with_long_arrays);
  for (const TensorView& tensor : file.tensors()) contents.tensors.push_back(tensor_facts(tensor));
  return contents;
}

}  // namespace quire::store
