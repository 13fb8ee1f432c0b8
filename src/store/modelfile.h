// Modelfiles: how people write down what a model is created from. The grammar is Ollama's (its parser/parser.go).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire::store {

// Commands that may be there several times keep their order; of others the last one counts.
struct Modelfile {
  struct Parameter {
    std::string name;
    std::string value;
    bool operator==(const Parameter&) const = default;
  };
  struct Message {
    std::string role;  // "system", "user" or "assistant"
    std::string content;
    bool operator==(const Message&) const = default;
  };

  std::vector<std::string> from;  // names, paths or digests; at least one
  std::vector<std::string> adapters;
  std::vector<std::string> drafts;
  std::optional<std::string> template_;
  std::optional<std::string> system;
  std::string renderer;
  std::string parser;
  std::string requires_;  // "0.14.0", without a leading "v"
  std::vector<Parameter> parameters;
  std::vector<std::string> licenses;
  std::vector<Message> messages;
  bool operator==(const Modelfile&) const = default;

  // Text in UTF-8, or in UTF-16 with a byte order mark. One command a line, in any case of letters; values reach to the
  // end of the line, or in "..." or """...""" over several. Lines that begin with '#' say nothing. Control characters
  // but tabs and line breaks are left out; characters that join others and spaces of other widths, which Ollama leaves
  // out too, are kept. ErrorKind::invalid with the line and the command; too_large over 4 MiB.
  static Result<Modelfile> parse(std::string_view text);
  // parse() of it gives the same again, unless a value holds """, which the grammar cannot write.
  std::string to_text() const;
};

// The parameters of a Modelfile as a JSON object: numbers, booleans, and "stop" as an array of texts.
struct ModelfileParameters {
  std::string json = "{}";
  std::vector<std::string> warnings;  // one sentence for each parameter that Ollama had once and means nothing now
};
// ErrorKind::invalid names a parameter that is unknown, or whose value is of another type.
Result<ModelfileParameters> parameters_json(const std::vector<Modelfile::Parameter>& parameters);

}  // namespace quire::store
