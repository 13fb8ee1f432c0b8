// A model without weights: what it says follows from its prompt's first word, so that a test can steer it.
#pragma once

#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/mailbox.h"
#include "base/snapshot.h"
#include "server/models/loaded_model.h"
#include "text/chat_template.h"
#include "text/gotemplate/go_template.h"

namespace quire::server::test {

// What tests learn from the models of one server, and what those show. Any thread.
struct FakeRecord {
  Mailbox<Request> submitted{10'000};
  Mailbox<SequenceId> cancelled{10'000};
  Mailbox<std::string> unloaded{100};
  Mailbox<std::string> loading{100};
  Mailbox<std::pair<std::string, uint64_t>> kv_memory{10'000};  // who may have how much
  Mailbox<int> may_load{1};                                     // loads wait until this is closed, if loads_wait
  bool loads_wait = false;                                      // set before the server starts
  bool loads_until_stopped = false;                             // the same; no load comes to its end
  std::function<void()> before_load = [] {};                    // on the loader's thread; may throw
  Snapshot<EngineSnapshot> snapshot;
  Snapshot<std::vector<SequenceView>> sequences;

  // Waits for the next one.
  template <typename T>
  static T next(Mailbox<T>& mailbox) {
    std::vector<T> values;
    mailbox.wait_and_take_all(values);
    return std::move(values.front());
  }
};

// Tokens are bytes; 256 is BOS. Prompts: "count N" answers "1 2 ... N ", "hold" answers "held " and then waits for its
// cancel, "flood" answers without end, "busy" finds no place, "large" never fits, "fail" and "break" fail before and
// after the first text, "expire" and "overdue" meet their deadline before and after it; "trickle N" is "count N" from a
// thread of its own, so that events come while others are written; "echo" answers with the whole prompt, in which tools
// that are offered may be called as <tool_call>{"name", "arguments"}</tool_call>. A conversation whose last message is
// left open ends with "~", one that nobody is to answer with "$".
class FakeModel : public LoadedModel {
 public:
  FakeModel(std::string name, FakeRecord& record, EventSink sink)
      : name_(std::move(name)), record_(record), sink_(std::move(sink)) {}
  ~FakeModel() override {
    if (trickle_.joinable()) trickle_.join();
    (void)record_.unloaded.try_push(std::string(name_));
  }

  std::vector<TokenId> encode(const PromptText& prompt) const override { return encode_raw(prompt.text); }
  std::vector<TokenId> tokenize(std::string_view text, bool add_special, bool) const override {
    std::vector<TokenId> tokens;
    if (add_special) tokens.push_back(256);
    for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
    return tokens;
  }
  std::vector<TokenPiece> pieces(std::span<const TokenId> tokens) const override {
    std::vector<TokenPiece> pieces;
    for (const TokenId token : tokens) {
      if (token == 256) pieces.push_back({.text = "<bos>", .control = true});
      if (token != 256) pieces.push_back({.text = {static_cast<char>(token)}});
    }
    return pieces;
  }
  void add_token_texts(const TokenTexts& texts, SamplingParams& sampling) const override {
    for (const auto& [text, bias] : texts.biases) {
      for (const char c : text) sampling.logit_bias.emplace_back(static_cast<unsigned char>(c), bias);
    }
    for (const std::string& word : texts.bad_words) sampling.bad_words.emplace_back(word.begin(), word.end());
  }
  Result<PromptText> render(const ChatTemplateInput& input) const override {
    PromptText prompt;
    for (const auto& message : input.messages) {
      if (message["role"] == "poison") return fail(ErrorKind::invalid, "line 1: no such role");
      if (!prompt.text.empty()) prompt.text += "|";
      prompt.text += message["content"].get<std::string>();
    }
    for (const auto& tool : input.tools) {
      const auto& function = tool["function"];
      if (function["name"] == "described" && !function.contains("description")) {
        return fail(ErrorKind::invalid, "line 2: 'description' is undefined");
      }
    }
    if (input.leaves_open) prompt.text += "~";
    if (!input.leaves_open && !input.add_generation_prompt) prompt.text += "$";
    return prompt;
  }
  Result<std::optional<PromptText>> render_fill_in(const GenerateTemplateInput&) const override { return std::nullopt; }
  const FillInTokens& fill_in_tokens() const override { return fill_in_tokens_; }
  const std::string& template_source() const override { return template_source_; }
  const parts::Syntax& syntax() const override { return syntax_; }
  const std::vector<TokenId>& marker_tokens() const override { return no_tokens_; }
  Result<std::shared_ptr<const Constraint>> constrain(const AnswerShape& shape) const override {
    if (shape.text || shape.must_call) return fail(ErrorKind::unsupported, "no constraints here");
    return nullptr;  // tools may be called
  }
  const api::StoredDefaults& stored() const override { return stored_; }
  int32_t vocab_size() const override { return 257; }
  TokenId bos() const override { return 256; }
  TokenId eos() const override { return -1; }
  size_t token_bytes_max() const override { return 1; }
  int32_t context_tokens() const override { return 200; }
  std::vector<TokenId> encode_pair(std::string_view query, std::string_view document) const override {
    return encode_raw(std::string(query) + "?" + std::string(document));
  }
  int32_t width() const override { return 4; }
  Result<Pooling> pooling() const override {
    if (name_.starts_with("mute")) return fail(ErrorKind::unsupported, "no vectors here");
    return name_.starts_with("mean") ? Pooling::mean : Pooling::last;
  }
  bool ranks() const override { return name_.starts_with("ranker"); }
  bool generates() const override { return !name_.starts_with("encoder"); }

  Result<void> submit(Request request) override {
    std::string prompt;
    for (const TokenId token : request.prompt) {
      if (token < 256) prompt += static_cast<char>(token);
    }
    if (prompt.starts_with("busy")) return fail(ErrorKind::busy, "full");
    const SequenceId id = request.id;
    Finished finished;
    finished.stats.prompt_tokens = static_cast<int64_t>(request.prompt.size());
    finished.stats.seed = request.sampling.seed;
    if (request.pooling != Pooling::none) finished.embedding = vector_of(prompt);
    if (request.prompt_logprobs_top_n >= 0) tell_prompt(id, request);
    (void)record_.submitted.try_push(std::move(request));
    play(id, prompt, finished);
    return {};
  }
  void cancel(SequenceId id) override {
    (void)record_.cancelled.try_push(SequenceId(id));
    Finished finished;
    finished.reason = FinishReason::cancelled;
    sink_(one(id, finished));
  }
  EngineSnapshot snapshot() const override { return record_.snapshot.get(); }
  std::vector<SequenceView> sequences() const override { return record_.sequences.get(); }
  ContextMemory context_memory() const override { return {.block_tokens = 32, .block_bytes = 1 << 20}; }
  int32_t kv_block_tokens() const override { return 32; }
  std::vector<ModelStage> stages() const override {
    return {{.device = "CPU",
             .layers = 2,
             .memory = {.weights_bytes = 4096, .workspace_bytes = 512},
             .contexts = context_memory()}};
  }
  void stop() override {}
  std::string_view kv_type() const override { return "f16"; }
  void set_kv_memory(uint64_t bytes) override { (void)record_.kv_memory.try_push({name_, bytes}); }

 private:
  api::StoredDefaults stored_;
  const FillInTokens fill_in_tokens_ = {.before = '{', .after = '|', .middle = '}'};
  const std::string template_source_ = "{{ messages }}";
  const parts::Syntax syntax_ = parts::Syntax::of("", "qwen3");
  const std::vector<TokenId> no_tokens_;
  static std::vector<Event> one(SequenceId id, Finished finished) {
    std::vector<Event> events;
    events.push_back({id, std::move(finished)});
    return events;
  }
  // Its length, its last byte, and 3 and 4: not normalised.
  static std::vector<float> vector_of(const std::string& prompt) {
    return {static_cast<float>(prompt.size()), prompt.empty() ? 0.0F : static_cast<float>(prompt.back()), 3.0F, 4.0F};
  }
  // Token t has log-probability -t, and beside it the tokens t+1, t+2, ... at -t-1, ...; in two pieces.
  void tell_prompt(SequenceId id, const Request& request) {
    std::vector<Event> events;
    for (const auto& [begin, end] : {std::pair<size_t, size_t>{1, 2}, std::pair{size_t{2}, request.prompt.size()}}) {
      PromptLogprobs piece;
      for (size_t at = begin; at < std::min(end, request.prompt.size()); ++at) {
        PositionLogprobs position{.chosen = token_at(request.prompt[at], 0), .top = {}};
        for (int32_t n = 0; n < request.prompt_logprobs_top_n; ++n) {
          position.top.push_back(token_at(request.prompt[at], n));
        }
        piece.positions.push_back(std::move(position));
      }
      events.push_back({id, std::move(piece)});
    }
    sink_(std::move(events));
  }
  static TokenLogprob token_at(TokenId token, int32_t n) {
    return {.token = token + n, .logprob = -static_cast<float>(token + n), .text = {static_cast<char>(token + n)}};
  }
  void say(SequenceId id, std::string text) {
    TextDelta delta;
    for (const char c : text) delta.tokens.push_back(static_cast<unsigned char>(c));
    delta.text = std::move(text);
    std::vector<Event> events;
    events.push_back({id, std::move(delta)});
    sink_(std::move(events));
  }
  void count_to(int count, SequenceId id) {
    for (int i = 1; i <= count; ++i) say(id, std::to_string(i) + " ");
  }
  static int number_at(std::string_view prompt, size_t begin) {
    int number = 0;
    std::from_chars(prompt.data() + begin, prompt.data() + prompt.size(), number);
    return number;
  }
  void end_with(SequenceId id, Finished finished, ErrorKind kind, std::string why) {
    finished.reason = FinishReason::error;
    finished.error_kind = kind;
    finished.error = std::move(why);
    sink_(one(id, std::move(finished)));
  }
  void play(SequenceId id, std::string_view prompt, Finished finished) {
    if (prompt.starts_with("count ")) {
      count_to(number_at(prompt, 6), id);
      finished.stats.generated_tokens = number_at(prompt, 6);
    } else if (prompt.starts_with("trickle ")) {
      if (trickle_.joinable()) trickle_.join();
      trickle_ = std::thread([this, id, finished, count = number_at(prompt, 8)] {
        count_to(count, id);
        sink_(one(id, finished));
      });
      return;
    } else if (prompt.starts_with("hold")) {
      return say(id, "held ");
    } else if (prompt.starts_with("flood")) {
      for (int i = 0; i < 2000; ++i) say(id, std::string(4096, 'x'));
      return;
    } else if (prompt.starts_with("large")) {
      return end_with(id, std::move(finished), ErrorKind::too_large, "it could never fit");
    } else if (prompt.starts_with("late")) {
      return end_with(id, std::move(finished), ErrorKind::busy, "the queue is full");
    } else if (prompt.starts_with("fail")) {
      return end_with(id, std::move(finished), ErrorKind::internal, "it failed");
    } else if (prompt.starts_with("break")) {
      say(id, "half ");
      return end_with(id, std::move(finished), ErrorKind::internal, "it broke");
    } else if (prompt.starts_with("expire") || prompt.starts_with("overdue")) {
      if (prompt.starts_with("overdue")) say(id, "half ");
      finished.reason = FinishReason::deadline;
      finished.error = "the deadline passed before the answer was complete";
    } else if (finished.embedding.empty()) {
      say(id, std::string(prompt));
    }
    sink_(one(id, std::move(finished)));
  }

  const std::string name_;
  FakeRecord& record_;
  const EventSink sink_;
  std::thread trickle_;
};

// A file whose name holds "damaged" cannot be loaded.
class FakeLoader final : public ModelLoader {
 public:
  explicit FakeLoader(FakeRecord& record) : record_(record) {}
  Result<std::unique_ptr<LoadedModel>> load(const store::ModelFile& file, EventSink sink,
                                            FunctionRef<bool()> keep_going) override {
    (void)record_.loading.try_push(std::string(file.name));
    std::vector<int> nothing;
    if (record_.loads_wait) record_.may_load.wait_and_take_all(nothing);
    record_.before_load();
    while (record_.loads_until_stopped && keep_going()) std::this_thread::yield();
    if (!keep_going()) return fail(ErrorKind::cancelled, "the load was stopped");
    if (file.name.find("damaged") != std::string::npos) return fail(ErrorKind::internal, "its header is damaged");
    return std::make_unique<FakeModel>(file.name, record_, std::move(sink));
  }

 private:
  FakeRecord& record_;
};

}  // namespace quire::server::test
