#include "api/llama_server/rerank.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/llama_server/answer.h"
#include "api/request_parts.h"
#include "api/vectors.h"

namespace quire::api::llama_server {
namespace {

// A document is a text, or an object that has one.
ApiResult<std::string> read_document(const nlohmann::json& document, const std::string& path) {
  if (document.is_string()) return document.get<std::string>();
  if (!document.is_object()) return refuse_type(path, "a string or an object with \"text\"", document);
  const Fields fields(document, path + ".");
  QUIRE_TRY(std::string text, fields.required_text("text"));
  QUIRE_TRY_VOID(fields.refuse_unread());
  return text;
}

ApiResult<void> read_documents(const Fields& fields, const char* name, GenerationCall& call, RankForm& rank) {
  const nlohmann::json* const documents = fields.find(name);
  if (documents == nullptr) return fields.missing(name);
  if (!documents->is_array()) return refuse_type(fields.path(name), "an array of texts", *documents);
  if (documents->empty()) return refuse(400, fmt::format("\"{}\" must not be empty", name), name);
  QUIRE_TRY_VOID(check_vector_count(name, documents->size()));
  for (size_t index = 0; index < documents->size(); ++index) {
    QUIRE_TRY(std::string text, read_document((*documents)[index], fmt::format("{}[{}]", name, index)));
    if (rank.returns_texts) rank.texts.push_back(text);
    if (index == 0) {
      call.prompt = std::move(text);
    } else {
      call.more_prompts.push_back({.text = std::move(text)});
    }
  }
  return {};
}

// The places of the documents in the answer: the best first, of equal ones the first.
std::vector<size_t> order_of(const Vectors& ranks, const RankForm& form) {
  std::vector<size_t> order(ranks.of.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return ranks.of[a].front() > ranks.of[b].front(); });
  if (form.top_n > 0) order.resize(std::min(order.size(), static_cast<size_t>(form.top_n)));
  return order;
}

std::string rerank_body(const AnswerHead& head, const Vectors& ranks, const AnswerTimes&) {
  const RankForm& form = *head.vector.rank;
  std::string list;
  for (const size_t index : order_of(ranks, form)) {
    list += list.empty() ? "" : ",";
    list +=
        fmt::format(R"({{"index":{},"{}":{})", index, form.bare ? "score" : "relevance_score", ranks.of[index].front());
    if (form.returns_texts) {
      const std::string text = json_string(form.texts[index]);
      list += form.bare ? R"(,"text":)" + text : R"(,"document":{"text":)" + text + "}";
    }
    list += "}";
  }
  if (form.bare) return "[" + list + "]";
  const int64_t tokens = ranks.stats.prompt_tokens;
  return fmt::format(
      R"({{"model":{},"object":"list","usage":{{"prompt_tokens":{},"total_tokens":{}}},"results":[{}]}})",
      json_string(head.model), tokens, tokens, list);
}

}  // namespace

ApiResult<GenerationCall> parse_rerank(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  GenerationCall call{.raw = true, .stream = false, .truncate = false};
  RankForm rank;
  QUIRE_TRY(call.model, fields.text_or("model", ""));
  QUIRE_TRY(rank.query, fields.required_text("query"));
  rank.bare = fields.find("texts") != nullptr;
  QUIRE_TRY(rank.returns_texts, fields.boolean_or(rank.bare ? "return_text" : "return_documents", false));
  QUIRE_TRY_VOID(read_documents(fields, rank.bare ? "texts" : "documents", call, rank));
  QUIRE_TRY(const std::optional<int64_t> top_n, fields.integer("top_n", 1, INT32_MAX));
  rank.top_n = static_cast<int32_t>(top_n.value_or(0));
  // Ranks are as the model gives them, and no document is shortened.
  QUIRE_TRY_VOID(fields.refuse_set({"stream", "truncate", "truncate_prompt_tokens", "max_tokens_per_doc", "rank_fields",
                                    "use_activation", "instruction"}));
  QUIRE_TRY_VOID(fields.refuse_unless("raw_scores", {true}));
  QUIRE_TRY(call.keep_alive_ns, read_keep_alive(fields));
  QUIRE_TRY_VOID(read_scheduling(fields, call));
  fields.collect_unread(call.unknown_fields);
  call.vector = VectorForm{.norm = -1, .rank = std::move(rank)};
  return call;
}

std::unique_ptr<AnswerWriter> make_rerank_writer(AnswerHead head) {
  static const VectorWords words{
      .content_type = "application/json; charset=utf-8", .body = rerank_body, .error_body = error_body};
  return make_vectors_writer(std::move(head), words);
}

}  // namespace quire::api::llama_server
