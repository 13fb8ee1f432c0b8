#include "server/http/framing.h"

#include <gtest/gtest.h>

#include "server/test_server.h"

namespace quire::server {
namespace {

TEST(Framing, is_trusted_only_where_every_reader_would_see_the_same_end) {
  const Headers host = {{"host", "h"}};
  const auto fault = [&](Headers headers, unsigned version = 11) {
    headers.insert(headers.begin(), host.begin(), host.end());
    return std::string(framing_fault(headers, version));
  };
  EXPECT_EQ(fault({}), "");
  EXPECT_EQ(fault({{"content-length", "3"}}), "");
  EXPECT_EQ(fault({{"transfer-encoding", "Chunked"}}), "");
  EXPECT_NE(fault({{"transfer-encoding", "chunked, identity"}}), "");
  EXPECT_NE(fault({{"transfer-encoding", "gzip, chunked"}}), "");
  EXPECT_NE(fault({{"transfer-encoding", "identity"}}), "");
  EXPECT_NE(fault({{"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}}), "");
  EXPECT_NE(fault({{"transfer-encoding", "chunked"}, {"content-length", "3"}}), "");
  EXPECT_NE(fault({{"content-length", "3"}, {"content-length", "3"}}), "");
  EXPECT_NE(fault({{"transfer-encoding", "chunked"}}, 10), "");
  EXPECT_NE(fault({{"host", "other"}}), "");
  EXPECT_NE(framing_fault({}, 11), "");
  EXPECT_EQ(framing_fault({}, 10), "");
}

TEST(Framing, takes_targets_in_absolute_form_apart) {
  EXPECT_EQ(parse_target("/a?b").path_and_query, "/a?b");
  EXPECT_EQ(parse_target("/a?b").authority, "");
  EXPECT_EQ(parse_target("http://host:1/a?b").path_and_query, "/a?b");
  EXPECT_EQ(parse_target("HTTP://host:1/a?b").authority, "host:1");
  EXPECT_EQ(parse_target("http://host").path_and_query, "/");
  EXPECT_EQ(parse_target("*").path_and_query, "*");
}

class FramingOnTheWire : public test::ServerTest {};

// With a proxy that sees the end elsewhere, the second request would be somebody else's.
TEST_F(FramingOnTheWire, never_answers_a_body_as_the_next_request) {
  start();
  const std::string hidden = "GET /api/tags HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const char* head : {
           "POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
           "POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
           "POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: "
           "5\r\n\r\n0\r\n\r\n",
           "POST /api/show HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST /api/show HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
           "POST /api/show HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
       }) {
    test::RawClient client(server_->port());
    client.send(head + hidden);
    const std::string answer = client.read_to_end();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << head << answer;
    EXPECT_EQ(test::count_of(answer, "HTTP/1.1 "), 1U) << head << answer;
  }
}

TEST_F(FramingOnTheWire, serves_a_target_in_absolute_form) {
  start();
  test::RawClient client(server_->port());
  client.send("GET http://localhost/api/version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 200 "));
  test::RawClient stranger(server_->port());
  stranger.send("GET http://evil.example/api/version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(stranger.read_to_end().starts_with("HTTP/1.1 403 "));
}

TEST_F(FramingOnTheWire, says_what_is_wrong_in_the_dialect_of_the_path) {
  start();
  for (const bool openai : {true, false}) {
    test::RawClient client(server_->port());
    client.send(std::string("POST ") + (openai ? "/v1/chat/completions" : "/api/chat") +
                " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\n");
    const std::string answer = client.read_to_end();
    EXPECT_NE(answer.find(openai ? R"({"error":{"message":"malformed)" : R"({"error":"malformed)"), std::string::npos)
        << answer;
  }
}

}  // namespace
}  // namespace quire::server
