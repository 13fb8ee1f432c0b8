// The client against a server that says exactly what the test wants, in the pieces the test wants.
#include "load/http_client.h"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <thread>

namespace quire::load {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Accepts `connections` clients one after another, reads a request's head from each, sends the pieces, then closes.
// One that has nothing to say waits until its clients have gone.
class ScriptedServer {
 public:
  ScriptedServer(int connections, std::vector<std::string> pieces)
      : acceptor_(io_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
        thread_([this, connections, pieces = std::move(pieces)] { serve(connections, pieces); }) {}
  ~ScriptedServer() { thread_.join(); }

  HttpEndpoint endpoint() const { return {.host = "127.0.0.1", .port = acceptor_.local_endpoint().port()}; }

 private:
  void serve(int connections, const std::vector<std::string>& pieces) {
    std::vector<std::unique_ptr<tcp::socket>> sockets;
    for (int index = 0; index < connections; ++index) {
      sockets.push_back(std::make_unique<tcp::socket>(acceptor_.accept()));
      asio::streambuf head;
      boost::system::error_code error;
      asio::read_until(*sockets.back(), head, "\r\n\r\n", error);
    }
    for (const std::string& piece : pieces) {
      for (auto& socket : sockets) {
        boost::system::error_code gone;  // a client that hung up is part of some tests
        asio::write(*socket, asio::buffer(piece), gone);
      }
    }
    if (!pieces.empty()) return;
    for (auto& socket : sockets) {
      char byte = 0;
      boost::system::error_code gone;
      asio::read(*socket, asio::buffer(&byte, 1), gone);
    }
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

std::string chunk(const std::string& text) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}

const std::string stream_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(HttpClient, lines_of_many_streams_arrive_whole_and_in_order) {
  ScriptedServer server(3, {stream_head, chunk("{\"a\":1}\n{\"a\""), chunk(":2}\n"), chunk("last"), "0\r\n\r\n"});
  std::vector<HttpCall> calls(3, HttpCall{.method = "POST", .target = "/api/generate", .body = "{}"});
  std::vector<std::vector<std::string>> lines(3);
  const auto replies = http_stream(server.endpoint(), calls, [&](size_t call, std::string_view line) {
    lines[call].emplace_back(line);
    return true;
  });
  for (size_t call = 0; call < 3; ++call) {
    EXPECT_EQ(lines[call], (std::vector<std::string>{"{\"a\":1}", "{\"a\":2}", "last"}));
    EXPECT_EQ(replies[call].status, 200);
    EXPECT_FALSE(replies[call].error);
    EXPECT_TRUE(replies[call].body.empty());
  }
}

TEST(HttpClient, a_handler_that_has_enough_hangs_up) {
  ScriptedServer server(1, {stream_head, chunk("one\ntwo\n")});
  const HttpCall call;
  int seen = 0;
  const auto replies = http_stream(server.endpoint(), {&call, 1}, [&](size_t, std::string_view) { return ++seen < 1; });
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(replies[0].hung_up);
  EXPECT_FALSE(replies[0].error);
}

TEST(HttpClient, a_stream_that_says_nothing_can_be_left) {
  ScriptedServer server(1, {});
  const HttpCall call;
  int asked = 0;
  const auto ignore = [](size_t, std::string_view) { return true; };
  const auto replies = http_stream(server.endpoint(), {&call, 1}, ignore, [&] { return ++asked < 2; });
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(replies[0].hung_up);
  EXPECT_FALSE(replies[0].error);
}

TEST(HttpClient, a_refusal_keeps_its_status_and_body) {
  ScriptedServer server(1, {"HTTP/1.1 503 Busy\r\nContent-Length: 16\r\n\r\n{\"error\":\"busy\"}"});
  const HttpCall call;
  const auto replies = http_stream(server.endpoint(), {&call, 1}, [](size_t, std::string_view) {
    ADD_FAILURE() << "a refusal has no lines";
    return true;
  });
  EXPECT_EQ(replies[0].status, 503);
  EXPECT_EQ(replies[0].body, "{\"error\":\"busy\"}");
}

TEST(HttpClient, a_stream_that_breaks_off_is_an_error) {
  ScriptedServer server(1, {stream_head, chunk("one\n")});
  const HttpCall call;
  const auto replies = http_stream(server.endpoint(), {&call, 1}, [](size_t, std::string_view) { return true; });
  ASSERT_TRUE(replies[0].error);
  EXPECT_EQ(replies[0].error->kind, ErrorKind::io);
}

TEST(HttpClient, a_whole_reply_is_read_and_noise_is_an_error) {
  {
    ScriptedServer server(1, {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"});
    const auto reply = http_request(server.endpoint(), {.method = "GET", .target = "/", .body = {}});
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->body, "hi");
  }
  ScriptedServer server(1, {"this is not HTTP\r\n\r\n"});
  EXPECT_FALSE(http_request(server.endpoint(), {.method = "GET", .target = "/", .body = {}}));
}

TEST(HttpClient, nobody_listening_is_an_error_that_names_the_address) {
  HttpEndpoint closed;
  {
    asio::io_context io;
    closed.port = tcp::acceptor(io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)).local_endpoint().port();
  }
  const auto reply = http_request(closed, {.method = "GET", .target = "/x", .body = {}});
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("http://127.0.0.1:" + std::to_string(closed.port) + "/x"), std::string::npos);
  EXPECT_FALSE(server_answers(closed));
}

TEST(ParseEndpoint, takes_the_forms_of_a_host_variable) {
  struct Example {
    const char* text;
    const char* host;
    uint16_t port;
  };
  const Example examples[] = {{"", "127.0.0.1", 11434},     {"0.0.0.0", "127.0.0.1", 11434},
                              {":8080", "127.0.0.1", 8080}, {"http://example.org:80/", "example.org", 80},
                              {"[::1]:5", "::1", 5},        {"[::1]", "::1", 11434}};
  for (const Example& example : examples) {
    const auto endpoint = parse_endpoint(example.text);
    ASSERT_TRUE(endpoint) << example.text;
    EXPECT_EQ(endpoint->host, example.host) << example.text;
    EXPECT_EQ(endpoint->port, example.port) << example.text;
  }
}

TEST(ParseEndpoint, refuses_what_is_no_port_and_tls) {
  for (const char* text : {"host:port", ":65536", ":-1", "https://example.org", "[::1"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

}  // namespace
}  // namespace quire::load
