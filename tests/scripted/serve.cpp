// Serves a scripted model to programs that talk with models: `scripted_serve FOLDER SCRIPT.json FAMILY NAME...`. The
// model has each of the names. FOLDER may hold template.jinja and vocabulary.gguf, which are used then instead of ours;
// into it go the model's file, and prompts.jsonl: {"turn", "prompt"} a line, for each answer. Prints the port, and each
// turn that begins; ends with its standard input.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "scripted/families.h"
#include "scripted/scripted_runner.h"
#include "server/models/engine_model.h"
#include "server/server.h"

namespace {

using namespace quire;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<std::filesystem::path> write_model(const std::filesystem::path& folder, const scripted::Family& family) {
  std::filesystem::path vocabulary = folder / "vocabulary.gguf";
  if (!std::filesystem::exists(vocabulary)) {
    vocabulary = std::filesystem::path(QUIRE_SOURCE_DIR) / "tests/data/vocabularies" /
                 (std::string(family.vocabulary) + ".gguf");
  }
  const bool has_template = std::filesystem::exists(folder / "template.jinja");
  const std::string chat_template = has_template ? read_file(folder / "template.jinja") : family.chat_template();
  std::filesystem::path model = folder / "scripted.gguf";
  QUIRE_TRY_VOID(scripted::write_model_file(model, family, vocabulary, chat_template));
  return model;
}

int end_with(const Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: scripted_serve FOLDER SCRIPT.json FAMILY NAME...\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  spdlog::set_default_logger(spdlog::stderr_color_mt("quire"));
  const scripted::Family* family = scripted::find_family(argv[3]);
  if (family == nullptr) return end_with({ErrorKind::invalid, std::string("no such family: ") + argv[3]});
  auto script = scripted::read_script(read_file(argv[2]), *family);
  if (!script) return end_with(script.error());
  const auto model = write_model(folder, *family);
  if (!model) return end_with(model.error());

  server::Server::Config config;
  config.settings.port = 0;
  config.settings.memory_bytes = 16 << 20;
  config.settings.drain_timeout_ns = 0;
  config.settings.response_folder = folder / "responses";
  SteadyClock clock;
  std::ofstream prompts(folder / "prompts.jsonl");
  const auto asked = [&](std::string_view prompt, int turn) {
    prompts << nlohmann::json{{"turn", turn}, {"prompt", prompt}}.dump() << std::endl;
    std::printf("turn %d\n", turn);
    std::fflush(stdout);
  };
  server::EngineModelLoader loader(
      config.settings, scripted::scripted_runners(std::make_shared<scripted::Script>(*std::move(script)), asked),
      clock);
  store::Catalog catalog("");
  for (int index = 4; index < argc; ++index) {
    if (const auto added = catalog.add(std::string(argv[index]) + "=" + model->string()); !added) {
      return end_with(added.error());
    }
  }
  auto server = server::Server::open(config, std::move(catalog), loader, clock);
  if (!server) return end_with(server.error());
  std::printf("port %u\n", static_cast<unsigned>((*server)->port()));
  std::fflush(stdout);
  std::thread stopper([&] {
    while (std::getchar() != EOF) {
    }
    (*server)->stop();
  });
  (*server)->run();
  stopper.join();
}
