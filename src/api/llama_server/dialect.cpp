#include "api/llama_server/dialect.h"

#include <array>
#include <nlohmann/json.hpp>

#include "api/llama_server/answer.h"
#include "api/llama_server/client.h"
#include "api/llama_server/embedding.h"
#include "api/llama_server/request.h"

namespace quire::api::llama_server {
namespace {

constexpr std::array<const Endpoint*, 6> endpoints = {&completion,     &completions, &infill,
                                                      &apply_template, &embedding,   &embeddings};
constexpr std::array<std::string_view, 13> prefixes = {
    "/completion", "/infill", "/tokenize", "/detokenize", "/apply-template", "/props",        "/slots",
    "/embedding",  "/rerank", "/models",   "/v1/rerank",  "/v1/health",      "/lora-adapters"};

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
