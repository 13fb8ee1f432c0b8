// The client against a server that says exactly what the test wants.
#include "net/http_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "net/loopback_server.h"
#include "net/self_signed.h"

namespace quire::net {
namespace {

using test::Connection;
using test::LoopbackServer;
using test::Seen;
using test::SelfSigned;
using ::testing::HasSubstr;

HttpRequest get(const std::string& url) { return {.url = url}; }

TEST(HttpClient, a_reply_has_status_headers_and_body) {
  LoopbackServer server(
      [](const Seen&, Connection& connection) { connection.reply(404, "nothing here", "X-Why: moon\r\n"); });
  const auto reply = HttpClient().send(get(server.url("/a?b=c")));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->header("x-why"), "moon");
  EXPECT_EQ(reply->header("absent"), "");
  EXPECT_EQ(reply->body, "nothing here");
  EXPECT_EQ(reply->url, server.url("/a?b=c"));
  EXPECT_EQ(server.seen().at(0).method, "GET");
  EXPECT_EQ(server.seen().at(0).target, "/a?b=c");
}

TEST(HttpClient, calls_in_turn_use_one_connection) {
  LoopbackServer server([](const Seen& request, Connection& connection) { connection.reply(200, request.target); });
  HttpClient client;
  for (const char* path : {"/one", "/two", "/three"}) EXPECT_EQ(client.send(get(server.url(path)))->body, path);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, methods_and_bodies_arrive_as_they_were_given) {
  LoopbackServer server([](const Seen&, Connection& connection) { connection.reply(200, ""); });
  HttpClient client;
  const std::string big(3 << 20, 'x');  // libcurl would ask whether it may send this
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    for (const std::string& body : {std::string(), std::string("a\0b", 3), big}) {
      ASSERT_TRUE(client.send({.method = method,
                               .url = server.url("/"),
                               .headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                               .body = body}));
      const Seen seen = server.seen().back();
      EXPECT_EQ(seen.method, method);
      EXPECT_TRUE(seen.body == body) << method << " " << body.size();
      EXPECT_EQ(seen.header("Content-Type"), "application/json");
      EXPECT_EQ(seen.header("Expect"), "");
      EXPECT_THAT(seen.head, HasSubstr("\r\nX-Empty:"));
    }
  }
  ASSERT_TRUE(client.send({.method = "POST", .url = server.url("/")}));
  EXPECT_EQ(server.seen().back().header("Content-Type"), "");
  EXPECT_EQ(server.seen().back().header("Content-Length"), "0");
}

TEST(HttpClient, head_has_no_body_to_wait_for) {
  LoopbackServer server([](const Seen&, Connection& connection) {
    connection.send("HTTP/1.1 200 Said\r\nContent-Length: 1000\r\n\r\n");
  });
  const auto reply = HttpClient().send({.method = "HEAD", .url = server.url("/")});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->header("Content-Length"), "1000");
}

TEST(HttpClient, a_part_of_a_file_is_sent_again_after_a_redirect_that_keeps_the_method) {
  LoopbackServer server([](const Seen& request, Connection& connection) {
    if (request.target == "/old") return (void)connection.reply(307, "", "Location: /new\r\n");
    connection.reply(201, "");
  });
  std::FILE* file = std::tmpfile();
  std::string text;
  for (int line = 0; line < 50'000; ++line) text += fmt::format("{}\n", line);
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
  uint64_t sent = 0;
  const auto reply = HttpClient().send(
      {.method = "PUT",
       .url = server.url("/old"),
       .body = FileRange{.descriptor = ::fileno(file), .offset = 1000, .size_bytes = text.size() - 3000},
       .on_sent = [&](uint64_t bytes) { sent = bytes; }});
  std::fclose(file);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(server.seen().back().method, "PUT");
  EXPECT_TRUE(server.seen().back().body == text.substr(1000, text.size() - 3000));
  EXPECT_EQ(sent, text.size() - 3000);
}

TEST(HttpClient, a_redirect_to_another_port_gets_no_authorization) {
  LoopbackServer other([](const Seen&, Connection& connection) { connection.reply(200, "there"); });
  LoopbackServer server([&](const Seen& request, Connection& connection) {
    if (request.target == "/near") return (void)connection.reply(200, "here");
    connection.reply(302, "", "Location: " + (request.target == "/out" ? other.url("/x") : "/near") + "\r\n");
  });
  HttpClient client;
  for (const char* path : {"/stay", "/out"}) {
    ASSERT_TRUE(
        client.send({.url = server.url(path), .headers = {{"Authorization", "Bearer secret"}, {"X-Other", "y"}}}));
  }
  EXPECT_EQ(server.seen().at(1).target, "/near");
  EXPECT_EQ(server.seen().at(1).header("Authorization"), "Bearer secret");
  ASSERT_EQ(other.seen().size(), 1u);
  EXPECT_EQ(other.seen().at(0).header("Authorization"), "");
  EXPECT_EQ(other.seen().at(0).header("X-Other"), "y");
}

TEST(HttpClient, redirects_are_counted_and_may_be_left_alone) {
  LoopbackServer server(
      [&](const Seen&, Connection& connection) { connection.reply(302, "", "Location: /again\r\n"); });
  HttpClient client;
  const auto endless = client.send({.url = server.url("/"), .redirects_max = 3});
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().kind, ErrorKind::invalid);
  EXPECT_THAT(endless.error().message, HasSubstr("redirects more than 3 times"));
  const auto left = client.send({.url = server.url("/"), .redirects_max = 0});
  ASSERT_TRUE(left);
  EXPECT_EQ(left->status, 302);
  EXPECT_EQ(left->header("Location"), "/again");
}

TEST(HttpClient, a_sink_gets_the_body_of_a_success_and_a_refusal_keeps_its_own) {
  LoopbackServer server([](const Seen& request, Connection& connection) {
    connection.reply(request.target == "/good" ? 206 : 503, "the body");
  });
  HttpClient client;
  std::string taken;
  const auto sink = [&](const HttpReply& head, std::string_view bytes) {
    EXPECT_EQ(head.status, 206);
    taken += bytes;
    return true;
  };
  EXPECT_EQ(client.stream(get(server.url("/good")), sink)->body, "");
  EXPECT_EQ(taken, "the body");
  EXPECT_EQ(client.stream(get(server.url("/bad")), sink)->body, "the body");
  EXPECT_EQ(taken, "the body");
}

TEST(HttpClient, a_body_over_its_limit_is_refused) {
  LoopbackServer server([](const Seen&, Connection& connection) { connection.reply(200, std::string(5000, 'x')); });
  const auto reply = HttpClient().send({.url = server.url("/"), .body_bytes_max = 4999});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::too_large);
  EXPECT_TRUE(HttpClient().send({.url = server.url("/"), .body_bytes_max = 5000}));
}

TEST(HttpClient, headers_without_end_are_refused) {
  LoopbackServer server([](const Seen& request, Connection& connection) {
    std::string headers;
    const int count = request.target == "/many" ? 250 : 300;
    for (int i = 0; i < count; ++i) headers += "X: " + std::string(995, 'x') + "\r\n";
    connection.reply(200, "body", headers);
  });
  const auto many = HttpClient().send({.url = server.url("/many")});
  ASSERT_TRUE(many) << many.error().message;
  EXPECT_EQ(many->body, "body");
  const auto endless = HttpClient().send({.url = server.url("/endless")});
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().kind, ErrorKind::too_large);
  EXPECT_THAT(endless.error().message, HasSubstr("has more than 262144 bytes of headers"));
}

TEST(HttpClient, lines_arrive_whole_and_the_last_needs_no_line_break) {
  LoopbackServer server([](const Seen&, Connection& connection) {
    connection.send("HTTP/1.1 200 Said\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const char* piece : {"4\r\none\n\r\n", "3\r\ntwo\r\n", "5\r\n2\r\nth\r\n", "3\r\nree\r\n", "0\r\n\r\n"})
      connection.send(piece);
  });
  std::vector<std::string> lines;
  const auto reply = HttpClient().stream_lines(get(server.url("/")), [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two2", "three"}));
}

TEST(HttpClient, who_has_read_enough_hangs_up) {
  LoopbackServer server([](const Seen&, Connection& connection) {
    connection.send("HTTP/1.1 200 Said\r\nContent-Length: 100\r\n\r\none\ntwo\n");
    connection.wait_for_client();
    connection.close();
  });
  int lines = 0;
  const auto reply = HttpClient().stream_lines(get(server.url("/")), [&](std::string_view) { return ++lines < 2; });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(lines, 2);
}

TEST(HttpClient, a_server_that_says_nothing_can_be_left) {
  LoopbackServer server([](const Seen&, Connection& connection) {
    connection.wait_for_client();
    connection.close();
  });
  int asked = 0;
  const auto reply = HttpClient().send(get(server.url("/")), [&] { return ++asked < 3; });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(asked, 3);
}

TEST(HttpClient, silence_has_a_limit) {
  LoopbackServer server([](const Seen& request, Connection& connection) {
    if (request.target == "/stalls") connection.send("HTTP/1.1 200 Said\r\nContent-Length: 100\r\n\r\none");
    connection.wait_for_client();
    connection.close();
  });
  const auto stalled = HttpClient().send({.url = server.url("/stalls"), .stall_ms_max = 100});
  ASSERT_FALSE(stalled);
  EXPECT_EQ(stalled.error().kind, ErrorKind::io);
  EXPECT_THAT(stalled.error().message, HasSubstr(server.host() + " has gone quiet"));
  const auto late = HttpClient().send({.url = server.url("/"), .total_ms_max = 50});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::io);
}

TEST(HttpClient, a_broken_connection_is_an_error_that_may_pass) {
  LoopbackServer server([](const Seen& request, Connection& connection) {
    if (request.target != "/nothing") connection.send("HTTP/1.1 200 Said\r\nContent-Length: 100\r\n\r\none");
    connection.close(request.target == "/reset");
  });
  for (const char* path : {"/nothing", "/cut", "/reset"}) {
    const auto reply = HttpClient().send(get(server.url(path)));
    ASSERT_FALSE(reply) << path;
    EXPECT_EQ(reply.error().kind, ErrorKind::io);
    EXPECT_THAT(reply.error().message, HasSubstr(server.host() + " closed the connection before the end")) << path;
  }
}

TEST(HttpClient, nobody_there_is_said_with_host_and_port) {
  LoopbackServer server([](const Seen&, Connection&) {});
  const std::string url = server.url("/");
  server.stop();
  const auto reply = HttpClient().send(get(url));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::io);
  EXPECT_EQ(reply.error().message, "cannot connect to " + server.host() + ": Connection refused");
  const auto unknown = HttpClient().send(get("http://no-such-host.invalid/"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::io);
  EXPECT_THAT(unknown.error().message, HasSubstr("no-such-host.invalid:80"));
}

TEST(HttpClient, what_is_no_web_address_is_refused) {
  for (const char* url : {"", "nonsense", "file:///etc/passwd", "ftp://x/y", "http://"}) {
    const auto reply = HttpClient().send(get(url));
    ASSERT_FALSE(reply) << url;
    EXPECT_EQ(reply.error().kind, ErrorKind::invalid) << url;
  }
  const auto split = HttpClient().send({.url = "http://127.0.0.1:1/", .headers = {{"X", "a\r\nY: b"}}});
  ASSERT_FALSE(split);
  EXPECT_EQ(split.error().kind, ErrorKind::invalid);
}

TEST(HttpClient, a_proxy_is_used_for_others_and_never_for_this_machine) {
  LoopbackServer proxy([](const Seen&, Connection& connection) { connection.reply(200, "proxied"); });
  LoopbackServer server([](const Seen&, Connection& connection) { connection.reply(200, "direct"); });
  ::setenv("http_proxy", proxy.url("").c_str(), 1);
  HttpClient client;
  const auto outside = client.send(get("http://models.invalid/x"));
  const auto inside = client.send(get(server.url("/")));
  ::unsetenv("http_proxy");
  ASSERT_TRUE(outside) << outside.error().message;
  EXPECT_EQ(outside->body, "proxied");
  EXPECT_EQ(proxy.seen().at(0).target, "http://models.invalid/x");
  ASSERT_TRUE(inside) << inside.error().message;
  EXPECT_EQ(inside->body, "direct");
}

TEST(HttpClient, a_certificate_that_cannot_be_trusted_is_refused_unless_told_otherwise) {
  const SelfSigned certificate;
  LoopbackServer server([](const Seen&, Connection& connection) { connection.reply(200, "secret"); },
                        certificate.context());
  HttpClient client;
  const auto refused = client.send(get(server.url("/")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_THAT(refused.error().message, HasSubstr("the certificate of " + server.host() + " is refused"));
  EXPECT_THAT(refused.error().message, HasSubstr("self-signed"));
  const auto told = client.send({.url = server.url("/"), .verifies_tls = false});
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(told->body, "secret");
  EXPECT_FALSE(client.send(get(server.url("/")))) << "a connection that was not verified is not used again";
}

TEST(HttpClient, certificates_to_trust_may_be_named_by_the_environment) {
  const SelfSigned certificate;
  LoopbackServer server([](const Seen&, Connection& connection) { connection.reply(200, "secret"); },
                        certificate.context());
  const std::string file = testing::TempDir() + "/quire-trusted-" + std::to_string(::getpid()) + ".pem";
  certificate.write(file);
  ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  const auto trusted = HttpClient().send(get(server.url("/")));
  ::setenv("SSL_CERT_FILE", "/no/such/file.pem", 1);
  const auto unreadable = HttpClient().send(get(server.url("/")));
  ::unsetenv("SSL_CERT_FILE");
  std::remove(file.c_str());
  ASSERT_TRUE(trusted) << trusted.error().message;
  EXPECT_EQ(trusted->body, "secret");
  ASSERT_FALSE(unreadable);
  EXPECT_THAT(unreadable.error().message, HasSubstr("SSL_CERT_FILE"));
}

TEST(HttpClient, https_is_never_left_for_http) {
  LoopbackServer plain([](const Seen&, Connection& connection) { connection.reply(200, "read by all"); });
  const SelfSigned certificate;
  LoopbackServer server(
      [&](const Seen&, Connection& connection) { connection.reply(302, "", "Location: " + plain.url("/") + "\r\n"); },
      certificate.context());
  const auto reply = HttpClient().send({.url = server.url("/"), .verifies_tls = false});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::invalid);
  EXPECT_TRUE(plain.seen().empty());
}

TEST(HttpTransfers, many_calls_run_side_by_side_and_each_may_be_stopped) {
  LoopbackServer server([](const Seen& request, Connection& connection) {
    if (request.target == "/never") {
      connection.wait_for_client();
      return connection.close();
    }
    connection.reply(200, request.target);
  });
  HttpTransfers transfers;
  const auto never = transfers.start(get(server.url("/never")));
  std::map<HttpTransfers::Id, std::string> wanted;
  for (int call = 0; call < 8; ++call) {
    const std::string path = fmt::format("/{}", call);
    wanted[transfers.start(get(server.url(path)))] = path;
  }
  wanted[transfers.start(get("nonsense"))] = "";
  while (!wanted.empty()) {
    for (auto& finished : transfers.wait(1000)) {
      ASSERT_TRUE(wanted.contains(finished.id));
      EXPECT_EQ(finished.reply ? finished.reply->body : "", wanted[finished.id]);
      wanted.erase(finished.id);
    }
  }
  EXPECT_EQ(transfers.running(), 1u);
  transfers.stop(never);
  EXPECT_EQ(transfers.running(), 0u);
  EXPECT_TRUE(transfers.wait(0).empty());
}

}  // namespace
}  // namespace quire::net
