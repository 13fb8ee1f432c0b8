#include "server/listen.h"

#include <fmt/format.h>

#include <boost/asio/ip/v6_only.hpp>

namespace quire::server {

using asio::ip::tcp;

Result<tcp::acceptor> listen_on(asio::io_context& io, const HostPort& address) {
  const std::string& host = address.host;
  const uint16_t port = address.port;
  boost::system::error_code error;
  const auto refused = [&] {
    const ErrorKind kind = error == asio::error::address_in_use ? ErrorKind::busy : ErrorKind::io;
    return fail(kind, fmt::format("cannot listen on {}: {}", host_port_text(address), error.message()));
  };
  tcp::resolver resolver(io);
  const auto endpoints = resolver.resolve(host, fmt::format("{}", port), tcp::resolver::passive, error);
  if (error || endpoints.empty()) return refused();
  const tcp::endpoint endpoint = *endpoints.begin();
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (error == asio::error::address_family_not_supported && host == "::")
    return listen_on(io, HostPort{"0.0.0.0", port});
  if (!error && host == "::") acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return refused();
  return acceptor;
}

}  // namespace quire::server
