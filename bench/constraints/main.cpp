// What masks cost: constraint_bench [VOCABULARY.gguf]. Without a file, 128,000 tokens made up of syllables. Answers are
// walked at random through a grammar like a JSON schema's; times are of the processor, one thread.
#include <fmt/core.h>
#include <time.h>

#include <bit>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/percentiles.h"
#include "gguf/file.h"
#include "text/constraint/masks/masks.h"
#include "text/tokenizer.h"

namespace {

using namespace quire;
using namespace quire::constraint;

int64_t processor_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Words, words after a space, and what JSON is made of, as vocabularies of byte-level BPE have them.
std::vector<std::string> made_up_vocabulary() {
  std::mt19937 random(1);
  const std::vector<std::string> syllables = {"a",  "en", "th", "er", "in", "on",  "st", "re", "tion", "ing", "é", "ми",
                                              "中", "0",  "7",  "ly", "co", "pro", "de", "un", "A",    "Re",  "_", "-"};
  const std::vector<std::string> marks = {"\"", "\":", "\",", "\": \"", "\", \"", "{",  "}",  "[",
                                          "]",  ",",   ":",   "\n",     "  ",     "\\", "\"}"};
  std::set<std::string> texts;
  for (int byte = 0; byte < 256; ++byte) texts.insert(std::string(1, static_cast<char>(byte)));
  const auto any = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  while (texts.size() < 128'000) {
    std::string text = random() % 2 == 0 ? " " : "";
    for (size_t count = 1 + random() % 5; count > 0; --count) text += any(syllables);
    if (random() % 16 == 0) text += any(marks);
    if (random() % 64 == 0) text = any(marks) + text;
    texts.insert(text);
  }
  std::vector<std::string> all(texts.begin(), texts.end());
  return all;
}

struct Json {
  Grammar grammar;
  NodeId space = grammar.repeat(grammar.byte_set(ByteSet().set(' ').set('\n').set('\t').set('\r')), 0);
  RuleId text = grammar.declare("string"), number = grammar.declare("number"), value = grammar.declare("value");

  NodeId set(std::string_view bytes) {
    ByteSet all;
    for (const char byte : bytes) all.set(static_cast<uint8_t>(byte));
    return grammar.byte_set(all);
  }
  NodeId character() {
    const std::pair<char32_t, char32_t> plain[] = {{0x20, 0x21}, {0x23, 0x5b}, {0x5d, 0x10ffff}};
    const NodeId hex = set("0123456789abcdefABCDEF");
    const NodeId escape =
        grammar.choice({set("\"\\/bfnrt"), grammar.sequence({grammar.bytes("u"), hex, hex, hex, hex})});
    return grammar.choice({grammar.characters(plain), grammar.sequence({grammar.bytes("\\"), escape})});
  }
  NodeId quoted(uint32_t max) {
    return grammar.sequence({grammar.bytes("\""), grammar.repeat(character(), 0, max), grammar.bytes("\"")});
  }
  NodeId list(NodeId item, uint32_t min, uint32_t max) {
    const NodeId more = grammar.repeat(grammar.sequence({grammar.bytes(","), space, item}), min - 1, max - 1);
    return grammar.sequence({grammar.bytes("["), space, item, more, space, grammar.bytes("]")});
  }
  NodeId members(const std::vector<std::pair<std::string, NodeId>>& all) {
    std::vector<NodeId> parts{grammar.bytes("{"), space};
    for (size_t index = 0; index < all.size(); ++index) {
      if (index > 0) parts.insert(parts.end(), {grammar.bytes(","), space});
      parts.insert(parts.end(), {grammar.bytes("\"" + all[index].first + "\":"), space, all[index].second});
    }
    parts.insert(parts.end(), {space, grammar.bytes("}")});
    return grammar.sequence(parts);
  }

  // An order of a shop: texts with and without bounds, numbers, an enumeration, a list of objects, and any JSON.
  Json() {
    const NodeId digits = grammar.repeat(set("0123456789"), 1);
    grammar.define(text, quoted(unbounded));
    grammar.define(number, grammar.sequence({grammar.repeat(grammar.bytes("-"), 0, 1), digits,
                                             grammar.repeat(grammar.sequence({grammar.bytes("."), digits}), 0, 1)}));
    const NodeId any_member =
        grammar.sequence({grammar.refer(text), space, grammar.bytes(":"), space, grammar.refer(value)});
    const NodeId more = grammar.repeat(grammar.sequence({grammar.bytes(","), space, any_member}), 0);
    const NodeId any_object =
        grammar.sequence({grammar.bytes("{"), space, grammar.repeat(grammar.sequence({any_member, more}), 0, 1), space,
                          grammar.bytes("}")});
    grammar.define(value, grammar.choice({grammar.refer(text), grammar.refer(number), grammar.bytes("true"),
                                          grammar.bytes("false"), grammar.bytes("null"), any_object,
                                          list(grammar.refer(value), 1, unbounded)}));
    const NodeId item =
        members({{"name", quoted(40)}, {"count", grammar.refer(number)}, {"notes", grammar.refer(text)}});
    std::vector<NodeId> kinds;
    for (const char* kind : {"\"new\"", "\"paid\"", "\"sent\"", "\"returned\""}) kinds.push_back(grammar.bytes(kind));
    grammar.set_root(members({{"id", quoted(200)},
                              {"customer", grammar.refer(text)},
                              {"state", grammar.choice(kinds)},
                              {"items", list(item, 1, 10)},
                              {"extra", grammar.refer(value)}}));
  }
};

std::vector<TokenId> tokens_of(std::span<const uint64_t> mask) {
  std::vector<TokenId> tokens;
  for (size_t word = 0; word < mask.size(); ++word) {
    for (uint64_t bits = mask[word]; bits != 0; bits &= bits - 1) {
      tokens.push_back(static_cast<TokenId>(word * 64 + static_cast<size_t>(std::countr_zero(bits))));
    }
  }
  return tokens;
}

void print(const char* what, const std::vector<int64_t>& times_ns) {
  const Percentiles spread = percentiles(times_ns);
  const auto us = [](int64_t ns) { return static_cast<double>(ns) / 1000; };
  fmt::print("{:<24} {:>7} times  p50 {:>8.1f} us  p90 {:>8.1f} us  p99 {:>8.1f} us  longest {:>8.1f} us\n", what,
             times_ns.size(), us(spread.p50), us(spread.p90), us(spread.p99), us(spread.max));
}

// Half of the time one of the tokens that JSON is made of, if any may come: random letters alone would stay in one
// text.
TokenId choose(const std::vector<TokenId>& tokens, const TokenTrie& trie, std::mt19937& random) {
  std::vector<TokenId> structure;
  for (const TokenId token : tokens) {
    if (trie.text(token).find_first_of("\"{}[],:") < 2) structure.push_back(token);
  }
  const std::vector<TokenId>& from = structure.empty() || random() % 2 == 0 ? tokens : structure;
  return from[random() % from.size()];
}

// Answers of up to 400 tokens.
void measure(Masks& masks) {
  std::mt19937 random(7);
  std::vector<int64_t> fresh, cached, stepped;
  std::vector<uint64_t> mask(masks.trie().mask_words());
  for (int answer = 0; answer < 25; ++answer) {
    StateId state = masks.automaton().begin();
    masks.pin(state);
    for (int token = 0; token < 400; ++token) {
      std::fill(mask.begin(), mask.end(), 0);
      const size_t made = masks.made_count();
      int64_t begun = processor_ns();
      masks.add_allowed(state, mask);
      if (masks.made_count() > made) fresh.push_back(processor_ns() - begun);
      begun = processor_ns();
      masks.add_allowed(state, mask);
      cached.push_back(processor_ns() - begun);
      const std::vector<TokenId> tokens = tokens_of(mask);
      if (tokens.empty()) break;
      const TokenId chosen = choose(tokens, masks.trie(), random);
      begun = processor_ns();
      masks.trim();
      state = masks.automaton().step(state, masks.trie().text(chosen));
      stepped.push_back(processor_ns() - begun);
    }
    masks.unpin(state);
  }
  print("mask of a new state", fresh);
  print("of a known one", cached);
  print("step of a token", stepped);
  fmt::print("{} states, {} bytes\n", masks.automaton().state_count(), masks.size_bytes());
}

}  // namespace

int main(int argc, char** argv) {
  std::shared_ptr<const TokenTrie> trie;
  int64_t begun = processor_ns();
  if (argc > 1) {
    const auto file = gguf::File::open(argv[1]);
    const auto tokenizer = file ? Tokenizer::create(file->metadata()) : std::unexpected(file.error());
    if (!tokenizer) {
      fmt::print(stderr, "{}\n", tokenizer.error().message);
      return 1;
    }
    begun = processor_ns();
    trie = std::make_shared<const TokenTrie>(TokenTrie::of(**tokenizer));
  } else {
    trie = std::make_shared<const TokenTrie>(made_up_vocabulary());
  }
  fmt::print("{} tokens, {} nodes, trie built in {} us\n", trie->vocab_size(), trie->node_count(),
             (processor_ns() - begun) / 1000);
  const Json json;
  begun = processor_ns();
  auto automaton = Automaton::compile(json.grammar, trie->spelled());
  if (!automaton) {
    fmt::print(stderr, "{}\n", automaton.error().message);
    return 1;
  }
  Masks masks(std::move(*automaton), trie, {});
  fmt::print("compiled in {} us\n", (processor_ns() - begun) / 1000);
  measure(masks);
}
