#include "net/url.h"

#include <gtest/gtest.h>

namespace quire::net {
namespace {

TEST(Url, parts_are_told_apart) {
  const auto url = parse_url("HTTPS://Registry.Example:8443/v2/a/b?x=1&y=a%20b");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "registry.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/v2/a/b");
  EXPECT_EQ(url->query, "x=1&y=a%20b");
  EXPECT_EQ(parse_url("http://x")->port, 80);
  EXPECT_EQ(parse_url("https://x")->port, 443);
  EXPECT_EQ(parse_url("http://[::1]:5/")->host, "[::1]");
  for (const char* text : {"", "x", "/v2/", "ftp://x/", "http://", "http://a b/"})
    EXPECT_FALSE(parse_url(text)) << text;
}

TEST(Url, an_origin_is_scheme_host_and_port) {
  const auto same = [](const char* a, const char* b) { return parse_url(a)->same_origin(*parse_url(b)); };
  EXPECT_TRUE(same("https://x/a", "https://X:443/b?c"));
  EXPECT_FALSE(same("https://x", "http://x"));
  EXPECT_FALSE(same("https://x", "https://x:444"));
  EXPECT_FALSE(same("https://x", "https://x.y"));
}

TEST(Url, a_location_may_be_relative) {
  EXPECT_EQ(*resolve_url("http://h:1/v2/a/blobs/uploads/", "/v2/z?q=1"), "http://h:1/v2/z?q=1");
  EXPECT_EQ(*resolve_url("http://h:1/v2/a", "https://other/x"), "https://other/x");
  EXPECT_EQ(*resolve_url("http://h:1/v2/a/b", "c"), "http://h:1/v2/a/c");
}

TEST(Url, a_query_is_written_so_that_it_can_be_read) {
  EXPECT_EQ(escape_query("repository:library/x:pull a_b-c.~&=%"), "repository%3Alibrary%2Fx%3Apull+a_b-c.~%26%3D%25");
  EXPECT_EQ(with_query("http://h/u", "digest", "sha256:ab"), "http://h/u?digest=sha256%3Aab");
  EXPECT_EQ(with_query("http://h/u?_state=x", "a", "b"), "http://h/u?_state=x&a=b");
}

TEST(Url, this_machine_has_several_names) {
  for (const char* host : {"localhost", "127.0.0.1", "127.8.8.8", "[::1]", "a.localhost"})
    EXPECT_TRUE(is_loopback_host(host));
  for (const char* host : {"10.0.0.1", "localhost.example", "[::2]", "registry.ollama.ai", "127.example.com"})
    EXPECT_FALSE(is_loopback_host(host));
}

}  // namespace
}  // namespace quire::net
