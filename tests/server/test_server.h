// A server on a free port with fake models, in a thread of its own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server/server.h"
#include "server/fake_model.h"
#include "server/raw_client.h"

namespace quire::server::test {

inline std::string prompt_body(const std::string& prompt, const std::string& more = "") {
  return R"({"model":"fake","prompt":")" + prompt + "\"" + (more.empty() ? "" : "," + more) + "}";
}

inline std::string chat_body(const std::string& content, const std::string& more = "") {
  return R"({"model":"fake","messages":[{"role":"user","content":")" + content + "\"}]" +
         (more.empty() ? "" : "," + more) + "}";
}

inline size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    folder_ = std::filesystem::temp_directory_path() /
              ("quire-server-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    for (const char* name : {"fake", "other", "damaged"}) std::ofstream(folder_ / (std::string(name) + ".gguf")) << name;
    config_.settings.port = 0;
    config_.seed = 1;
  }
  ~ServerTest() override {
    stop();
    std::filesystem::remove_all(folder_);
  }

  // With what config_ holds by then.
  void start() {
    auto opened = Server::open(config_, store::Catalog(folder_), loader_, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
    thread_ = std::thread([this] { server_->run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    server_->stop();
    thread_.join();
  }
  uint16_t port() const { return server_->port(); }

  // One request on a connection of its own.
  RawResponse post(std::string_view path, std::string_view body, std::string_view headers = "") {
    RawClient client(port());
    client.post(path, body, headers);
    return client.response().value_or(RawResponse{});
  }
  RawResponse get(std::string_view path, std::string_view headers = "") {
    RawClient client(port());
    client.get(path, headers);
    return client.response().value_or(RawResponse{});
  }

  // The requests that the models were given, at least `count` of them.
  std::vector<Request> submitted(size_t count) {
    std::vector<Request> requests;
    while (requests.size() < count) record_.submitted.wait_and_take_all(requests);
    return requests;
  }

  std::filesystem::path folder_;
  Server::Config config_;
  FakeRecord record_;
  FakeLoader loader_{record_};
  SteadyClock clock_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace quire::server::test
