// The masks of constraints on a pipe, for programs that compare them with others' (tools/peers/constraint_witnesses):
// constraint_masks VOCABULARY.gguf. Commands are lines of standard input; answers go to standard output at once.
//
//     vocabulary      count of tokens, count of end tokens (u32); the end tokens (u32 each); each token's text (u32 of
//                     its size, and its bytes; none: never allowed)
//     schema TEXT     the schema of what follows: "ok", or why it is refused, as a line
//     begin           a new answer
//     mask            the tokens that may come next, a bit each, in words of 64
//     accept TOKEN    the answer goes on with it; no answer
//     end SIZE        what is behind the line, SIZE bytes of a text's beginning: the fewest bytes that make it complete
//                     (u32 of their size, and they; 0xffffffff: there are none, or too many)
//     matches TEXT    TEXT, a line of JSON, keeps to the schema as it is written: "1" or "0" as a line
//     arranges TEXT   ... once its members are in the schema's order and whole numbers are digits
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "support/schema_cases.h"
#include "support/shortest_end.h"
#include "text/constraint/automaton/automaton.h"
#include "text/constraint/compiled.h"
#include "text/constraint/schema/schema.h"
#include "text/tokenizer.h"

namespace {

using namespace quire;
using namespace quire::constraint;

// A text whose shortest end is longer is taken for one without.
constexpr size_t end_bytes_max = size_t{1} << 16;

void put(uint32_t number) { std::fwrite(&number, sizeof(number), 1, stdout); }

class Witness {
 public:
  explicit Witness(const Tokenizer& tokenizer)
      : tokenizer_(tokenizer), trie_(std::make_shared<const TokenTrie>(TokenTrie::of(tokenizer))) {
    for (TokenId token = 0; token < tokenizer_.vocab_size(); ++token) {
      if (tokenizer_.is_end(token)) ends_.push_back(token);
    }
  }

  // False: no such command.
  bool answer(const std::string& name, const std::string& rest) {
    if (name == "vocabulary") {
      vocabulary();
    } else if (name == "schema") {
      fmt::print("{}\n", read_schema(rest));
    } else if (name == "begin" && constraint_) {
      state_ = constraint_->begin();
    } else if (name == "mask" && state_) {
      const auto mask = state_->allowed();
      std::fwrite(mask.data(), sizeof(uint64_t), mask.size(), stdout);
    } else if (name == "accept" && state_) {
      state_->accept(static_cast<TokenId>(std::atoi(rest.c_str())));
    } else if (name == "end" && shortest_ends_) {
      std::string text(static_cast<size_t>(std::atoi(rest.c_str())), '\0');
      std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
      end(text);
    } else if (name == "matches" && automaton_) {
      fmt::print("{:d}\n", automaton_->matches(rest));
    } else if (name == "arranges" && automaton_) {
      fmt::print("{:d}\n", arranges(rest));
    } else {
      return false;
    }
    std::fflush(stdout);
    return true;
  }

 private:
  void vocabulary() const {
    put(static_cast<uint32_t>(trie_->vocab_size()));
    put(static_cast<uint32_t>(ends_.size()));
    for (const TokenId end : ends_) put(static_cast<uint32_t>(end));
    for (size_t token = 0; token < trie_->vocab_size(); ++token) {
      const std::string_view text = trie_->text(static_cast<TokenId>(token));
      put(static_cast<uint32_t>(text.size()));
      std::fwrite(text.data(), 1, text.size(), stdout);
    }
  }

  void end(const std::string& text) {
    const auto end = shortest_ends_->end_of(automaton_->step(automaton_->begin(), text), end_bytes_max);
    put(end ? static_cast<uint32_t>(end->size()) : 0xffffffff);
    if (end) std::fwrite(end->data(), 1, end->size(), stdout);
  }

  std::string read_schema(const std::string& text) {
    state_.reset();
    constraint_.reset();
    shortest_ends_.reset();
    automaton_.reset();
    auto document = SchemaDocument::parse(text);
    if (!document) return document.error().message;
    document_.emplace(std::move(*document));
    const auto grammar = schema_grammar(text);
    if (!grammar) return grammar.error().message;
    auto constraint = CompiledConstraint::create(*grammar, trie_, ends_);
    if (!constraint) return constraint.error().message;
    auto automaton = Automaton::compile(*grammar);
    if (!automaton) return automaton.error().message;
    constraint_ = std::move(*constraint);
    automaton_.emplace(std::move(*automaton));
    shortest_ends_.emplace(*automaton_);
    return "ok";
  }

  bool arranges(const std::string& text) {
    const auto instance = SchemaJson::parse(text);
    if (!instance) return false;
    return std::ranges::any_of(test::writings(*document_, *instance, SchemaJson::root, false),
                               [&](const std::string& written) { return automaton_->matches(written); });
  }

  const Tokenizer& tokenizer_;
  std::shared_ptr<const TokenTrie> trie_;
  std::vector<TokenId> ends_;
  std::optional<SchemaDocument> document_;
  std::shared_ptr<const CompiledConstraint> constraint_;
  std::optional<Automaton> automaton_;
  std::optional<test::ShortestEnds> shortest_ends_;  // of automaton_
  std::unique_ptr<ConstraintState> state_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "constraint_masks VOCABULARY.gguf\n");
    return 2;
  }
  const auto file = gguf::File::open(argv[1]);
  const auto tokenizer = file ? Tokenizer::create(file->metadata()) : std::unexpected(file.error());
  if (!tokenizer) {
    fmt::print(stderr, "{}\n", tokenizer.error().message);
    return 1;
  }
  Witness witness(**tokenizer);
  for (std::string line; std::getline(std::cin, line);) {
    const size_t space = line.find(' ');
    if (!witness.answer(line.substr(0, space), space == std::string::npos ? "" : line.substr(space + 1))) {
      fmt::print(stderr, "no such command, or nothing that it is about: {}\n", line.substr(0, 80));
      return 2;
    }
  }
  return 0;
}
