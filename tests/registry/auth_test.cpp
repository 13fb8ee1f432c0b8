// How a registry that wants to know who asks is answered.
#include <openssl/evp.h>
#include <sys/stat.h>

#include "net/self_signed.h"
#include "registry/registry_world.h"
#include "store/registry/registry_client.h"

namespace quire::store::registry {
namespace {

using net::test::Connection;
using net::test::LoopbackServer;
using net::test::Seen;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Auth : public TemporaryFolder {
 protected:
  Result<RegistryClient> open(const std::string& host) {
    return RegistryClient::open(*ModelName::parse("http://" + host + "/library/m"), true, surroundings_, hooks_);
  }
  Result<net::HttpReply> get(RegistryClient& client) {
    return client.call(client.request("GET", "manifests/latest"), 3);
  }
  static std::string challenge(const std::string& realm) {
    return "WWW-Authenticate: Bearer realm=\"" + realm +
           "\",service=\"the service\",scope=\"repository:library/m:pull\"\r\n";
  }
  std::filesystem::path key_path() const { return folder_ / "home" / ".quire" / "id_ed25519"; }

  ManualClock clock_;
  const Surroundings surroundings_{.clock = clock_,
                                   .sleep = [this](int64_t ns) { clock_.advance_ns(ns); },
                                   .unix_time_s = [] { return int64_t{1'700'000'000}; },
                                   .key_path = key_path()};
  const Hooks hooks_;
};

TEST_F(Auth, a_token_server_elsewhere_is_asked_without_a_name) {
  LoopbackServer tokens([](const Seen&, Connection& connection) { connection.reply(200, R"({"access_token":"t1"})"); });
  LoopbackServer server([&](const Seen& request, Connection& connection) {
    if (request.header("Authorization") == "Bearer t1") return (void)connection.reply(200, "in");
    connection.reply(401, "", challenge(tokens.url("/token?x=1")));
  });
  auto client = open(server.host());
  for (int call = 0; call < 3; ++call) {
    const auto reply = get(*client);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->body, "in");
  }
  ASSERT_EQ(tokens.seen().size(), 1u);
  EXPECT_EQ(tokens.seen()[0].target, "/token?x=1&scope=repository%3Alibrary%2Fm%3Apull&service=the+service");
  EXPECT_EQ(tokens.seen()[0].header("Authorization"), "");
  EXPECT_FALSE(std::filesystem::exists(key_path()));
}

// Whether SIGNATURE of "PUBLIC:SIGNATURE" signs the text.
bool signs(const std::string& authorization, const std::string& text) {
  const auto decoded = [](const std::string& base64) {
    std::string bytes(base64.size(), '\0');
    const int count =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(base64.data()), static_cast<int>(base64.size()));
    bytes.resize(static_cast<size_t>(std::max(count, 0)));
    return bytes;
  };
  const size_t colon = authorization.find(':');
  const std::string blob = decoded(authorization.substr(0, colon));
  const std::string signature = decoded(authorization.substr(colon + 1));
  if (blob.size() < 51 || signature.size() < 64) return false;
  EXPECT_EQ(blob.substr(0, 19), std::string("\0\0\0\x0bssh-ed25519\0\0\0\x20", 19));
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                              reinterpret_cast<const unsigned char*>(blob.data()) + 19, 32);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key);
  const bool good = EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), 64,
                                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return good;
}

constexpr const char* digest_of_nothing =
    "ZTNiMGM0NDI5OGZjMWMxNDlhZmJmNGM4OTk2ZmI5MjQyN2FlNDFlNDY0OWI5MzRjYTQ5NTk5MWI3ODUyYjg1NQ==";

TEST_F(Auth, a_registry_that_wants_a_signature_gets_one_by_a_key_made_for_it) {
  LoopbackServer* self = nullptr;
  LoopbackServer server([&](const Seen& request, Connection& connection) {
    if (request.target.starts_with("/token")) {
      if (request.header("Authorization").empty()) return (void)connection.reply(401, "who?");
      return (void)connection.reply(200, R"({"token":"t2"})");
    }
    if (request.header("Authorization") == "Bearer t2") return (void)connection.reply(200, "in");
    connection.reply(401, "", challenge(self->url("/token")));
  });
  self = &server;
  auto client = open(server.host());
  const auto reply = get(*client);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "in");
  std::vector<Seen> asked;
  for (const Seen& request : server.seen()) {
    if (request.target.starts_with("/token")) asked.push_back(request);
  }
  ASSERT_EQ(asked.size(), 2u) << "first without a name";
  EXPECT_THAT(asked[1].target, ::testing::MatchesRegex(
                                   "/token\\?nonce=[A-Za-z0-9_-]{22}&scope=[^&]*&service=the\\+service&ts=1700000000"));
  EXPECT_TRUE(signs(asked[1].header("Authorization"), "GET," + server.url(asked[1].target) + "," + digest_of_nothing));
  struct stat status {};
  ASSERT_EQ(::stat(key_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(key_path().parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(Auth, a_token_server_elsewhere_never_gets_a_signature) {
  LoopbackServer tokens([](const Seen&, Connection& connection) { connection.reply(401, "who?"); });
  LoopbackServer server(
      [&](const Seen&, Connection& connection) { connection.reply(401, "", challenge(tokens.url("/token"))); });
  auto client = open(server.host());
  const auto reply = get(*client);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, StartsWith("unauthorized: access denied"));
  EXPECT_EQ(tokens.seen().size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(key_path()));
}

TEST_F(Auth, a_token_that_expired_is_fetched_again) {
  std::atomic<int> issued{0};
  std::atomic<int> valid{0};
  LoopbackServer* self = nullptr;
  LoopbackServer server([&](const Seen& request, Connection& connection) {
    if (request.target.starts_with("/token")) {
      return (void)connection.reply(200, R"({"token":"t)" + std::to_string(++issued) + "\"}"),
             (void)(valid = issued.load());
    }
    if (request.header("Authorization") == "Bearer t" + std::to_string(valid)) return (void)connection.reply(200, "in");
    connection.reply(401, "", challenge(self->url("/token")));
  });
  self = &server;
  auto client = open(server.host());
  for (int call = 0; call < 4; ++call) {
    ASSERT_TRUE(get(*client));
    valid = -1;  // the token of now is good no more
  }
  EXPECT_EQ(issued, 4);
}

TEST_F(Auth, a_registry_that_is_never_content_is_left_and_says_which_key_it_may_know) {
  LoopbackServer* self = nullptr;
  LoopbackServer server([&](const Seen& request, Connection& connection) {
    if (request.target.starts_with("/token")) return (void)connection.reply(200, R"({"token":"t"})");
    connection.reply(401, "", challenge(self->url("/token")));
  });
  self = &server;
  auto client = open(server.host());
  const auto reply = get(*client);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, StartsWith("unauthorized: access denied; " + server.host()));
  EXPECT_THAT(reply.error().message, HasSubstr("ssh-ed25519 AAAA"));
  EXPECT_LT(server.seen().size(), 10u);
}

// Whatever is answered there, no token of the registry's may be sent: asking again would go on for ever.
TEST_F(Auth, a_place_elsewhere_that_wants_to_know_who_asks_is_asked_once) {
  std::atomic<int> asked{0};
  LoopbackServer elsewhere([&](const Seen& request, Connection& connection) {
    EXPECT_EQ(request.header("Authorization"), "");
    if (++asked > 5) return (void)connection.reply(200, "in");
    connection.reply(401, "", challenge("http://127.0.0.1:1/token"));
  });
  LoopbackServer* self = nullptr;
  LoopbackServer server([&](const Seen& request, Connection& connection) {
    if (request.target.starts_with("/token")) return (void)connection.reply(200, R"({"token":"t"})");
    if (request.header("Authorization") == "Bearer t") return (void)connection.reply(200, "in");
    connection.reply(401, "", challenge(self->url("/token")));
  });
  self = &server;
  auto client = open(server.host());
  ASSERT_TRUE(get(*client));
  const auto request = client->request_at("PUT", server.url("/v2/"), elsewhere.url("/upload?state=secret"));
  ASSERT_TRUE(request);
  const auto reply = client->call(*request, 3);
  ASSERT_FALSE(reply);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(reply.error().kind, ErrorKind::invalid);
  EXPECT_THAT(reply.error().message, HasSubstr(elsewhere.url("/upload") + ", which wants to know who asks"));
  EXPECT_THAT(reply.error().message, ::testing::Not(HasSubstr("secret")));
}

TEST_F(Auth, a_scheme_that_is_not_possible_is_named) {
  LoopbackServer server([](const Seen&, Connection& connection) {
    connection.reply(401, "", "WWW-Authenticate: Basic realm=\"me\"\r\n");
  });
  auto client = open(server.host());
  const auto reply = get(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::unsupported);
  EXPECT_THAT(reply.error().message, HasSubstr("'basic'"));
}

TEST_F(Auth, ollamas_own_registry_gets_a_signature_at_once_and_hf_is_asked_for_a_quantization) {
  LoopbackServer proxy([&](const Seen& request, Connection& connection) {
    if (request.target.starts_with("http://registry.ollama.ai/token"))
      return (void)connection.reply(200, R"({"token":"t"})");
    if (request.target.starts_with("http://hf.co") || !request.header("Authorization").empty())
      return (void)connection.reply(200, "in");
    connection.reply(401, "", challenge("http://registry.ollama.ai/token"));
  });
  ::setenv("http_proxy", proxy.url("").c_str(), 1);
  auto ollama =
      RegistryClient::open(*ModelName::parse("http://registry.ollama.ai/library/m"), true, surroundings_, hooks_);
  const auto first = get(*ollama);
  const ModelName name = *ModelName::parse("http://huggingface.co/User/Repo-GGUF:Q4_K_M");
  auto hf = RegistryClient::open(name, true, surroundings_, hooks_);
  const auto second = hf->call(hf->request("GET", "manifests/" + name.tag), 1);
  ::unsetenv("http_proxy");
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second) << second.error().message;
  const std::vector<Seen> seen = proxy.seen();
  const auto tokens = std::ranges::count_if(
      seen, [](const Seen& request) { return request.target.find("/token") != std::string::npos; });
  EXPECT_EQ(tokens, 1);
  const auto asked = std::ranges::find_if(
      seen, [](const Seen& request) { return request.target.find("/token") != std::string::npos; });
  EXPECT_TRUE(signs(asked->header("Authorization"), "GET," + asked->target + "," + digest_of_nothing));
  EXPECT_EQ(seen.back().target, "http://hf.co/v2/User/Repo-GGUF/manifests/Q4_K_M");
}

TEST_F(Auth, insecure_finds_out_whether_there_is_tls) {
  LoopbackServer plain([](const Seen&, Connection& connection) { connection.reply(200, "plain"); });
  auto client = open(plain.host());
  EXPECT_EQ(get(*client)->body, "plain");
  LoopbackServer wants_tls([](const Seen&, Connection& connection) { connection.reply(400, "speak TLS"); });
  auto other = open(wants_tls.host());
  ASSERT_TRUE(other) << "neither: the reply of the plain one is what people see";
  EXPECT_EQ(get(*other)->status, 400);
  const net::test::SelfSigned certificate;
  LoopbackServer tls([](const Seen&, Connection& connection) { connection.reply(200, "secret"); },
                     certificate.context());
  auto encrypted = open(tls.host());
  ASSERT_TRUE(encrypted) << encrypted.error().message;
  const auto reply = get(*encrypted);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "secret");
  auto strict = RegistryClient::open(*ModelName::parse(tls.host() + "/library/m"), false, surroundings_, hooks_);
  const auto refused = get(*strict);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the certificate of " + tls.host() + " is refused"));
}

}  // namespace
}  // namespace quire::store::registry
