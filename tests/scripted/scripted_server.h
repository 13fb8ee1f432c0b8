// A server with one scripted model, "scripted", in a thread of its own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mailbox.h"
#include "scripted/chat.h"
#include "scripted/families.h"
#include "scripted/scripted_runner.h"
#include "server/models/engine_model.h"
#include "server/server.h"
#include "test_data.h"

namespace quire::scripted {

class ScriptedServer {
 public:
  // `chat_template`: empty: the family's own.
  ScriptedServer(const Family& family, std::vector<Turn> turns, const std::string& chat_template = "")
      : folder_(std::filesystem::path(testing::TempDir()) / ("scripted-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    const std::filesystem::path model = folder_ / "scripted.gguf";
    const std::filesystem::path vocabulary =
        test::own_data_dir() / "vocabularies" / (std::string(family.vocabulary) + ".gguf");
    const auto written =
        write_model_file(model, family, vocabulary, chat_template.empty() ? family.chat_template() : chat_template);
    EXPECT_TRUE(written) << written.error().message;
    server::Server::Config config;
    config.settings.port = 0;
    config.settings.memory_bytes = 1 << 20;
    loader_ = std::make_unique<server::EngineModelLoader>(
        config.settings, scripted_runners(std::make_shared<Script>(std::move(turns)), nullptr), clock_);
    store::Catalog catalog("");
    EXPECT_TRUE(catalog.add("scripted=" + model.string()));
    auto opened = server::Server::open(std::move(config), std::move(catalog), *loader_, clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
    thread_ = std::thread([this] { server_->run(); });
  }
  ~ScriptedServer() {
    server_->stop();
    thread_.join();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  uint16_t port() const { return server_->port(); }

 private:
  const std::filesystem::path folder_;
  SteadyClock clock_;
  std::unique_ptr<server::EngineModelLoader> loader_;
  std::unique_ptr<server::Server> server_;
  std::thread thread_;
};

}  // namespace quire::scripted
