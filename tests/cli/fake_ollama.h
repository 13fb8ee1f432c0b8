// A server that answers the command line's calls as Ollama's does, and remembers them.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "net/loopback_server.h"

namespace quire::cli {

// Knows one model, "m". What a call is answered with is set before it comes.
class FakeOllama {
 public:
  struct Reply {
    int status = 200;
    std::string body;
  };
  using Answer = std::function<Reply(const nlohmann::json& body)>;
  struct Call {
    std::string line;  // "POST /api/chat"
    nlohmann::json body;
  };

  FakeOllama()
      : server_([this](const net::test::Seen& seen, net::test::Connection& connection) { handle(seen, connection); }) {
    on("GET /api/version",
       [](const auto&) { return Reply{.body = R"({"version":"0.34.2","quire":")" QUIRE_VERSION R"("})"}; });
    on("POST /api/show", [](const nlohmann::json& body) {
      if (body.value("model", "") == "m")
        return Reply{.body = R"({"details":{"family":"llama"},"model_info":{},"capabilities":["completion"]})"};
      return Reply{.status = 404, .body = R"({"error":"model ')" + body.value("model", "") + R"(' not found"})"};
    });
    on("POST /api/generate", [](const auto&) {
      return Reply{.body = R"({"response":"","done":true,"done_reason":"load"})"
                           "\n"};
    });
    on("POST /api/chat", [](const auto&) { return said("Hello."); });
  }

  // A whole streamed answer of /api/chat.
  static Reply said(const std::string& text) {
    return {.body = nlohmann::json{{"message", {{"role", "assistant"}, {"content", text}}}, {"done", false}}.dump() +
                    "\n" + R"({"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"})" + "\n"};
  }

  void on(const std::string& line, Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_[line] = std::move(answer);
  }
  // Answers of this call begin with the word as a message and then wait until the client has gone; nothing: no more.
  void hold(const std::string& line, std::optional<std::string> first_word) {
    const std::lock_guard lock(mutex_);
    held_line_ = line;
    held_word_ = std::move(first_word);
  }

  std::string environment() const { return "QUIRE_HOST=" + server_.host(); }
  std::string host() const { return server_.host(); }

  std::vector<Call> calls(const std::string& line) const {
    const std::lock_guard lock(mutex_);
    std::vector<Call> found;
    for (const Call& call : calls_) {
      if (call.line == line) found.push_back(call);
    }
    return found;
  }
  // Waits, ten seconds at most, until there have been so many calls of that kind; all of them.
  std::vector<Call> wait_for(const std::string& line, size_t count) {
    std::unique_lock lock(mutex_);
    const auto enough = [&] {
      return static_cast<size_t>(std::count_if(calls_.begin(), calls_.end(),
                                               [&](const Call& call) { return call.line == line; })) >= count;
    };
    changed_.wait_for(lock, std::chrono::seconds(10), enough);
    lock.unlock();
    return calls(line);
  }

 private:
  void handle(const net::test::Seen& seen, net::test::Connection& connection) {
    const std::string line = seen.method + " " + seen.target;
    const nlohmann::json body = nlohmann::json::parse(seen.body, nullptr, false);
    Answer answer;
    std::optional<std::string> held;
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back({.line = line, .body = body.is_discarded() ? nlohmann::json(seen.body) : body});
      if (const auto found = answers_.find(line); found != answers_.end()) answer = found->second;
      if (line == held_line_) held = held_word_;
    }
    changed_.notify_all();
    if (held) {
      const std::string first = nlohmann::json{{"message", {{"content", *held}}}, {"done", false}}.dump() + "\n";
      char size[16];
      std::snprintf(size, sizeof size, "%zx\r\n", first.size());
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      if (!held->empty()) connection.send(size + first + "\r\n");
      connection.wait_for_client();
      connection.close();
      return;
    }
    if (!answer) {
      connection.reply(404, "404 page not found");
      return;
    }
    const Reply reply = answer(body);
    if (seen.method == "HEAD") {
      connection.send("HTTP/1.1 " + std::to_string(reply.status) + " Said\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    connection.reply(reply.status, reply.body);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Answer> answers_;  // guarded by mutex_
  std::string held_line_;                  // guarded by mutex_
  std::optional<std::string> held_word_;   // guarded by mutex_
  std::vector<Call> calls_;                // guarded by mutex_
  net::test::LoopbackServer server_;       // last: its threads use the others
};

}  // namespace quire::cli
