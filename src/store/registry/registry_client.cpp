#include "store/registry/registry_client.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <map>
#include <vector>

#include "store/sha256.h"

namespace quire::store::registry {
namespace {

// Registries tell by this what a client understands: Ollama's refuses versions that could not run a model (412), and
// hf.co gives Ollama's manifests to Ollama only.
constexpr std::string_view ollama_version = "0.33.0";

std::string user_agent() {
  utsname machine{};
  ::uname(&machine);
  const std::string_view name = machine.machine;
  const std::string_view architecture = name == "x86_64" ? "amd64" : name == "aarch64" ? "arm64" : name;
  return fmt::format("ollama/{} ({} linux) quire/{}", ollama_version, architecture, QUIRE_VERSION);
}

constexpr int64_t reply_ms_max = 60'000;  // for a reply that fits into memory to begin and to go on

}  // namespace

bool may_pass(int status) { return status == 408 || status == 429 || status >= 500; }

Result<RegistryClient> RegistryClient::open(const ModelName& name, bool insecure, const Surroundings& surroundings,
                                            const Hooks& hooks) {
  if (name.insecure && !insecure) return fail(ErrorKind::invalid, "insecure protocol http");
  RegistryClient client(name, surroundings, hooks);
  client.use_scheme("https");
  client.verifies_tls_ = !insecure;
  if (Result<net::Url> origin = net::parse_url(client.base_); !origin) return std::unexpected(origin.error());
  if (insecure) {
    QUIRE_TRY_VOID(client.choose_scheme());
  }
  return client;
}

void RegistryClient::use_scheme(std::string_view scheme) {
  base_ = fmt::format("{}://{}", scheme, name_.host);
  origin_ = net::parse_url(base_).value_or(net::Url{});
}

Result<void> RegistryClient::choose_scheme() {
  use_scheme("http");
  Result<net::HttpReply> plain =
      http_->send({.url = base_ + "/v2/", .headers = {{"User-Agent", user_agent()}}, .total_ms_max = reply_ms_max},
                  hooks_->keep_going);
  if (plain && plain->status != 400) return {};
  // A server that wants TLS says 400, or hangs up.
  use_scheme("https");
  const Result<net::HttpReply> tls = http_->send({.url = base_ + "/v2/",
                                                  .headers = {{"User-Agent", user_agent()}},
                                                  .verifies_tls = false,
                                                  .total_ms_max = reply_ms_max},
                                                 hooks_->keep_going);
  if (tls) return {};
  use_scheme("http");
  return plain ? Result<void>{} : Result<void>(std::unexpected(plain.error()));
}

net::HttpRequest RegistryClient::request(std::string_view method, std::string_view tail) const {
  return {.method = std::string(method),
          .url = fmt::format("{}/v2/{}/{}", base_, name_.repository(), tail),
          .headers = {{"User-Agent", user_agent()}},
          .verifies_tls = verifies_tls_,
          .stall_ms_max = surroundings_->stall_ms_max};
}

Result<net::HttpRequest> RegistryClient::request_at(std::string_view method, std::string_view base,
                                                    std::string_view location) const {
  net::HttpRequest result = request(method, "");
  QUIRE_TRY(result.url, net::resolve_url(base, location));
  return result;
}

std::optional<std::string> RegistryClient::authorize(net::HttpRequest& request) const {
  const Result<net::Url> url = net::parse_url(request.url);
  if (!url || !url->same_origin(origin_)) return std::nullopt;
  if (token_.empty()) return token_;
  request.headers.push_back({.name = "Authorization", .value = "Bearer " + token_});
  return token_;
}

Result<net::HttpReply> RegistryClient::call(const net::HttpRequest& request, int tries_max) {
  backoff_.reset();
  for (;;) {
    net::HttpRequest authorized = request;
    const std::optional<std::string> used = authorize(authorized);
    Result<net::HttpReply> reply = http_->send(std::move(authorized), hooks_->keep_going);
    if (reply && reply->status == 401) {
      QUIRE_TRY_VOID(answer_challenge(*reply, used));
      continue;
    }
    const bool passes = reply ? may_pass(reply->status) : reply.error().kind == ErrorKind::io;
    if (reply && !passes) note_accepted();
    if (!passes || backoff_.tries() + 1 >= tries_max) return reply;
    QUIRE_TRY_VOID(pause(*surroundings_, *hooks_, backoff_.next_ns(reply ? reply->retry_after_s : 0)));
  }
}

bool RegistryClient::may_sign_for(const Challenge& challenge) const {
  const Result<net::Url> realm = net::parse_url(challenge.realm);
  return realm && realm->same_origin(origin_);
}

std::unexpected<Error> RegistryClient::denied() const {
  std::string message = "unauthorized: access denied";
  if (key_) message += fmt::format("; {} may know this machine by its key: {}", name_.host, key_->public_line());
  return fail(ErrorKind::invalid, std::move(message));
}

Result<void> RegistryClient::answer_challenge(const net::HttpReply& refusal,
                                              const std::optional<std::string>& used_token) {
  if (!used_token) {
    return fail(ErrorKind::invalid,
                fmt::format("unauthorized: {} sends to {}, which wants to know who asks, and is not told", host(),
                            refusal.url.substr(0, refusal.url.find('?'))));
  }
  if (used_token != token_) return {};  // another call has got a new one meanwhile
  QUIRE_TRY(const Challenge challenge, parse_challenge(refusal.header("WWW-Authenticate")));
  const bool can_sign = may_sign_for(challenge);
  bool sign = can_sign && (token_signed_ || name_.host == default_host);
  if (!token_.empty() && !token_worked_) {
    if (token_signed_ || !can_sign) return denied();
    sign = true;
  }
  Result<std::string> token = fetch_token(challenge, sign);
  if (!token && token.error().kind == ErrorKind::unsupported && !sign && can_sign) {
    sign = true;
    token = fetch_token(challenge, true);
  }
  if (!token) return std::unexpected(token.error());
  token_ = std::move(*token);
  token_signed_ = sign;
  token_worked_ = false;
  return {};
}

// ErrorKind::unsupported: the token server gives none to somebody like this.
Result<std::string> RegistryClient::fetch_token(const Challenge& challenge, bool sign) {
  QUIRE_TRY(const net::Url realm, net::parse_url(challenge.realm));
  if (origin_.scheme == "https" && realm.scheme != "https") {
    return fail(ErrorKind::invalid, fmt::format("unauthorized: the token server {} speaks no TLS", challenge.realm));
  }
  std::string url = challenge.realm;
  const auto add_scopes = [&] {
    for (size_t begin = 0; begin < challenge.scope.size();) {
      const size_t end = std::min(challenge.scope.find(' ', begin), challenge.scope.size());
      if (end > begin) url = net::with_query(url, "scope", challenge.scope.substr(begin, end - begin));
      begin = end + 1;
    }
  };
  // In the order of the alphabet: it is signed as it is written.
  if (sign) {
    QUIRE_TRY(const std::string nonce, secure_random_bytes(16));
    url = net::with_query(url, "nonce", to_base64_url(nonce));
  }
  add_scopes();
  url = net::with_query(url, "service", challenge.service);
  std::string authorization;
  if (sign) {
    url = net::with_query(url, "ts", std::to_string(surroundings_->unix_time_s()));
    if (!key_) {
      QUIRE_TRY(key_, SigningKey::load_or_make(surroundings_->key_path));
    }
    // The method, the address, and the digest of an empty body.
    authorization = key_->authorization(fmt::format("GET,{},{}", url, to_base64(Sha256().finish_hex())));
  }
  QUIRE_TRY(const net::HttpReply reply, ask_token_server(url, authorization));
  if (reply.ok()) return parse_token(reply.body);
  if (reply.status != 401 && reply.status != 403) {
    return fail(ErrorKind::io,
                fmt::format("the token server {} answers {}: {}", realm.host, reply.status, refusal_text(reply.body)));
  }
  return fail(ErrorKind::unsupported, denied().error().message);
}

Result<net::HttpReply> RegistryClient::ask_token_server(const std::string& url, const std::string& authorization) {
  net::HttpRequest request{.url = url,
                           .headers = {{"User-Agent", user_agent()}},
                           .verifies_tls = verifies_tls_,
                           .total_ms_max = reply_ms_max,
                           .body_bytes_max = 1 << 20};
  if (!authorization.empty()) request.headers.push_back({.name = "Authorization", .value = authorization});
  Backoff backoff(surroundings_->seed + 1);
  for (;;) {
    Result<net::HttpReply> reply = http_->send(request, hooks_->keep_going);
    const bool passes = reply ? may_pass(reply->status) : reply.error().kind == ErrorKind::io;
    if (!passes || backoff.tries() + 1 >= 3) return reply;
    QUIRE_TRY_VOID(pause(*surroundings_, *hooks_, backoff.next_ns(reply ? reply->retry_after_s : 0)));
  }
}

}  // namespace quire::store::registry
