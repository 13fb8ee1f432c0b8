#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/clock.h"
#include "cli/client.h"
#include "cli/commands/commands.h"
#include "cli/commands/modelfile_request.h"
#include "cli/commands/transfer.h"
#include "cli/input_text.h"
#include "store/disk.h"
#include "store/model_name.h"

namespace quire::cli {
namespace {

namespace fs = std::filesystem;

struct Source {
  std::string text;
  fs::path folder;  // what names of files in it are relative to
};

// The Modelfile that is named, else the one of this folder, else this folder's own model.
Result<Source> read_modelfile(const std::string& file) {
  const fs::path path = file.empty() ? fs::path("Modelfile") : fs::path(file);
  auto text = read_input(path);
  if (!text && file.empty() && text.error().kind == ErrorKind::not_found) {
    return Source{.text = "FROM .\n", .folder = "."};
  }
  if (!text) return std::unexpected(text.error());
  const fs::path folder = path.parent_path();
  return Source{.text = *std::move(text), .folder = folder.empty() ? fs::path(".") : folder};
}

int percent_of(uint64_t done, uint64_t total) { return total == 0 ? 100 : static_cast<int>(done * 100 / total); }

// Sends what the server has not.
Result<void> send_file(Client& client, const CreateRequest::File& file, ProgressBoard& board) {
  const std::string target = "/api/blobs/" + file.digest;
  QUIRE_TRY(const int status, client.status_of("HEAD", target));
  if (status == 200) return {};
  const store::Descriptor descriptor(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) return store::disk_failure("read", file.path, errno);
  if (board.live()) board.step(fmt::format("copying file {} 0%", file.digest));
  const auto on_sent = [&](uint64_t sent) {
    if (!board.live()) return;
    board.rename_step(fmt::format("copying file {} {}%", file.digest, percent_of(sent, file.size_bytes)));
    board.tick();
  };
  QUIRE_TRY_VOID(client.upload(target, {.descriptor = descriptor.get(), .size_bytes = file.size_bytes}, on_sent));
  const std::string done = fmt::format("copying file {} 100%", file.digest);
  if (board.live()) {
    board.rename_step(done);
  } else {
    board.step(done);
  }
  return {};
}

}  // namespace

Result<void> create_command(const CreateOptions& options) {
  QUIRE_TRY_VOID(refuse_cloud(options.model));
  if (!store::ModelName::parse(options.model)) {
    return fail(ErrorKind::invalid, fmt::format("invalid model name: {}", options.model));
  }
  QUIRE_TRY(const Source source, read_modelfile(options.file));
  QUIRE_TRY(const store::Modelfile modelfile, store::Modelfile::parse(source.text));
  QUIRE_TRY(Client client, Client::from_environment());

  const SteadyClock clock;
  ProgressBoard board(clock);
  board.step("gathering model components");
  const auto on_hashed = [&](const fs::path&, uint64_t done, uint64_t total) {
    board.rename_step(fmt::format("gathering model components {}%", percent_of(done, total)));
    board.tick();
  };
  QUIRE_TRY(CreateRequest request, create_request(modelfile, source.folder, on_hashed));
  board.rename_step("gathering model components");
  if (!request.warnings.empty()) board.finish();  // else they would stand in its last line
  for (const std::string& warning : request.warnings) fmt::print(stderr, "Warning: {}\n", warning);
  for (const CreateRequest::File& file : request.files) QUIRE_TRY_VOID(send_file(client, file, board));
  request.body["model"] = options.model;
  if (!options.quantize.empty()) request.body["quantize"] = options.quantize;
  return follow_progress(client, "/api/create", request.body, "creating", board);
}

}  // namespace quire::cli
