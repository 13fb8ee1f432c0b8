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
      .parameter_size = store::human_count(facts.parameter_count),
      .quantization_level = facts.file_type < 0 ? facts.main_type : std::string(store::file_type_name(facts.file_type)),
      .context_length = facts.context_length,
      .embedding_length = facts.embedding_length};
}

// What a manifest's config says: reading the weights' header takes milliseconds, for thousands of models too long.
api::ModelDetails details_of(const store::ModelConfig& config) {
  return {.family = config.model_family,
          .parameter_size = config.model_type,
          .quantization_level = config.file_type,
          .context_length = config.context_length,
          .embedding_length = config.embedding_length};
}

api::ModelSummary new_summary(const store::ModelFile& file) {
  api::ModelSummary card{.name = file.name,
                         .size_bytes = file.size_bytes,
                         .digest = file.digest,
                         .modified_unix_ns = file.modified_unix_ns,
                         .details = {}};
  if (card.digest.empty()) card.digest = store::content_name(file).value_or(std::string(64, '0'));
  if (file.stored && !file.stored->config.model_family.empty()) {
    card.details = details_of(file.stored->config);
  } else if (const Result<store::ModelFacts> facts = store::read_facts(file.path)) {
    card.details = details_of(*facts);
  }
  return card;
}

}  // namespace

api::ModelSummary ModelCards::summary(const store::ModelFile& file) { return summaries({&file, 1}).front(); }

std::vector<api::ModelSummary> ModelCards::summaries(std::span<const store::ModelFile> files) {
  std::vector<api::ModelSummary> result;
  result.reserve(files.size());
  Cards cards = cards_.get();
  bool changed = false;
  for (const store::ModelFile& file : files) {
    auto known = cards.find(file);
    if (known == cards.end()) {
      changed = true;
      if (cards.size() >= cards_max) cards.clear();
      known = cards.emplace(file, new_summary(file)).first;
    }
    result.push_back(known->second);
  }
  if (changed) cards_.set(std::move(cards));
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
