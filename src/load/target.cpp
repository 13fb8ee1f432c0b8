#include "load/target.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/ollama/dialect.h"
#include "api/openai/dialect.h"

namespace quire::load {
namespace {

constexpr int probe_timeout_ms = 5000;
constexpr int64_t few_words = 8;
constexpr int probes = 3;

bool answers(const HttpEndpoint& endpoint, const char* path, std::optional<Error>& unreachable) {
  const auto reply = http_request(endpoint, {.method = "GET", .target = path, .body = {}}, probe_timeout_ms);
  if (!reply) unreachable = reply.error();
  return reply && reply->status == 200 && reply->body.starts_with('{');
}

// Prompt tokens that the server counts for a prompt of so many words; -1: it does not say.
Result<int64_t> count_tokens(const Target& target, uint64_t seed, int64_t word_count, int timeout_ms) {
  api::ClientCall call{.model = target.model, .answer_tokens = 1};
  const std::string text = words(seed, word_count);
  if (target.chat) {
    call.messages = {{.role = "user", .content = text}};
  } else {
    call.prompt = text;
  }
  QUIRE_TRY(const WholeAnswer answer, ask_alone(target, http_call(target.asked(), call), timeout_ms));
  return answer.counts.prompt_tokens;
}

}  // namespace

HttpCall http_call(const api::Endpoint& endpoint, const api::ClientCall& call) {
  HttpCall http{.method = "POST", .target = std::string(endpoint.path), .body = endpoint.client_body(call)};
  if (call.band) http.headers.emplace_back("Priority", fmt::format("u={}", *call.band));
  return http;
}

Result<Target> find_target(const std::string& url, const std::string& model, const api::Dialect* dialect, bool chat) {
  Target target{.name = url, .model = model, .chat = chat};
  QUIRE_TRY(target.endpoint, parse_endpoint(url));
  std::optional<Error> unreachable;
  const bool ollama = answers(target.endpoint, "/api/version", unreachable);
  if (unreachable) {
    return fail(ErrorKind::io, fmt::format("no server answers at {}:{}; start one with `quire serve`, or name another "
                                           "with --url ({})",
                                           target.endpoint.host, target.endpoint.port, unreachable->message));
  }
  if (dialect != nullptr) {
    target.dialect = dialect;
  } else if (ollama) {
    target.dialect = &api::ollama::dialect;
  } else if (answers(target.endpoint, "/v1/models", unreachable)) {
    target.dialect = &api::openai::dialect;
  } else {
    return fail(ErrorKind::unsupported,
                fmt::format("{}: neither /api/version nor /v1/models answers there; say what it speaks with "
                            "--api ollama or --api openai",
                            url));
  }
  return target;
}

Result<WholeAnswer> ask_alone(const Target& target, const HttpCall& call, int timeout_ms) {
  WholeAnswer answer;
  std::string error;
  std::string ended;
  const auto on_line = [&](size_t, std::string_view text) {
    const auto line = target.dialect->read_line(text);
    if (!line) return true;
    answer.text += line->text;
    error = line->error;
    if (!line->reason.empty()) ended = line->reason;
    if (line->counts.prompt_tokens >= 0) answer.counts = line->counts;
    return error.empty();
  };
  const auto replies = http_stream_within(target.endpoint, call, on_line, timeout_ms);
  if (replies.error) return std::unexpected(*replies.error);
  if (replies.status != 200) {
    return fail(replies.status == 503 ? ErrorKind::busy : ErrorKind::invalid,
                fmt::format("{} answers {}: {}", target.name, replies.status, api::error_text(replies.body)));
  }
  if (!error.empty()) return fail(ErrorKind::internal, fmt::format("{}: {}", target.name, error));
  if (ended.empty()) return fail(ErrorKind::internal, fmt::format("{}: an answer without an end", target.name));
  return answer;
}

Result<void> calibrate(Target& target, const WorkloadSpec& spec, int timeout_ms) {
  const int64_t many_words = std::clamp<int64_t>(spec.prompt_tokens.high / 2, 32, 256);
  QUIRE_TRY(const int64_t few, count_tokens(target, spec.seed, few_words, timeout_ms));
  int64_t many = 0;
  for (uint64_t probe = 0; probe < probes; ++probe) {
    QUIRE_TRY(const int64_t tokens, count_tokens(target, spec.seed + 1 + probe, many_words, timeout_ms));
    if (tokens < 0) return {};
    many += tokens;
  }
  const double slope =
      (static_cast<double>(many) / probes - static_cast<double>(few)) / static_cast<double>(many_words - few_words);
  if (few < 0 || slope <= 0.1) return {};
  target.calibration = {.tokens_per_word = slope,
                        .overhead_tokens = std::max(0.0, static_cast<double>(few) - slope * few_words)};
  return {};
}

}  // namespace quire::load
