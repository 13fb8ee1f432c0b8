#include "server/settings.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "server/http/access.h"
#include "server/http/http.h"
#include "server/models/engine_model.h"

namespace quire::server {
namespace {

ContextMemory blocks_of(int64_t bytes) { return {.block_tokens = 32, .block_bytes = bytes}; }

Result<Settings> read(const std::map<std::string, std::string>& variables) {
  return read_settings([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(Settings, have_the_documented_defaults) {
  const Settings settings = *read({{"HOME", "/home/ann"}});
  EXPECT_EQ(settings.host, "127.0.0.1");
  EXPECT_EQ(settings.port, 11434);
  EXPECT_EQ(settings.parallel_max, 0);
  EXPECT_EQ(settings.queue_max, 512);
  EXPECT_EQ(settings.models_max, 3);
  EXPECT_EQ(settings.keep_alive_ns, 300'000'000'000);
  EXPECT_EQ(settings.models_folder, "/home/ann/.quire/models");
  EXPECT_EQ(settings.machine_root, "/");
}

TEST(Settings, honour_ollamas_names_and_prefer_their_own) {
  const Settings settings = *read({{"OLLAMA_HOST", "0.0.0.0:80"},
                                   {"OLLAMA_NUM_PARALLEL", "4"},
                                   {"QUIRE_NUM_PARALLEL", "6"},
                                   {"OLLAMA_MAX_QUEUE", "9"},
                                   {"OLLAMA_MODELS", "/m"},
                                   {"OLLAMA_KEEP_ALIVE", "-1"},
                                   {"OLLAMA_CONTEXT_LENGTH", "4096"},
                                   {"OLLAMA_ORIGINS", "http://a, https://*.b"},
                                   {"OLLAMA_DEBUG", "1"},
                                   {"QUIRE_ISA", "avx2"},
                                   {"QUIRE_THREADS", "2"},
                                   {"QUIRE_MEMORY", "2GiB"},
                                   {"OLLAMA_KV_CACHE_TYPE", "q8_0"},
                                   {"QUIRE_MACHINE_ROOT", "/made"}});
  EXPECT_EQ(settings.host, "0.0.0.0");
  EXPECT_EQ(settings.port, 80);
  EXPECT_EQ(settings.parallel_max, 6);
  EXPECT_EQ(settings.queue_max, 9);
  EXPECT_EQ(settings.models_folder, "/m");
  EXPECT_LT(settings.keep_alive_ns, 0);
  EXPECT_EQ(settings.context_tokens, 4096);
  EXPECT_EQ(settings.origins, (std::vector<std::string>{"http://a", "https://*.b"}));
  EXPECT_EQ(settings.debug, 1);
  EXPECT_EQ(settings.isa, "avx2");
  EXPECT_EQ(settings.threads, 2);
  EXPECT_EQ(settings.memory_bytes, uint64_t{2} << 30);
  EXPECT_EQ(settings.kv_type, KvType::q8_0);
  EXPECT_EQ(settings.machine_root, "/made");
}

TEST(Settings, read_how_the_log_is_written) {
  EXPECT_EQ(read({})->log_format, LogFormat::text);
  EXPECT_EQ(read({{"QUIRE_LOG_FORMAT", "json"}})->log_format, LogFormat::json);
  EXPECT_EQ(read({{"QUIRE_LOG_FORMAT", "xml"}}).error().message,
            "QUIRE_LOG_FORMAT: expected text or json, found \"xml\"");
}

TEST(Settings, read_how_keys_and_values_are_kept) {
  EXPECT_EQ(read({})->kv_type, KvType::f16);
  EXPECT_EQ(read({{"QUIRE_KV_CACHE_TYPE", "f16"}, {"OLLAMA_KV_CACHE_TYPE", "q8_0"}})->kv_type, KvType::f16);
  const Settings smaller = *read({{"OLLAMA_KV_CACHE_TYPE", "Q4_0"}});
  EXPECT_EQ(smaller.kv_type, KvType::q8_0);
  EXPECT_EQ(smaller.warnings, std::vector<std::string>{"OLLAMA_KV_CACHE_TYPE: q4_0 is not served; q8_0 is used"});
  EXPECT_EQ(read({{"OLLAMA_KV_CACHE_TYPE", "bf16"}})->kv_type, KvType::f16);
  EXPECT_EQ(read({{"OLLAMA_KV_CACHE_TYPE", "F16"}})->warnings, std::vector<std::string>{});
  EXPECT_EQ(read({{"OLLAMA_KV_CACHE_TYPE", "tiny"}})->warnings,
            std::vector<std::string>{"OLLAMA_KV_CACHE_TYPE: expected f16 or q8_0, found \"tiny\"; the default stays"});
  EXPECT_EQ(read({{"QUIRE_KV_CACHE_TYPE", "f32"}}).error().message,
            "QUIRE_KV_CACHE_TYPE: expected f16 or q8_0, found \"f32\"");
}

TEST(Settings, read_whether_answers_are_guessed_at) {
  EXPECT_TRUE(read({})->drafts);
  EXPECT_TRUE(read({})->mtp_drafts);
  EXPECT_TRUE(read({{"QUIRE_DRAFT", "Auto"}})->mtp_drafts);
  EXPECT_EQ(read({{"QUIRE_DRAFT", "auto"}})->draft_model, "");
  for (const char* other : {"off", "lookup", "llama3.2:1b"}) EXPECT_FALSE(read({{"QUIRE_DRAFT", other}})->mtp_drafts);
  EXPECT_FALSE(read({{"QUIRE_DRAFT", "OFF"}})->drafts);
  EXPECT_TRUE(read({{"QUIRE_DRAFT", "lookup"}})->drafts);
  EXPECT_EQ(read({{"QUIRE_DRAFT", "lookup"}})->draft_model, "");
  EXPECT_EQ(read({{"QUIRE_DRAFT", "llama3.2:1b"}})->draft_model, "llama3.2:1b");
}

TEST(Settings, count_an_empty_variable_as_unset) {
  EXPECT_EQ(read({{"QUIRE_MAX_QUEUE", ""}, {"OLLAMA_MAX_QUEUE", "7"}})->queue_max, 7);
}

TEST(Settings, take_spaces_and_quotes_off_both_ends) {
  const Settings settings = *read({{"OLLAMA_HOST", " \"10.0.0.1:81\" "},
                                   {"QUIRE_MAX_QUEUE", "'9'\n"},
                                   {"OLLAMA_KEEP_ALIVE", "\t\"1h\""},
                                   {"OLLAMA_MODELS", "'/m n'"},
                                   {"QUIRE_ISA", "\"\""}});
  EXPECT_EQ(settings.host, "10.0.0.1");
  EXPECT_EQ(settings.port, 81);
  EXPECT_EQ(settings.queue_max, 9);
  EXPECT_EQ(settings.keep_alive_ns, int64_t{3600} * 1'000'000'000);
  EXPECT_EQ(settings.models_folder, "/m n");
  EXPECT_EQ(settings.isa, "");
  EXPECT_EQ(settings.warnings, std::vector<std::string>{});
}

TEST(Settings, start_with_every_value_that_ollama_starts_with) {
  const auto warned = [](const char* name, const char* value) {
    const auto settings = read({{name, value}});
    EXPECT_TRUE(settings) << name << "=" << value;
    return settings && !settings->warnings.empty() ? settings->warnings.front() : std::string();
  };
  EXPECT_EQ(warned("OLLAMA_MAX_QUEUE", "many"),
            "OLLAMA_MAX_QUEUE: expected an integer from 1 to 2147483647, found \"many\"; the default stays");
  EXPECT_EQ(warned("OLLAMA_MAX_QUEUE", "0"),
            "OLLAMA_MAX_QUEUE: a request waits at least until the next step begins; 1 is used");
  EXPECT_EQ(read({{"OLLAMA_MAX_QUEUE", "0"}})->queue_max, 1);
  EXPECT_EQ(warned("OLLAMA_NUM_PARALLEL", "-1"),
            "OLLAMA_NUM_PARALLEL: expected an integer from 0 to 2147483647, found \"-1\"; the default stays");
  EXPECT_EQ(warned("OLLAMA_KEEP_ALIVE", "soon"),
            "OLLAMA_KEEP_ALIVE: invalid duration \"soon\": expected such as \"5m\", \"1h30m\" or a number of seconds; "
            "the default stays");
  EXPECT_EQ(warned("OLLAMA_HOST", "host:99999"),
            "OLLAMA_HOST: expected HOST, :PORT or HOST:PORT, found \"host:99999\"; the default stays");
  EXPECT_EQ(read({{"OLLAMA_HOST", "host:99999"}})->host, "127.0.0.1");
  EXPECT_EQ(warned("OLLAMA_HOST", "https://box"), "OLLAMA_HOST: TLS is not served; a proxy in front may speak it");
  EXPECT_EQ(warned("OLLAMA_FLASH_ATTENTION", "1"), "OLLAMA_FLASH_ATTENTION: set, but without a meaning here");
  EXPECT_EQ(warned("OLLAMA_NOPRUNE", "1"), "OLLAMA_NOPRUNE: set, but without a meaning here");
  for (const char* large : {"4294967296", "99999999999999999999"}) {
    EXPECT_EQ(warned("OLLAMA_CONTEXT_LENGTH", large), "") << large;
    EXPECT_EQ(read({{"OLLAMA_CONTEXT_LENGTH", large}})->context_tokens, 2147483647) << large;
  }
  EXPECT_NE(warned("OLLAMA_CONTEXT_LENGTH", "-99999999999999999999"), "");
}

TEST(Settings, read_how_much_is_logged_as_ollama_does) {
  const auto level = [](const char* text) { return read({{"OLLAMA_DEBUG", text}})->debug; };
  for (const char* text : {"1", "t", "T", "true", "TRUE", "True"}) EXPECT_EQ(level(text), 1) << text;
  for (const char* text : {"0", "f", "FALSE", "False", "INFO", "-4", "yes"}) EXPECT_EQ(level(text), 0) << text;
  for (const char* text : {"2", "3", "17"}) EXPECT_EQ(level(text), 2) << text;
  EXPECT_EQ(read({{"OLLAMA_DEBUG", "INFO"}})->warnings, std::vector<std::string>{});
  EXPECT_EQ(read({{"OLLAMA_DEBUG", "yes"}})->warnings,
            std::vector<std::string>{"OLLAMA_DEBUG: expected 0, 1 or 2, found \"yes\"; the default stays"});
  EXPECT_EQ(read({{"QUIRE_DEBUG", "yes"}}).error().message, "QUIRE_DEBUG: expected 0, 1 or 2, found \"yes\"");
}

TEST(Settings, say_which_variable_holds_what_is_wrong) {
  EXPECT_EQ(read({{"QUIRE_MAX_QUEUE", "many"}}).error().message,
            "QUIRE_MAX_QUEUE: expected an integer from 1 to 2147483647, found \"many\"");
  EXPECT_EQ(read({{"QUIRE_NUM_PARALLEL", "-1"}}).error().message,
            "QUIRE_NUM_PARALLEL: expected an integer from 0 to 2147483647, found \"-1\"");
  EXPECT_EQ(read({{"QUIRE_MEMORY", "8 apples"}}).error().message,
            "QUIRE_MEMORY: expected a number of bytes such as 8G, found \"8 apples\"");
  EXPECT_EQ(read({{"QUIRE_HOST", "host:99999"}}).error().message,
            "QUIRE_HOST: expected HOST, :PORT or HOST:PORT, found \"host:99999\"");
}

TEST(Settings, read_what_bounds_the_queue_and_the_gap_between_tokens) {
  const Settings unset = *read({});
  EXPECT_EQ(unset.queue_tokens_max, 1 << 20);
  EXPECT_EQ(unset.target_gap_ns, 0);
  const Settings settings =
      *read({{"QUIRE_MAX_QUEUE_TOKENS", "5000000000"}, {"QUIRE_TARGET_ITL_MS", "40"}, {"QUIRE_NUM_PARALLEL", "auto"}});
  EXPECT_EQ(settings.queue_tokens_max, 5'000'000'000);
  EXPECT_EQ(settings.target_gap_ns, 40'000'000);
  EXPECT_EQ(settings.parallel_max, 0);
  const Limits limits = engine_limits(settings, 2048, blocks_of(1 << 20), uint64_t{1} << 30);
  EXPECT_EQ(limits.queue_tokens_max, 5'000'000'000);
  EXPECT_EQ(limits.target_gap_ns, 40'000'000);
  EXPECT_TRUE(limits.parallel_adapts);
  EXPECT_EQ(read({{"QUIRE_TARGET_ITL_MS", "-1"}}).error().message,
            "QUIRE_TARGET_ITL_MS: expected an integer from 0 to 2147483647, found \"-1\"");
}

TEST(Settings, read_how_long_a_stop_may_take) {
  EXPECT_EQ(read({})->drain_timeout_ns, 30'000'000'000);
  EXPECT_EQ(read({{"QUIRE_DRAIN_TIMEOUT", "1m30s"}})->drain_timeout_ns, 90'000'000'000);
  EXPECT_EQ(read({{"QUIRE_DRAIN_TIMEOUT", "-1s"}}).error().message,
            "QUIRE_DRAIN_TIMEOUT: expected a duration that is not negative, found \"-1s\"");
}

TEST(Settings, read_what_kept_responses_may_take) {
  const Settings unset = *read({{"QUIRE_MODELS", "/m"}});
  EXPECT_EQ(unset.response_bytes_max, 256U << 20);
  EXPECT_EQ(unset.response_folder, "/m/quire/responses");
  EXPECT_EQ(read({{"QUIRE_RESPONSE_STORE", "1G"}})->response_bytes_max, 1U << 30);
  EXPECT_EQ(read({{"QUIRE_RESPONSE_STORE", "0"}})->response_bytes_max, 0U);
  EXPECT_EQ(read({{"QUIRE_RESPONSE_STORE", "OFF"}})->response_bytes_max, 0U);
  EXPECT_EQ(read({{"QUIRE_RESPONSE_STORE", "some"}}).error().message,
            "QUIRE_RESPONSE_STORE: expected a number of bytes such as 8G, found \"some\"");
}

TEST(Settings, read_the_weights_of_clients) {
  const Settings settings = *read({{"QUIRE_CLIENT_WEIGHTS", "user:ann=3, key:sk-a=b=1000,10.0.0.7=1"}});
  EXPECT_EQ(settings.client_weights,
            (std::vector<ClientWeight>{{"user:ann", 3}, {"key:sk-a=b", 1000}, {"10.0.0.7", 1}}));
  for (const char* broken :
       {"ann", "ann=", "=3", "ann=0", "ann=1001", "ann=-1", "ann=1.5", "ann=99999999999", "a=1,,b=2"}) {
    const auto refused = read({{"QUIRE_CLIENT_WEIGHTS", broken}});
    ASSERT_FALSE(refused) << broken;
    EXPECT_TRUE(refused.error().message.starts_with(
        "QUIRE_CLIENT_WEIGHTS: expected NAME=WEIGHT,... with weights from 1 to 1000, found \""))
        << broken;
  }
  EXPECT_EQ(read({{"QUIRE_CLIENT_WEIGHTS", "a=1,a=2"}}).error().message, "QUIRE_CLIENT_WEIGHTS: \"a\" is named twice");
}

TEST(Settings, look_for_models_where_ollamas_variable_says_else_at_home) {
  EXPECT_EQ(read({{"OLLAMA_MODELS", "/o"}, {"QUIRE_MODELS", "/q"}})->models_variable, "QUIRE_MODELS");
  EXPECT_EQ(read({{"OLLAMA_MODELS", "/o"}, {"QUIRE_MODELS", ""}})->models_folder, "/o");
  EXPECT_EQ(read({{"HOME", "/h"}})->models_variable, "");
}

TEST(Settings, read_numbers_of_bytes) {
  EXPECT_EQ(*parse_bytes("1000"), 1000U);
  EXPECT_EQ(*parse_bytes("8G"), uint64_t{8} << 30);
  EXPECT_EQ(*parse_bytes("5kB"), 5U << 10);
  EXPECT_EQ(*parse_bytes("1TiB"), uint64_t{1} << 40);
  for (const char* broken : {"", "G", "-1", "1X", "99999999999T", "1GG"}) EXPECT_FALSE(parse_bytes(broken)) << broken;
}

TEST(EngineLimits, follow_the_memory_and_the_environment) {
  Settings settings;
  EXPECT_EQ(engine_limits(settings, 2048, blocks_of(1 << 20), uint64_t{100} << 20).block_count, 100);
  EXPECT_EQ(engine_limits(settings, 2048, blocks_of(1 << 20), uint64_t{1} << 40).block_count, 64 * 64);
  EXPECT_EQ(engine_limits(settings, 2048, blocks_of(1 << 20), 0).block_count, 1);
  EXPECT_EQ(engine_limits(settings, 2048, blocks_of(1), 0).context_tokens, 2048);
  EXPECT_EQ(
      engine_limits(settings, 2048, {.block_tokens = 32, .block_bytes = 1, .whole_texts = true}, uint64_t{1} << 40)
          .block_count,
      64 + 64)
      << "one step's texts";
  settings.context_tokens = 512;
  settings.parallel_max = 4;
  settings.queue_max = 7;
  const Limits limits = engine_limits(settings, 2048, blocks_of(1 << 20), uint64_t{1} << 40);
  EXPECT_EQ(limits.context_tokens, 512);
  EXPECT_EQ(limits.running_max, 4);
  EXPECT_EQ(limits.queue_max, 7);
  EXPECT_EQ(limits.block_count, 4 * 16);
  settings.context_tokens = 1'000'000;
  EXPECT_EQ(engine_limits(settings, 2048, blocks_of(1), 0).context_tokens, 2048);
}

TEST(HostCheck, lets_addresses_and_local_names_in) {
  for (const char* host : {"", "localhost", "LOCALHOST:11434", "127.0.0.1:80", "192.168.1.5", "[::1]:11434", "box",
                           "printer.local", "a.internal", "x.localhost"}) {
    EXPECT_TRUE(host_allowed(host, "box")) << host;
  }
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost", "local"}) {
    EXPECT_FALSE(host_allowed(host, "box")) << host;
  }
}

TEST(OriginCheck, lets_local_pages_and_named_ones_in) {
  const std::vector<std::string> extra = {"https://*.example", "http://exact"};
  for (const char* origin :
       {"http://localhost", "https://localhost:3000", "http://127.0.0.1:5", "http://[::1]:1", "app://x", "file://",
        "tauri://localhost", "https://a.example", "http://exact", "https://my.site"}) {
    EXPECT_TRUE(origin_allowed(origin, "my.site", extra)) << origin;
  }
  for (const char* origin : {"null", "https://evil", "http://localhost.evil", "http://a.example", "ftp://localhost",
                             "https://example", "http://exact:1", ""}) {
    EXPECT_FALSE(origin_allowed(origin, "my.site", extra)) << origin;
  }
}

TEST(OriginCheck, lets_every_page_in_when_it_is_told_to) {
  const std::vector<std::string> all = {"*"};
  for (const char* origin : {"null", "https://evil", "ftp://x", "chrome-extension://abc", "HTTP://UPPER"}) {
    EXPECT_TRUE(origin_allowed(origin, "my.site", all)) << origin;
  }
}

TEST(OriginCheck, reads_entries_as_people_write_them) {
  const auto allowed = [](std::string entry, const char* origin) {
    return origin_allowed(origin, "my.site", std::vector<std::string>{std::move(entry)});
  };
  EXPECT_TRUE(allowed("http://a.example:*", "http://a.example:3000"));
  EXPECT_FALSE(allowed("http://a.example:*", "http://a.example"));
  EXPECT_TRUE(allowed("https://*.example:*", "https://b.example:1"));
  EXPECT_FALSE(allowed("https://*.example:*", "https://b.examples:1"));
  EXPECT_TRUE(allowed("http://A.Example/", "http://a.example"));
  EXPECT_TRUE(allowed("a.example", "http://a.example"));
  EXPECT_TRUE(allowed("a.example", "https://a.example"));
  EXPECT_FALSE(allowed("a.example", "https://a.example:8"));
  EXPECT_TRUE(allowed("a.example:*", "https://a.example:8"));
  EXPECT_FALSE(allowed("a.example", "app2://a.example"));
  EXPECT_TRUE(allowed("chrome-extension://*", "chrome-extension://abc"));
  EXPECT_TRUE(allowed("null", "null"));
  EXPECT_FALSE(allowed("a*a", "a"));
  EXPECT_TRUE(allowed("**", "http://x"));
  EXPECT_FALSE(allowed("http://*a*a", "http://xa"));
  EXPECT_FALSE(allowed("/", "https://x"));
}

TEST(Access, a_preflight_may_ask_for_any_header_of_openais_libraries) {
  const std::string allowed =
      allowed_request_headers("authorization,x-stainless-new-one, X-Stainless-OS ,x-evil,x-stainless-\r\nx");
  for (const char* name : {"Authorization", "OpenAI-Beta", "x-stainless-new-one", "x-stainless-os"}) {
    EXPECT_NE(allowed.find(name), std::string::npos) << name;
  }
  EXPECT_EQ(allowed.find("evil"), std::string::npos);
  EXPECT_EQ(allowed.find('\n'), std::string::npos);
}

TEST(Routes, find_a_value_in_a_query) {
  EXPECT_EQ(query_value("ended_after=7", "ended_after"), "7");
  EXPECT_EQ(query_value("a=1&ended_after=7&ended_after=8", "ended_after"), "7");
  EXPECT_EQ(query_value("not_ended_after=1&ended_after", "ended_after"), "");
  EXPECT_EQ(query_value("&&=&", "a"), "");
  EXPECT_EQ(query_value("", ""), "");
}

TEST(Routes, decode_paths_once) {
  EXPECT_EQ(decode_path("/a%2Fb?x=%20#y"), "/a/b");
  EXPECT_EQ(decode_path("/%2541%"), "/%41%");
  EXPECT_EQ(decode_path("/%zz%4"), "/%zz%4");
  EXPECT_EQ(decode_path("/x%41"), "/xA");
}

TEST(Priority, is_the_urgency_of_the_header) {
  EXPECT_EQ(parse_priority(""), 3);
  EXPECT_EQ(parse_priority("u=0"), 0);
  EXPECT_EQ(parse_priority("i, u=7"), 7);
  for (const char* broken : {"u=8", "u=-1", "u=", "u=33", "U=1", "x"}) EXPECT_EQ(parse_priority(broken), 3) << broken;
}

}  // namespace
}  // namespace quire::server
