// What the client commands share: where the server is, and calls to its API.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "net/http_client.h"
#include "server/environment.h"

namespace quire::cli {

// Where clients look for the server: "http://HOST:PORT[/PATH]" of QUIRE_HOST, else of OLLAMA_HOST, else of this
// machine. Every interface is reached through this machine's. A value that is no address is an error under either name:
// another server than the one that was meant must not answer.
Result<std::string> client_url(const server::EnvironmentLookup& lookup);
Result<std::string> client_url();  // of this process's environment

// One server. One thread; calls block.
class Client {
 public:
  explicit Client(std::string url) : url_(std::move(url)), http_(std::make_unique<net::HttpClient>()) {}
  static Result<Client> from_environment();

  const std::string& url() const { return url_; }
  // A quire or Ollama answers there, within two seconds.
  bool answers();

  struct Patience {
    int64_t timeout_ms = 0;          // 0: no limit
    net::KeepGoing keep_going = {};  // false: it is cancelled, an error of kind cancelled
  };
  // One call, answered by an object; an empty answer is an empty one. An error: nobody answers, or what the server says
  // went wrong; text that is not UTF-8 is sent with U+FFFD in its place. A null body is none.
  Result<nlohmann::json> call(std::string_view method, std::string_view target, const nlohmann::json& body = nullptr) {
    return call(method, target, body, {});
  }
  Result<nlohmann::json> call(std::string_view method, std::string_view target, const nlohmann::json& body,
                              const Patience& patience);
  // The lines of a streamed answer as they arrive. False from on_line or keep_going: it is cancelled, which is an error
  // of kind cancelled.
  Result<void> stream(std::string_view target, const nlohmann::json& body,
                      FunctionRef<bool(std::string_view line)> on_line, const net::KeepGoing& keep_going);
  // A request without a body that is answered by its status alone.
  Result<int> status_of(std::string_view method, std::string_view target);
  // A file as a body. `on_sent` hears how many bytes are out.
  Result<void> upload(std::string_view target, const net::FileRange& file, std::function<void(uint64_t)> on_sent);

 private:
  net::HttpRequest request(std::string_view method, std::string_view target, const nlohmann::json& body) const;
  Error unreachable(const Error& cause) const;

  std::string url_;
  std::unique_ptr<net::HttpClient> http_;
};

// The error that an answer other than 200 tells, in either dialect.
Error error_of_reply(int status, std::string_view body);

// A member of an object, or the fallback where there is none of that type.
std::string text_at(const nlohmann::json& object, const char* key, std::string_view fallback = {});
int64_t number_at(const nlohmann::json& object, const char* key, int64_t fallback = 0);

// Empty where there is none. The reference lives as long as the object does.
const nlohmann::json& array_at(const nlohmann::json& object, const char* key);

// "sha256:74701a8c35f6..." -> "74701a8c35f6": twelve digits tell models apart.
std::string_view short_digest(std::string_view digest);

// Out of memory once nobody uses it: a request without a prompt that keeps nothing alive.
Result<void> unload_model(Client& client, std::string_view model);

// An error for a model that runs in somebody's cloud ("NAME:cloud", "NAME:TAG-cloud"): such are not served.
Result<void> refuse_cloud(std::string_view model);

}  // namespace quire::cli
