#include "cli/commands/transfer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "cli/commands/commands.h"
#include "store/model_name.h"

namespace quire::cli {
namespace {

using nlohmann::json;

json transfer_body(std::string_view model, bool insecure) {
  json body = {{"model", model}};
  if (insecure) body["insecure"] = true;
  return body;
}

}  // namespace

Result<void> follow_progress(Client& client, std::string_view target, const json& body, std::string_view verb,
                             ProgressBoard& board, const net::KeepGoing& keep_going) {
  std::string error;
  bool succeeded = false;
  const auto show = [&](std::string_view line) {
    if (line.empty()) return true;
    const json progress = json::parse(line, nullptr, false);
    if (!progress.is_object()) {
      error = "the server's answer is not JSON";
      return false;
    }
    if (progress.contains("error")) {
      error = text_at(progress, "error", "the server reports an error");
      return false;
    }
    const std::string digest = text_at(progress, "digest");
    const std::string status = text_at(progress, "status");
    const int64_t done = number_at(progress, "completed"), total = number_at(progress, "total");
    if (digest.empty() || total == 0) {
      succeeded = status == "success";
      board.step(status);
    } else if (done > 0) {  // a layer of which nothing is here yet would only fill the screen
      board.layer(digest, fmt::format("{} {}:", verb, short_digest(digest)), done, total);
    }
    return true;
  };
  const auto watch = [&] {
    board.tick();
    return !keep_going || keep_going();
  };
  const Result<void> ended = client.stream(target, body, show, watch);
  board.finish();
  if (!error.empty()) return fail(ErrorKind::internal, error);
  QUIRE_TRY_VOID(ended);
  if (!succeeded) return fail(ErrorKind::io, "the server ended its answer before all was done");
  return {};
}

Result<void> pull_model(Client& client, std::string_view model, bool insecure, const net::KeepGoing& keep_going) {
  QUIRE_TRY_VOID(refuse_cloud(model));
  const SteadyClock clock;
  ProgressBoard board(clock);
  return follow_progress(client, "/api/pull", transfer_body(model, insecure), "pulling", board, keep_going);
}

Result<void> pull_command(const TransferOptions& options) {
  QUIRE_TRY(Client client, Client::from_environment());
  return pull_model(client, options.model, options.insecure);
}

Result<void> push_command(const TransferOptions& options) {
  QUIRE_TRY_VOID(refuse_cloud(options.model));
  QUIRE_TRY(Client client, Client::from_environment());
  const SteadyClock clock;
  {
    ProgressBoard board(clock);
    QUIRE_TRY_VOID(
        follow_progress(client, "/api/push", transfer_body(options.model, options.insecure), "pushing", board));
  }
  const auto name = store::ModelName::parse(options.model);
  std::string where = name ? name->full() : options.model;
  if (name && name->host == store::default_host) {
    where = "https://ollama.com/" + name->repository();
    if (name->tag != store::default_tag) where += ":" + name->tag;
  }
  fmt::print("\nYou can find your model at:\n\n\t{}\n", where);
  return {};
}

}  // namespace quire::cli
