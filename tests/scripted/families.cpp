#include "scripted/families.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "gguf/file.h"
#include "gguf/writer.h"
#include "text/vocabulary.h"

namespace quire::scripted {
namespace {

const std::vector<Family> all = {
    {.name = "hermes-thinking",
     .published = "Qwen-Qwen3-0.6B",
     .vocabulary = "qwen2",
     .control_tokens = {"<|im_start|>", "<|im_end|>"},
     .marks = {"<think>", "</think>", "<tool_call>", "</tool_call>"},
     .turn_begins = "<|im_start|>ROLE\n",
     .turn_ends = "<|im_end|>",
     .answer_begins = "<|im_start|>assistant\n",
     .says_of_tools = "Think in <think></think>. Call as <tool_call>{\"name\": ..., \"arguments\": ...}</tool_call>.",
     .thinking = "<think>\nTHINKING\n</think>\n\n",
     .no_thinking = "<think>\n\n</think>\n\n",
     .call = "\n<tool_call>\n{\"name\": \"NAME\", \"arguments\": ARGUMENTS}\n</tool_call>"},
    {.name = "qwen-xml",
     .published = "Qwen3-Coder",
     .vocabulary = "qwen2",
     .control_tokens = {"<|im_start|>", "<|im_end|>"},
     .marks = {"<tool_call>", "</tool_call>"},
     .turn_begins = "<|im_start|>ROLE\n",
     .turn_ends = "<|im_end|>",
     .answer_begins = "<|im_start|>assistant\n",
     .says_of_tools = "Call as <tool_call><function=...><parameter=...>...</parameter></function></tool_call>.",
     .call = "\n<tool_call>\n<function=NAME>\nARGUMENTS</function>\n</tool_call>",
     .parameter = "<parameter=KEY>\nVALUE\n</parameter>\n"},
    {.name = "llama",
     .published = "meta-llama-Llama-3.1-8B-Instruct",
     .vocabulary = "llama-bpe",
     .control_tokens = {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>", "<|python_tag|>"},
     .turn_begins = "<|start_header_id|>ROLE<|end_header_id|>\n\n",
     .turn_ends = "<|eot_id|>",
     .answer_begins = "<|start_header_id|>assistant<|end_header_id|>\n\n",
     .says_of_tools = "Respond with {\"name\": function name, \"parameters\": its arguments}.",
     .call = "{\"name\": \"NAME\", \"parameters\": ARGUMENTS}",
     .parallel = false},
    {.name = "mistral",
     .published = "Mistral-Small-3.2-24B-Instruct-2506",
     .vocabulary = "qwen2",
     .control_tokens = {"[INST]", "[/INST]", "[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "[SYSTEM_PROMPT]",
                        "[/SYSTEM_PROMPT]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
                        "[TOOL_CONTENT]", "[/TOOL_RESULTS]"},
     .turn_begins = "[INST]ROLE: ",
     .turn_ends = "</s>",
     .answer_begins = "[/INST]",
     .says_of_tools = "Call as [TOOL_CALLS].",
     .call = "[TOOL_CALLS]NAME[CALL_ID]abcdefghNUMBER[ARGS]ARGUMENTS"},
    {.name = "harmony",
     .published = "openai-gpt-oss-120b",
     .vocabulary = "qwen2",
     .control_tokens = {"<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>", "<|call|>",
                        "<|return|>"},
     .turn_begins = "<|start|>ROLE<|channel|>final<|message|>",
     .turn_ends = "<|return|>",
     .answer_begins = "<|start|>assistant",
     .says_of_tools = "Call functions in the commentary channel.",
     .thinking = "<|channel|>analysis<|message|>THINKING<|end|><|start|>assistant",
     .content = "<|channel|>final<|message|>CONTENT",
     .call = "<|channel|>commentary to=functions.NAME <|constrain|>json<|message|>ARGUMENTS<|call|>",
     .parallel = false},
    {.name = "deepseek",
     .published = "deepseek-ai-DeepSeek-V3.1",
     .vocabulary = "deepseek-llm",
     .control_tokens = {"<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>"},
     .marks = {"<think>", "</think>", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>",
               "<｜tool▁call▁end｜>", "<｜tool▁sep｜>"},
     .turn_begins = "<｜User｜>ROLE: ",
     .turn_ends = "<｜end▁of▁sentence｜>",
     .answer_begins = "<｜Assistant｜>",
     .says_of_tools = "Think in <think></think>. Call between <｜tool▁calls▁begin｜> and <｜tool▁calls▁end｜>.",
     .thinking = "<think>THINKING</think>",
     .no_thinking = "<think></think>",
     .calls_begin = "<｜tool▁calls▁begin｜>",
     .call = "<｜tool▁call▁begin｜>NAME<｜tool▁sep｜>ARGUMENTS<｜tool▁call▁end｜>",
     .calls_end = "<｜tool▁calls▁end｜>"},
    {.name = "glm",
     .published = "GLM-4.6",
     .vocabulary = "qwen2",
     .control_tokens = {"<|user|>", "<|assistant|>", "<|system|>", "<|observation|>"},
     .marks = {"<think>", "</think>", "<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>",
               "</arg_value>"},
     .turn_begins = "<|user|>\nROLE: ",
     .turn_ends = "<|endoftext|>",
     .answer_begins = "<|assistant|>",
     .says_of_tools = "Think in <think></think>. Call as <tool_call>...<arg_key>...</arg_key></tool_call>.",
     .thinking = "\n<think>THINKING</think>\n",
     .no_thinking = "\n<think></think>\n",
     .call = "\n<tool_call>NAME\nARGUMENTS</tool_call>",
     .parameter = "<arg_key>KEY</arg_key>\n<arg_value>VALUE</arg_value>\n"},
    {.name = "kimi",
     .published = "Kimi-K2-Instruct",
     .vocabulary = "qwen2",
     .control_tokens = {"<|im_user|>", "<|im_assistant|>", "<|im_system|>", "<|im_middle|>", "<|im_end|>",
                        "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_call_begin|>",
                        "<|tool_call_argument_begin|>", "<|tool_call_end|>"},
     .turn_begins = "<|im_user|>ROLE<|im_middle|>",
     .turn_ends = "<|im_end|>",
     .answer_begins = "<|im_assistant|>assistant<|im_middle|>",
     .says_of_tools = "Call between <|tool_calls_section_begin|> and <|tool_calls_section_end|>.",
     .calls_begin = "<|tool_calls_section_begin|>",
     .call = "<|tool_call_begin|>functions.NAME:NUMBER<|tool_call_argument_begin|>ARGUMENTS<|tool_call_end|>",
     .calls_end = "<|tool_calls_section_end|>"},
};

std::string with(std::string_view form, std::string_view word, std::string_view text) {
  std::string result;
  size_t begin = 0;
  for (size_t at = form.find(word); at != std::string_view::npos; at = form.find(word, begin)) {
    result.append(form, begin, at - begin).append(text);
    begin = at + word.size();
  }
  return result.append(form, begin);
}

// A string stands for itself where a syntax has no JSON.
std::string bare(const std::string& json) {
  return json.starts_with('"') ? nlohmann::json::parse(json).get<std::string>() : json;
}

std::string arguments_text(const Family& family, const WrittenCall& call) {
  std::string text;
  for (const auto& [key, value] : call.arguments) {
    if (!family.parameter.empty()) {
      text += with(with(family.parameter, "KEY", key), "VALUE", bare(value));
    } else {
      text += (text.empty() ? "{\"" : ", \"") + key + "\": " + value;
    }
  }
  if (!family.parameter.empty()) return text;
  return text.empty() ? "{}" : text + "}";
}

}  // namespace

std::string Family::write(std::string_view thinks, std::string_view text, const std::vector<WrittenCall>& calls,
                          size_t calls_before) const {
  std::string written;
  if (!thinks.empty()) written += with(thinking, "THINKING", thinks);
  if (!text.empty()) written += with(content, "CONTENT", text);
  if (calls.empty()) return written;
  written += calls_begin;
  for (size_t index = 0; index < calls.size(); ++index) {
    const std::string numbered = with(call, "NUMBER", std::to_string(calls_before + index));
    written += with(with(numbered, "NAME", calls[index].name), "ARGUMENTS", arguments_text(*this, calls[index]));
  }
  return written.append(calls_end);
}

std::string Family::chat_template() const {
  const auto turn = [&](std::string_view role) { return with(turn_begins, "ROLE", role); };
  const std::string arguments = parameter.empty() ? "{{ call.function.arguments | tojson }}"
                                                  : "{% for key, value in call.function.arguments | items %}" +
                                                        with(with(parameter, "KEY", "{{ key }}"), "VALUE",
                                                             "{{ value if value is string else value | tojson }}") +
                                                        "{% endfor %}";
  const std::string written =
      with(with(with(call, "NUMBER", "{{ loop.index0 }}"), "NAME", "{{ call.function.name }}"), "ARGUMENTS", arguments);
  return "{% if tools %}" + turn("system") + std::string(says_of_tools) +
         "{% for tool in tools %}{{ tool | tojson }}{% endfor %}" + std::string(turn_ends) +
         "{% endif %}{% for message in messages %}" + turn("{{ message.role }}") +
         "{{ message.content or '' }}{% if message.tool_calls %}" + std::string(calls_begin) +
         "{% for call in message.tool_calls %}" + written + "{% endfor %}" + std::string(calls_end) + "{% endif %}" +
         std::string(turn_ends) + "{% endfor %}{% if add_generation_prompt %}" + std::string(answer_begins) +
         "{% if enable_thinking is defined and not enable_thinking %}" + std::string(no_thinking) +
         "{% endif %}{% endif %}";
}

Result<Script> read_script(std::string_view json, const Family& family) {
  try {
    std::vector<Turn> turns;
    size_t calls_before = 0;
    const auto script = nlohmann::ordered_json::parse(json);
    for (const auto& turn : script.at("turns")) {
      std::vector<WrittenCall> calls;
      for (const auto& call : turn.value("calls", nlohmann::ordered_json::array())) {
        WrittenCall& written = calls.emplace_back(WrittenCall{.name = call.at("name")});
        for (const auto& [key, value] : call.at("arguments").items()) written.arguments.emplace_back(key, value.dump());
      }
      const std::string thinks = family.thinking.empty() ? "" : turn.value("thinks", "");
      const std::string text = family.parallel || calls.empty() ? turn.value("text", "") : "";
      turns.push_back({.seen = turn.at("seen"), .says = family.write(thinks, text, calls, calls_before)});
      calls_before += calls.size();
    }
    return Script(std::move(turns));
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorKind::invalid, std::string("this is no script: ") + error.what());
  }
}

const std::vector<Family>& families() { return all; }

const Family* find_family(std::string_view name) {
  const auto found = std::ranges::find(all, name, &Family::name);
  return found == all.end() ? nullptr : &*found;
}

Result<void> write_model_file(const std::filesystem::path& path, const Family& family,
                              const std::filesystem::path& vocabulary, std::string_view chat_template) {
  QUIRE_TRY(const gguf::File file, gguf::File::open(vocabulary));
  gguf::Metadata metadata = file.metadata();
  QUIRE_TRY(std::vector<std::string> names, metadata.get_strings("tokenizer.ggml.tokens"));
  QUIRE_TRY(const std::vector<int64_t> old_types, metadata.get_ints("tokenizer.ggml.token_type"));
  std::vector<int32_t> types;
  for (const int64_t type : old_types) types.push_back(static_cast<int32_t>(type));
  const auto add = [&](std::string_view name, TokenType type) {
    const auto at = static_cast<size_t>(std::ranges::find(names, name) - names.begin());
    if (at == names.size()) {
      names.emplace_back(name);
      types.push_back(0);
    }
    types[at] = static_cast<int32_t>(type);
    return static_cast<uint32_t>(at);
  };
  for (const std::string_view name : family.control_tokens) add(name, TokenType::control);
  for (const std::string_view name : family.marks) add(name, TokenType::user_defined);
  metadata.set("tokenizer.ggml.eos_token_id", add(family.turn_ends, TokenType::control));
  metadata.set("tokenizer.ggml.add_bos_token", false);
  metadata.set("tokenizer.ggml.tokens", std::move(names));
  metadata.set("tokenizer.ggml.token_type", std::move(types));
  metadata.set("tokenizer.chat_template", std::string(chat_template));
  metadata.set("general.architecture", std::string("scripted"));
  metadata.set("scripted.context_length", uint32_t{262'144});
  QUIRE_TRY(gguf::Writer writer, gguf::Writer::create(path, metadata, {}));
  return writer.finish();
}

}  // namespace quire::scripted
