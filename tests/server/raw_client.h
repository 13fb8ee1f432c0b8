// A client that sends exactly the bytes it is told to, over a real socket.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace quire::server::test {

struct RawResponse {
  int status = 0;
  std::string head;  // status line and headers, names as sent
  std::string body;  // chunks joined

  std::string header(std::string_view name) const {
    const std::string wanted = "\r\n" + std::string(name) + ": ";
    const size_t at = head.find(wanted);
    if (at == std::string::npos) return {};
    const size_t begin = at + wanted.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class RawClient {
 public:
  // `receive_bytes`: the socket's receive buffer, when it should be small.
  explicit RawClient(uint16_t port, int receive_bytes = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_bytes > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  // False when the server has closed the connection.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void post(std::string_view path, std::string_view body, std::string_view headers = "") {
    send("POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  void get(std::string_view path, std::string_view headers = "") {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n");
  }

  // Reads until `text` has arrived; false at the end of the connection.
  bool read_until(std::string_view text) {
    while (received_.find(text) == std::string::npos) {
      if (!read_more()) return false;
    }
    return true;
  }
  // Reads until the server closes; everything since the last response.
  std::string read_to_end() {
    while (read_more()) {
    }
    return std::exchange(received_, {});
  }
  // The next response; nothing when the connection ends first. `has_body` is false for HEAD.
  std::optional<RawResponse> response(bool has_body = true) {
    if (!read_until("\r\n\r\n")) return std::nullopt;
    const size_t head_end = received_.find("\r\n\r\n");
    RawResponse result;
    result.head = received_.substr(0, head_end + 2);
    result.status = std::atoi(result.head.c_str() + 9);
    received_.erase(0, head_end + 4);
    if (!has_body) return result;
    if (result.header("Transfer-Encoding") == "chunked") return read_chunks(result) ? std::optional(result) : std::nullopt;
    const auto length = static_cast<size_t>(std::atoll(result.header("Content-Length").c_str()));
    while (received_.size() < length) {
      if (!read_more()) return std::nullopt;
    }
    result.body = received_.substr(0, length);
    received_.erase(0, length);
    return result;
  }

 private:
  bool read_more() {
    char buffer[65536];
    const ssize_t count = ::recv(socket_, buffer, sizeof(buffer), 0);
    if (count <= 0) return false;
    received_.append(buffer, static_cast<size_t>(count));
    return true;
  }
  bool read_chunks(RawResponse& result) {
    for (;;) {
      if (!read_until("\r\n")) return false;
      const size_t line = received_.find("\r\n");
      const auto size = static_cast<size_t>(std::strtoull(received_.c_str(), nullptr, 16));
      while (received_.size() < line + 2 + size + 2) {
        if (!read_more()) return false;
      }
      result.body += received_.substr(line + 2, size);
      received_.erase(0, line + 2 + size + 2);
      if (size == 0) return true;
    }
  }

  int socket_ = -1;
  bool connected_ = false;
  std::string received_;
};

}  // namespace quire::server::test
