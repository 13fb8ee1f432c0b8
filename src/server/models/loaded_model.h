// One model in memory, as the routes see it: the seam between HTTP and the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/stored.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "core/event.h"
#include "core/request.h"
#include "engine/engine.h"
#include "model/context_memory.h"
#include "server/models/answer_shape.h"
#include "store/catalog.h"
#include "text/fill_in.h"
#include "text/prompt_text.h"
#include "text/token_texts.h"

namespace quire {
struct ChatTemplateInput;
struct GenerateTemplateInput;
}  // namespace quire

namespace quire::server {

// What a model takes beside its KV blocks.
struct ModelMemory {
  uint64_t weights_bytes = 0;
  uint64_t workspace_bytes = 0;
};

// The part of a model that lies on one device.
struct ModelStage {
  std::string device;
  bool on_host = true;  // its memory is the machine's
  int64_t layers = 0;
  ModelMemory memory;
  ContextMemory contexts;  // what its contexts take there
};

// A token as people are shown it.
struct TokenPiece {
  std::string text;      // its own bytes, or a control token's name
  bool control = false;  // it stands for no text
};

// Any thread may call; destroying it waits until its engine has stopped, and each request that was left gets its
// Finished event before.
class LoadedModel {
 public:
  virtual ~LoadedModel() = default;

  // Token ids, with BOS and EOS as the model's file asks.
  virtual std::vector<TokenId> encode(const PromptText& prompt) const = 0;
  // The same for a text: with BOS and EOS as the file asks, or without; with control tokens where it spells them, or
  // without.
  virtual std::vector<TokenId> tokenize(std::string_view text, bool add_special, bool parse_special) const = 0;
  // The same for a text whose special tokens are meant.
  std::vector<TokenId> encode_raw(std::string_view text) const { return tokenize(text, true, true); }
  // Each token's; the texts of those that are not control tokens are, one after another, what they all stand for.
  virtual std::vector<TokenPiece> pieces(std::span<const TokenId> tokens) const = 0;
  // Adds what these texts mean in its vocabulary.
  virtual void add_token_texts(const TokenTexts& texts, SamplingParams& sampling) const = 0;
  // The conversation as the model's template writes it; without a template, the contents with line breaks between.
  virtual Result<PromptText> render(const ChatTemplateInput& input) const = 0;
  // What that template writes for a text with a gap; none: it knows of no gaps.
  virtual Result<std::optional<PromptText>> render_fill_in(const GenerateTemplateInput& input) const = 0;
  virtual const FillInTokens& fill_in_tokens() const = 0;
  // The template as it is written; empty: there is none.
  virtual const std::string& template_source() const = 0;
  // How it writes thinking and calls.
  virtual const parts::Syntax& syntax() const = 0;
  // Control tokens that the syntax is made of: the text of an answer that is taken apart shows them.
  virtual const std::vector<TokenId>& marker_tokens() const = 0;
  // Null: an answer of this shape may say anything. Equal shapes are compiled once, as long as they are asked for.
  virtual Result<std::shared_ptr<const Constraint>> constrain(const AnswerShape& shape) const = 0;
  // What its author stored beside the weights.
  virtual const api::StoredDefaults& stored() const = 0;
  virtual int32_t vocab_size() const = 0;
  virtual TokenId bos() const = 0;  // -1: none
  virtual TokenId eos() const = 0;  // the same
  // Of text, that one token stands for: a text of n bytes has at least n / token_bytes_max() tokens.
  virtual size_t token_bytes_max() const = 0;
  virtual int32_t context_tokens() const = 0;
  // A query and a document that it is ranked for, as the model reads the two.
  virtual std::vector<TokenId> encode_pair(std::string_view query, std::string_view document) const = 0;
  // Of the vector that a prompt becomes.
  virtual int32_t width() const = 0;
  // How a prompt's rows become that; an error where what its file says is not served.
  virtual Result<Pooling> pooling() const = 0;
  // Whether that is one number, by which a document is ranked, and no vector.
  virtual bool ranks() const = 0;
  // False: nothing can come after a prompt.
  virtual bool generates() const = 0;

  // As EngineThread's.
  virtual Result<void> submit(Request request) = 0;
  virtual void cancel(SequenceId id) = 0;
  virtual EngineSnapshot snapshot() const = 0;
  virtual std::vector<SequenceView> sequences() const = 0;
  // What its contexts take, with those of a model that guesses for it.
  virtual ContextMemory context_memory() const = 0;
  // In the order of its layers, then a model's that guesses for it.
  virtual std::vector<ModelStage> stages() const = 0;
  virtual int32_t kv_block_tokens() const = 0;
  // Over all of them.
  ModelMemory memory() const;
  // What its contexts take of the machine's memory.
  ContextMemory host_contexts() const;
  // An error when the file that it was loaded from has changed: what is submitted then fails, and only loading it anew
  // helps.
  virtual Result<void> check_file() const { return {}; }
  // How keys and values are kept: "f16". The name lives as long as the program.
  virtual std::string_view kv_type() const = 0;
  // Bytes that the KV blocks may take of the machine's memory from now on. What is over goes as soon as it can.
  virtual void set_kv_memory(uint64_t bytes) = 0;
  // Ends its engine, and with it each request that is left; snapshot() stays as it was at the end. REQUIRES: nobody
  // else calls anything but snapshot().
  virtual void stop() = 0;
};

// Makes models of files. Called on the loader thread, one call at a time.
class ModelLoader {
 public:
  virtual ~ModelLoader() = default;
  // `keep_going` is asked while it loads; false: nobody will want the model, and an error is to come soon.
  virtual Result<std::unique_ptr<LoadedModel>> load(const store::ModelFile& file, EventSink sink,
                                                    FunctionRef<bool()> keep_going) = 0;
};

}  // namespace quire::server
