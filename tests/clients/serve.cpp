// A server for the clients' test: "serve" answers from a steered model, "serve FILE.gguf" from a real one. Prints the
// port, then a line for each cancelled request of the steered model; ends with its standard input.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "backend/cpu/cpu_backend.h"
#include "server/fake_model.h"
#include "server/models/engine_model.h"
#include "server/server.h"

int main(int argc, char** argv) {
  using namespace quire;
  using namespace quire::server;
  spdlog::set_level(spdlog::level::off);  // standard output speaks to the test only
  Server::Config config;
  config.settings.port = 0;
  config.settings.memory_bytes = 64 << 20;
  config.settings.drain_timeout_ns = 0;
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("quire-clients-" + std::to_string(::getpid()));
  config.settings.response_folder = folder / "responses";
  SteadyClock clock;
  Team team(2);
  test::FakeRecord record;
  test::FakeLoader fake(record);
  EngineModelLoader real(config.settings, weight_loader(cpu_backends(team, *supported_kernel_tables().back())), team,
                         clock);
  store::Catalog catalog("");
  const bool is_fake = argc < 2;
  // The steered model reads nothing from its file: any will do.
  const auto added = catalog.add(is_fake ? std::string("fake=") + argv[0] : std::string("story=") + argv[1]);
  ModelLoader& loader = is_fake ? static_cast<ModelLoader&>(fake) : real;
  auto server = Server::open(config, std::move(catalog), loader, clock);
  if (!added || !server) {
    std::cerr << (added ? server.error().message : added.error().message) << '\n';
    return 1;
  }
  std::printf("port %u\n", static_cast<unsigned>((*server)->port()));
  std::fflush(stdout);

  std::thread reporter([&] {
    std::vector<SequenceId> cancelled;
    while (record.cancelled.wait_and_take_all(cancelled)) {
      for (size_t i = 0; i < cancelled.size(); ++i) std::puts("cancelled");
      std::fflush(stdout);
      cancelled.clear();
    }
  });
  std::thread stopper([&] {
    while (std::getchar() != EOF) {
    }
    (*server)->stop();
  });
  (*server)->run();
  server->reset();  // the models go while the record is still there
  stopper.join();
  record.cancelled.close();
  reporter.join();
  std::filesystem::remove_all(folder);
}
