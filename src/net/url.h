// Addresses of the web (RFC 3986), as far as a client needs them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quire::net {

struct Url {
  std::string scheme;  // lower case
  std::string host;    // an IPv6 address in brackets
  uint16_t port = 0;   // the scheme's own where none is written
  std::string path;    // begins with '/'
  std::string query;   // without the '?'; as it was written

  // Scheme, host and port are the same: what a password given to one may be given to.
  bool same_origin(const Url& other) const;
};

// ErrorKind::invalid for anything that is no absolute http or https address.
Result<Url> parse_url(std::string_view text);

// What `reference` (absolute, or relative as a Location header may be) means in a reply from `base`.
Result<std::string> resolve_url(std::string_view base, std::string_view reference);

// For a value of a query: letters, digits and "-_.~" as they are, a space as '+', all else as %XX.
std::string escape_query(std::string_view text);

// `url` with one more name=value in its query; the value is escaped.
std::string with_query(std::string_view url, std::string_view name, std::string_view value);

// The machine itself: localhost, 127.x.x.x, [::1].
bool is_loopback_host(std::string_view host);

}  // namespace quire::net
