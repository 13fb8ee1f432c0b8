// Where a server listens and clients look for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quire {

struct HostPort {
  std::string host;  // a name or an address, IPv6 without brackets; "::" with IPv4 too: every interface
  uint16_t port = 0;
  bool is_https = false;  // what the scheme asks for
  std::string path = {};  // of a server behind a proxy: "" or "/models", without a slash at its end
};

// "[SCHEME://]HOST[:PORT][/PATH]" as Ollama reads it. Without a host: every interface when there is a port, else the
// fallback's. Without a port: 80 for http://, 443 for https://, else the fallback's. An IPv6 address stands in brackets
// when a port follows.
Result<HostPort> parse_host(std::string_view text, const HostPort& fallback);

// "127.0.0.1:11434", "[::]:11434".
std::string host_port_text(const HostPort& address);

// Where a client of this machine reaches a server that listens there: a loopback address for every interface.
HostPort reachable(HostPort address);

}  // namespace quire
