// The program as a person starts it: arguments in, text and an exit status out.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "cli/shell.h"
#include "kernels/peaks.h"
#include "server/settings.h"
#include "test_data.h"

namespace quire::cli {
namespace {

std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Program, every_command_has_help) {
  for (const char* command :
       {"",       "serve",    "run",         "list",       "ls",         "ps",          "show",         "stop",
        "pull",   "push",     "create",      "cp",         "rm",         "completion",  "man-page",     "start",
        "demo",   "bench",    "bench batch", "bench load", "bench roof", "bench serve", "bench stress", "bench compare",
        "tune",   "tokenize", "render",      "logits",     "simulate",   "inspect",     "synth",        "quantize",
        "imatrix"}) {
    const Ran ran = shell(std::string("QUIRE ") + command + " --help");
    EXPECT_EQ(ran.status, 0) << command;
    EXPECT_NE(ran.out.find("Usage: quire"), std::string::npos) << command;
  }
}

TEST(Program, the_help_of_serve_and_the_readme_name_the_variables_that_are_read) {
  std::set<std::string> read = {"QUIRE_NOHISTORY"};  // which the prompt reads
  const auto settings = server::read_settings([&](const char* name) -> const char* {
    if (std::string_view(name).starts_with("QUIRE_")) read.insert(name);
    return nullptr;
  });
  ASSERT_TRUE(settings);
  EXPECT_EQ(read.erase("QUIRE_MACHINE_ROOT"), 1U) << "which is for tests";
  const std::string help = shell("QUIRE serve --help | sed -n '/^Environment/,$p'").out;
  std::set<std::string> told;
  const std::regex name("QUIRE_[A-Z_]+");
  for (std::sregex_iterator found(help.begin(), help.end(), name); found != std::sregex_iterator(); ++found) {
    if (found->str() != "QUIRE_") told.insert(found->str());
  }
  EXPECT_EQ(told, read);
  const std::string readme = file_text(std::filesystem::path(QUIRE_SOURCE_DIR) / "README.md");
  for (const std::string& one : read) EXPECT_NE(readme.find("`" + one + "`"), std::string::npos) << one;
}

TEST(Program, says_its_version) {
  for (const char* flag : {"-v", "--version"}) {
    EXPECT_EQ(shell(std::string("QUIRE ") + flag).out, "quire version is " QUIRE_VERSION "\n");
  }
}

TEST(Program, arguments_that_make_no_sense_are_status_2) {
  for (const char* arguments : {"", "nonsense", "run", "serve --port x", "bench batch --model f --parallel 1,x",
                                "bench batch --model f --kv-type q4_0", "show m --license --system", "logits f --out g",
                                "tune", "tune m --table", "tune m --format svg", "bench compare --instances 2"}) {
    EXPECT_EQ(shell(std::string("QUIRE ") + arguments + " 2>/dev/null").status, 2) << arguments;
  }
}

TEST(Program, a_file_that_is_not_there_is_one_line_and_status_1) {
  for (const char* arguments :
       {"run no-such-file.gguf hello", "tokenize no-such-file.gguf", "render no-such-file.jinja -",
        "logits no-such-file.gguf --tokens 1 --out /dev/null", "bench batch --model no-such-file.gguf",
        "tune no-such-file.gguf", "bench compare --model no-such-file.gguf", "demo --once --model no-such-file.gguf",
        "serve --port 0 --model no-such-file.gguf", "inspect no-such-file.gguf",
        "quantize no-such-file.gguf out.gguf Q8_0", "synth tiny out.gguf --vocab no-such-file.gguf"}) {
    const Ran ran = shell(std::string("QUIRE ") + arguments + " 2>&1 </dev/null");
    EXPECT_EQ(ran.status, 1) << arguments << ran.out;
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1) << arguments << ": " << ran.out;
    EXPECT_NE(ran.out.find("no-such-file"), std::string::npos) << arguments << ": " << ran.out;
  }
}

TEST(Program, a_file_that_is_no_model_is_one_line_that_names_it) {
  const std::string bad = testing::TempDir() + "/bad.gguf";
  std::ofstream(bad) << "GGUF, but not really";
  for (const char* command : {"run", "tokenize", "inspect", "bench batch --model", "demo --once --port 0 --model"}) {
    const Ran ran = shell(std::string("QUIRE ") + command + " " + bad + " 2>&1 </dev/null | grep -v '^bad on\\|^$'");
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1) << command << ": " << ran.out;
    EXPECT_EQ(ran.out.substr(0, 7), "Error: ") << command << ": " << ran.out;
  }
}

TEST(Program, a_client_without_a_server_says_how_to_start_one) {
  for (const char* arguments : {"list", "ps", "show m", "stop m"}) {
    const Ran ran = shell(std::string("QUIRE ") + arguments + " 2>&1");
    EXPECT_EQ(ran.status, 1) << arguments;
    EXPECT_NE(ran.out.find("`quire serve` starts one"), std::string::npos) << ran.out;
  }
}

TEST(Program, run_raw_from_nothing_says_the_models_own_text_byte_for_byte) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  QUIRE_TEST_DATA_OR_SKIP(expected, "models/stories260K.greedy200.txt");
  const Ran ran = shell("QUIRE run " + model.string() + " --raw \"\" --temperature 0 --num-predict 200");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, file_text(expected));
}

TEST(Program, run_reads_a_pipe_and_a_seed_repeats_its_answer) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  const std::string run = "QUIRE run " + model.string() + " --seed 7 --num-predict 24 ";
  const Ran piped = shell("printf 'Once upon a time' | " + run);
  EXPECT_EQ(piped.status, 0);
  EXPECT_GT(piped.out.size(), 24U);
  EXPECT_EQ(shell(run + "'Once upon a time' </dev/null").out, piped.out);
  EXPECT_EQ(shell(run + "Once upon a time </dev/null").out, piped.out);
}

// Lines 12 and 24 of llama-bpe.jsonl beside it; and of the whole vocabulary where that is.
TEST(Program, tokenize_gives_the_ids_of_the_reference) {
  const std::string cut = (quire::test::own_data_dir() / "vocabularies/llama-bpe.gguf").string();
  EXPECT_EQ(shell("printf 'Hello world' | QUIRE tokenize " + cut).out, "1408 1279\n");
  EXPECT_EQ(shell("printf 'Hello' | QUIRE tokenize --special --pieces " + cut).out,
            "1725\t<|im_start|>\n1408\tHello\n");
  const std::filesystem::path whole = quire::test::data_path("tokenizers/ggml-vocab-llama-bpe.gguf");
  if (!std::filesystem::exists(whole)) return;
  EXPECT_EQ(shell("printf 'Hello world' | QUIRE tokenize " + whole.string()).out, "9906 1917\n");
  EXPECT_EQ(shell("printf 'Hello' | QUIRE tokenize --special --pieces " + whole.string()).out,
            "128000\t<|begin_of_text|>\n9906\tHello\n");
}

TEST(Program, render_shows_the_prompt_of_a_template) {
  const std::string folder = testing::TempDir();
  std::ofstream(folder + "/t.jinja")
      << "{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}{% endfor %}";
  std::ofstream(folder + "/m.json") << R"([{"role": "user", "content": "Hi"}])";
  const Ran ran = shell("QUIRE render " + folder + "/t.jinja " + folder + "/m.json --eos '</s>' --spans 2>&1");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out.substr(0, 12), "<user>Hi</s>");
  EXPECT_NE(ran.out.find("user 6 8\n"), std::string::npos);
}

TEST(Program, a_model_is_synthesized_quantized_inspected_and_run) {
  QUIRE_TEST_DATA_OR_SKIP(vocabulary, "models/stories260K.gguf");
  const std::string folder = testing::TempDir();
  const Ran made = shell("cd " + folder + "; QUIRE synth tiny made.gguf --type F32 --vocab " + vocabulary.string() +
                         " 2>&1 && QUIRE quantize made.gguf small.gguf q8_0 2>&1 && QUIRE inspect small.gguf 2>&1 && " +
                         "QUIRE run small.gguf --raw x --num-predict 3 2>&1");
  EXPECT_EQ(made.status, 0) << made.out;
  EXPECT_NE(made.out.find("Q8_0"), std::string::npos) << made.out;
}

TEST(Program, simulate_says_what_held) {
  const Ran ran = shell("QUIRE simulate --seed 5 --seeds 3");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_FALSE(ran.out.empty());
}

TEST(Program, logits_are_a_row_of_floats_a_position) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  const std::string out = testing::TempDir() + "/logits.f32";
  const Ran ran = shell("QUIRE logits " + model.string() + " --tokens 1,403,407 --out " + out);
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(std::filesystem::file_size(out), 3U * 512U * sizeof(float));
  EXPECT_EQ(shell("QUIRE logits " + model.string() + " --tokens 1,512 --out " + out + " 2>/dev/null").status, 1);
}

// A limit on the size of a file stands for a full disk: the same calls fail. 8 units of 512 or 1,024 bytes.
TEST(Program, a_file_that_has_no_room_is_one_error_and_leaves_what_was_there) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "full";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "there") << "before";
  std::string tokens = "1";
  for (int count = 1; count < 16; ++count) tokens += ",403";
  for (const char* command : {"synth tiny OUT --type Q8_0 --vocab MODEL", "quantize MODEL OUT Q8_0",
                              "logits MODEL --out OUT --tokens TOKENS"}) {
    for (const char* name : {"there", "new"}) {
      std::string full = std::string("ulimit -f 8; QUIRE ") + command + " 2>&1";
      for (const auto& [word, meaning] :
           {std::pair{"OUT", (folder / name).string()}, {"MODEL", model.string()}, {"TOKENS", tokens}}) {
        if (const size_t at = full.find(word); at != std::string::npos) {
          full.replace(at, std::string(word).size(), meaning);
        }
      }
      const Ran ran = shell(full);
      EXPECT_EQ(ran.status, 1) << full << ran.out;
      EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1) << ran.out;
      EXPECT_NE(ran.out.find((folder / name).string()), std::string::npos) << ran.out;
      EXPECT_NE(ran.out.find("File too large"), std::string::npos) << ran.out;
      EXPECT_EQ(file_text(folder / "there"), "before") << full;
      EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1) << full;
    }
  }
}

TEST(Program, a_device_is_never_replaced) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  const std::string device = testing::TempDir() + "/device";
  std::filesystem::remove(device);
  std::filesystem::create_symlink("/dev/full", device);
  for (const std::string& command : {"synth tiny " + device + " --type Q8_0 --vocab " + model.string(),
                                     "quantize " + model.string() + " " + device + " Q8_0",
                                     "logits " + model.string() + " --tokens 1 --out " + device}) {
    const Ran ran = shell("QUIRE " + command + " 2>&1");
    EXPECT_EQ(ran.status, 1) << command << ran.out;
    EXPECT_NE(ran.out.find(device), std::string::npos) << ran.out;
    EXPECT_TRUE(std::filesystem::is_character_file(device)) << command;
  }
  EXPECT_EQ(shell("QUIRE logits " + model.string() + " --tokens 1 --out /dev/null").status, 0);
}

TEST(Program, output_that_nobody_could_take_is_status_1) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  for (const std::string& command :
       {"inspect " + model.string(), "tokenize " + model.string(), "run " + model.string() + " --raw x --num-predict 8",
        std::string("simulate --seed 1 --trace")}) {
    const Ran ran = shell("echo hi | QUIRE " + command + " 2>&1 >/dev/full");
    EXPECT_EQ(ran.status, 1) << command;
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1) << command << ": " << ran.out;
    EXPECT_EQ(ran.out.substr(0, 7), "Error: ") << command << ": " << ran.out;
  }
}

TEST(Program, a_server_whose_log_has_no_room_serves_on) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  const std::string port = std::to_string(20000 + getpid() % 12000);
  const Ran ran = shell("QUIRE serve --port " + port + " --model " + model.string() +
                        " >/dev/full 2>&1 & server=$!; export QUIRE_HOST=127.0.0.1:" + port +
                        "; until QUIRE list >/dev/null 2>&1; do kill -0 $server || exit 3; done; "
                        "QUIRE run stories260K Once --num-predict 8 </dev/null && QUIRE list; status=$?; "
                        "kill -INT $server; wait $server; echo server $?; exit $status");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_NE(ran.out.find("server "), std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find("server 13"), std::string::npos) << "ended by a signal: " << ran.out;
}

TEST(Program, bench_batch_prints_the_keys_of_batched_bench) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  const Ran ran = shell("QUIRE bench batch --model " + model.string() +
                        " --prompt 48 --generate 4 --parallel 1,3 --threads 1 --sample --format jsonl");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 2);
  EXPECT_NE(ran.out.find(R"({"pp":48,"tg":4,"pl":3,"n_kv":156,"t_pp":)"), std::string::npos) << ran.out;
  for (const char* key : {"speed_pp", "t_tg", "speed_tg", "\"t\"", "\"speed\"", "answers", "idle_tg", "device"}) {
    EXPECT_NE(ran.out.find(key), std::string::npos) << key;
  }
}

TEST(Program, bench_load_says_how_long_and_how_much_memory) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  const Ran ran = shell("QUIRE bench load --model " + model.string() + " --threads 1 --format jsonl");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
  for (const char* key : {"load_s", "gb_per_s", "vocabulary_s", "file_bytes", "packed_bytes", "peak_bytes"}) {
    EXPECT_NE(ran.out.find(key), std::string::npos) << key;
  }
}

TEST(Program, bench_batch_compares_with_the_roof) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  const std::string bench =
      "QUIRE bench batch --model " + model.string() + " --prompt 48 --generate 4 --parallel 3 --threads 1 ";
  const Ran lines = shell(bench + "--roof --format jsonl");
  EXPECT_EQ(lines.status, 0);
  for (const char* key : {"gb_s_tg", "gmac_s_pp", "gmac_s_tg"}) {
    EXPECT_NE(lines.out.find(key), std::string::npos) << key << lines.out;
  }
  EXPECT_NE(shell(bench + "--roof").out.find("GB/s"), std::string::npos);
  EXPECT_EQ(shell(bench).out.find("GB/s"), std::string::npos);
}

TEST(Program, bench_roof_lists_positive_rates_of_one_thread_and_all) {
  const Ran ran = shell("QUIRE_DEVICE=cpu QUIRE bench roof --threads 2 --format jsonl");
  EXPECT_EQ(ran.status, 0);
  std::istringstream lines(ran.out);
  std::set<std::pair<std::string, int>> found;
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text);
    EXPECT_GT(line["rate"].get<double>(), 0.0) << text;
    found.emplace(line["roof"].get<std::string>(), line["threads"].get<int>());
  }
  std::set<std::pair<std::string, int>> expected = {{"read", 1}, {"read", 2}};
  for (const PeakLoop& loop : supported_peak_loops()) {
    for (const int threads : {1, 2}) {
      expected.emplace(std::string(loop.table) + " " + std::string(loop.operands), threads);
    }
  }
  EXPECT_EQ(found, expected);
}

TEST(Program, serve_stops_on_a_signal) {
  // Below the ports that the system gives to others.
  const std::string address = "127.0.0.1:" + std::to_string(20000 + getpid() % 12000);
  const Ran ran =
      shell("export QUIRE_HOST=" + address + "; QUIRE serve 2>&1 & first=$!; " +
            "until QUIRE list >/dev/null 2>&1; do kill -0 $first || exit 3; done; " + "kill -TERM $first; wait $first");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_NE(ran.out.find("stopped"), std::string::npos) << ran.out;
}

TEST(Program, serve_writes_its_log_for_people_or_for_programs) {
  for (const auto& [environment, option, is_json] :
       std::vector<std::tuple<std::string, std::string, bool>>{{"", "", false},
                                                               {"QUIRE_LOG_FORMAT=json", "", true},
                                                               {"", "--log-format json", true},
                                                               {"QUIRE_LOG_FORMAT=json", "--log-format text", false}}) {
    // Below the ports that the system gives to others.
    const std::string address = "127.0.0.1:" + std::to_string(20000 + getpid() % 12000);
    const Ran ran = shell("export QUIRE_HOST=" + address + "; " + environment + " QUIRE serve " + option +
                          " 2>&1 & first=$!; until QUIRE list >/dev/null 2>&1; do kill -0 $first || exit 3; done; "
                          "kill -TERM $first; wait $first");
    EXPECT_EQ(ran.status, 0) << ran.out;
    const size_t json_lines = static_cast<size_t>(std::count(ran.out.begin(), ran.out.end(), '{'));
    EXPECT_EQ(json_lines > 0, is_json) << ran.out;
    EXPECT_NE(ran.out.find(is_json ? "\"level\":\"info\",\"message\":\"stopped\"}\n" : "stopped\n"), std::string::npos)
        << ran.out;
  }
}

TEST(Program, demo_shows_eight_contexts_and_takes_the_next_free_port) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  const std::string port = std::to_string(20000 + getpid() % 12000);
  const std::string demo = "QUIRE demo --num-predict 16 --port " + port + " --model " + model.string();
  // The first one serves on until it is told to stop; the second finds its port taken.
  const Ran ran = shell(demo + " >/dev/null 2>&1 & first=$!; export QUIRE_HOST=127.0.0.1:" + port +
                        "; until QUIRE list >/dev/null 2>&1; do kill -0 $first || exit 3; done; " + demo +
                        " --once </dev/null; status=$?; kill -INT $first; wait $first || exit 4; exit $status");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_NE(ran.out.find("port " + port + " is taken"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("same answers     8 of 8, byte for byte"), std::string::npos) << ran.out;
  for (const char* row : {"wait in queue", "first token", "together", "one by one", "ratio", "memory"}) {
    EXPECT_NE(ran.out.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace quire::cli
