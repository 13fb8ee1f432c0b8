#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "cli/llama_server/flag_table.h"
#include "cli/llama_server/flags.h"
#include "cli/shell.h"

namespace quire::cli {
namespace {

LlamaServerOptions taken(const std::vector<std::string>& words) {
  auto options = parse_llama_server(words);
  EXPECT_TRUE(options) << options.error().message;
  return options ? std::move(*options) : LlamaServerOptions();
}

std::string refusal(const std::vector<std::string>& words) {
  const auto options = parse_llama_server(words);
  return options ? "taken" : options.error().message;
}

TEST(LlamaServerFlags, are_those_that_ollama_gives) {
  const LlamaServerOptions options = taken({"--model",
                                            "/blobs/sha256-1",
                                            "--port",
                                            "4711",
                                            "--host",
                                            "127.0.0.1",
                                            "--no-webui",
                                            "--offline",
                                            "-c",
                                            "8192",
                                            "-np",
                                            "2",
                                            "--log-verbosity",
                                            "4",
                                            "--no-log-prefix",
                                            "--no-log-timestamps",
                                            "--no-jinja",
                                            "--chat-template",
                                            "chatml",
                                            "--spec-type",
                                            "draft-mtp",
                                            "--spec-draft-n-max",
                                            "4",
                                            "--spec-draft-backend-sampling",
                                            "--load-mode",
                                            "none",
                                            "--cache-type-k",
                                            "q8_0",
                                            "--cache-type-v",
                                            "q8_0",
                                            "--flash-attn",
                                            "auto",
                                            "--embedding",
                                            "--reranking",
                                            "-b",
                                            "512",
                                            "-ub",
                                            "512",
                                            "-ngl",
                                            "0",
                                            "-t",
                                            "3",
                                            "--split-mode",
                                            "none",
                                            "--main-gpu",
                                            "0",
                                            "--context-shift",
                                            "--keep",
                                            "4",
                                            "--image-min-tokens",
                                            "1024"});
  EXPECT_EQ(options.model, "/blobs/sha256-1");
  EXPECT_EQ(options.port, 4711);
  EXPECT_EQ(options.tokens_per_context(), 4096);
  EXPECT_EQ(options.parallel, 2);
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.kv_type, KvType::q8_0);
  EXPECT_TRUE(options.shifts);
  EXPECT_EQ(options.keep, 4);
  EXPECT_TRUE(taken({"--list-devices", "--offline", "--verbose"}).lists_devices);
}

TEST(LlamaServerFlags, have_llama_cpps_defaults) {
  const LlamaServerOptions options = taken({});
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.port, 8080);
  EXPECT_EQ(options.tokens_per_context(), 0);
  EXPECT_FALSE(options.parallel || options.threads || options.kv_type || options.shifts);
  EXPECT_FALSE(taken({"-np", "-1", "-t", "-1"}).parallel);
  EXPECT_EQ(taken({"-c", "100"}).tokens_per_context(), 100);
}

TEST(LlamaServerFlags, without_an_effect_are_said_once_with_their_reason) {
  const LlamaServerOptions options = taken({"-ngl", "99", "-mg", "1", "--offline", "-ctk", "q4_0", "-ctv", "q4_0"});
  EXPECT_NE(std::ranges::find(options.notes, "-ngl, -mg: processors compute, whatever devices there are"),
            options.notes.end());
  EXPECT_EQ(options.kv_type, KvType::q8_0);
}

TEST(LlamaServerFlags, that_would_make_another_server_are_refused_by_name) {
  EXPECT_EQ(refusal({"--lora", "a.gguf"}), "llama-server --lora: it is not served");
  EXPECT_EQ(refusal({"--api-key", "k"}), "llama-server --api-key: a proxy in front can do that");
  EXPECT_EQ(refusal({"--temp", "0"}), "llama-server --temp: a request says it itself");
  EXPECT_EQ(refusal({"--chat-template", "llama3"}),
            "llama-server --chat-template: a template of one's own is not served: the model's is");
  EXPECT_EQ(refusal({"-ctk", "f32"}), "llama-server -ctk: expected f16 or q8_0, found \"f32\"");
  EXPECT_EQ(refusal({"-ctk", "f16", "-ctv", "q8_0"}),
            "llama-server -ctv: keys and values of different types are not served");
  EXPECT_EQ(refusal({"--novelty"}), "llama-server --novelty: unknown flag; --help lists those that are known");
  EXPECT_EQ(refusal({"-c"}), "llama-server -c: a value is missing");
  EXPECT_EQ(refusal({"-c", "x"}), "llama-server -c: expected an integer from 0 to 2147483647, found \"x\"");
  EXPECT_EQ(refusal({"-c", "7", "-np", "4"}),
            "llama-server --ctx-size: 7 tokens are too few for 4 contexts, each has at least 2");
  EXPECT_EQ(taken({"-c", "8", "-np", "4"}).tokens_per_context(), 2);
  EXPECT_EQ(refusal({"--port", "65536"}), "llama-server --port: expected an integer from 0 to 65535, found \"65536\"");
}

TEST(LlamaServerFlags, stand_in_one_table_each_and_in_the_help) {
  std::set<std::string_view> seen;
  const std::string help = llama_server_help();
  const auto look_at = [&](const FlagNames& names) {
    for (const std::string_view name : names) {
      if (name.empty()) continue;
      EXPECT_TRUE(name.starts_with('-')) << name;
      EXPECT_TRUE(seen.insert(name).second) << name << " has two meanings";
      EXPECT_NE(help.find(name), std::string::npos) << name;
    }
  };
  for (const HonouredFlag& flag : honoured_flags()) look_at(flag.names);
  for (const HarmlessFlag& flag : harmless_flags()) look_at(flag.names);
  for (const RefusedFlag& flag : refused_flags()) look_at(flag.names);
}

TEST(LlamaServerFlags, are_read_by_a_program_of_that_name) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("llama-server-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "quire";
  std::filesystem::create_symlink(program, folder / "llama-server");
  const std::string named = (folder / "llama-server").string();
  EXPECT_EQ(shell(named + " --version").out, "version: quire " QUIRE_VERSION "\n");
  EXPECT_EQ(shell(named + " --list-devices").out, "Available devices:\n");
  const Ran unknown = shell(named + " --novelty 2>&1");
  EXPECT_EQ(unknown.status, 1);
  EXPECT_EQ(unknown.out, "Error: llama-server --novelty: unknown flag; --help lists those that are known\n");
  const Ran missing = shell(named + " -m no-such-file.gguf 2>/dev/null");
  EXPECT_EQ(missing.status, 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace quire::cli
