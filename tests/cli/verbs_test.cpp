// Each verb of the command line against a server that says what a test wants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/fake_ollama.h"
#include "cli/shell.h"

namespace quire::cli {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;

class Verbs : public testing::Test {
 protected:
  Ran quire(const std::string& arguments) { return shell("export " + server_.environment() + "; QUIRE " + arguments); }
  void answer(const std::string& line, const std::string& body, int status = 200) {
    server_.on(line, [=](const json&) { return FakeOllama::Reply{.status = status, .body = body}; });
  }
  json body_of(const std::string& line) {
    const auto calls = server_.calls(line);
    return calls.empty() ? json() : calls.back().body;
  }
  FakeOllama server_;
};

TEST_F(Verbs, list_is_ollamas_table_of_the_names_that_begin_so) {
  answer("GET /api/tags", R"({"models":[
    {"name":"llama3.2:latest","digest":"a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72",
     "size":2019393189,"modified_at":"2020-01-01T00:00:00Z"},
    {"name":"qwen:0.5b","digest":"sha256:b5dc5e784f2a","size":394,"modified_at":"1970-01-01T00:00:00Z"}]})");
  EXPECT_THAT(quire("list").out,
              testing::MatchesRegex("NAME               ID              SIZE      MODIFIED     \n"
                                    "llama3.2:latest    a80c4f17acd5    2.0 GB    . years ago     +\n"
                                    "qwen:0.5b          b5dc5e784f2a    394 B     .. years ago    +\n"));
  EXPECT_EQ(quire("ls QW | wc -l").out, "2\n");
}

TEST_F(Verbs, ps_has_ollamas_columns_first) {
  answer("GET /api/ps",
         R"({"models":[{"name":"m:latest","digest":"a80c4f17acd55265","size":1000000000,"size_vram":250000000,
    "context_length":4096,"expires_at":"2318-01-01T00:00:00Z","requests_running":1,"requests_waiting":2}]})");
  EXPECT_EQ(
      quire("ps").out,
      "NAME        ID              SIZE    PROCESSOR          CONTEXT    UNTIL      RUNNING    WAITING    PARALLEL \n"
      "m:latest    a80c4f17acd5    1 GB    75%/25% CPU/GPU    4096       Forever    1          2          -           "
      "\n");
}

TEST_F(Verbs, show_has_ollamas_sections) {
  answer("POST /api/show", json{{"license", "MIT\n\n  Copyright\nmore\n"},
                                {"system", "Be brief."},
                                {"parameters", "stop    \"<end>\"\ntemperature    0.5"},
                                {"template", "{{ .Prompt }}"},
                                {"modelfile", "FROM x"},
                                {"details", {{"parameter_size", "293K"}, {"quantization_level", "F32"}}},
                                {"capabilities", {"completion", "tools"}},
                                {"model_info",
                                 {{"general.architecture", "llama"},
                                  {"llama.context_length", 2048},
                                  {"llama.rope.freq_base", 500000.0},
                                  {"tokenizer.ggml.padding_token_id", 4294967295},
                                  {"tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>"}}}}}
                               .dump());
  const std::string model =
      "  Model\n    architecture      llama    \n    parameters        293K     \n    context length    2048     \n"
      "    quantization      F32      \n\n"
      "  Capabilities\n    completion    \n    tools         \n\n"
      "  Parameters\n    stop           \"<end>\"    \n    temperature    0.5        \n\n";
  const std::string texts =
      "  System\n    Be brief.    \n\n  License\n    MIT          \n    Copyright    \n    ...          \n\n";
  EXPECT_EQ(quire("show m").out, model + texts);
  const std::string verbose = quire("show m -v").out;
  EXPECT_THAT(verbose, HasSubstr("    llama.rope.freq_base               500000                \n"));
  EXPECT_THAT(verbose, HasSubstr("    tokenizer.ggml.padding_token_id    4.294967295e+09       \n"));
  EXPECT_THAT(verbose, HasSubstr("    tokenizer.ggml.tokens              [<unk> ...+2 more]    \n"));
  EXPECT_EQ(quire("show m --license").out, "MIT\n\n  Copyright\nmore\n\n");
  EXPECT_EQ(quire("show m --modelfile").out, "FROM x\n");
  EXPECT_EQ(quire("show m --system").out, "Be brief.");
  EXPECT_EQ(quire("show m --template").out, "{{ .Prompt }}");
}

TEST_F(Verbs, cp_rm_and_stop_say_what_was_done) {
  answer("POST /api/copy", "");
  answer("DELETE /api/delete", "");
  EXPECT_EQ(quire("cp m other").out, "copied 'm' to 'other'\n");
  EXPECT_EQ(body_of("POST /api/copy"), json::parse(R"({"source":"m","destination":"other"})"));
  EXPECT_EQ(quire("rm m other").out, "deleted 'm'\ndeleted 'other'\n");
  EXPECT_EQ(server_.calls("POST /api/generate").size(), 2U) << "out of memory first";
  EXPECT_EQ(quire("stop m").status, 0);
  EXPECT_EQ(body_of("POST /api/generate")["keep_alive"], 0);
  answer("POST /api/generate", R"({"error":"model 'x' not found"})", 404);
  EXPECT_EQ(quire("stop x 2>&1").out, "Error: couldn't find model \"x\" to stop\n");
  answer("DELETE /api/delete", R"({"error":"model 'x' not found"})", 404);
  const Ran removed = quire("rm x m 2>&1");
  EXPECT_EQ(removed.status, 1);
  EXPECT_EQ(removed.out, "Error: model 'x' not found\n") << "what comes after it stays";
}

constexpr const char* pulled =
    "{\"status\":\"pulling manifest\"}\n"
    "{\"status\":\"pulling 74701a8c35f6\",\"digest\":\"sha256:74701a8c35f6aaaa\",\"total\":1300000000}\n"
    "{\"status\":\"pulling "
    "74701a8c35f6\",\"digest\":\"sha256:74701a8c35f6aaaa\",\"total\":1300000000,\"completed\":1300000000}\n"
    "{\"status\":\"verifying sha256 digest\"}\n{\"status\":\"writing manifest\"}\n{\"status\":\"success\"}\n";

TEST_F(Verbs, pull_shows_plain_lines_where_nobody_watches) {
  answer("POST /api/pull", pulled);
  const Ran ran = quire("pull --insecure llama3.2 2>&1");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out,
            "pulling manifest\npulling 74701a8c35f6: 100% 1.3 GB/1.3 GB\nverifying sha256 digest\nwriting manifest\n"
            "success\n");
  EXPECT_EQ(body_of("POST /api/pull"), json::parse(R"({"model":"llama3.2","insecure":true})"));
}

TEST_F(Verbs, a_pull_that_fails_or_breaks_off_is_status_1) {
  answer("POST /api/pull",
         "{\"status\":\"pulling manifest\"}\n{\"error\":\"pull model manifest: file does not exist\"}\n");
  const Ran refused = quire("pull x 2>&1");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.out, EndsWith("Error: pull model manifest: file does not exist\n"));
  answer("POST /api/pull", "{\"status\":\"pulling manifest\"}\n");
  EXPECT_EQ(quire("pull x 2>/dev/null").status, 1);
  EXPECT_THAT(quire("pull x:cloud 2>&1").out, HasSubstr("runs in a cloud"));
}

TEST_F(Verbs, push_says_where_the_model_is) {
  answer("POST /api/push", "{\"status\":\"retrieving manifest\"}\n{\"status\":\"success\"}\n");
  EXPECT_EQ(quire("push ann/mine 2>/dev/null").out, "\nYou can find your model at:\n\n\thttps://ollama.com/ann/mine\n");
  EXPECT_EQ(quire("push host:5000/ann/mine:x 2>/dev/null").out,
            "\nYou can find your model at:\n\n\thost:5000/ann/mine:x\n");
}

TEST_F(Verbs, run_of_a_model_that_is_not_here_pulls_it) {
  bool here = false;
  server_.on("POST /api/show", [&](const json&) {
    return here ? FakeOllama::Reply{.body = R"({"capabilities":["completion"]})"}
                : FakeOllama::Reply{.status = 404, .body = R"({"error":"model 'new' not found"})"};
  });
  server_.on("POST /api/pull", [&](const json&) {
    here = true;
    return FakeOllama::Reply{.body = pulled};
  });
  answer("POST /api/generate", "{\"response\":\"Hi\",\"done\":false}\n{\"response\":\"\",\"done\":true}\n");
  const Ran ran = quire("run new hello 2>/dev/null </dev/null");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "Hi\n\n");
  EXPECT_EQ(body_of("POST /api/generate")["prompt"], "hello");
}

TEST_F(Verbs, run_sends_what_it_was_given) {
  answer("POST /api/generate",
         "{\"response\":\"Hi\",\"done\":false}\n"
         "{\"response\":\"\",\"done\":true,\"total_duration\":1500000000,\"eval_count\":2,"
         "\"eval_duration\":500000000,\"prompt_truncated\":true}\n");
  EXPECT_EQ(
      quire("run m --format json --think=low --keepalive 10m --temperature 0 --num-predict 5 hi there </dev/null").out,
      "Hi\n\n");
  json body = body_of("POST /api/generate");
  EXPECT_EQ(body["prompt"], "hi there");
  EXPECT_EQ(body["format"], "json");
  EXPECT_EQ(body["think"], "low");
  EXPECT_EQ(body["keep_alive"], "10m");
  EXPECT_EQ(body["options"], json::parse(R"({"temperature":0.0,"num_predict":5})"));
  EXPECT_EQ(quire("run m --think hi </dev/null").status, 0);
  EXPECT_EQ(body_of("POST /api/generate")["think"], true);
  const std::string verbose = quire("run m hi --verbose </dev/null 2>&1 >/dev/null").out;
  EXPECT_EQ(verbose,
            "The conversation no longer fits into the context: its oldest turns were left out.\n"
            "total duration:       1.5s\neval count:           2 token(s)\neval duration:        500ms\n"
            "eval rate:            4.00 tokens/s\n");
}

TEST_F(Verbs, run_reads_what_is_piped_into_it_utf8_or_not) {
  answer("POST /api/generate", "{\"response\":\"Hi\",\"done\":true}\n");
  EXPECT_EQ(shell("export " + server_.environment() + "; printf 'caf\\351' | QUIRE run m Say:").status, 0);
  EXPECT_EQ(body_of("POST /api/generate")["prompt"], "caf\xef\xbf\xbd Say:");
  EXPECT_EQ(quire("run m \"$(printf 'caf\\351')\" </dev/null").status, 0);
  EXPECT_EQ(body_of("POST /api/generate")["prompt"], "caf\xef\xbf\xbd");
  EXPECT_EQ(quire("run \"$(printf 'caf\\351')\" hi </dev/null 2>/dev/null").status, 1) << "no such model";
}

TEST_F(Verbs, run_refuses_pictures_by_name_before_anything_is_sent) {
  const std::filesystem::path picture = std::filesystem::path(testing::TempDir()) / "cat.PNG";
  std::ofstream(picture) << "not really";
  const Ran ran = quire("run m 'What is \"" + picture.string() + "\"?' 2>&1 </dev/null");
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out, "Error: pictures are not supported yet: " + picture.string() + "\n");
  EXPECT_EQ(server_.calls("POST /api/generate").size(), 0U);
  for (const std::string& words :
       {std::string("see /no/such/cat.png"), std::string("cat.png"), picture.parent_path().string()}) {
    EXPECT_EQ(quire("run m '" + words + "' </dev/null").status, 0) << words;
  }
}

TEST_F(Verbs, run_of_nothing_raw_refuses_what_its_request_has_no_place_for) {
  for (const char* option : {"--system x", "--format json", "--think", "--keepalive 5m"}) {
    const Ran ran = quire(std::string("run m --raw \"\" ") + option + " 2>&1 </dev/null");
    EXPECT_EQ(ran.status, 1) << option;
    EXPECT_THAT(ran.out, HasSubstr("does not go with --raw \"\"")) << option;
  }
}

TEST_F(Verbs, a_pipe_beside_an_empty_prompt_is_the_prompt) {
  answer("POST /api/generate", "{\"response\":\"Hi\",\"done\":true}\n");
  EXPECT_EQ(shell("export " + server_.environment() + "; printf notes | QUIRE run m ''").status, 0);
  EXPECT_EQ(body_of("POST /api/generate")["prompt"], "notes");
}

TEST_F(Verbs, an_answer_of_another_kind_is_an_error_and_no_crash) {
  for (const char* body : {"[1]", "7", "\"x\"", "{"}) {
    answer("POST /api/show", body);
    const Ran ran = quire("run m hi 2>&1 </dev/null");
    EXPECT_EQ(ran.status, 1) << body;
    EXPECT_EQ(ran.out, "Error: POST /api/show: the answer is no JSON object\n") << body;
  }
  answer("POST /api/show", R"({"tensors":[7,{"shape":8}],"capabilities":5,"model_info":{"a.context_length":1e300,
                               "general.architecture":"a"},"details":9})");
  EXPECT_EQ(quire("show -v m >/dev/null").status, 0);
}

TEST_F(Verbs, texts_without_an_end_are_refused) {
  EXPECT_THAT(quire("create m -f /dev/zero 2>&1").out, HasSubstr("/dev/zero has more than 67108864 bytes"));
  EXPECT_THAT(quire("run m </dev/zero 2>&1").out, HasSubstr("standard input has more than 67108864 bytes"));
  EXPECT_THAT(quire("create m -f . 2>&1").out, HasSubstr("cannot read .: Is a directory"));
}

TEST_F(Verbs, names_of_strangers_do_not_move_the_cursor) {
  answer("GET /api/tags", R"({"models":[{"name":"a\u001b[2Jb:x","digest":"1","size":1}]})");
  EXPECT_THAT(quire("list").out, HasSubstr("a\\x1b[2Jb:x"));
}

TEST_F(Verbs, thoughts_are_set_apart_or_hidden) {
  answer("POST /api/generate",
         "{\"thinking\":\"Hm.\",\"response\":\"\",\"done\":false}\n"
         "{\"response\":\"Yes.\",\"done\":false}\n{\"response\":\"\",\"done\":true}\n");
  EXPECT_EQ(quire("run m hi </dev/null").out, "Thinking...\nHm.\n...done thinking.\n\nYes.\n\n");
  EXPECT_EQ(quire("run m --hidethinking hi </dev/null").out, "Yes.\n\n");
}

TEST_F(Verbs, create_sends_the_files_that_the_server_has_not) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "create";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "w.gguf") << "abc";
  std::ofstream(folder / "Modelfile")
      << "FROM ./w.gguf\nPARAMETER temperature 0.5\nPARAMETER stop a\nPARAMETER stop b\n"
         "SYSTEM Be brief.\nLICENSE MIT\nMESSAGE user hi\nTEMPLATE \"{{ .Prompt }}\"\n";
  const std::string digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  answer("HEAD /api/blobs/" + digest, "", 404);
  answer("POST /api/blobs/" + digest, "", 201);
  answer("POST /api/create", "{\"status\":\"writing manifest\"}\n{\"status\":\"success\"}\n");
  const Ran ran = quire("create mine -q Q8_0 -f " + (folder / "Modelfile").string() + " 2>&1");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_THAT(ran.out, EndsWith("writing manifest\nsuccess\n"));
  EXPECT_EQ(body_of("POST /api/blobs/" + digest), "abc");
  EXPECT_EQ(body_of("POST /api/create"), json::parse(R"({"model":"mine","files":{"w.gguf":")" + digest + R"("},
    "parameters":{"temperature":0.5,"stop":["a","b"]},"system":"Be brief.","license":["MIT"],
    "messages":[{"role":"user","content":"hi"}],"template":"{{ .Prompt }}","quantize":"Q8_0"})"));

  answer("HEAD /api/blobs/" + digest, "", 200);
  std::ofstream(folder / "Modelfile") << "FROM ./w*.gguf\n";
  EXPECT_EQ(
      shell("cd " + folder.string() + "; export " + server_.environment() + "; QUIRE create mine 2>/dev/null").status,
      0);
  EXPECT_EQ(server_.calls("POST /api/blobs/" + digest).size(), 1U) << "what is there is not sent again";
  EXPECT_EQ(body_of("POST /api/create")["files"], json::parse(R"({"w.gguf":")" + digest + R"("})"));
}

TEST_F(Verbs, create_from_a_name_sends_the_name) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "from_name.modelfile";
  answer("POST /api/create", "{\"status\":\"success\"}\n");
  std::ofstream(file) << "FROM llama3.2\n";
  EXPECT_EQ(quire("create mine --file " + file.string() + " 2>/dev/null").status, 0);
  EXPECT_EQ(body_of("POST /api/create"), json::parse(R"({"model":"mine","from":"llama3.2"})"));
  for (const auto& [text, reason] : {std::pair{"FROM m\nADAPTER ./a.gguf\n", "ADAPTER is not supported"},
                                     {"FROM m\nPARAMETER nonsense 1\n", "nonsense"},
                                     {"SYSTEM x\n", "FROM"}}) {
    std::ofstream(file) << text;
    const Ran ran = quire("create mine --file " + file.string() + " 2>&1");
    EXPECT_EQ(ran.status, 1) << text;
    EXPECT_THAT(ran.out, HasSubstr(reason));
  }
  EXPECT_THAT(quire("create 'a b' 2>&1").out, HasSubstr("invalid model name: a b"));
  EXPECT_THAT(quire("create mine -f /no/such/file 2>&1").out, HasSubstr("cannot read /no/such/file"));
}

TEST_F(Verbs, the_version_warns_of_a_server_of_another) {
  EXPECT_EQ(quire("-v 2>&1").out, "quire version is " QUIRE_VERSION "\n");
  answer("GET /api/version", R"({"version":"0.34.2"})");
  EXPECT_THAT(quire("--version 2>&1").out, HasSubstr("is version 0.34.2"));
}

TEST_F(Verbs, run_prints_the_vector_of_a_model_that_makes_them) {
  answer("POST /api/show", R"({"capabilities":["embedding"]})");
  answer("POST /api/embed", R"({"embeddings":[[0.1,-1e-10]]})");
  EXPECT_EQ(quire("run m a text").out, "[0.1,-1e-10]\n");
  EXPECT_EQ(body_of("POST /api/embed"), (json{{"model", "m"}, {"input", "a text"}}));
  EXPECT_EQ(quire("run m --dimensions 2 --truncate=false --keepalive 1m hi").status, 0);
  EXPECT_EQ(body_of("POST /api/embed"),
            (json{{"model", "m"}, {"input", "hi"}, {"dimensions", 2}, {"truncate", false}, {"keep_alive", "1m"}}));
  EXPECT_THAT(quire("run m '' </dev/null 2>&1").out, HasSubstr("makes embeddings, of a text"));
}

TEST_F(Verbs, what_is_not_served_is_refused_by_name) {
  for (const char* verb : {"signin", "signout", "login", "logout", "launch claude"}) {
    const Ran ran = quire(std::string(verb) + " 2>&1");
    EXPECT_EQ(ran.status, 1) << verb;
    EXPECT_THAT(ran.out, HasSubstr("is not supported: "));
  }
  answer("POST /api/show", R"({"capabilities":["completion"]})");
  EXPECT_THAT(quire("run m --dimensions 5 hi 2>&1").out, HasSubstr("are for embeddings: m makes none"));
  EXPECT_THAT(quire("create m --experimental 2>&1").out, HasSubstr("safetensors"));
  EXPECT_THAT(quire("run m:cloud hi 2>&1").out, HasSubstr("runs in a cloud"));
}

TEST_F(Verbs, an_unknown_command_names_itself_and_the_nearest_one) {
  for (const auto& [word, nearest] :
       {std::pair{"lst", "list"}, {"pul", "pull"}, {"creaet", "create"}, {"sho", "show"}}) {
    const Ran ran = quire(std::string(word) + " 2>&1");
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.out, std::string("Error: unknown command \"") + word + "\": did you mean `quire " + nearest + "`?\n");
  }
  EXPECT_THAT(quire("xyzzy 2>&1").out, HasSubstr("unknown command \"xyzzy\""));
}

TEST_F(Verbs, numbers_that_are_none_are_status_2) {
  for (const char* option :
       {"--temperature nan", "--temperature inf", "--temperature -1", "--temperature 1e400",
        "--seed 99999999999999999999", "--num-predict -3", "--num-predict 1.5", "--think=perhaps"}) {
    EXPECT_EQ(quire(std::string("run m ") + option + " hi 2>/dev/null </dev/null").status, 2) << option;
  }
}

}  // namespace
}  // namespace quire::cli
