#include "api/responses/dialect.h"

#include <array>
#include <nlohmann/json.hpp>

#include "api/openai/answer.h"
#include "api/responses/answer.h"
#include "api/responses/client.h"
#include "api/responses/compact.h"
#include "api/responses/items.h"
#include "api/responses/request.h"

namespace quire::api::responses {
namespace {

constexpr std::array<const Endpoint*, 2> endpoints = {&responses, &compact};
constexpr std::array<std::string_view, 1> prefixes = {"/v1/responses"};

}  // namespace

constexpr Endpoint responses = {.path = "/v1/responses",
                                .chat = true,
                                .id_prefix = answer_prefix,
                                .parse = parse_responses,
                                .make_writer = make_responses_writer,
                                .client_body = client_body,
                                .resume = resume};
constexpr Endpoint compact = {.path = "/v1/responses/compact",
                              .chat = true,
                              .id_prefix = answer_prefix,
                              .parse = parse_compact,
                              .make_writer = make_compact_writer,
                              .client_body = client_body,
                              .resume = resume_compact};
constexpr Dialect dialect = {.name = "responses",
                             .path_prefixes = prefixes,
                             .endpoints = endpoints,
                             .error_body = openai::error_body,
                             .read_line = read_line};

}  // namespace quire::api::responses
