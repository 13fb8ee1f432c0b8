#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/input_text.h"
#include "gguf/file.h"
#include "text/tokenizer.h"

namespace quire::cli {

// The text is standard input, byte for byte: a last line break is a part of it.
Result<void> tokenize_command(const TokenizeOptions& options) {
  QUIRE_TRY(const gguf::File file, gguf::File::open(options.file));
  QUIRE_TRY(const auto tokenizer, Tokenizer::create(file.metadata()));
  for (const std::string& warning : tokenizer->warnings()) fmt::print(stderr, "warning: {}\n", warning);
  QUIRE_TRY(const std::string text, read_standard_input());
  const std::vector<TokenId> tokens = tokenizer->encode(text, options.special, options.special);
  if (options.pieces) {
    for (const TokenId token : tokens) fmt::print("{}\t{}\n", token, tokenizer->name(token));
    return {};
  }
  fmt::print("{}\n", fmt::join(tokens, " "));
  return {};
}

}  // namespace quire::cli
