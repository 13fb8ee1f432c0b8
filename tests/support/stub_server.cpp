#include "support/stub_server.h"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

namespace quire::test {

class StubServer::Serving {
 public:
  explicit Serving(StubOptions options)
      : options_(std::move(options)),
        acceptor_(io_, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0)),
        start_(Time::now()),
        thread_([this] {
          boost::asio::co_spawn(io_, accept(), boost::asio::detached);
          io_.run();
        }) {}
  ~Serving() {
    io_.stop();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  std::vector<std::pair<std::string, nlohmann::json>> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  int hung_up() const { return hung_up_; }

 private:
  using tcp = boost::asio::ip::tcp;
  using Time = std::chrono::steady_clock;
  using error_code = boost::system::error_code;
  template <typename T>
  using awaitable = boost::asio::awaitable<T>;
  using json = nlohmann::json;
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

  static auto token(error_code& error) { return boost::asio::redirect_error(boost::asio::use_awaitable, error); }

  awaitable<void> accept() {
    for (;;) {
      error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(token(error));
      if (error) co_return;
      socket.set_option(tcp::no_delay(true));
      boost::asio::co_spawn(io_, serve(std::move(socket)), boost::asio::detached);
    }
  }

  awaitable<void> serve(tcp::socket socket) {
    error_code error;
    boost::beast::flat_buffer buffer;
    Request request;
    co_await boost::beast::http::async_read(socket, buffer, request, token(error));
    if (error) co_return;
    const auto arrived = Time::now();
    const std::string path(request.target());
    std::string plain;
    if (path == "/api/version" && options_.ollama) plain = whole(200, R"({"version":"0"})");
    if (path == "/v1/models") plain = whole(200, R"({"data":[]})");
    const bool openai = path.starts_with("/v1/");
    const json body = json::parse(request.body(), nullptr, false);
    if (plain.empty() && (!body.is_object() || (!openai && !options_.ollama)))
      plain = whole(404, R"({"error":"no such path"})");
    if (plain.empty() && body.value("model", "") != options_.model)
      plain = whole(404, R"({"error":"model not found"})");
    if (plain.empty() && running_ >= options_.running_max) plain = whole(503, R"({"error":"server busy"})");
    if (!plain.empty()) {
      co_await boost::asio::async_write(socket, boost::asio::buffer(plain), token(error));
      co_return;
    }
    const auto priority = request.find("Priority");
    {
      const std::lock_guard lock(mutex_);
      asked_.emplace_back(priority == request.end() ? std::string() : std::string(priority->value()), body);
    }
    ++running_;
    co_await answer(socket, body, openai, arrived, error);
    --running_;
    if (error) ++hung_up_;
  }

  static std::string whole(int status, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  }
  static std::string chunk(const std::string& text) {
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    return size + text + "\r\n";
  }

  static std::vector<std::string> words_of(const json& body) {
    std::string text = body.value("prompt", "");
    if (body.contains("messages")) {
      for (const json& message : body["messages"]) text += message.value("content", "") + " ";
    }
    std::vector<std::string> words;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(' ', begin), text.size());
      if (end > begin) words.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return words;
  }

  awaitable<void> answer(tcp::socket& socket, const json& body, bool openai, Time::time_point arrived,
                         error_code& error) {
    const std::vector<std::string> words = words_of(body);
    const int count = openai ? body.value("max_tokens", 16) : body["options"].value("num_predict", 16);
    auto at = arrived + std::chrono::nanoseconds(options_.first_ns);
    if (at >= start_ + std::chrono::nanoseconds(options_.stall_from_ns)) {
      at = std::max(at, start_ + std::chrono::nanoseconds(options_.stall_to_ns));
    }
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    co_await boost::asio::async_write(socket, boost::asio::buffer(head), token(error));
    boost::asio::steady_timer timer(io_);
    for (int index = 0; index < count && !error; ++index) {
      timer.expires_at(at + std::chrono::nanoseconds(options_.gap_ns * index));
      error_code woken;
      co_await timer.async_wait(token(woken));
      std::string text =
          words.empty() ? "a " : words[(words.size() - 1 + static_cast<size_t>(index)) % words.size()] + " ";
      if (options_.differs_in_company && running_ > 1 && index > 2) text = "company ";
      const std::string line = chunk(line_of(body, openai, text));
      co_await boost::asio::async_write(socket, boost::asio::buffer(line), token(error));
      if (options_.breaks_off && index == 1) co_return;
    }
    if (error) co_return;
    const std::string end = end_of(body, openai, static_cast<int64_t>(words.size()) + 3, count);
    co_await boost::asio::async_write(socket, boost::asio::buffer(end), token(error));
  }

  std::string end_of(const json& body, bool openai, int64_t prompt, int count) const {
    json before = body;
    if (before.contains("messages")) before["messages"].erase(before["messages"].size() - 1);
    const auto cached = static_cast<int64_t>(words_of(before).size());
    json last;
    if (openai) {
      last = {{"choices", {{{"index", 0}, {"delta", json::object()}, {"finish_reason", "length"}}}},
              {"usage", {{"prompt_tokens", prompt}, {"completion_tokens", count}}}};
    } else {
      last = {{"response", ""},
              {"done", true},
              {"done_reason", "length"},
              {"prompt_eval_count", prompt},
              {"eval_count", count}};
    }
    if (options_.says_cached && openai) last["usage"]["prompt_tokens_details"] = {{"cached_tokens", cached}};
    if (options_.says_cached && !openai) last["prompt_eval_cached_count"] = cached;
    return chunk(openai ? "data: " + last.dump() + "\n\ndata: [DONE]\n\n" : last.dump() + "\n") + "0\r\n\r\n";
  }

  static std::string line_of(const json& body, bool openai, const std::string& text) {
    json line;
    if (openai) {
      line["choices"] = {{{"index", 0}, {"delta", {{"content", text}}}, {"finish_reason", nullptr}}};
      return "data: " + line.dump() + "\n\n";
    }
    line = {{"done", false}};
    if (body.contains("messages")) {
      line["message"] = {{"role", "assistant"}, {"content", text}};
    } else {
      line["response"] = text;
    }
    return line.dump() + "\n";
  }

  const StubOptions options_;
  boost::asio::io_context io_{1};
  tcp::acceptor acceptor_;
  const Time::time_point start_;
  int32_t running_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, json>> asked_;  // guarded by mutex_
  std::atomic<int> hung_up_{0};
  std::thread thread_;
};

StubServer::StubServer(StubOptions options) : serving_(std::make_unique<Serving>(std::move(options))) {}
StubServer::~StubServer() = default;
std::string StubServer::url() const { return serving_->url(); }
std::vector<std::pair<std::string, nlohmann::json>> StubServer::asked() const { return serving_->asked(); }
int StubServer::hung_up() const { return serving_->hung_up(); }

}  // namespace quire::test
