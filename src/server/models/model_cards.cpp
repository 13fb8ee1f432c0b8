#include "server/models/model_cards.h"

#include <fmt/format.h>

#include "api/ollama/models.h"
#include "store/model_facts.h"

namespace quire::server {
namespace {

constexpr size_t cards_max = 4096;

api::ModelDetails details_of(const store::ModelFacts& facts) {
  return {
      .family = facts.architecture,
      .parameter_size = api::human_count(facts.parameter_count),
      .quantization_level = facts.file_type < 0 ? facts.main_type : std::string(api::file_type_name(facts.file_type)),
      .context_length = facts.context_length,
      .embedding_length = facts.embedding_length};
}

api::ModelSummary plain_summary(const store::ModelFile& file) {
  return {.name = file.name,
          .size_bytes = file.size_bytes,
          .digest = store::content_name(file).value_or(std::string(64, '0')),
          .modified = file.modified,
          .details = {}};
}

}  // namespace

api::ModelSummary ModelCards::summary(const store::ModelFile& file) {
  Cards cards = cards_.get();
  if (const auto known = cards.find(file); known != cards.end()) return known->second;
  api::ModelSummary card = plain_summary(file);
  if (const Result<store::ModelFacts> facts = store::read_facts(file.path)) card.details = details_of(*facts);
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
  QUIRE_TRY(store::ModelContents contents, store::read_contents(file.path, verbose));
  api::ModelDescription description{.summary = summary(file),
                                    .license = std::move(contents.facts.license),
                                    .chat_template = std::move(contents.facts.chat_template),
                                    .modelfile = fmt::format("FROM {}\n", file.name),
                                    .metadata = std::move(contents.metadata),
                                    .tensors = {}};
  for (store::TensorFacts& tensor : contents.tensors) {
    description.tensors.push_back({std::move(tensor.name), std::string(tensor.type), std::move(tensor.shape)});
  }
  return api::ollama::show_body(description, verbose);
}

}  // namespace quire::server
