// The pure parts: challenges, states of parts, keys, waits, and who shares a pull.
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "registry/registry_world.h"
#include "store/registry/challenge.h"
#include "store/registry/part_state.h"
#include "store/registry/pull_job.h"
#include "store/registry/signing_key.h"

namespace quire::store::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Challenge, is_found_among_others_and_its_values_may_be_quoted) {
  for (
      const char* header :
      {R"(Bearer realm="https://a/t?x=1,2",service="s v",scope="repository:a/b:pull,push")",
       R"(bearer REALM="https://a/t?x=1,2" , service="s v",scope="repository:a/b:pull,push", error="invalid_token")",
       R"(Basic realm="x", Bearer realm="https://a/t?x=1,2",service="s\ v",scope="repository:a/b:pull,push", Digest realm="z")"}) {
    const auto challenge = parse_challenge(header);
    ASSERT_TRUE(challenge) << header << challenge.error().message;
    EXPECT_EQ(challenge->realm, "https://a/t?x=1,2");
    EXPECT_EQ(challenge->service, "s v");
    EXPECT_EQ(challenge->scope, "repository:a/b:pull,push");
  }
  EXPECT_EQ(parse_challenge("Bearer realm=https://a/t")->realm, "https://a/t");
}

TEST(Challenge, that_cannot_be_answered_says_why) {
  EXPECT_THAT(parse_challenge("").error().message, HasSubstr("access denied"));
  EXPECT_THAT(parse_challenge("Basic realm=\"x\", Negotiate").error().message, HasSubstr("'basic, negotiate'"));
  EXPECT_EQ(parse_challenge("Bearer service=\"x\"").error().kind, ErrorKind::invalid);
  for (const char* header : {"Bearer", "=", "\"", "Bearer realm=\"", ",,,", "Bearer =x"}) {
    EXPECT_FALSE(parse_challenge(header).value_or(Challenge{}).realm.size()) << header;
  }
}

TEST(Token, is_read_under_either_name) {
  EXPECT_EQ(*parse_token(R"({"token":"a"})"), "a");
  EXPECT_EQ(*parse_token(R"({"access_token":"b","token":""})"), "b");
  for (const char* body : {"", "x", "{}", "[]", R"({"token":7})", "{\"token\":\"a\\r\\nX: y\"}"})
    EXPECT_FALSE(parse_token(body));
  EXPECT_FALSE(parse_token(std::string(100'000, '[')));
}

TEST(Refusal, is_told_in_one_short_line) {
  EXPECT_EQ(refusal_text(R"({"errors":[{"code":"A","message":"no"},{"code":"B"}]})"), "no; B");
  EXPECT_EQ(refusal_text(R"({"error":"gone"})"), "gone");
  EXPECT_EQ(refusal_text("<html>\nbad\tgateway\n"), "<html> bad gateway");
  EXPECT_EQ(refusal_text(std::string(10'000, 'x')).size(), 500u);
}

TEST(Parts, cover_a_blob_without_gaps) {
  for (uint64_t size = 0; size < 200; ++size) {
    const std::vector<Part> parts = plan_parts(size, 3, 10);
    uint64_t offset = 0;
    for (const Part& part : parts) {
      EXPECT_EQ(part.offset, offset);
      EXPECT_GE(part.size_bytes, 1u);
      EXPECT_LE(part.size_bytes, 10u);
      offset += part.size_bytes;
    }
    EXPECT_EQ(offset, size);
  }
  EXPECT_EQ(plan_parts(3'200'000'000, 100'000'000, 1'000'000'000).size(), 16u) << "as Ollama cuts it";
}

TEST(Parts, a_state_has_one_length_and_is_what_it_was_written_as) {
  const size_t length = part_to_text(0, {}).size();
  for (const Part& part : {Part{}, Part{.offset = 7, .size_bytes = 9, .completed_bytes = 9},
                           Part{.offset = uint64_t{1} << 61, .size_bytes = uint64_t{1} << 61, .completed_bytes = 5}}) {
    const std::string text = part_to_text(9999, part);
    EXPECT_EQ(text.size(), length);
    const auto read = part_of_text(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->first, 9999u);
    EXPECT_EQ(read->second, part);
    for (size_t cut = 0; cut <= text.find('}'); ++cut) EXPECT_FALSE(part_of_text(text.substr(0, cut))) << cut;
  }
}

TEST(Parts, what_is_no_state_is_refused) {
  for (const char* text :
       {"", "{}", "[]", "{\"N\":0,\"Offset\":0,\"Size\":1,\"Completed\":2}",
        "{\"N\":-1,\"Offset\":0,\"Size\":1,\"Completed\":0}", "{\"N\":0.5,\"Offset\":0,\"Size\":1,\"Completed\":0}",
        "{\"N\":0,\"Offset\":\"0\",\"Size\":1,\"Completed\":0}",
        "{\"N\":0,\"Offset\":18446744073709551615,\"Size\":1,\"Completed\":0}"}) {
    EXPECT_FALSE(part_of_text(text)) << text;
  }
}

using PartFolder = TemporaryFolder;

TEST_F(PartFolder, states_count_only_when_together_they_are_the_whole_blob) {
  const std::filesystem::path partial = folder_ / "sha256-ab-partial";
  auto files = PartFiles::open(partial, 10, 0);
  ASSERT_TRUE(files);
  EXPECT_TRUE(files->parts.empty());
  ASSERT_TRUE(files->replace({{.offset = 0, .size_bytes = 6}, {.offset = 6, .size_bytes = 4}}));
  files->parts[1].completed_bytes = 3;
  ASSERT_TRUE(files->save(1));
  EXPECT_EQ(PartFiles::open(partial, 10, 10)->parts, files->parts);
  EXPECT_EQ(PartFiles::open(partial, 10, 9)->parts, files->parts);
  EXPECT_TRUE(PartFiles::open(partial, 10, 8)->parts.empty()) << "the file is shorter than its states say";
  EXPECT_TRUE(PartFiles::open(partial, 11, 10)->parts.empty());
  EXPECT_TRUE(PartFiles::open(partial, 9, 10)->parts.empty());
  std::filesystem::remove(partial.string() + "-0");
  EXPECT_TRUE(PartFiles::open(partial, 10, 10)->parts.empty());
  files->remove_all();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

// Test 1 of RFC 8032, section 7.1.
TEST(SigningKey, signs_as_the_standard_says) {
  std::array<unsigned char, 32> seed{};
  const std::string hex = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
  for (size_t i = 0; i < seed.size(); ++i)
    seed[i] = static_cast<unsigned char>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  const SigningKey key = SigningKey::of_seed(seed);
  EXPECT_EQ(key.public_line(), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea");
  EXPECT_EQ(key.authorization(""),
            "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea:"
            "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==");
}

// Made by ssh-keygen -t ed25519 -N "" -C test, and the first line of its .pub.
constexpr const char* keygen_file = R"(-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACCkivjQJgMKGb9bAJYqgmequOVrtkiRjq9OGhpKdh8wEAAAAIihmQohoZkK
IQAAAAtzc2gtZWQyNTUxOQAAACCkivjQJgMKGb9bAJYqgmequOVrtkiRjq9OGhpKdh8wEA
AAAEDXieSdZR6RqghA2g+pzvbLan18I6rLymbjtg7Hz3G0RqSK+NAmAwoZv1sAliqCZ6q4
5Wu2SJGOr04aGkp2HzAQAAAABHRlc3QB
-----END OPENSSH PRIVATE KEY-----
)";
constexpr const char* keygen_public =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKSK+NAmAwoZv1sAliqCZ6q45Wu2SJGOr04aGkp2HzAQ";
constexpr const char* keygen_encrypted = R"(-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABBKP2zQqa
98qhsRcySmJUMyAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIE6Gi3OGBqrgALkC
A9Sw4J3MR0zIfuzxH7EoWPUDfLdoAAAAkFkwWXTULanjOtz8dl8qNHWnxPgY5uM0gCcC0L
EvKmxTJX1KgFl2isjlUuIk+impOvtPW53J9Ru+C10rUCzyurzb087FNXxfhkjkP/V2l9va
orn1dA69sZ0kVIzDdcFLgF48dxxQ4vsPwYkhOpIfUiRZnAwSfM0ZW8zNbLdwQeuaWZy/N8
ITIgFHdKTj/VOXOQ==
-----END OPENSSH PRIVATE KEY-----
)";

TEST(SigningKey, reads_what_ssh_keygen_writes_and_refuses_the_rest_by_name) {
  const auto key = SigningKey::parse(keygen_file);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->public_line(), keygen_public);
  EXPECT_THAT(SigningKey::parse(keygen_encrypted).error().message, HasSubstr("passphrase"));
  EXPECT_FALSE(SigningKey::parse("ssh-ed25519 AAAA"));
  const std::string text = keygen_file;
  for (size_t cut = 0; cut < text.size() - 2; ++cut) EXPECT_FALSE(SigningKey::parse(text.substr(0, cut))) << cut;
  EXPECT_EQ(SigningKey::parse(key->to_file_text())->public_line(), keygen_public);
}

using KeyFolder = TemporaryFolder;

TEST_F(KeyFolder, a_key_is_made_once_however_many_want_it) {
  const std::filesystem::path path = folder_ / "home" / ".quire" / "id_ed25519";
  std::array<std::string, 4> lines;
  std::vector<std::thread> threads;
  for (std::string& line : lines) threads.emplace_back([&] { line = SigningKey::load_or_make(path)->public_line(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& line : lines) EXPECT_EQ(line, lines[0]);
  EXPECT_EQ(SigningKey::load_or_make(path)->public_line(), lines[0]);
  std::ofstream(path) << "rubbish";
  const auto broken = SigningKey::load_or_make(path);
  ASSERT_FALSE(broken) << "a key that cannot be read is never replaced";
  EXPECT_THAT(broken.error().message, HasSubstr(path.string()));
}

TEST(Backoff, grows_jitters_and_does_as_it_is_asked) {
  constexpr double second = 1e9;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Backoff backoff(seed);
    for (const double plain_s : {0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0}) {
      const auto wait_ns = static_cast<double>(backoff.next_ns());
      EXPECT_GE(wait_ns, plain_s * second * 0.5);
      EXPECT_LE(wait_ns, plain_s * second * 1.5);
    }
    backoff.reset();
    EXPECT_LE(backoff.next_ns(), second);
    EXPECT_GE(backoff.next_ns(20), 20'000'000'000);
    EXPECT_LE(backoff.next_ns(100'000), 60'000'000'000) << "nobody is made to wait for a day";
  }
  EXPECT_NE(Backoff(1).next_ns(), Backoff(2).next_ns());
}

TEST(PullJob, tells_everybody_and_who_comes_late_first_hears_how_far_it_is) {
  PullJob job;
  EXPECT_FALSE(job.wanted());
  std::array<std::vector<std::string>, 3> heard;
  const auto listener = [&](size_t who) {
    return PullJob::Listener{
        .on_progress =
            [&heard, who](const Progress& progress) {
              heard[who].push_back(fmt::format("{} {}", progress.status, progress.completed_bytes));
            },
        .on_end = [&heard, who](
                      const Result<void>& result) { heard[who].push_back(result ? "done" : result.error().message); }};
  };
  job.join(listener(0));
  const auto second = job.join(listener(1));
  job.report({.status = "pulling manifest"});
  job.report({.status = "pulling a", .completed_bytes = 1});
  job.report({.status = "pulling a", .completed_bytes = 2});
  job.leave(second);
  job.join(listener(2));
  job.report({.status = "pulling a", .completed_bytes = 3});
  job.end(fail(ErrorKind::io, "cut"));
  EXPECT_THAT(heard[0], ElementsAre("pulling manifest 0", "pulling a 1", "pulling a 2", "pulling a 3", "cut"));
  EXPECT_THAT(heard[1], ElementsAre("pulling manifest 0", "pulling a 1", "pulling a 2"));
  EXPECT_THAT(heard[2], ElementsAre("pulling manifest 0", "pulling a 2", "pulling a 3", "cut"));
  EXPECT_FALSE(job.wanted());
}

TEST(PullJob, nobody_wants_it_when_the_last_has_left_even_in_the_middle_of_a_line) {
  PullJob job;
  PullJob::ListenerId self = 0;
  int heard = 0;
  self = job.join({.on_progress =
                       [&](const Progress&) {
                         ++heard;
                         job.leave(self);
                       },
                   .on_end = [](const Result<void>&) { ADD_FAILURE(); }});
  job.report({.status = "a"});
  job.report({.status = "b"});
  EXPECT_EQ(heard, 1);
  EXPECT_FALSE(job.wanted());
  job.end({});
}

}  // namespace
}  // namespace quire::store::registry
