#include "api/ollama/dialect.h"

#include <array>
#include <nlohmann/json.hpp>

#include "api/json_text.h"
#include "api/ollama/answer.h"
#include "api/ollama/client.h"
#include "api/ollama/embed.h"
#include "api/ollama/request.h"

namespace quire::api::ollama {
namespace {

std::string error_body(const ApiError& error) {
  nlohmann::ordered_json body;
  body["error"] = error.message;
  if (!error.reason.empty()) body["done_reason"] = error.reason;
  return to_text(body);
}

constexpr std::array<const Endpoint*, 4> endpoints = {&generate, &chat, &embed, &embeddings};
constexpr std::array<std::string_view, 1> prefixes = {"/api/"};

}  // namespace

constexpr Endpoint generate = {.path = "/api/generate",
                               .parse = parse_generate,
                               .make_writer = make_generate_writer,
                               .load_answer = generate_load_answer,
                               .client_body = generate_body,
                               .render_answer = generate_debug_answer};
constexpr Endpoint chat = {.path = "/api/chat",
                           .chat = true,
                           .parse = parse_chat,
                           .make_writer = make_chat_writer,
                           .load_answer = chat_load_answer,
                           .client_body = chat_body,
                           .render_answer = chat_debug_answer};
constexpr Endpoint embed = {
    .path = "/api/embed", .parse = parse_embed, .make_writer = make_embed_writer, .load_answer = embed_load_answer};
constexpr Endpoint embeddings = {.path = "/api/embeddings",
                                 .parse = parse_embeddings,
                                 .make_writer = make_embeddings_writer,
                                 .load_answer = embeddings_load_answer};
constexpr Dialect dialect = {.name = "ollama",
                             .path_prefixes = prefixes,
                             .endpoints = endpoints,
                             .error_body = error_body,
                             .read_line = read_line};

}  // namespace quire::api::ollama
