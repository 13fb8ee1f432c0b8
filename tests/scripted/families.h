// How families of models write calls and thinking, as a script says it, and model files of their syntaxes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "scripted/script.h"

namespace quire::scripted {

// A call as a script writes it: arguments are JSON texts by name, in order.
struct WrittenCall {
  std::string name;
  std::vector<std::pair<std::string, std::string>> arguments;
};

// In the forms stand NAME, ARGUMENTS (a JSON object), NUMBER (of the call in its conversation, from 0), KEY and VALUE.
struct Family {
  std::string_view name;        // its syntax's
  std::string_view published;   // a published template of it: templates/NAME.jinja
  std::string_view vocabulary;  // in tests/data/vocabularies
  std::vector<std::string_view> control_tokens;
  std::vector<std::string_view> marks;  // tokens that are text, too
  std::string_view turn_begins;         // with ROLE
  std::string_view turn_ends;           // its last token ends an answer
  std::string_view answer_begins;
  std::string_view says_of_tools;
  std::string_view thinking;  // with THINKING
  std::string_view no_thinking;
  std::string_view content = "CONTENT";
  std::string_view calls_begin;
  std::string_view call;
  std::string_view parameter = "";  // ARGUMENTS is made of these, if any, and of plain strings without quotes
  std::string_view calls_end;
  bool parallel = true;

  // `calls_before`: of the conversation; numbers go on from there.
  std::string write(std::string_view thinks, std::string_view text, const std::vector<WrittenCall>& calls,
                    size_t calls_before = 0) const;
  // A chat template of ours in this syntax.
  std::string chat_template() const;
};

// {"turns": [{"seen": [TEXT, ...], "thinks": TEXT, "text": TEXT, "calls": [{"name", "arguments"}, ...]}, ...]}, all but
// `seen` where there is some, as the family writes it. An error says what is wrong.
Result<Script> read_script(std::string_view json, const Family& family);

const std::vector<Family>& families();
// None: null.
const Family* find_family(std::string_view name);

// Writes a GGUF file with the vocabulary that is in another, with the family's tokens added, and this chat template; it
// has no tensor. Contexts are of 262,144 tokens.
Result<void> write_model_file(const std::filesystem::path& path, const Family& family,
                              const std::filesystem::path& vocabulary, std::string_view chat_template);

}  // namespace quire::scripted
