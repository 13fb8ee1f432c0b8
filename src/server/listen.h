// The socket that clients connect to.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "base/host_port.h"
#include "base/result.h"
#include "server/asio.h"

namespace quire::server {

// "::" listens for IPv4 too, whatever the system's default is; where there is no IPv6, for IPv4 alone. An error says
// which address was tried and why it was refused; its kind is busy when somebody else listens there.
Result<asio::ip::tcp::acceptor> listen_on(asio::io_context& io, const HostPort& address);

}  // namespace quire::server
