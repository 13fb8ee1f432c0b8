#include "server/model_cards.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gguf/file.h"
#include "store/model_facts.h"

namespace quire::server {
namespace {

constexpr size_t cards_max = 4096;

api::ModelDetails details_of(const store::ModelFacts& facts) {
  return {.family = facts.architecture,
          .parameter_size = api::human_count(facts.parameter_count),
          .quantization_level =
              facts.file_type < 0 ? facts.main_type : std::string(api::file_type_name(facts.file_type)),
          .context_length = facts.context_length,
          .embedding_length = facts.embedding_length};
}

api::ModelSummary plain_summary(const store::ModelFile& file) {
  return {.name = file.name,
          .size_bytes = file.size_bytes,
          .digest = store::content_name(file).value_or(std::string(64, '0')),
          .modified_unix_ns = file.modified_unix_ns,
          .details = {}};
}

}  // namespace

api::ModelSummary ModelCards::summary(const store::ModelFile& file) {
  Cards cards = cards_.get();
  if (const auto known = cards.find(file); known != cards.end()) return known->second;
  api::ModelSummary card = plain_summary(file);
  if (const Result<gguf::File> opened = gguf::File::open(file.path)) card.details = details_of(store::read_facts(*opened));
  if (cards.size() >= cards_max) cards.clear();
  cards.emplace(file, card);
  cards_.set(std::move(cards));
  return card;
}

std::vector<api::ModelSummary> ModelCards::summaries(const std::vector<store::ModelFile>& files) {
  std::vector<api::ModelSummary> result;
  result.reserve(files.size());
  for (const store::ModelFile& file : files) result.push_back(summary(file));
  return result;
}

Result<std::string> ModelCards::show(const store::ModelFile& file, bool verbose) {
  QUIRE_TRY(const gguf::File opened, gguf::File::open(file.path));
  const store::ModelFacts facts = store::read_facts(opened);
  api::ModelDescription description{.summary = summary(file),
                                    .license = facts.license,
                                    .chat_template = facts.chat_template,
                                    .modelfile = fmt::format("FROM {}\n", file.name),
                                    .tensors = {}};
  if (verbose) {
    for (const TensorView& tensor : opened.tensors()) {
      api::TensorLine line{.name = tensor.name, .type = std::string(element_traits(tensor.type).name), .shape = {}};
      size_t dimensions = tensor.shape.size();
      while (dimensions > 1 && tensor.shape[dimensions - 1] == 1) --dimensions;
      for (size_t i = 0; i < dimensions; ++i) line.shape.push_back(static_cast<uint64_t>(tensor.shape[i]));
      description.tensors.push_back(std::move(line));
    }
  }
  return api::show_body(description, store::model_info(opened.metadata(), verbose), verbose);
}

}  // namespace quire::server
