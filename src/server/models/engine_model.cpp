#include "server/models/engine_model.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "base/progress.h"
#include "engine/engine_thread.h"
#include "engine/mtp_drafter.h"
#include "model/pooling.h"
#include "server/models/constraint_cache.h"
#include "server/models/context_bytes.h"
#include "server/models/draft_model.h"
#include "server/models/machine_memory.h"
#include "server/models/prompt_template.h"
#include "store/model_defaults.h"
#include "store/model_facts.h"
#include "store/tune_record.h"
#include "text/text_pair.h"
#include "text/tokenizer.h"

namespace quire::server {
namespace {

// The number of contexts to begin with that was measured for this model here; none where nothing was.
std::optional<int32_t> tuned_start(const Settings& settings, const store::ModelFile& file, const RunnerFacts& facts) {
  std::error_code error;
  if (settings.tune_folder.empty() || !std::filesystem::is_directory(settings.tune_folder, error)) return std::nullopt;
  const Result<std::string> content = store::content_name(file);
  if (!content) return std::nullopt;
  const auto found = store::find_tune(settings.tune_folder, {.model = *content,
                                                             .processor = store::processor_name(),
                                                             .kernels = facts.kernels,
                                                             .kv_type = std::string(facts.kv_type),
                                                             .threads = facts.threads});
  if (!found) spdlog::warn("what was tuned for {} is not used: {}", file.name, found.error().message);
  if (!found || !*found) return std::nullopt;
  return (*found)->parallel_start;
}

// As decode shows them: the space that SentencePiece has put before the text is not part of it.
std::vector<TokenPiece> pieces_of(const Tokenizer& tokenizer, std::span<const TokenId> tokens) {
  std::vector<TokenPiece> pieces;
  bool drops_space = tokenizer.adds_space_prefix();
  for (const TokenId token : tokens) {
    std::string_view text = tokenizer.bytes(token);
    const bool control = text.empty();
    if (control) text = tokenizer.name(token);
    if (!control && std::exchange(drops_space, false) && text.starts_with(' ')) text.remove_prefix(1);
    pieces.push_back({.text = std::string(text), .control = control});
  }
  return pieces;
}

// Everything one model needs, in the order in which it is built; the engine goes first when it is destroyed.
class EngineModel final : public LoadedModel {
 public:
  struct Parts {
    gguf::File file;
    std::unique_ptr<const Tokenizer> tokenizer;
    PromptTemplate prompt_template;
    FillInTokens fill_in_tokens;
    api::StoredDefaults stored;
    Result<Pooling> pooling;
    std::optional<int64_t> gpu_layers;  // as its author asks for; none: he does not
    bool ranks = false;
    std::string pair_template;  // with {query} and {document}; empty: a pair is two texts
  };

  static Result<std::unique_ptr<LoadedModel>> create(Parts parts, const store::ModelFile& file,
                                                     const EngineSurroundings& surroundings, EventSink sink,
                                                     FunctionRef<bool()> keep_going) {
    const Settings& settings = surroundings.settings;
    auto result = std::unique_ptr<EngineModel>(new EngineModel(std::move(parts)));
    QUIRE_TRY_VOID(result->load(file, surroundings, keep_going));
    const RunnerFacts& facts = result->runner_->facts();
    QUIRE_TRY(Limits limits, result->limits(settings));
    const auto tuned = tuned_start(settings, file, facts);
    if (tuned) limits.parallel_start = std::clamp(*tuned, 1, limits.running_max);
    QUIRE_TRY(Executor * executor, result->runner_->start(limits));
    QUIRE_TRY(std::unique_ptr<Drafter> drafter, result->start_drafter(settings.drafts, *executor, limits));
    result->engine_ = std::make_unique<EngineThread>(limits, *executor, *result->parts_.tokenizer, surroundings.clock,
                                                     std::move(sink), std::move(drafter));
    spdlog::info("{} layers, {} weights in {} arithmetic; contexts of {} tokens, {} KV blocks of {} tokens in {}",
                 facts.layers, facts.architecture, facts.kernels, result->engine_->limits().context_tokens,
                 limits.block_count, limits.block_tokens, facts.kv_type);
    if (limits.window_block_count > 0) {
      spdlog::info("{}: {} blocks more for layers that see {} positions", file.name, limits.window_block_count,
                   limits.window_tokens);
    }
    if (limits.state_count > 0) {
      spdlog::info("{}: {} states of {:.1f} MB for recurrent layers, a snapshot every {} tokens of a prompt", file.name,
                   limits.state_count, static_cast<double>(facts.contexts.state_bytes) * 1e-6, limits.snapshot_tokens);
    }
    for (const RunnerStage& stage : facts.stages) {
      if (stage.on_host) continue;
      spdlog::info("{}: {} of {} layers on {}, {:.1f} MB of weights", file.name, stage.layers.count(), facts.layers,
                   stage.device, static_cast<double>(stage.weights_bytes) * 1e-6);
    }
    if (tuned) spdlog::info("{} begins with {} contexts, as tuned", file.name, limits.parallel_start);
    if (result->draft_ != nullptr) spdlog::info("{} guesses for {}", surroundings.draft->name, file.name);
    if (facts.mtp) spdlog::info("{}: its MTP block guesses", file.name);
    return result;
  }

  std::vector<TokenId> encode(const PromptText& prompt) const override {
    return parts_.tokenizer->encode(prompt, true);
  }
  std::vector<TokenId> tokenize(std::string_view text, bool add_special, bool parse_special) const override {
    return parts_.tokenizer->encode(text, add_special, parse_special);
  }
  std::vector<TokenPiece> pieces(std::span<const TokenId> tokens) const override {
    return pieces_of(*parts_.tokenizer, tokens);
  }
  std::vector<TokenId> encode_pair(std::string_view query, std::string_view document) const override {
    return quire::encode_pair(*parts_.tokenizer, parts_.pair_template, query, document);
  }
  void add_token_texts(const TokenTexts& texts, SamplingParams& sampling) const override {
    quire::add_token_texts(texts, *parts_.tokenizer, sampling);
  }
  Result<PromptText> render(const ChatTemplateInput& input) const override {
    return parts_.prompt_template.render(input);
  }
  Result<std::optional<PromptText>> render_fill_in(const GenerateTemplateInput& input) const override {
    return parts_.prompt_template.render_fill_in(input);
  }
  const FillInTokens& fill_in_tokens() const override { return parts_.fill_in_tokens; }
  const std::string& template_source() const override { return parts_.prompt_template.source(); }
  const parts::Syntax& syntax() const override { return parts_.prompt_template.syntax(); }
  const std::vector<TokenId>& marker_tokens() const override { return marker_tokens_; }
  Result<std::shared_ptr<const Constraint>> constrain(const AnswerShape& shape) const override {
    return constraints_.find_or_compile(shape);
  }
  const api::StoredDefaults& stored() const override { return parts_.stored; }
  int32_t vocab_size() const override { return parts_.tokenizer->vocab_size(); }
  TokenId bos() const override { return parts_.tokenizer->bos(); }
  TokenId eos() const override { return parts_.tokenizer->eos(); }
  size_t token_bytes_max() const override { return parts_.tokenizer->text_bytes_max(); }
  int32_t context_tokens() const override { return engine_->limits().context_tokens; }
  int32_t width() const override { return static_cast<int32_t>(runner_->facts().width); }
  Result<Pooling> pooling() const override { return parts_.pooling; }
  bool ranks() const override { return parts_.ranks; }
  bool generates() const override { return !runner_->facts().whole_texts; }
  Result<void> submit(Request request) override { return engine_->submit(std::move(request)); }
  void cancel(SequenceId id) override { engine_->cancel(id); }
  EngineSnapshot snapshot() const override { return engine_->snapshot(); }
  std::vector<SequenceView> sequences() const override { return engine_->sequences(); }
  ContextMemory context_memory() const override {
    ContextMemory memory = runner_->facts().contexts;
    if (draft_ != nullptr) memory.block_bytes += draft_->kv_block_bytes();
    return memory;
  }
  std::string_view kv_type() const override { return runner_->facts().kv_type; }
  int32_t kv_block_tokens() const override { return engine_->limits().block_tokens; }
  std::vector<ModelStage> stages() const override {
    std::vector<ModelStage> stages;
    for (const RunnerStage& stage : runner_->facts().stages) {
      const uint64_t workspace = runner_->workspace_bytes(stages.size());
      stages.push_back({.device = stage.device,
                        .on_host = stage.on_host,
                        .layers = stage.layers.count(),
                        .memory = {.weights_bytes = stage.weights_bytes, .workspace_bytes = workspace},
                        .contexts = stage.contexts});
    }
    if (draft_ != nullptr) stages.push_back(draft_->stage());
    return stages;
  }
  Result<void> check_file() const override { return parts_.file.check_unchanged(); }
  void stop() override { engine_->stop(); }
  void set_kv_memory(uint64_t bytes) override {
    const ClassLimits limits = limits_within(bytes, host_contexts(), engine_->limits());
    engine_->set_block_limit(limits.states, MemoryClass::state);
    engine_->set_block_limit(limits.windows, MemoryClass::window);
    engine_->set_block_limit(limits.blocks);
  }

 private:
  explicit EngineModel(Parts parts)
      : parts_(std::move(parts)),
        marker_tokens_(tokens_of(*parts_.tokenizer, parts_.prompt_template.syntax().markers())),
        constraints_(*parts_.tokenizer, parts_.prompt_template.syntax(), marker_tokens_) {}

  // The weights, and those of the model that guesses where there is one.
  Result<void> load(const store::ModelFile& file, const EngineSurroundings& surroundings,
                    FunctionRef<bool()> keep_going) {
    {
      ProgressBar bar("loading " + file.name, surroundings.clock, progress_patience_ns);
      const auto progress = [&](uint64_t done, uint64_t total) {
        bar.update(done, total);
        return keep_going();
      };
      QUIRE_TRY(runner_, surroundings.make_runner(parts_.file, file.name, parts_.gpu_layers, progress));
    }
    for (const std::string& fix : parts_.file.fixes()) spdlog::info("{}: {}", file.name, fix);
    if (runner_->facts().vocab != parts_.tokenizer->vocab_size()) {
      return fail(ErrorKind::invalid, fmt::format("the vocabulary has {} tokens, the weights are made for {}",
                                                  parts_.tokenizer->vocab_size(), runner_->facts().vocab));
    }
    // It would guess for itself, at its own price; and where nothing is generated there is nothing to guess.
    if (!surroundings.draft || surroundings.draft->path == file.path || runner_->facts().whole_texts) return {};
    auto draft = DraftModel::load(*surroundings.draft, *parts_.tokenizer, surroundings.make_runner, keep_going);
    if (draft) {
      draft_ = std::move(*draft);
    } else if (draft.error().kind == ErrorKind::unsupported) {
      spdlog::warn("{} is guessed at by lookups: {}", file.name, draft.error().message);
    } else {
      return std::unexpected(draft.error());
    }
    return {};
  }

  // The sizes of its engine: of each device's memory what it has for contexts.
  Result<Limits> limits(const Settings& settings) const {
    const RunnerFacts& facts = runner_->facts();
    const uint64_t host_bytes = settings.memory_bytes > 0 ? settings.memory_bytes : memory_for_kv(settings);
    Limits limits = engine_limits(settings, facts.context_max);
    ContextShare host{.memory = facts.contexts, .bytes = host_bytes};
    host.memory.block_bytes = draft_ == nullptr ? 0 : draft_->kv_block_bytes();
    host.memory.window_block_bytes = host.memory.state_bytes = 0;
    std::vector<ContextShare> shares;
    for (size_t index = 0; index < facts.stages.size(); ++index) {
      const ContextMemory& contexts = facts.stages[index].contexts;
      QUIRE_TRY(const std::optional<uint64_t> room, runner_->context_room(index, limits));
      if (room) {
        // Other models may come to lie there too.
        shares.push_back({.memory = contexts, .bytes = settings.models_max > 1 ? *room / 2 : *room});
        continue;
      }
      host.memory.block_bytes += contexts.block_bytes;
      host.memory.window_block_bytes += contexts.window_block_bytes;
      host.memory.state_bytes += contexts.state_bytes;
    }
    shares.push_back(host);
    share_memory(context_memory(), shares, limits);
    // The host computes while it issues: there is nothing to plan beside.
    if (!facts.stages.back().on_host) limits.plans_ahead = 1;
    return limits;
  }

  // Who guesses; null: nobody.
  Result<std::unique_ptr<Drafter>> start_drafter(bool drafts, Executor& executor, const Limits& limits) {
    if (draft_ != nullptr) return draft_->start(limits);
    if (!drafts || runner_->facts().whole_texts) return nullptr;
    if (!runner_->facts().mtp) return lookup_drafter();
    QUIRE_TRY(Executor * block, runner_->start_mtp(MtpDrafter::executor_limits(limits)));
    return std::make_unique<MtpDrafter>(executor, *block, limits, lookup_drafter());
  }

  static std::vector<TokenId> tokens_of(const Tokenizer& tokenizer, const std::vector<std::string>& names) {
    std::vector<TokenId> tokens;
    for (const std::string& name : names) {
      const std::optional<TokenId> token = tokenizer.find(name);
      if (token && tokenizer.is_control(*token)) tokens.push_back(*token);
    }
    return tokens;
  }

  const Parts parts_;
  const std::vector<TokenId> marker_tokens_;
  ConstraintCache constraints_;
  std::unique_ptr<ModelRunner> runner_;
  std::unique_ptr<DraftModel> draft_;  // null: lookups guess, or nothing
  std::unique_ptr<EngineThread> engine_;
};

}  // namespace

ModelOptions model_options(const Settings& settings) {
  return {.kv_type = settings.kv_type, .mtp = settings.mtp_drafts};
}

uint64_t memory_for_kv(const Settings& settings) {
  return read_machine_memory(settings.machine_root).available_bytes / 2;
}

Limits engine_limits(const Settings& settings, int64_t context_max) {
  constexpr int64_t int32_max = std::numeric_limits<int32_t>::max();
  Limits limits;
  const int64_t wanted =
      settings.context_tokens > 0 ? std::min<int64_t>(settings.context_tokens, context_max) : context_max;
  limits.context_tokens = static_cast<int32_t>(std::clamp<int64_t>(wanted, 2, int32_max));
  // Somebody who names a number knows the machine: begin with it, and go below only where fewer do as well.
  if (settings.parallel_max > 0) limits.running_max = limits.parallel_start = settings.parallel_max;
  limits.queue_max = settings.queue_max;
  limits.answer_tokens_expected = 256;  // a page of text: fewer contexts start at once, fewer are parked later
  limits.queue_tokens_max = settings.queue_tokens_max;
  limits.target_gap_ns = settings.target_gap_ns;
  return limits;
}

Limits engine_limits(const Settings& settings, int64_t context_max, const ContextMemory& memory,
                     uint64_t memory_bytes) {
  Limits limits = engine_limits(settings, context_max);
  share_memory(memory, memory_bytes, limits);
  return limits;
}

Result<std::unique_ptr<LoadedModel>> EngineModelLoader::load(const store::ModelFile& file, EventSink sink,
                                                             FunctionRef<bool()> keep_going) {
  const auto in_file = [&](const Error& error) {
    return fail(error.kind == ErrorKind::not_found ? error.kind : ErrorKind::internal,
                fmt::format("cannot load {}: {}", file.name, error.message));
  };
  Result<gguf::File> opened = store::open_weights(file);
  if (!opened) return in_file(opened.error());
  Result<std::unique_ptr<const Tokenizer>> tokenizer = Tokenizer::create(opened->metadata());
  if (!tokenizer) return in_file(tokenizer.error());
  for (const std::string& warning : (*tokenizer)->warnings()) spdlog::warn("{}: {}", file.name, warning);
  Result<store::ModelDefaults> stored = store::read_defaults(file);
  if (!stored) return in_file(stored.error());
  const std::optional<int64_t> gpu_layers = stored->gpu_layers();
  const store::SamplingDefaults sampling = store::sampling_defaults(opened->metadata());
  for (const std::string& key : sampling.unused) spdlog::warn("{}: {} has no effect here", file.name, key);
  const auto own_template = opened->metadata().get_string("tokenizer.chat_template");
  PromptTemplate prompt_template = PromptTemplate::choose(*stored, own_template.value_or(""), **tokenizer);
  if (const std::string fault = prompt_template.fault(); !fault.empty()) {
    spdlog::warn("chat template of {}: {}", file.name, fault);
  }
  const FillInTokens fill_in_tokens = find_fill_in_tokens(opened->metadata());
  Result<Pooling> pooling = read_pooling(*opened);
  const bool is_ranker = ranks(*opened);
  std::string pair_template = opened->metadata().get_string_or("tokenizer.chat_template.rerank", "").value_or("");
  EngineModel::Parts parts{.file = std::move(*opened),
                           .tokenizer = std::move(*tokenizer),
                           .prompt_template = std::move(prompt_template),
                           .fill_in_tokens = fill_in_tokens,
                           .stored = {.options = api::merged_options(sampling.options, stored->params),
                                      .messages = std::move(stored->messages),
                                      .system = std::move(stored->system)},
                           .pooling = std::move(pooling),
                           .gpu_layers = gpu_layers,
                           .ranks = is_ranker,
                           .pair_template = std::move(pair_template)};
  Result<std::unique_ptr<LoadedModel>> model =
      EngineModel::create(std::move(parts), file, surroundings_, std::move(sink), keep_going);
  if (!model) return in_file(model.error());
  return model;
}

}  // namespace quire::server
