// Pulls from a real registry through a proxy that injects faults.
#include "store/registry/pull.h"

#include <fstream>
#include <thread>

#include "registry/registry_world.h"
#include "store/registry/part_state.h"

namespace quire::store::registry {
namespace {

using test::Connection;
using test::FaultProxy;
using test::LoopbackServer;
using test::random_bytes;
using test::Seen;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr size_t big_bytes = (3 << 20) + 12'345;  // four parts

class Pull : public test::RegistryWorld {
 protected:
  void SetUp() override {
    RegistryWorld::SetUp();
    if (IsSkipped()) return;
    manifest_ = publish(name_of("library/m"), {weights_, "a template", "{}"});
    base_bytes_ = proxy_->blob_bytes();
  }
  uint64_t fetched_bytes() const { return proxy_->blob_bytes() - base_bytes_; }
  void expect_pulled(const StoreFolder& folder) {
    expect_sound(folder);
    EXPECT_EQ(folder.list_manifests().entries.size(), 1u);
    EXPECT_EQ(blob_files(folder), names_of(manifest_));
    EXPECT_EQ(folder.read_manifest(name_of("library/m"))->text, manifest_.to_json());
  }
  static std::string range_of(const Seen& request) { return request.header("Range"); }

  const std::string weights_ = random_bytes(1, big_bytes);
  const uint64_t all_bytes_ = weights_.size() + 10 + 2;
  Manifest manifest_;
  uint64_t base_bytes_ = 0;
};

TEST_F(Pull, brings_the_same_bytes_and_says_what_ollama_says) {
  const StoreFolder folder = store("mine");
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  expect_pulled(folder);
  EXPECT_EQ(fetched_bytes(), all_bytes_);
  const auto line = [&](size_t layer) { return "pulling " + manifest_.layers[layer].digest.substr(7, 12); };
  EXPECT_THAT(statuses(),
              ElementsAre("pulling manifest", line(0), line(1), "pulling " + manifest_.config.digest.substr(7, 12),
                          "verifying sha256 digest", "writing manifest", "success"));
  for (const Progress& progress : progress_) {
    if (progress.digest != manifest_.layers[0].digest) continue;
    EXPECT_EQ(progress.total_bytes, weights_.size());
    EXPECT_LE(progress.completed_bytes, weights_.size());
  }
}

TEST_F(Pull, fetches_nothing_twice_and_asks_as_ollama_does) {
  const StoreFolder folder = store("mine");
  ASSERT_TRUE(pull_model(folder, name_of("library/m")));
  const size_t requests = proxy_->server().seen().size();
  ASSERT_TRUE(pull_model(folder, name_of("library/m")));
  EXPECT_EQ(fetched_bytes(), all_bytes_);
  const std::vector<Seen> seen = proxy_->server().seen();
  const Seen& last = seen.back();
  EXPECT_EQ(last.target, "/v2/library/m/manifests/latest");
  EXPECT_EQ(last.header("Accept"), "application/vnd.docker.distribution.manifest.v2+json");
  EXPECT_THAT(last.header("User-Agent"), StartsWith("ollama/"));
  EXPECT_EQ(seen.size(), requests + 2) << "which scheme, and the manifest";
  EXPECT_EQ(statuses().back(), "success");
}

TEST_F(Pull, a_name_that_the_registry_does_not_have_is_not_found) {
  const Result<void> pulled = pull_model(store("mine"), name_of("library/other"));
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::not_found);
  EXPECT_EQ(pulled.error().message, "pull model manifest: file does not exist");
}

TEST_F(Pull, http_must_be_allowed) {
  const Result<void> pulled = pull(store("mine"), name_of("library/m"), {}, surroundings(), hooks());
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().message, "pull model manifest: insecure protocol http");
}

TEST_F(Pull, nobody_there_is_said_soon) {
  const std::string gone = [] { return LoopbackServer([](const Seen&, Connection&) {}).host(); }();
  const Result<void> pulled = pull_model(store("mine"), *ModelName::parse("http://" + gone + "/library/m"));
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().message, "pull model manifest: cannot connect to " + gone + ": Connection refused");
  EXPECT_LT(slept_ns_, 10'000'000'000);
}

TEST_F(Pull, deletes_only_what_the_replaced_manifest_named_and_none_names_now) {
  const StoreFolder folder = store("mine");
  ASSERT_TRUE(pull_model(folder, name_of("library/m")));
  put_model(folder, *ModelName::parse("keeps"), {"a template", "other config"});
  const std::string stray = folder.put_blob("named by nobody")->digest;
  const Manifest before = manifest_;
  manifest_ = publish(name_of("library/m"), {"new weights", "{}"});
  ASSERT_TRUE(pull_model(folder, name_of("library/m")));
  expect_sound(folder);
  EXPECT_FALSE(folder.hold_blob(before.layers[0].digest)) << "replaced, and no other model has it";
  EXPECT_TRUE(folder.hold_blob(before.layers[1].digest)) << "another model has it";
  EXPECT_TRUE(folder.hold_blob(stray)) << "it may be about to be named";
  EXPECT_THAT(statuses(), ::testing::Contains("removing unused layers"));
}

TEST_F(Pull, cut_connections_are_gone_on_with_where_they_were_cut) {
  std::atomic<int> cuts{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (!FaultProxy::is_blob(request)) return false;
    const net::HttpReply reply = proxy_->ask(request);
    if (reply.body.size() < 100'000 || ++cuts > 12) return false;
    const std::string part = reply.body.substr(0, reply.body.size() / 2);
    proxy_->count_blob_bytes(part.size());
    connection.send(FaultProxy::head_of(reply) + part);
    connection.close();
    return true;
  });
  const StoreFolder folder = store("mine");
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_GE(cuts, 12);
  EXPECT_EQ(fetched_bytes(), all_bytes_) << "no byte came twice";
  expect_pulled(folder);
}

TEST_F(Pull, failures_that_pass_are_waited_for_as_the_registry_asks) {
  std::atomic<int> failures{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (request.target == "/v2/" || ++failures % 3 == 0) return false;
    return connection.reply(failures % 2 == 0 ? 503 : 429, "busy", "Retry-After: 7\r\n");
  });
  const StoreFolder folder = store("mine");
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_GE(slept_ns_, 4 * 7'000'000'000LL);
  expect_pulled(folder);
}

TEST_F(Pull, a_registry_that_stays_broken_is_given_up_and_what_came_is_kept) {
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (!FaultProxy::is_blob(request) || range_of(request).starts_with("bytes=0-")) return false;
    return connection.reply(500, R"({"errors":[{"code":"UNKNOWN","message":"the disk is on fire"}]})");
  });
  const StoreFolder folder = store("mine");
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::io);
  EXPECT_THAT(pulled.error().message, HasSubstr("answers 500: the disk is on fire (given up after 6 tries)"));
  EXPECT_TRUE(folder.list_manifests().entries.empty());
  proxy_->set_fault({});
  ASSERT_TRUE(pull_model(folder, name_of("library/m")));
  EXPECT_EQ(fetched_bytes(), all_bytes_) << "the first part came once";
  expect_pulled(folder);
}

TEST_F(Pull, silence_is_given_up_and_tried_again) {
  std::atomic<int> silent{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (!FaultProxy::is_blob(request) || ++silent > 2) return false;
    connection.send("HTTP/1.1 206 Said\r\nContent-Length: 9\r\n\r\n");
    connection.wait_for_client();
    connection.close();
    return true;
  });
  const StoreFolder folder = store("mine");
  Surroundings impatient = surroundings();
  impatient.stall_ms_max = 60;
  const Result<void> pulled = pull(folder, name_of("library/m"), {.insecure = true}, impatient, hooks());
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_GE(silent, 2);
  expect_pulled(folder);
}

TEST_F(Pull, wrong_bytes_are_never_kept) {
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (!FaultProxy::is_blob(request)) return false;
    net::HttpReply reply = proxy_->ask(request);
    if (reply.body.size() > 100'000) reply.body[5000] ^= 1;
    FaultProxy::give(reply, connection);
    return true;
  });
  const StoreFolder folder = store("mine");
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::invalid);
  EXPECT_THAT(pulled.error().message,
              StartsWith("digest mismatch, file must be downloaded again: want " + manifest_.layers[0].digest));
  EXPECT_TRUE(folder.list_manifests().entries.empty());
  EXPECT_FALSE(std::filesystem::exists(folder.partial_path(manifest_.layers[0].digest)));
  proxy_->set_fault({});
  ASSERT_TRUE(pull_model(folder, name_of("library/m")));
  expect_pulled(folder);
}

TEST_F(Pull, an_earlier_part_that_went_bad_is_fetched_anew_without_being_asked) {
  const StoreFolder folder = store("mine");
  const std::filesystem::path partial = folder.partial_path(manifest_.layers[0].digest);
  std::ofstream(partial) << std::string(1 << 20, 'x') << std::string(weights_.size() - (1 << 20), '\0');
  std::vector<Part> parts = plan_parts(weights_.size(), 1 << 20, 1 << 20);
  parts[0].completed_bytes = parts[0].size_bytes;
  for (size_t index = 0; index < parts.size(); ++index) {
    std::ofstream(partial.string() + "-" + std::to_string(index)) << part_to_text(index, parts[index]);
  }
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  expect_pulled(folder);
}

TEST_F(Pull, ollamas_half_download_is_gone_on_with) {
  const StoreFolder folder = store("mine");
  const std::filesystem::path partial = folder.partial_path(manifest_.layers[0].digest);
  const size_t first = 1'000'000;
  std::ofstream(partial) << weights_.substr(0, first) << std::string(weights_.size() - first, '\0');
  std::ofstream(partial.string() + "-0") << R"({"N":0,"Offset":0,"Size":2000000,"Completed":1000000})"
                                         << "\n";
  std::ofstream(partial.string() + "-1") << fmt::format(R"({{"N":1,"Offset":2000000,"Size":{},"Completed":0}})",
                                                        weights_.size() - 2'000'000)
                                         << "\n";
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(fetched_bytes(), all_bytes_ - first);
  expect_pulled(folder);
}

TEST_F(Pull, a_registry_that_ignores_ranges_is_read_in_one_stream) {
  std::atomic<int> cuts{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (!FaultProxy::is_blob(request)) return false;
    Seen whole = request;
    whole.head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const net::HttpReply reply = proxy_->ask(whole);
    const bool cut = reply.body.size() > 100'000 && range_of(request) != "" && cuts < 3;
    if (cut) ++cuts;
    connection.send(FaultProxy::head_of(reply) + (cut ? reply.body.substr(0, 2'000'000) : reply.body));
    if (cut) connection.close();
    return true;
  });
  const StoreFolder folder = store("mine");
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(cuts, 3);
  expect_pulled(folder);
}

TEST_F(Pull, a_range_that_cannot_be_satisfied_starts_the_blob_over_once) {
  std::atomic<int> refused{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (!FaultProxy::is_blob(request) || !range_of(request).starts_with("bytes=1048576-") || ++refused > 1)
      return false;
    return connection.reply(416, "", "Content-Range: bytes */5\r\n");
  });
  const StoreFolder folder = store("mine");
  Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  expect_pulled(folder);
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    return FaultProxy::is_blob(request) && connection.reply(416, "no such range");
  });
  pulled = pull_model(store("other"), name_of("library/m"));
  ASSERT_FALSE(pulled);
  EXPECT_THAT(pulled.error().message, HasSubstr("answers 416: no such range"));
}

TEST_F(Pull, a_blob_of_another_size_than_the_manifest_says_is_refused_at_once) {
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (!FaultProxy::is_blob(request)) return false;
    net::HttpReply reply = proxy_->ask(request);
    for (auto& header : reply.headers) {
      if (header.name == "Content-Range") header.value = header.value.substr(0, header.value.find('/')) + "/77";
    }
    FaultProxy::give(reply, connection);
    return true;
  });
  const Result<void> pulled = pull_model(store("mine"), name_of("library/m"));
  ASSERT_FALSE(pulled);
  EXPECT_THAT(pulled.error().message, HasSubstr("has 77 bytes, and its manifest says"));
  EXPECT_EQ(slept_ns_, 0);
}

TEST_F(Pull, blobs_may_be_somewhere_else_and_nobody_is_told_there_who_asks) {
  LoopbackServer elsewhere([&](const Seen& request, Connection& connection) {
    Seen original = request;
    FaultProxy::give(proxy_->ask(original), connection);
  });
  std::atomic<int> tokens{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (request.target.starts_with("/token")) return connection.reply(200, R"({"token":"sesame"})"), ++tokens, true;
    if (request.target == "/v2/") return false;
    if (request.header("Authorization") != "Bearer sesame") {
      return connection.reply(401, "",
                              "WWW-Authenticate: Bearer realm=\"http://" + proxy_->host() +
                                  "/token\",service=\"s\",scope=\"repository:library/m:pull\"\r\n");
    }
    if (!FaultProxy::is_blob(request)) return false;
    return connection.reply(307, "", "Location: " + elsewhere.url(request.target) + "\r\n");
  });
  const StoreFolder folder = store("mine");
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(tokens, 1);
  EXPECT_GE(elsewhere.seen().size(), 6u);
  for (const Seen& request : elsewhere.seen()) EXPECT_EQ(request.header("Authorization"), "");
  expect_pulled(folder);
}

TEST_F(Pull, a_token_that_expires_in_the_middle_is_fetched_again) {
  std::atomic<int> issued{0};
  std::atomic<int> oldest_valid{1};
  std::atomic<int> blobs{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (request.target == "/v2/") return false;
    if (request.target.starts_with("/token"))
      return connection.reply(200, fmt::format(R"({{"token":"{}"}})", ++issued));
    const std::string authorization = request.header("Authorization");
    const int token = authorization.empty() ? 0 : std::atoi(authorization.c_str() + 7);
    if (token < oldest_valid) {
      return connection.reply(
          401, "", "WWW-Authenticate: Bearer realm=\"http://" + proxy_->host() + "/token\",service=\"s\"\r\n");
    }
    if (FaultProxy::is_blob(request) && ++blobs == 2) oldest_valid = issued + 1;
    return false;
  });
  const StoreFolder folder = store("mine");
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(issued, 2);
  EXPECT_EQ(fetched_bytes(), all_bytes_);
  expect_pulled(folder);
}

TEST_F(Pull, a_cancelled_one_keeps_its_parts) {
  const StoreFolder folder = store("mine");
  std::atomic<bool> wanted{true};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (!FaultProxy::is_blob(request) || range_of(request).starts_with("bytes=0-")) return false;
    wanted = false;
    connection.wait_for_client();
    connection.close();
    return true;
  });
  // Cancelled as soon as the first part is there and the others are asked for.
  const Hooks hooks{.keep_going = [&] { return wanted || fetched_bytes() < (1 << 20); }};
  const Result<void> pulled = pull(folder, name_of("library/m"), {.insecure = true}, surroundings(), hooks);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(blob_files(folder).size(), 5u) << "the growing file and four states";
  proxy_->set_fault({});
  ASSERT_TRUE(pull_model(folder, name_of("library/m")));
  EXPECT_LE(fetched_bytes(), all_bytes_ + (1 << 20));
  expect_pulled(folder);
}

TEST_F(Pull, two_at_the_same_time_fetch_each_blob_once) {
  const StoreFolder folder = store("mine");
  const ModelName name = name_of("library/m");
  const SteadyClock clock;
  Surroundings real = surroundings();
  const Surroundings shared{.clock = clock,
                            .sleep = [](int64_t) { std::this_thread::yield(); },
                            .unix_time_s = real.unix_time_s,
                            .key_path = real.key_path,
                            .part_bytes_min = 1 << 20,
                            .part_bytes_max = 1 << 20};
  std::vector<std::thread> threads;
  std::array<Result<void>, 3> results;
  for (Result<void>& result : results) {
    threads.emplace_back([&] { result = pull(folder, name, {.insecure = true}, shared, {}); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Result<void>& result : results) EXPECT_TRUE(result) << result.error().message;
  EXPECT_EQ(fetched_bytes(), all_bytes_);
  expect_pulled(folder);
}

TEST_F(Pull, what_the_disk_has_no_room_for_is_not_begun) {
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (request.target != "/v2/library/m/manifests/latest") return false;
    Manifest huge = manifest_;
    huge.layers[0].size_bytes = uint64_t{1} << 60;
    return connection.reply(200, huge.to_json());
  });
  const StoreFolder folder = store("mine");
  const Result<void> pulled = pull_model(folder, name_of("library/m"));
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::io);
  EXPECT_THAT(pulled.error().message, HasSubstr("GB"));
  EXPECT_TRUE(blob_files(folder).empty());
}

TEST_F(Pull, what_is_no_manifest_is_refused_with_its_reason) {
  std::string body;
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    return request.target == "/v2/library/m/manifests/latest" && connection.reply(200, body);
  });
  Manifest safetensors = manifest_;
  safetensors.layers[0].media_type = std::string(media_type::tensor);
  for (const std::string& text : {std::string("<html>hello"), std::string("{}"), safetensors.to_json()}) {
    body = text;
    const Result<void> pulled = pull_model(store("mine"), name_of("library/m"));
    ASSERT_FALSE(pulled) << text;
    EXPECT_THAT(pulled.error().message, StartsWith("pull model manifest: "));
  }
}

}  // namespace
}  // namespace quire::store::registry
