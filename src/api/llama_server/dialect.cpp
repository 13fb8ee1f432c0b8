#include "api/llama_server/dialect.h"

#include <array>
#include <nlohmann/json.hpp>

#include "api/llama_server/answer.h"
#include "api/llama_server/client.h"
#include "api/llama_server/embedding.h"
#include "api/llama_server/request.h"
#include "api/llama_server/rerank.h"

namespace quire::api::llama_server {
namespace {

constexpr Endpoint rerank_at(std::string_view path) {
  return {.path = path, .parse = parse_rerank, .make_writer = make_rerank_writer};
}

// As llama-server has them, and the second version of Cohere's, as vLLM does.
constexpr std::array reranks = {rerank_at("/rerank"), rerank_at("/reranking"), rerank_at("/v1/rerank"),
                                rerank_at("/v1/reranking"), rerank_at("/v2/rerank")};

constexpr std::array<const Endpoint*, 6 + reranks.size()> endpoints = {
    &completion, &completions, &infill,     &apply_template, &embedding, &embeddings,
    &reranks[0], &reranks[1],  &reranks[2], &reranks[3],     &reranks[4]};
constexpr std::array<std::string_view, 14> prefixes = {
    "/completion", "/infill", "/tokenize",  "/detokenize", "/apply-template", "/props",         "/slots",
    "/embedding",  "/rerank", "/v1/rerank", "/v2/rerank",  "/v1/health",      "/lora-adapters", "/models"};

constexpr Endpoint completion_at(std::string_view path) {
  return {.path = path,
          .parse = parse_completion,
          .make_writer = make_completion_writer,
          .client_body = completion_client_body,
          .settings = generation_settings};
}

constexpr Endpoint embedding_at(std::string_view path) {
  return {.path = path, .parse = parse_embedding, .make_writer = make_embedding_writer};
}

}  // namespace

constexpr Endpoint embedding = embedding_at("/embedding");
constexpr Endpoint embeddings = embedding_at("/embeddings");
constexpr Endpoint completion = completion_at("/completion");
constexpr Endpoint completions = completion_at("/completions");
constexpr Endpoint infill = {
    .path = "/infill", .parse = parse_infill, .make_writer = make_completion_writer, .settings = generation_settings};
constexpr Endpoint apply_template = {.path = "/apply-template",
                                     .parse = parse_apply_template,
                                     .make_writer = make_completion_writer,
                                     .render_answer = prompt_body};
constexpr Dialect dialect = {.name = "llama-server",
                             .path_prefixes = prefixes,
                             .endpoints = endpoints,
                             .error_body = error_body,
                             .read_line = read_line};

}  // namespace quire::api::llama_server
