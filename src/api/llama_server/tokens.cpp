#include "api/llama_server/tokens.h"

#include <nlohmann/json.hpp>

#include "api/json_text.h"
#include "text/utf8.h"

namespace quire::api::llama_server {
namespace {

using Json = nlohmann::ordered_json;

Json piece_json(std::string_view piece) {
  if (has_whole_characters(piece)) return piece;
  return bytes_json(piece);
}

}  // namespace

std::string tokens_body(std::span<const TokenId> tokens) {
  Json list = Json::array();
  for (const TokenId token : tokens) list.push_back(token);
  return to_text({{"tokens", std::move(list)}});
}

std::string pieces_body(std::span<const TokenId> tokens, std::span<const std::string> pieces) {
  Json list = Json::array();
  for (size_t index = 0; index < tokens.size(); ++index) {
    list.push_back({{"id", tokens[index]}, {"piece", piece_json(pieces[index])}});
  }
  return to_text({{"tokens", std::move(list)}});
}

std::string content_body(std::string_view text) { return to_text({{"content", text}}); }

}  // namespace quire::api::llama_server
