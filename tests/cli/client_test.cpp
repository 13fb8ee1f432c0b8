#include "cli/client.h"

#include <gtest/gtest.h>

#include <string_view>

namespace quire::cli {
namespace {

Result<std::string> url_of(const char* variable, const char* text) {
  return client_url([=](const char* name) { return std::string_view(name) == variable ? text : nullptr; });
}

TEST(ClientUrl, is_what_ollama_host_means_to_a_client) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "http://127.0.0.1:11434"},
      {"example.org", "http://example.org:11434"},
      {":1234", "http://127.0.0.1:1234"},
      {"1.2.3.4:", "http://1.2.3.4:11434"},
      {"http://example.org", "http://example.org:80"},
      {"https://example.org/", "https://example.org:443"},
      {"https://example.org:8443/models/", "https://example.org:8443/models"},
      {"0.0.0.0", "http://127.0.0.1:11434"},
      {"[::]:99", "http://127.0.0.1:99"},
      {"[::1]", "http://[::1]:11434"},
      {" \"example.org:1\" ", "http://example.org:1"},
  };
  for (const auto& [text, url] : cases) {
    EXPECT_EQ(url_of("OLLAMA_HOST", text).value_or("an error"), url) << text;
    EXPECT_EQ(url_of("QUIRE_HOST", text).value_or("an error"), url) << text;
  }
}

TEST(ClientUrl, what_is_no_address_is_an_error_that_shows_it_under_either_name) {
  for (const char* text : {"host:x", "host:65536", "[::1", "host:-1"}) {
    for (const char* variable : {"OLLAMA_HOST", "QUIRE_HOST"}) {
      const auto url = url_of(variable, text);
      ASSERT_FALSE(url) << text;
      EXPECT_EQ(url.error().message,
                std::string(variable) + ": expected HOST, :PORT or HOST:PORT, found \"" + text + "\"");
    }
  }
}

TEST(ErrorOfReply, is_the_servers_own_sentence_in_either_dialect) {
  EXPECT_EQ(error_of_reply(404, R"({"error":"model 'x' not found"})").message, "model 'x' not found");
  EXPECT_EQ(error_of_reply(404, R"({"error":"x"})").kind, ErrorKind::not_found);
  EXPECT_EQ(error_of_reply(400, R"({"error":{"message":"no","type":"t"}})").message, "no");
  EXPECT_EQ(error_of_reply(502, "<html>").message, "the server answered 502");
}

TEST(RefuseCloud, names_what_runs_elsewhere) {
  EXPECT_FALSE(refuse_cloud("gpt-oss:120b-cloud"));
  EXPECT_FALSE(refuse_cloud("kimi:cloud"));
  EXPECT_TRUE(refuse_cloud("cloud"));
  EXPECT_TRUE(refuse_cloud("llama3.2:latest"));
}

}  // namespace
}  // namespace quire::cli
