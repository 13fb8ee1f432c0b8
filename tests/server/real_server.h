// A server on a free port with the real engine, in a thread of its own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "backend/cpu/cpu_backend.h"
#include "server/models/engine_model.h"
#include "server/raw_client.h"
#include "server/server.h"
#include "support/temporary_folder.h"
#include "test_data.h"

namespace quire::server::test {

using Json = nlohmann::json;

class RealServer : public testing::Test {
 protected:
  // `draft`: the file of a model that guesses; empty: none does.
  void start(const std::filesystem::path& model, Settings settings = {}, const std::filesystem::path& draft = {}) {
    Server::Config config{.settings = std::move(settings)};
    config.settings.port = 0;
    config.settings.memory_bytes = 64 << 20;
    const auto load = weight_loader(cpu_backends(team_, *supported_kernel_tables().back()));
    EngineSurroundings surroundings{
        config.settings, weight_runners(load, team_, model_options(config.settings)), clock_, {}};
    if (!draft.empty()) surroundings.draft = store::ModelFile{.name = "draft", .path = draft};
    loader_ = std::make_unique<EngineModelLoader>(std::move(surroundings));
    store::Catalog catalog(config.settings.models_folder);
    ASSERT_TRUE(catalog.add("story=" + model.string()));
    auto opened = Server::open(std::move(config), std::move(catalog), *loader_, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
    thread_ = std::thread([this] { server_->run(); });
  }
  ~RealServer() override {
    if (!thread_.joinable()) return;
    server_->stop();
    thread_.join();
  }

  RawResponse post(std::string_view path, const Json& body) {
    RawClient client(server_->port());
    client.post(path, body.dump());
    return client.response().value_or(RawResponse{});
  }
  RawResponse get(std::string_view path) {
    RawClient client(server_->port());
    client.get(path);
    return client.response().value_or(RawResponse{});
  }
  static std::string expected_text() {
    std::ifstream file(quire::test::data_path("models/stories260K.greedy200.txt"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const quire::test::TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();  // for the models of tests that make some
  Team team_{2};
  SteadyClock clock_;
  std::unique_ptr<EngineModelLoader> loader_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace quire::server::test
