// The ways to write calls that rows of the table of syntaxes are made of.
#pragma once

#include <array>

#include "text/parts/form.h"

namespace quire::parts {

// Calls are messages here: harmony.h.
inline constexpr std::array harmony_calls = {CallForm{.opener = "<|channel|>commentary to=functions."}};

inline constexpr std::array hermes_calls = {
    CallForm{.opener = "<tool_call>", .read = read_json_calls, .closer = "</tool_call>"}};

inline constexpr TaggedCall qwen_tags = {.name_begin = "<function=",
                                         .name_end = ">",
                                         .key_begin = "<parameter=",
                                         .key_end = ">",
                                         .value_end = "</parameter>",
                                         .end = "</function>",
                                         .value_lines = true};
// The second one: these models forget the outer tag.
inline constexpr std::array qwen_xml_calls = {
    CallForm{.opener = "<tool_call>", .read = read_tagged_calls, .closer = "</tool_call>", .tagged = qwen_tags},
    CallForm{.opener = "<function=", .read = read_tagged_calls, .closer = "</tool_call>", .tagged = qwen_tags}};

inline constexpr std::array seed_calls = {CallForm{.opener = "<seed:tool_call>",
                                                   .read = read_tagged_calls,
                                                   .closer = "</seed:tool_call>",
                                                   .tagged = {.name_begin = "<function=",
                                                              .name_end = ">",
                                                              .key_begin = "<parameter=",
                                                              .key_end = ">",
                                                              .value_end = "</parameter>",
                                                              .end = "</function>"}}};

inline constexpr std::array glm_calls = {CallForm{
    .opener = "<tool_call>",
    .read = read_tagged_calls,
    .closer = "</tool_call>",
    .tagged = {
        .key_begin = "<arg_key>", .key_end = "</arg_key>", .value_begin = "<arg_value>", .value_end = "</arg_value>"}}};

inline constexpr std::array hunyuan_calls = {CallForm{.opener = "<tool_call:opensource>",
                                                      .read = read_tagged_calls,
                                                      .closer = "</tool_call:opensource>",
                                                      .tagged = {.name_end = "<tool_sep:opensource>",
                                                                 .key_begin = "<arg_key:opensource>",
                                                                 .key_end = "</arg_key:opensource>",
                                                                 .value_begin = "<arg_value:opensource>",
                                                                 .value_end = "</arg_value:opensource>"}}};

inline constexpr std::array minimax_calls = {CallForm{.opener = "<minimax:tool_call>",
                                                      .read = read_tagged_calls,
                                                      .closer = "</minimax:tool_call>",
                                                      .tagged = {.name_begin = "<invoke name=\"",
                                                                 .name_end = "\">",
                                                                 .key_begin = "<parameter name=\"",
                                                                 .key_end = "\">",
                                                                 .value_end = "</parameter>",
                                                                 .end = "</invoke>"}}};

inline constexpr std::array muse_calls = {CallForm{.opener = "<atem:function_calls>",
                                                   .read = read_tagged_calls,
                                                   .closer = "</atem:function_calls>",
                                                   .tagged = {.name_begin = "<atem:invoke name=\"",
                                                              .name_end = "\">",
                                                              .key_begin = "<atem:parameter name=\"",
                                                              .key_end = "\">",
                                                              .value_end = "</atem:parameter>",
                                                              .end = "</atem:invoke>"}}};

inline constexpr std::array minicpm_calls = {CallForm{.opener = "<function name=\"",
                                                      .read = read_tagged_calls,
                                                      .closer = "</function>",
                                                      .tagged = {.name_end = "\">",
                                                                 .key_begin = "<param name=\"",
                                                                 .key_end = "\">",
                                                                 .value_end = "</param>",
                                                                 .quoted_data = true}}};

inline constexpr TaggedCall dsml_tags = {.name_begin = "<｜DSML｜invoke name=\"",
                                         .name_end = "\">",
                                         .key_begin = "<｜DSML｜parameter name=\"",
                                         .key_end = "\"",
                                         .value_end = "</｜DSML｜parameter>",
                                         .end = "</｜DSML｜invoke>",
                                         .attributes_end = ">"};
inline constexpr std::array dsml_calls = {CallForm{.opener = "<｜DSML｜function_calls>",
                                                   .read = read_tagged_calls,
                                                   .closer = "</｜DSML｜function_calls>",
                                                   .tagged = dsml_tags},
                                          CallForm{.opener = "<｜DSML｜tool_calls>",
                                                   .read = read_tagged_calls,
                                                   .closer = "</｜DSML｜tool_calls>",
                                                   .tagged = dsml_tags}};

inline constexpr std::array kimi_xtml_calls = {CallForm{.opener = "<|open|>tools<|sep|>",
                                                        .read = read_tagged_calls,
                                                        .closer = "<|close|>tools<|sep|>",
                                                        .tagged = {.name_begin = "<|open|>call tool=\"",
                                                                   .name_end = "\"",
                                                                   .name_attributes_end = "<|sep|>",
                                                                   .key_begin = "<|open|>argument key=\"",
                                                                   .key_end = "\"",
                                                                   .value_end = "<|close|>argument<|sep|>",
                                                                   .end = "<|close|>call<|sep|>",
                                                                   .attributes_end = "<|sep|>"}}};

inline constexpr std::array kimi_calls = {CallForm{.opener = "<|tool_calls_section_begin|>",
                                                   .read = read_marked_calls,
                                                   .closer = "<|tool_calls_section_end|>",
                                                   .ends_thinking = true,
                                                   .marked = {.begin = "<|tool_call_begin|>",
                                                              .arguments_begin = "<|tool_call_argument_begin|>",
                                                              .end = "<|tool_call_end|>",
                                                              .numbered = true}}};

inline constexpr std::array solar_calls = {CallForm{.opener = "<|tool_calls|>",
                                                    .read = read_marked_calls,
                                                    .closer = "<|calls|>",
                                                    .marked = {.begin = "<|tool_call:begin|>",
                                                               .id_end = "<|tool_call:name|>",
                                                               .arguments_begin = "<|tool_call:args|>",
                                                               .end = "<|tool_call:end|>"}}};

inline constexpr std::array deepseek_calls = {CallForm{
    .opener = "<｜tool▁calls▁begin｜>",
    .read = read_deepseek_calls,
    .closer = "<｜tool▁calls▁end｜>",
    .marked = {.begin = "<｜tool▁call▁begin｜>", .arguments_begin = "<｜tool▁sep｜>", .end = "<｜tool▁call▁end｜>"}}};

inline constexpr CallForm function_tag = {
    .opener = "<function=", .read = read_marked_calls, .marked = {.arguments_begin = ">", .end = "</function>"}};
inline constexpr std::array functionary_calls = {function_tag};

inline constexpr JsonCall llama_members = {.arguments = "parameters"};
inline constexpr std::array llama_calls = {
    CallForm{.opener = "<|python_tag|>", .read = read_python_tag, .json = llama_members},
    CallForm{.opener = "{", .read = read_json_calls, .at_start = true, .json = llama_members},
    CallForm{.opener = "[", .read = read_python_calls, .list = true, .at_start = true}, function_tag};

inline constexpr std::array mistral_calls = {
    CallForm{.opener = "[TOOL_CALLS]", .read = read_mistral_calls, .json = {.id = "id", .id_is_last = true}}};
inline constexpr std::array mistral_array_calls = {CallForm{
    .opener = "[TOOL_CALLS]", .read = read_json_calls, .list = true, .json = {.id = "id", .id_is_last = true}}};

inline constexpr JsonCall command_members = {.name = "tool_name", .arguments = "parameters", .id = "tool_call_id"};
inline constexpr std::array command_calls = {CallForm{.opener = "<|START_ACTION|>",
                                                      .read = read_json_calls,
                                                      .closer = "<|END_ACTION|>",
                                                      .list = true,
                                                      .json = command_members}};
inline constexpr std::array command_plus_calls = {CallForm{
    .opener = "Action:\n```json", .read = read_json_calls, .closer = "```", .list = true, .json = command_members}};

inline constexpr std::array gemma_calls = {CallForm{
    .opener = "<|tool_call>", .read = read_gemma_calls, .closer = "<tool_call|>", .marked = {.begin = "<|\"|>"}}};
inline constexpr std::array functiongemma_calls = {CallForm{.opener = "<start_function_call>",
                                                            .read = read_gemma_calls,
                                                            .closer = "<end_function_call>",
                                                            .marked = {.begin = "<escape>"}}};

inline constexpr std::array granite_calls = {
    CallForm{.opener = "<|tool_call|>", .read = read_json_calls, .list = true}};
inline constexpr std::array phi_calls = {
    CallForm{.opener = "<|tool_call|>", .read = read_json_calls, .closer = "<|/tool_call|>", .list = true}};
inline constexpr std::array apriel_calls = {CallForm{.opener = "<tool_calls>",
                                                     .read = read_json_calls,
                                                     .closer = "</tool_calls>",
                                                     .list = true,
                                                     .json = {.id = "id", .id_is_last = true}}};
inline constexpr std::array minimax_json_calls = {
    CallForm{.opener = "<tool_calls>", .read = read_json_calls, .closer = "</tool_calls>"}};
inline constexpr std::array apertus_calls = {CallForm{.opener = "<|tools_prefix|>",
                                                      .read = read_json_calls,
                                                      .closer = "<|tools_suffix|>",
                                                      .list = true,
                                                      .json = {.name_is_key = true}}};
inline constexpr std::array gigachat_calls = {CallForm{.opener = "<|function_call|>", .read = read_json_calls}};
inline constexpr std::array gigachat_role_calls = {
    CallForm{.opener = "function call<|role_sep|>", .read = read_json_calls}};
inline constexpr std::array functools_calls = {CallForm{.opener = "functools", .read = read_json_calls, .list = true}};

inline constexpr std::array lfm_calls = {
    CallForm{.opener = "<|tool_call_start|>", .read = read_python_calls, .closer = "<|tool_call_end|>", .list = true}};
inline constexpr std::array olmo_calls = {
    CallForm{.opener = "<function_calls>", .read = read_python_calls, .closer = "</function_calls>"}};

}  // namespace quire::parts
