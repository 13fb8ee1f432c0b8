#include "api/openai/dialect.h"

#include <array>
#include <nlohmann/json.hpp>

#include "api/json_text.h"
#include "api/openai/answer.h"
#include "api/openai/client.h"
#include "api/openai/embeddings.h"
#include "api/openai/request.h"

namespace quire::api::openai {
namespace {

constexpr std::array<const Endpoint*, 3> endpoints = {&completions, &chat_completions, &embeddings};
constexpr std::array<std::string_view, 1> prefixes = {"/v1/"};

}  // namespace

constexpr Endpoint completions = {.path = "/v1/completions",
                                  .id_prefix = "cmpl-",
                                  .parse = parse_completions,
                                  .make_writer = make_completions_writer,
                                  .client_body = completions_body};
constexpr Endpoint chat_completions = {.path = "/v1/chat/completions",
                                       .chat = true,
                                       .id_prefix = "chatcmpl-",
                                       .parse = parse_chat_completions,
                                       .make_writer = make_chat_completions_writer,
                                       .client_body = chat_completions_body};
constexpr Endpoint embeddings = {
    .path = "/v1/embeddings", .parse = parse_embeddings, .make_writer = make_embeddings_writer};
constexpr Dialect dialect = {.name = "openai",
                             .path_prefixes = prefixes,
                             .endpoints = endpoints,
                             .error_body = error_body,
                             .read_line = read_line};

}  // namespace quire::api::openai
