#include "api/anthropic/dialect.h"

#include <array>

#include "api/anthropic/answer.h"
#include "api/anthropic/client.h"
#include "api/anthropic/request.h"

namespace quire::api::anthropic {
namespace {

constexpr std::array<const Endpoint*, 2> endpoints = {&messages, &count_tokens};
constexpr std::array<std::string_view, 1> prefixes = {"/v1/messages"};

}  // namespace

constexpr Endpoint messages = {.path = "/v1/messages",
                               .chat = true,
                               .id_prefix = "msg_",
                               .parse = parse_messages,
                               .make_writer = make_messages_writer,
                               .client_body = messages_body};
constexpr Endpoint count_tokens = {.path = "/v1/messages/count_tokens",
                                   .chat = true,
                                   .parse = parse_count_tokens,
                                   .make_writer = make_messages_writer,
                                   .count_answer = count_answer};
constexpr Dialect dialect = {.name = "anthropic",
                             .path_prefixes = prefixes,
                             .endpoints = endpoints,
                             .error_body = error_body,
                             .read_line = read_line};

}  // namespace quire::api::anthropic
