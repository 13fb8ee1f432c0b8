#include "server/models/draft_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/shown.h"
#include "engine/model_drafter.h"

namespace quire::server {
namespace {

// Models of one family pad their vocabularies to different lengths.
constexpr int32_t padding_max = 2048;

// How many tokens, from the first on, both have; an error where they are not of one vocabulary.
Result<int32_t> shared_tokens(const Tokenizer& draft, const Tokenizer& served) {
  const int32_t shared = std::min(draft.vocab_size(), served.vocab_size());
  if (std::max(draft.vocab_size(), served.vocab_size()) - shared > padding_max) {
    return fail(ErrorKind::unsupported,
                fmt::format("it has {} tokens, the model {}", draft.vocab_size(), served.vocab_size()));
  }
  for (TokenId token = 0; token < shared; ++token) {
    if (draft.name(token) == served.name(token)) continue;
    // The shorter one's padding may stand where the longer one has tokens.
    if (token >= shared - padding_max && draft.vocab_size() != served.vocab_size()) return token;
    return fail(ErrorKind::unsupported, fmt::format("its token {} is {}, the model's is {}", token,
                                                    shown(draft.name(token)), shown(served.name(token))));
  }
  return shared;
}

}  // namespace

Result<std::unique_ptr<DraftModel>> DraftModel::load(const store::ModelFile& file, const Tokenizer& served,
                                                     const RunnerFactory& make_runner, FunctionRef<bool()> keep_going) {
  const auto in_file = [&](const Error& error) {
    return fail(error.kind, fmt::format("the draft model {}: {}", file.name, error.message));
  };
  Result<gguf::File> opened = store::open_weights(file);
  if (!opened) return in_file(opened.error());
  Result<std::unique_ptr<const Tokenizer>> tokenizer = Tokenizer::create(opened->metadata());
  if (!tokenizer) return in_file(tokenizer.error());
  const Result<int32_t> tokens = shared_tokens(**tokenizer, served);
  if (!tokens) return in_file(tokens.error());
  std::unique_ptr<DraftModel> model(new DraftModel(std::move(*opened), *tokens));
  const auto progress = [&](uint64_t, uint64_t) { return keep_going(); };
  Result<std::unique_ptr<ModelRunner>> runner = make_runner(model->file_, file.name, 0, progress);
  if (!runner) return in_file(runner.error());
  model->runner_ = std::move(*runner);
  if (model->runner_->facts().whole_texts) {
    return in_file({.kind = ErrorKind::unsupported, .message = "it is an encoder, which guesses nothing"});
  }
  if (model->runner_->facts().contexts.state_bytes > 0) {
    return in_file({.kind = ErrorKind::unsupported,
                    .message = "it has recurrent layers, whose states cannot follow guesses that were wrong"});
  }
  if (model->runner_->facts().vocab < *tokens) {
    return in_file({.kind = ErrorKind::invalid,
                    .message = fmt::format("the vocabulary has {} tokens, the weights are made for {}", *tokens,
                                           model->runner_->facts().vocab)});
  }
  return model;
}

Result<std::unique_ptr<Drafter>> DraftModel::start(const Limits& limits) {
  QUIRE_TRY(Executor * executor, runner_->start(ModelDrafter::executor_limits(limits)));
  const ModelDrafter::Bounds bounds{
      .positions = static_cast<int32_t>(std::min<int64_t>(limits.context_tokens, runner_->facts().context_max)),
      .tokens = tokens_};
  return std::unique_ptr<Drafter>(std::make_unique<ModelDrafter>(*executor, limits, bounds));
}

}  // namespace quire::server
