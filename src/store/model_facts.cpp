#include "store/model_facts.h"

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <variant>

#include "gguf/file.h"

namespace quire::store {
namespace {

constexpr int64_t int64_max = std::numeric_limits<int64_t>::max();

nlohmann::ordered_json value_json(const gguf::Value& value, bool with_arrays) {
  return std::visit(
      [&](const auto& held) -> nlohmann::ordered_json {
        using T = std::remove_cvref_t<decltype(held)>;
        if constexpr (!std::is_arithmetic_v<T> && !std::is_same_v<T, std::string>) {
          if (!with_arrays) return nullptr;
        }
        return held;
      },
      value);
}

ModelFacts facts_of(const gguf::File& file) {
  const gguf::Metadata& metadata = file.metadata();
  ModelFacts facts;
  facts.architecture = metadata.get_string_or("general.architecture", "").value_or("");
  facts.file_type = metadata.get_int_or("general.file_type", -1, -1, int64_max).value_or(-1);
  facts.context_length = metadata.get_int_or(facts.architecture + ".context_length", 0, 0, int64_max).value_or(0);
  facts.embedding_length = metadata.get_int_or(facts.architecture + ".embedding_length", 0, 0, int64_max).value_or(0);
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

std::string metadata_text(const gguf::Metadata& metadata, bool with_arrays) {
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  for (const auto& [key, value] : metadata.entries()) {
    if (key != "tokenizer.chat_template") result[key] = value_json(value, with_arrays);  // a fact of its own
  }
  return result.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

TensorFacts tensor_facts(const TensorView& tensor) {
  TensorFacts facts{.name = tensor.name, .type = element_traits(tensor.type).name, .shape = {}};
  size_t dimensions = tensor.shape.size();
  while (dimensions > 1 && tensor.shape[dimensions - 1] == 1) --dimensions;
  for (size_t i = 0; i < dimensions; ++i) facts.shape.push_back(static_cast<uint64_t>(tensor.shape[i]));
  return facts;
}

}  // namespace

Result<ModelFacts> read_facts(const std::filesystem::path& path) {
  QUIRE_TRY(const gguf::File file, gguf::File::open(path));
  return facts_of(file);
}

Result<ModelContents> read_contents(const std::filesystem::path& path, bool with_arrays) {
  QUIRE_TRY(const gguf::File file, gguf::File::open(path));
  ModelContents contents{.facts = facts_of(file), .metadata = metadata_text(file.metadata(), with_arrays), .tensors = {}};
  for (const TensorView& tensor : file.tensors()) contents.tensors.push_back(tensor_facts(tensor));
  return contents;
}

}  // namespace quire::store
