// Who may talk to a server that listens on a private address: protection from web pages the user visits.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace quire::server {

// Whether a request with this Host header may be served by a server bound to a loopback address. A page that points
// its own domain name at 127.0.0.1 (DNS rebinding) cannot help sending that name, so addresses and local names pass.
bool host_allowed(std::string_view host_header, std::string_view own_host_name);

// Whether a page of this origin may read answers. Local pages and applications may; `extra` holds what the
// environment adds: "*" for every page, "null" included; an origin, in which each * stands for any text; or a host
// without a scheme, for http and https.
bool origin_allowed(std::string_view origin_header, std::string_view host_header, std::span<const std::string> extra);

// What a preflight is told of request headers: those that clients send, and of those that it asks for every
// X-Stainless- one, of which there are more with each version of OpenAI's libraries.
std::string allowed_request_headers(std::string_view asked);

}  // namespace quire::server
