// The routes that change the store, without a model: who may use them, and what is left behind.
#include <filesystem>
#include <string>

#include "server/scrape.h"
#include "server/test_server.h"

namespace quire::server::test {
namespace {

namespace fs = std::filesystem;

class StoreRoutes : public ServerTest {
 protected:
  StoreRoutes() { config_.settings.models_folder = folder_; }

  std::string blob_path() const { return "/api/blobs/sha256:" + std::string(64, '0'); }
  size_t blobs() const {
    std::error_code ignored;
    const fs::directory_iterator entries(folder_ / "blobs", ignored);
    return static_cast<size_t>(std::distance(begin(entries), end(entries)));
  }
  int status_of(const std::string& head, const std::string& body) {
    RawClient client(port());
    client.send(head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.response().value_or(RawResponse{}).status;
  }
};

// A page of a stranger sends its origin; one that points its own name at this machine (DNS rebinding) that name.
TEST_F(StoreRoutes, pages_of_strangers_change_nothing) {
  start();
  const std::pair<std::string, std::string> requests[] = {
      {"POST /api/pull", R"({"model":"127.0.0.1:1/a/b","insecure":true})"},
      {"POST /api/push", R"({"model":"fake"})"},
      {"POST /api/create", R"({"model":"new","from":"fake"})"},
      {"POST /api/copy", R"({"source":"fake","destination":"new"})"},
      {"DELETE /api/delete", R"({"model":"fake"})"},
      {"POST " + blob_path(), "bytes"},
      {"DELETE /api/requests/x", ""},
  };
  for (const auto& [line, body] : requests) {
    EXPECT_EQ(status_of(line + " HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n", body), 403) << line;
    EXPECT_EQ(status_of(line + " HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n", body), 403) << line;
    EXPECT_EQ(status_of(line + " HTTP/1.1\r\nHost: evil.example\r\n", body), 403) << line;
    EXPECT_EQ(status_of(line + " HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n", body), 403)
        << line;
  }
  EXPECT_FALSE(fs::exists(folder_ / "manifests"));
  EXPECT_EQ(blobs(), 0U);
}

TEST_F(StoreRoutes, a_client_that_leaves_in_the_middle_of_a_blob_leaves_nothing_behind) {
  start();
  {
    RawClient client(port());
    client.send("POST " + blob_path() + " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n" +
                "Content-Length: 3000000\r\n\r\n");
    ASSERT_TRUE(client.read_until("100 Continue"));
    client.send(std::string(2'000'000, 'x'));
  }
  const auto left = [this] {
    return Scrape(get("/metrics").body).has(R"(quire_http_requests_total{route="/api/blobs/",status="499"})");
  };
  while (!left()) std::this_thread::yield();
  EXPECT_EQ(blobs(), 0U);
}

TEST_F(StoreRoutes, a_blob_in_a_content_encoding_is_refused) {
  start();
  EXPECT_EQ(post(blob_path(), "bytes", "Content-Encoding: gzip\r\n").status, 415);
}

TEST_F(StoreRoutes, a_blob_of_another_digest_is_refused) {
  start();
  EXPECT_EQ(post(blob_path(), "bytes").status, 400);
  EXPECT_EQ(blobs(), 0U);
}

}  // namespace
}  // namespace quire::server::test
