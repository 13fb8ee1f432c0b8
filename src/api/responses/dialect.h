// OpenAI's responses: items in, items out, server-sent events with names; errors as OpenAI's.
#pragma once

#include "api/dialect.h"

namespace quire::api::responses {

extern const Endpoint responses;  // /v1/responses
extern const Endpoint compact;    // /v1/responses/compact
extern const Dialect dialect;

}  // namespace quire::api::responses
