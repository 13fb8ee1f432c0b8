// How a registry says that it wants to know who asks (RFC 9110 section 11, and the Docker registry's token
// authentication).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace quire::store::registry {

struct Challenge {
  std::string realm;  // where a token is to be had
  std::string service;
  std::string scope;  // several are separated by spaces; may be empty
};

// Of the value of a WWW-Authenticate header, which may hold challenges of other schemes too. ErrorKind::unsupported,
// with the scheme's name, when there is none of the scheme Bearer; ErrorKind::invalid without a realm.
Result<Challenge> parse_challenge(std::string_view header);

// The token of a token server's reply, a JSON object: its `token`, else its `access_token`.
Result<std::string> parse_token(std::string_view body);

// What a registry says is wrong: the messages of {"errors":[{"message":...}]} or {"error":...}, else the text itself,
// cut to one line of a length that people read.
std::string refusal_text(std::string_view body);

}  // namespace quire::store::registry
