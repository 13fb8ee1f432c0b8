#include "server/server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/descriptors.h"
#include "server/http/connection.h"
#include "server/listen.h"
#include "server/models/model_host.h"
#include "server/observe/event_log.h"
#include "server/observe/metrics_page.h"
#include "server/process_limits.h"
#include "server/requests/answer_stream.h"
#include "server/routes/service.h"
#include "server/short_slices.h"

namespace quire::server {
namespace {

using asio::ip::tcp;

constexpr std::string_view too_many_connections =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\nRetry-After: 1\r\n"
    "Content-Length: 41\r\nConnection: close\r\n\r\n{\"error\":\"server busy, please try again\"}";

int64_t unix_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

constexpr int intake_threads = 2;
constexpr int loader_threads = 1;

}  // namespace

struct Server::Impl {
  // Of a coroutine without which nobody would be let in any more: where it ends although nobody has stopped the server
  // (there is no memory to wait with), another one begins.
  struct Accepting {
    Impl& server;
    ~Accepting() {
      if (server.accepts) post_surely(server.io, [one = &server] { one->begin_accepting(); });
    }
  };
  // Of a connection's coroutine, however it ends.
  struct Connected {
    Impl& server;
    uint64_t id;
    ~Connected() {
      server.connections.erase(id);
      server.end_when_done();
    }
  };

  Impl(Config given, store::Catalog models, ModelLoader& loader, const Clock& clock);

  void run();
  void post_events(std::vector<Event>&& events);
  void begin_accepting();
  asio::awaitable<void> accept();
  asio::awaitable<void> serve(uint64_t id, Connection& connection);
  asio::awaitable<void> preload(std::string name);
  asio::awaitable<void> refuse(tcp::socket socket);
  void welcome(tcp::socket socket);
  void add(tcp::socket socket);
  void wait_for_signal();
  void begin_stop();
  void after_grace(int64_t ns, const std::function<void()>& then);
  void end_when_drained();
  void end_service();
  void close_all();
  void end_when_done();

  const Config config;
  const store::Catalog catalog;
  const Clocks clocks;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  asio::thread_pool intake{intake_threads};
  asio::thread_pool loader_pool{loader_threads};
  tcp::acceptor acceptor{io};
  tcp::endpoint endpoint;  // what it listens on; stays known when it is closed
  asio::signal_set signals{io};
  asio::steady_timer grace{io};
  StreamTable streams;
  LiveRequests requests;
  const EventLog log;
  ServerCounts counts;
  ModelHost host;
  const MetricsPage metrics;
  StoreJobs jobs;
  KeptAnswers kept;
  Service service;
  ConnectionContext context;
  std::map<uint64_t, std::unique_ptr<Connection>> connections;
  uint64_t next_connection = 0;
  bool draining = false;
  bool accepts = false;
  static constexpr int refusing_max = 256;
  int refusing = 0;  // connections beyond the limit that are being told so
};

Server::Impl::Impl(Config given, store::Catalog models, ModelLoader& loader, const Clock& clock)
    : config(std::move(given)),
      catalog(std::move(models)),
      clocks{clock, unix_now_ns},
      log(config.settings.log_format),
      // Called on an engine's thread: the step's events travel to the io thread as one value.
      host(io, loader_pool, loader, clock, [this](std::vector<Event>&& events) { post_events(std::move(events)); },
           {.log = log,
            .seats = {.models_max = config.settings.models_max,
                      .queue_max = config.settings.queue_max,
                      .queue_tokens_max = config.settings.queue_tokens_max},
            .keep_alive_ns = config.settings.keep_alive_ns,
            .memory_bound_bytes = config.settings.memory_bytes,
            .read_memory = config.read_memory,
            .read_devices = config.read_devices,
            .watch_interval_ns = config.watch_interval_ns}),
      metrics(host, requests, counts, config.busy_ns, config.read_devices, clocks.unix_ns()),
      jobs(io, clock),
      kept(intake, config.settings.response_folder, config.settings.response_bytes_max),
      service({.intake = intake,
               .catalog = catalog,
               .host = host,
               .requests = requests,
               .clocks = clocks,
               .weights = ClientWeights(config.settings.client_weights),
               .shift_keep = config.settings.shift_keep,
               .metrics = metrics,
               .jobs = jobs,
               .kept = kept,
               .store_folder = config.settings.models_folder,
               .registry = config.registry,
               .given_models = config.preload,
               .awaited_models = config.needs_preloaded ? config.preload : std::vector<std::string>(),
               .random = std::mt19937_64(config.seed)}),
      context{.service = service,
              .intake = intake,
              .streams = streams,
              .requests = requests,
              .clocks = clocks,
              .counts = counts,
              .log = log,
              .limits = config.limits,
              .origins = config.settings.origins,
              .host_name = asio::ip::host_name(),
              .bodies = {.bytes_max = config.limits.bodies_bytes_max}} {
  // Not at once: whose request has gone is still at work.
  requests.when_gone([this] {
    if (draining) post_surely(io, [this] { end_when_drained(); });
  });
  requests.seats_from([this] { return host.line(); });
}

// Called on an engine's thread: the step's events travel to the io thread as one value.
void Server::Impl::post_events(std::vector<Event>&& events) {
  std::shared_ptr<std::vector<Event>> box;
  insist([&] { box = std::make_shared<std::vector<Event>>(); });
  *box = std::move(events);
  post_surely(io, [this, box] { streams.deliver(*box); });
}

void Server::Impl::begin_accepting() {
  if (accepts) insist([&] { asio::co_spawn(io, accept(), asio::detached); });
}

asio::awaitable<void> Server::Impl::accept() {
  const Accepting accepting{*this};
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(use_tuple);
    if (context.stopping || error == asio::error::operation_aborted) {
      accepts = false;
      co_return;
    }
    if (error) {
      // Out of files, most likely: some will come back.
      spdlog::warn("cannot accept a connection: {}", error.message());
      asio::steady_timer pause(io, std::chrono::milliseconds(100));
      (void)co_await pause.async_wait(use_tuple);
      continue;
    }
    try {
      welcome(std::move(socket));
    } catch (const std::exception& failure) {
      spdlog::error("a connection is given up: {}", failure.what());
    }
  }
}

void Server::Impl::welcome(tcp::socket socket) {
  if (connections.size() < config.limits.connections_max) return add(std::move(socket));
  counts.refuse(Refusal::too_many_connections);
  if (refusing < refusing_max) asio::co_spawn(io, refuse(std::move(socket)), asio::detached);
}

// Reads what the client sends before it closes: closing a socket that holds unread bytes resets it, and the client may
// never see the answer.
asio::awaitable<void> Server::Impl::refuse(tcp::socket socket) {
  ++refusing;
  const std::unique_ptr<int, void (*)(int*)> until_gone(&refusing, [](int* count) { --*count; });
  ++counts.responses[{"other", 503}];
  boost::beast::tcp_stream stream(std::move(socket));
  stream.expires_after(std::chrono::nanoseconds(config.limits.linger_ns));
  auto [error, count] = co_await stream.async_write_some(
      asio::buffer(too_many_connections.data(), too_many_connections.size()), use_tuple);
  boost::system::error_code read_error = error;
  stream.socket().shutdown(tcp::socket::shutdown_send, read_error);
  std::array<char, 4096> unread{};
  while (!read_error && !context.stopping) {
    const auto [next_error, read] = co_await stream.async_read_some(asio::buffer(unread), use_tuple);
    read_error = next_error;
  }
}

void Server::Impl::add(tcp::socket socket) {
  const uint64_t id = next_connection++;
  const auto [place, is_new] = connections.emplace(id, std::make_unique<Connection>(std::move(socket), context));
  try {
    asio::co_spawn(io, serve(id, *place->second), asio::detached);
  } catch (...) {
    connections.erase(id);
    throw;
  }
}

asio::awaitable<void> Server::Impl::serve(uint64_t id, Connection& connection) {
  const Connected connected{*this, id};
  try {
    co_await connection.run();
  } catch (const std::exception& error) {
    // A library's exception (no memory, most likely) costs this connection only.
    spdlog::error("a connection failed: {}", error.what());
  }
}

asio::awaitable<void> Server::Impl::preload(std::string name) {
  try {
    auto file = co_await on_pool(intake, [this, &name] { return catalog.find(name); });
    if (!file) {
      spdlog::error("{}", file.error().message);
      co_return;
    }
    const ModelHost::Demand demand{.file = std::move(*file), .arrived_ns = clocks.engine.now_ns()};
    ModelHost::Wait wait(host, demand);
    const auto lease = co_await wait.done();
    if (!lease) co_return;
    lease->keep_alive(api::keep_alive_forever);
    service.note_loaded(name);
  } catch (const std::exception& error) {
    spdlog::error("{} is not loaded: {}", name, error.what());
  }
}

// One wait at a time: a signal ends all that there are.
void Server::Impl::wait_for_signal() {
  insist([&] {
    signals.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      if (!context.stopping) wait_for_signal();
      begin_stop();
    });
  });
}

void Server::Impl::begin_stop() {
  if (draining) {
    end_service();
    close_all();
    return;
  }
  draining = true;
  const int64_t timeout_ns = config.settings.drain_timeout_ns;
  service.refuse_new(clocks.engine.now_ns() + timeout_ns);
  if (requests.generating() > 0) {
    spdlog::info("draining: {} requests have {} s to end", requests.generating(), timeout_ns / 1'000'000'000);
  }
  constexpr int64_t year_ns = int64_t{365} * 24 * 3600 * 1'000'000'000;  // a timer's clock would overflow
  after_grace(std::min(timeout_ns, year_ns), [this] {
    end_service();
    host.stop();  // who waits for a model
    streams.fail_all({503, "the server is stopping"});
    after_grace(1'000'000'000, [this] { close_all(); });  // for the last bytes to be taken
  });
  end_when_drained();
}

void Server::Impl::after_grace(int64_t ns, const std::function<void()>& then) {
  insist([&] {
    grace.expires_after(std::chrono::nanoseconds(ns));
    grace.async_wait([then](const boost::system::error_code& error) {
      if (!error) then();
    });
  });
}

void Server::Impl::end_when_drained() {
  if (draining && requests.generating() == 0) end_service();
}

// Nobody is listened to any more; an answer in progress is its connection's last.
void Server::Impl::end_service() {
  if (context.stopping) return;
  context.stopping = true;
  jobs.stop();
  boost::system::error_code ignored;
  acceptor.close(ignored);
  for (const auto& [id, connection] : connections) connection->stop();
  end_when_done();
}

void Server::Impl::close_all() {
  for (const auto& [id, connection] : connections) connection->close();
}

void Server::Impl::end_when_done() {
  if (!context.stopping || !connections.empty()) return;
  grace.cancel();
  boost::system::error_code ignored;
  signals.cancel(ignored);
  host.stop();
  work.reset();
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  // Engines post events to the io context until they are destroyed.
  impl_->host.stop();
  impl_->loader_pool.join();
  impl_->intake.join();
}

Result<std::unique_ptr<Server>> Server::open(Config config, store::Catalog catalog, ModelLoader& loader,
                                             const Clock& clock) {
  const size_t files = raise_file_limit();
  if (config.limits.connections_max == 0) {
    config.limits.connections_max = default_connections_max(config.settings.queue_max, files);
  }
  reserve_descriptors(static_cast<int>(config.limits.connections_max));
  QUIRE_TRY_VOID(try_threads(intake_threads + loader_threads + StoreJobs::threads));
  auto impl = std::make_unique<Impl>(std::move(config), std::move(catalog), loader, clock);
  const Settings& settings = impl->config.settings;
  QUIRE_TRY(impl->acceptor, listen_on(impl->io, HostPort{settings.host, settings.port}));
  impl->endpoint = impl->acceptor.local_endpoint();
  impl->context.checks_host = impl->endpoint.address().is_loopback();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::string Server::address() const { return impl_->endpoint.address().to_string(); }
uint16_t Server::port() const { return impl_->endpoint.port(); }

void Server::run() {
  Impl& impl = *impl_;
  ask_for_short_slices();
  if (impl.config.handles_signals) {
    impl.signals.add(SIGINT);
    impl.signals.add(SIGTERM);
    impl.wait_for_signal();
  }
  for (const std::string& name : impl.config.preload) asio::co_spawn(impl.io, impl.preload(name), asio::detached);
  impl.run();
}

// What is thrown through the loop has ended one connection, which cleaned up after itself.
void Server::Impl::run() {
  accepts = true;
  begin_accepting();
  for (bool runs = true; runs;) {
    try {
      io.run();
      runs = false;
    } catch (const std::exception& error) {
      spdlog::error("a connection was given up: {}", error.what());
    }
  }
  accepts = false;
}

void Server::stop() {
  asio::post(impl_->io, [impl = impl_.get()] { impl->begin_stop(); });
}

}  // namespace quire::server
