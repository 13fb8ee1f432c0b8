#include "server/requests/shown_prompt.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "text/utf8.h"

namespace quire::server {

api::ShownPrompt shown_prompt(const api::GenerationCall& call, std::span<const TokenId> tokens,
                              const LoadedModel& model) {
  const bool as_text = call.prompt_tokens.empty();
  api::ShownPrompt shown{.text = as_text ? call.prompt : std::string(), .tokens = {tokens.begin(), tokens.end()}};
  size_t at = 0;  // in bytes
  size_t characters = 0;
  for (TokenPiece& piece : model.pieces(tokens)) {
    if (!as_text) shown.text += piece.text;
    const std::string_view rest = std::string_view(shown.text).substr(at);
    // A control token that stands in the text is there by its name.
    const size_t size = piece.control && !rest.starts_with(piece.text) ? 0 : std::min(piece.text.size(), rest.size());
    shown.offsets.push_back(characters);
    characters += utf8_characters_begun(rest.substr(0, size));
    at += size;
    shown.names.push_back(std::move(piece.text));
  }
  return shown;
}

}  // namespace quire::server
