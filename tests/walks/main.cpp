// Constrained answers of a model that says anything: a line of JSON each, for a validator to judge.
//
//     constrained_walks VOCABULARY.gguf SCHEMAS.jsonl COUNT [SEED [own]]
//
// The weights are random, and tokens that JSON is made of come more often; with `own` they are the file's. Schemas
// (lines of {"schema"}) that are refused are passed over; of the others COUNT answers at temperature 1 are made, as
// many of each as of any other. Tokens are chosen and forced as in a server.
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/world.h"
#include "support/random_model.h"
#include "text/constraint/compiled.h"
#include "text/constraint/front_end.h"

namespace {

using namespace quire;
using namespace quire::test;

constexpr int32_t context_tokens = 2048;
constexpr Limits limits{.block_tokens = 32,
                        .block_count = 16 * context_tokens / 32,
                        .context_tokens = context_tokens,
                        .running_max = 16,
                        .queue_max = 10'000,
                        .step_tokens_max = 256};

// A file's bytes.
std::vector<std::byte> with_random_weights(const gguf::File& vocabulary) {
  const auto tokenizer = take(Tokenizer::create(vocabulary.metadata()));
  const Shape shape{.vocab = tokenizer->vocab_size()};
  Draft model = draft(shape);
  for (const auto& [key, value] : vocabulary.metadata().entries()) {
    if (key.starts_with("tokenizer.")) model.metadata.set(key, value);
  }
  std::vector<std::byte> bytes = fill(model, 1);
  // Where rows of the output are larger, logits are, of either sign.
  const size_t row_bytes = static_cast<size_t>(shape.width) * sizeof(float);
  const size_t begin = bytes.size() - static_cast<size_t>(shape.vocab) * row_bytes;
  for (TokenId token = 0; token < shape.vocab; ++token) {
    if (!tokenizer->is_end(token) && tokenizer->bytes(token).find_first_of("\"]},:") == std::string_view::npos)
      continue;
    std::vector<float> row(static_cast<size_t>(shape.width));
    std::byte* const at = bytes.data() + begin + static_cast<size_t>(token) * row_bytes;
    std::memcpy(row.data(), at, row_bytes);
    for (float& value : row) value *= 6;
    std::memcpy(at, row.data(), row_bytes);
  }
  return bytes;
}

// In turn, those that are accepted.
class Schemas {
 public:
  Schemas(const char* path, const Tokenizer& tokenizer)
      : tokenizer_(tokenizer),
        trie_(std::make_shared<const constraint::TokenTrie>(constraint::TokenTrie::of(tokenizer))) {
    for (TokenId token = 0; token < tokenizer.vocab_size(); ++token) {
      if (tokenizer.is_end(token)) ends_.push_back(token);
    }
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      texts_.push_back(nlohmann::ordered_json::parse(line).at("schema").dump());
    }
  }

  struct One {
    std::string text;
    std::shared_ptr<const Constraint> constraint;
  };
  One next() {
    for (size_t tried = 0; tried < texts_.size(); ++tried) {
      const std::string& text = texts_[at_++ % texts_.size()];
      const auto grammar = constraint::grammar_of({.kind = constraint::Kind::json_schema, .text = text});
      if (!grammar) continue;
      auto made = constraint::CompiledConstraint::create(*grammar, trie_, ends_, {}, {}, &tokenizer_);
      if (made) return {text, std::move(*made)};
    }
    fmt::print(stderr, "no schema is accepted\n");
    std::exit(2);
  }

 private:
  const Tokenizer& tokenizer_;
  std::shared_ptr<const constraint::TokenTrie> trie_;
  std::vector<TokenId> ends_;
  std::vector<std::string> texts_;
  size_t at_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "constrained_walks VOCABULARY.gguf SCHEMAS.jsonl COUNT [SEED [own]]\n");
    return 2;
  }
  gguf::File file = take(gguf::File::open(argv[1]));
  std::vector<std::byte> bytes;  // as long as the file that is in them
  if (argc < 6 || std::string_view(argv[5]) != "own") {
    bytes = with_random_weights(file);
    file = take(gguf::File::parse(bytes));
  }
  LoadedModel loaded(std::move(file), *supported_kernel_tables().back(), 1);
  Schemas schemas(argv[2], *loaded.tokenizer);
  const int count = std::atoi(argv[3]);
  const uint64_t seed = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 1;
  for (int done = 0; done < count;) {
    World world(loaded, loaded.cores, limits);
    std::map<SequenceId, std::string> asked;
    for (int one = 0; one < 16 && done < count; ++one, ++done) {
      Schemas::One schema = schemas.next();
      Request request{.id = {static_cast<uint64_t>(done) + 1}, .prompt = {1}, .generated_max = 1500};
      request.sampling = {.temperature = 1.0F, .seed = seed + static_cast<uint64_t>(done)};
      request.constraint = std::move(schema.constraint);
      asked[request.id] = std::move(schema.text);
      world.engine().submit(std::move(request));
    }
    world.run();
    for (const auto& [id, answer] : world.answers()) {
      const auto line = nlohmann::ordered_json{{"schema", nlohmann::ordered_json::parse(asked.at(id))},
                                               {"answer", answer.text},
                                               {"ended", answer.finished.reason == FinishReason::stop},
                                               {"tokens", answer.tokens.size()},
                                               {"seed", seed + id.value - 1}};
      fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    }
  }
  return 0;
}
