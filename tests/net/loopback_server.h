// An HTTP server on the loopback interface that says what a test wants, byte for byte: a thread a connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace quire::net::test {

// A request as it arrived.
struct Seen {
  std::string method;
  std::string target;
  std::string head;  // everything before the body
  std::string body;

  std::string header(std::string_view name) const {
    const auto same = [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    const std::string wanted = "\r\n" + std::string(name) + ": ";
    const auto at = std::search(head.begin(), head.end(), wanted.begin(), wanted.end(), same);
    if (at == head.end()) return {};
    const auto begin = static_cast<size_t>(at - head.begin()) + wanted.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

// One client's connection. Its thread only.
class Connection {
 public:
  Connection(int socket, SSL* tls) : socket_(socket), tls_(tls) {}

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t piece = std::min<size_t>(bytes.size(), 1 << 20);
      const ssize_t sent = tls_ ? SSL_write(tls_, bytes.data(), static_cast<int>(piece))
                                : ::send(socket_, bytes.data(), piece, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // `headers`: whole lines, each with its line break.
  bool reply(int status, std::string_view body, std::string_view headers = "") {
    return send("HTTP/1.1 " + std::to_string(status) + " Said\r\n" + std::string(headers) +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  // No request is read from it any more. `reset`: the client's system is told that all is lost.
  void close(bool reset = false) {
    if (reset) {
      const linger now{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    closed_ = true;
  }
  bool closed() const { return closed_; }
  // Waits until the client has gone, or has more to say.
  void wait_for_client() {
    char byte = 0;
    ::recv(socket_, &byte, 1, MSG_PEEK);
  }

  bool read_more(std::string& to) {
    char bytes[65536];
    const ssize_t count = tls_ ? SSL_read(tls_, bytes, sizeof(bytes)) : ::recv(socket_, bytes, sizeof(bytes), 0);
    if (count <= 0) return false;
    to.append(bytes, static_cast<size_t>(count));
    return true;
  }

 private:
  const int socket_;
  SSL* const tls_;
  bool closed_ = false;
};

using Handler = std::function<void(const Seen&, Connection&)>;

// Calls the handler, on the connection's thread, for each request.
class LoopbackServer {
 public:
  // `tls`: borrowed; none: plain HTTP.
  explicit LoopbackServer(Handler handler, SSL_CTX* tls = nullptr)
      : handler_(std::move(handler)), tls_(tls), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ~LoopbackServer() { stop(); }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      stopped_ = true;
      ::shutdown(listener_, SHUT_RDWR);
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }

  uint16_t port() const { return port_; }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url(std::string_view path) const { return (tls_ ? "https://" : "http://") + host() + std::string(path); }
  int connections() const { return connections_; }
  // Returns when every client has gone, and what was said to it has been said.
  void wait_until_idle() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return sockets_.empty(); });
  }
  std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void accept() {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard lock(mutex_);
      if (socket < 0 || stopped_) {
        if (socket >= 0) ::close(socket);
        return;
      }
      ++connections_;
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket] { serve(socket); });
    }
  }

  void serve(int socket) {
    // OpenSSL writes to a client that has hung up as it writes to anybody: without MSG_NOSIGNAL.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(tls_ ? SSL_new(tls_) : nullptr, &SSL_free);
    if (tls) SSL_set_fd(tls.get(), socket);
    if (!tls || SSL_accept(tls.get()) == 1) {
      Connection connection(socket, tls.get());
      std::string received;
      Seen request;
      while (!connection.closed() && next_request(connection, received, request)) {
        {
          const std::lock_guard lock(mutex_);
          seen_.push_back(request);
        }
        handler_(request, connection);
      }
    }
    const std::lock_guard lock(mutex_);
    std::erase(sockets_, socket);
    ::close(socket);
    if (sockets_.empty()) idle_.notify_all();
  }

  static bool next_request(Connection& connection, std::string& received, Seen& request) {
    while (received.find("\r\n\r\n") == std::string::npos) {
      if (received.starts_with('\x16')) return false;  // TLS, where none is spoken
      if (!connection.read_more(received)) return false;
    }
    const size_t head_end = received.find("\r\n\r\n") + 4;
    request = {.head = received.substr(0, head_end)};
    const size_t space = request.head.find(' ');
    request.method = request.head.substr(0, space);
    request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
    const auto length = static_cast<size_t>(std::atoll(request.header("Content-Length").c_str()));
    if (request.header("Expect") == "100-continue" && received.size() < head_end + length) {
      connection.send("HTTP/1.1 100 Continue\r\n\r\n");
    }
    while (received.size() < head_end + length) {
      if (!connection.read_more(received)) return false;
    }
    request.body = received.substr(head_end, length);
    received.erase(0, head_end + length);
    return true;
  }

  const Handler handler_;
  SSL_CTX* const tls_;
  const int listener_;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  bool stopped_ = false;              // guarded by mutex_
  std::vector<int> sockets_;          // guarded by mutex_: of connections that are open
  std::vector<Seen> seen_;            // guarded by mutex_
  std::vector<std::thread> threads_;  // guarded by mutex_ until stop()
  std::thread acceptor_;
};

}  // namespace quire::net::test
