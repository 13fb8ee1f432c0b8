#include "base/host_port.h"

#include <gtest/gtest.h>

namespace quire {
namespace {

TEST(HostPort, is_read_in_every_form) {
  const HostPort fallback{"127.0.0.1", 11434};
  const auto parsed = [&](const char* text) {
    const auto host = parse_host(text, fallback);
    return host ? host->host + " " + std::to_string(host->port) : "-";
  };
  EXPECT_EQ(parsed("0.0.0.0"), "0.0.0.0 11434");
  EXPECT_EQ(parsed(":8080"), ":: 8080");
  EXPECT_EQ(parsed("http://:8080"), ":: 8080");
  EXPECT_EQ(parsed(":"), "127.0.0.1 11434");
  EXPECT_EQ(parsed("http://box"), "box 80");
  EXPECT_EQ(parsed("https://box/path"), "box 443");
  EXPECT_EQ(parsed("https://box:8443/"), "box 8443");
  EXPECT_EQ(parsed("tcp://box"), "box 11434");
  EXPECT_EQ(parsed("[::]"), ":: 11434");
  EXPECT_EQ(parsed("http://[fe80::1]"), "fe80::1 80");
  EXPECT_EQ(parsed("http://example.org:80/"), "example.org 80");
  EXPECT_EQ(parsed("[::1]:90"), "::1 90");
  EXPECT_EQ(parsed("::1"), "::1 11434");
  EXPECT_EQ(parsed("[::1"), "-");
  EXPECT_EQ(parsed("a:b"), "-");
}

TEST(HostPort, is_written_as_it_is_and_reached_from_here) {
  EXPECT_EQ(host_port_text({"0.0.0.0", 80}), "0.0.0.0:80");
  EXPECT_EQ(host_port_text({"::", 11434}), "[::]:11434");
  EXPECT_EQ(reachable({"0.0.0.0", 80}).host, "127.0.0.1");
  EXPECT_EQ(reachable({"::", 80}).host, "127.0.0.1");
  EXPECT_EQ(reachable({"::1", 80}).host, "::1");
}

TEST(HostPort, has_the_path_of_a_server_behind_a_proxy) {
  EXPECT_EQ(parse_host("https://box:8443/models/v/", {})->path, "/models/v");
  EXPECT_EQ(parse_host("http://box//", {})->path, "");
  EXPECT_EQ(parse_host("box", {.host = {}, .port = 0, .path = "/kept"})->path, "") << "a path is never the fallback's";
}

}  // namespace
}  // namespace quire
