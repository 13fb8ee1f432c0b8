// llama.cpp's server's own endpoints over the wire.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/real_server.h"
#include "server/test_server.h"

namespace quire::server::test {
namespace {

using Document = nlohmann::ordered_json;

class LlamaServer : public ServerTest {
 protected:
  Document answer(const std::string& path, Document call) {
    call["model"] = "fake";
    return Document::parse(post(path, call.dump()).body);
  }
};

TEST_F(LlamaServer, completes_in_one_piece_and_as_events) {
  start();
  const Document whole = answer("/completion", {{"prompt", "count 2"}, {"return_tokens", true}});
  EXPECT_EQ(whole["content"], "1 2 ");
  EXPECT_EQ(whole["tokens"], Document::array({'1', ' ', '2', ' '}));
  EXPECT_EQ(whole["prompt"], "<bos>count 2");
  EXPECT_EQ(whole["model"], "fake");
  EXPECT_EQ(whole["tokens_evaluated"], 8);
  EXPECT_EQ(whole["generation_settings"]["min_p"].get<float>(), 0.05F);
  const RawResponse streamed = post("/completions", R"({"model":"fake","prompt":"count 2","stream":true})");
  EXPECT_EQ(streamed.header("Content-Type"), "text/event-stream");
  EXPECT_EQ(count_of(streamed.body, "data: {"), 3U) << streamed.body;
  EXPECT_EQ(count_of(streamed.body, R"("stop":true)"), 1U);
  EXPECT_EQ(count_of(streamed.body, "[DONE]"), 0U);
}

TEST_F(LlamaServer, takes_prompts_of_texts_and_ids_and_several_at_once) {
  start();
  EXPECT_EQ(answer("/completion", {{"prompt", {99, "ount ", 50}}})["content"], "1 2 ") << "c, ount and 2";
  EXPECT_EQ(FakeRecord::next(record_.submitted).prompt.front(), 99) << "ids begin as they are";
  const Document both = answer("/completion", {{"prompt", {"count 1", "count 3"}}});
  ASSERT_EQ(both.size(), 2U) << both;
  EXPECT_EQ(both[0]["content"], "1 ");
  EXPECT_EQ(both[1]["content"], "1 2 3 ");
  EXPECT_EQ(both[1]["prompt"], "<bos>count 3");
  const Document outside = answer("/completion", {{"prompt", {300, "x"}}});
  EXPECT_EQ(outside["error"]["message"], "\"prompt\" holds the token id 300, the model's vocabulary has 257 tokens");
}

TEST_F(LlamaServer, hands_the_engine_what_it_was_asked_for) {
  start();
  answer("/completion", {{"prompt", "x"}, {"t_max_predict_ms", 50}, {"timings_per_token", true}, {"n_probs", 4}});
  const Request request = FakeRecord::next(record_.submitted);
  EXPECT_EQ(request.generate_ns_max, 50'000'000);
  EXPECT_TRUE(request.reports_stats);
  EXPECT_EQ(request.logprobs_top_n, 4);
}

TEST_F(LlamaServer, says_in_its_own_form_what_is_wrong) {
  start();
  EXPECT_EQ(answer("/completion", Document::object())["error"]["type"], "invalid_request_error");
  const Document large = answer("/completion", {{"prompt", std::string(300, 'x')}});
  EXPECT_EQ(large["error"]["type"], "exceed_context_size_error");
  EXPECT_EQ(large["error"]["n_ctx"], 200);
  EXPECT_EQ(answer("/completion", {{"prompt", "busy"}})["error"]["type"], "unavailable_error");
  EXPECT_EQ(post("/completion", R"({"model":"nobody","prompt":"x"})").status, 404);
  for (const char* path : {"/props", "/slots/0?action=save", "/lora-adapters", "/models", "/models/load"}) {
    const RawResponse refused = post(path, "{}");
    EXPECT_EQ(refused.status, 501) << path;
    EXPECT_EQ(Document::parse(refused.body)["error"]["type"], "not_supported_error") << path;
  }
  EXPECT_EQ(Document::parse(get("/completion").body)["error"]["code"], 405);
}

TEST_F(LlamaServer, makes_tokens_of_texts_and_back) {
  start();
  EXPECT_EQ(answer("/tokenize", {{"content", "ab"}})["tokens"], Document::array({97, 98}));
  EXPECT_EQ(answer("/tokenize", {{"content", "a"}, {"add_special", true}})["tokens"], Document::array({256, 97}));
  EXPECT_EQ(answer("/tokenize", {{"content", {"a", 5, "b"}}})["tokens"], Document::array({97, 5, 98}));
  EXPECT_EQ(answer("/tokenize", {{"content", "a"}, {"with_pieces", true}})["tokens"],
            Document::parse(R"([{"id":97,"piece":"a"}])"));
  EXPECT_EQ(answer("/detokenize", {{"tokens", {256, 97, 98}}})["content"], "<bos>ab");
  EXPECT_EQ(answer("/detokenize", {{"tokens", {500}}})["error"]["code"], 400);
}

TEST_F(LlamaServer, fills_in_what_is_missing) {
  start();
  const Document filled = answer("/infill", {{"input_prefix", "ab"}, {"input_suffix", "cd"}, {"prompt", "x"}});
  EXPECT_EQ(filled["prompt"], "<bos>{abx|cd}") << filled;
  const Document files =
      answer("/infill", {{"input_prefix", "a"}, {"input_suffix", "b"}, {"input_extra", {{{"text", "other"}}}}});
  EXPECT_EQ(files["prompt"], "<bos>\n\n--- snippet ---\n\nother{a|b}");
  const Document long_files =
      answer("/infill", {{"input_prefix", std::string(300, 'a') + "!"}, {"input_suffix", "?" + std::string(300, 'b')}});
  EXPECT_EQ(long_files["truncated"], true);
  const std::string prompt = long_files["prompt"];
  EXPECT_NE(prompt.find("a!|?b"), std::string::npos) << "what is nearest to the gap stays: " << prompt;
}

TEST_F(LlamaServer, makes_vectors_in_its_own_form) {
  start();
  const Document vectors = answer("/embedding", {{"content", {"a", "b"}}});
  ASSERT_EQ(vectors.size(), 2U) << vectors;
  EXPECT_EQ(vectors[1]["index"], 1);
  EXPECT_TRUE(vectors[1]["embedding"][0].is_array());
  const Document same = Document::parse(post("/v1/embeddings", R"({"input":"b"})").body);
  EXPECT_EQ(same["data"][0]["embedding"], vectors[1]["embedding"][0]) << "OpenAI's, without a model's name";
}

TEST_F(LlamaServer, shows_a_conversation_as_the_model_would_see_it) {
  start();
  const Document said = Document::array({{{"role", "user"}, {"content", "a"}}, {{"role", "user"}, {"content", "b"}}});
  EXPECT_EQ(answer("/apply-template", {{"messages", said}})["prompt"], "a|b");
  const Document long_chat = Document::array({{{"role", "user"}, {"content", std::string(1000, 'x')}}});
  EXPECT_EQ(answer("/apply-template", {{"messages", long_chat}})["prompt"].get<std::string>().size(), 1000U);
}

TEST_F(LlamaServer, says_what_it_is_and_what_it_does) {
  start();
  const Document props = Document::parse(get("/props?model=fake").body);
  EXPECT_EQ(props["model_alias"], "fake:latest");
  EXPECT_EQ(props["default_generation_settings"]["n_ctx"], 200);
  EXPECT_EQ(props["chat_template"], "{{ messages }}");
  EXPECT_EQ(props["bos_token"], "<bos>");
  EXPECT_EQ(Document::parse(get("/slots?model=fake").body), Document::array());
  EXPECT_EQ(get("/slots?model=fake&fail_on_no_slot=1").status, 503) << "none of none is idle";
  EXPECT_EQ(get("/v1/health").body, R"({"status":"ok"})");
  EXPECT_EQ(Document::parse(get("/models").body)["object"], "list");
  EXPECT_EQ(get("/lora-adapters").body, "[]");
}

TEST_F(LlamaServer, without_a_name_means_the_model_in_memory) {
  start();
  const RawResponse nobody_knows = post("/completion", R"({"prompt":"x"})");
  EXPECT_EQ(nobody_knows.status, 400);
  EXPECT_EQ(Document::parse(nobody_knows.body)["error"]["message"],
            R"(model is required: this server has "damaged:latest", "fake:latest", "other:latest")");
  answer("/completion", {{"prompt", "x"}});
  const Document chosen = Document::parse(post("/completion", R"({"prompt":"x"})").body);
  EXPECT_EQ(chosen["model"], "fake:latest");
  const Document chat =
      Document::parse(post("/v1/chat/completions", R"({"messages":[{"role":"user","content":"x"}]})").body);
  EXPECT_EQ(chat["model"], "fake:latest");
  post("/completion", R"({"model":"other","prompt":"x"})");
  EXPECT_EQ(post("/completion", R"({"prompt":"x"})").status, 400) << "two are in memory";
}

TEST_F(LlamaServer, without_a_name_means_the_only_model_there_is) {
  for (const char* name : {"other", "damaged"}) std::filesystem::remove(folder_ / (std::string(name) + ".gguf"));
  start();
  EXPECT_EQ(Document::parse(post("/completion", R"({"prompt":"x"})").body)["model"], "fake:latest");
}

TEST_F(LlamaServer, is_not_healthy_before_the_model_that_it_is_for_is_loaded) {
  config_.preload = {"fake"};
  config_.needs_preloaded = true;
  record_.loads_wait = true;
  start();
  FakeRecord::next(record_.loading);
  const RawResponse loading = get("/health");
  EXPECT_EQ(loading.status, 503);
  EXPECT_EQ(loading.body, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})");
  record_.may_load.close();
  EXPECT_EQ(Document::parse(post("/completion", R"({"prompt":"x"})").body)["model"], "fake:latest")
      << "that of the command line";
  int looks = 1;
  while (get("/health").status != 200 && looks < 1000) ++looks;
  EXPECT_LT(looks, 1000);
}

TEST_F(LlamaServer, a_suffix_makes_a_gap_in_the_other_dialects_too) {
  start();
  answer("/v1/completions", {{"prompt", "ab"}, {"suffix", "c"}});
  const auto text_of = [](const Request& request) {
    std::string text;
    for (const TokenId token : request.prompt) text += token < 256 ? static_cast<char>(token) : '^';
    return text;
  };
  EXPECT_EQ(text_of(FakeRecord::next(record_.submitted)), "^{ab|c}");
  answer("/api/generate", {{"prompt", "de"}, {"suffix", "f"}, {"stream", false}});
  EXPECT_EQ(text_of(FakeRecord::next(record_.submitted)), "^{de|f}");
}

TEST_F(LlamaServer, prompts_of_ollamas_endpoints_can_be_looked_at) {
  start();
  const Document shown = answer("/api/generate", {{"prompt", "p"}, {"system", "s"}, {"_debug_render_only", true}});
  EXPECT_EQ(shown["_debug_info"]["rendered_template"], "s|p") << shown;
  EXPECT_EQ(shown["done"], false);
  const Document own = answer(
      "/api/generate",
      {{"prompt", "p"}, {"system", "s"}, {"template", "[{{ .System }}] {{ .Prompt }}>"}, {"_debug_render_only", true}});
  EXPECT_EQ(own["_debug_info"]["rendered_template"], "[s] p>");
  const Document broken = answer("/api/generate", {{"prompt", "p"}, {"template", "{{ .Prompt"}});
  EXPECT_TRUE(broken["error"].get<std::string>().starts_with("\"template\": ")) << broken;
  const Document said = Document::array({{{"role", "user"}, {"content", "c"}}});
  EXPECT_EQ(answer("/api/chat", {{"messages", said}, {"_debug_render_only", true}})["_debug_info"]["rendered_template"],
            "c");
}

TEST_F(RealServer, completes_as_llama_server_does) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  const Json call = {{"prompt", "Once upon a time"}, {"n_predict", 20}, {"temperature", 0}, {"n_probs", 2}};
  const Json whole = Json::parse(post("/completion", call).body);
  EXPECT_EQ(whole["tokens_predicted"], 20) << whole;
  EXPECT_EQ(whole["stop_type"], "limit");
  EXPECT_EQ(whole["completion_probabilities"].size(), 20U);
  EXPECT_EQ(whole["model"], "story:latest") << "which nobody named";
  const Json tokens = Json::parse(post("/tokenize", {{"content", "Once upon a time"}, {"add_special", true}}).body);
  EXPECT_EQ(whole["tokens_evaluated"], tokens["tokens"].size());
  Json by_ids = call;
  by_ids["prompt"] = tokens["tokens"];
  by_ids["timings_per_token"] = true;
  by_ids["stream"] = true;
  const std::string events = post("/completion", by_ids).body;
  std::string streamed;
  for (size_t at = events.find("data: "); at != std::string::npos; at = events.find("data: ", at + 1)) {
    const Json event = Json::parse(events.substr(at + 6, events.find("\n\n", at) - at - 6));
    streamed += event["content"];
    EXPECT_TRUE(event.contains("timings"));
  }
  EXPECT_EQ(streamed, whole["content"]);
  const Json text = Json::parse(post("/detokenize", {{"tokens", tokens["tokens"]}}).body);
  EXPECT_EQ(text["content"], whole["prompt"]);
  EXPECT_EQ(Json::parse(post("/infill", {{"input_prefix", "a"}, {"input_suffix", "b"}}).body)["error"]["message"],
            "story:latest does not support insert");
}

TEST_F(RealServer, ends_an_answer_that_has_had_its_time_at_a_line_break) {
  QUIRE_TEST_DATA_OR_SKIP(model, "models/stories260K.gguf");
  start(model);
  Json call = {{"prompt", "Once upon a time"}, {"temperature", 0}, {"n_predict", 400}, {"t_max_predict_ms", 1}};
  call["logit_bias"] = Json::array({Json::array({13, 60})});  // nothing but line breaks
  const Json answer = Json::parse(post("/completion", call).body);
  EXPECT_LT(answer["tokens_predicted"].get<int>(), 400) << answer["content"];
  EXPECT_EQ(answer["stop_type"], "limit");
  EXPECT_EQ(answer["has_new_line"], true);
}

}  // namespace
}  // namespace quire::server::test
