// Pushes to a real registry through a proxy that injects faults.
#include "store/registry/push.h"

#include <regex>

#include "registry/registry_world.h"

namespace quire::store::registry {
namespace {

using test::Connection;
using test::FaultProxy;
using test::random_bytes;
using test::Seen;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Push : public test::RegistryWorld {
 protected:
  Result<void> push_model(const StoreFolder& folder, const ModelName& name) {
    progress_.clear();
    return push(folder, name, {.insecure = true}, surroundings(), hooks());
  }
  size_t count(const char* method, const char* pattern) const {
    const std::regex expression(pattern);
    return static_cast<size_t>(std::ranges::count_if(proxy_->server().seen(), [&](const Seen& request) {
      return request.method == method && std::regex_search(request.target, expression);
    }));
  }
  void expect_comes_back(const ModelName& name, const Manifest& manifest) {
    proxy_->set_fault({});
    const StoreFolder back = store("back");
    const Result<void> pulled = pull_model(back, name);
    ASSERT_TRUE(pulled) << pulled.error().message;
    expect_sound(back);
    EXPECT_EQ(back.read_manifest(name)->text, manifest.to_json());
    EXPECT_EQ(blob_files(back), names_of(manifest));
  }

  const std::string weights_ = random_bytes(2, (3 << 20) + 777);
};

TEST_F(Push, what_was_pushed_comes_back_and_is_not_sent_twice) {
  const StoreFolder folder = store("mine");
  const ModelName name = name_of("me/m");
  const Manifest manifest = put_model(folder, name, {weights_, "{}"});
  Result<void> pushed = push_model(folder, name);
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_THAT(statuses(),
              ElementsAre("retrieving manifest", "pushing " + manifest.layers[0].digest.substr(7, 12),
                          "pushing " + manifest.config.digest.substr(7, 12), "pushing manifest", "success"));
  EXPECT_EQ(count("PATCH", ""), 5u) << "four pieces and the config";
  ASSERT_TRUE(push_model(folder, name));
  EXPECT_EQ(count("PATCH", ""), 5u);
  expect_comes_back(name, manifest);
}

TEST_F(Push, a_model_that_is_not_here_is_not_found) {
  const Result<void> pushed = push_model(store("mine"), name_of("me/none"));
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().kind, ErrorKind::not_found);
  EXPECT_THAT(statuses(), ElementsAre("retrieving manifest", "couldn't retrieve manifest"));
}

TEST_F(Push, a_blob_of_another_repository_is_taken_over_there) {
  const StoreFolder folder = store("mine");
  put_model(folder, name_of("me/base"), {weights_, "{}"});
  ASSERT_TRUE(push_model(folder, name_of("me/base")));
  const size_t pieces = count("PATCH", "");
  const Manifest derived = put_model(folder, name_of("me/derived"), {weights_, "other"});
  ASSERT_TRUE(push_model(folder, name_of("me/derived")));
  EXPECT_EQ(count("PATCH", ""), pieces + 1) << "only the config";
  EXPECT_EQ(count("POST", "mount=sha256%3A[0-9a-f]*&from=me%2Fbase$"), 1u);
  expect_comes_back(name_of("me/derived"), derived);
}

TEST_F(Push, a_cut_upload_goes_on_where_the_registry_says) {
  const StoreFolder folder = store("mine");
  const ModelName name = name_of("me/m");
  const Manifest manifest = put_model(folder, name, {weights_, "{}"});
  std::atomic<int> cuts{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (request.method != "PATCH" || cuts >= 4) return false;
    // The registry got the piece or a part of it, or nothing; the client hears nothing of it.
    const int cut = cuts++;
    if (cut % 2 == 0) (void)proxy_->ask(request);
    connection.close(cut % 3 == 0);
    return true;
  });
  const Result<void> pushed = push_model(folder, name);
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_EQ(cuts, 4);
  expect_comes_back(name, manifest);
}

TEST_F(Push, a_session_that_the_registry_forgot_begins_anew) {
  const StoreFolder folder = store("mine");
  const ModelName name = name_of("me/m");
  const Manifest manifest = put_model(folder, name, {weights_, "{}"});
  std::atomic<int> patches{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (request.method == "PATCH" && ++patches == 3) return connection.reply(404, "no such upload");
    if (request.method == "GET" && patches == 3 && request.target.find("/uploads/") != std::string::npos) {
      return connection.reply(404, "no such upload");
    }
    return false;
  });
  const Result<void> pushed = push_model(folder, name);
  ASSERT_TRUE(pushed) << pushed.error().message;
  expect_comes_back(name, manifest);
}

TEST_F(Push, failures_that_pass_are_waited_for) {
  const StoreFolder folder = store("mine");
  const ModelName name = name_of("me/m");
  const Manifest manifest = put_model(folder, name, {weights_, "{}"});
  std::atomic<int> requests{0};
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (request.target == "/v2/" || ++requests % 3 != 1) return false;
    return connection.reply(503, "busy");
  });
  const Result<void> pushed = push_model(folder, name);
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_GT(slept_ns_, 0);
  expect_comes_back(name, manifest);
}

TEST_F(Push, a_refusal_is_told_in_the_registrys_words) {
  const StoreFolder folder = store("mine");
  put_model(folder, name_of("me/m"), {weights_, "{}"});
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    return request.method == "POST" &&
           connection.reply(403, R"({"errors":[{"code":"DENIED","message":"me/m is somebody else's"}]})");
  });
  const Result<void> pushed = push_model(folder, name_of("me/m"));
  ASSERT_FALSE(pushed);
  EXPECT_THAT(pushed.error().message, HasSubstr("answers 403: me/m is somebody else's"));
}

TEST_F(Push, pieces_that_the_registry_wants_elsewhere_go_there_without_a_name) {
  const StoreFolder folder = store("mine");
  const ModelName name = name_of("me/m");
  const Manifest manifest = put_model(folder, name, {weights_, "{}"});
  std::mutex mutex;
  std::vector<std::string> pieces;
  std::string commit;
  test::LoopbackServer bucket([&](const Seen& request, Connection& connection) {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.header("Authorization"), "");
    pieces.push_back(request.body);
    connection.reply(200, "");
  });
  proxy_->set_fault([&](const Seen& request, Connection& connection) {
    if (request.target == "/v2/") return false;
    const std::lock_guard lock(mutex);
    if (request.method == "HEAD") return connection.send("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    if (request.method == "POST") return connection.reply(202, "", "Location: /session/0\r\n");
    if (request.method == "PATCH") {
      EXPECT_EQ(request.header("X-Redirect-Uploads"), "1");
      return connection.reply(307, "",
                              "Docker-Upload-Location: /session/1\r\nLocation: " + bucket.url("/put") + "\r\n");
    }
    if (request.target.starts_with("/session/1?digest=") && commit.empty()) commit = request.target;
    return connection.reply(201, "");
  });
  const Result<void> pushed = push_model(folder, name);
  ASSERT_TRUE(pushed) << pushed.error().message;
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  EXPECT_TRUE(all == weights_ + "{}");
  EXPECT_THAT(commit, ::testing::MatchesRegex("/session/1\\?digest=sha256%3A[0-9a-f]+&etag=[0-9a-f]+-4"));
}

}  // namespace
}  // namespace quire::store::registry
