// Texts with the token ids that other implementations gave.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"

namespace quire::test {

// A value for each line of the file.
inline std::vector<nlohmann::json> read_json_lines(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

struct TokenVector {
  std::string text;
  std::vector<TokenId> ids;
};

// Lines of [text, ids].
inline std::vector<TokenVector> read_token_vectors(const std::filesystem::path& path) {
  std::vector<TokenVector> vectors;
  for (const nlohmann::json& line : read_json_lines(path)) {
    vectors.push_back({line[0].get<std::string>(), line[1].get<std::vector<TokenId>>()});
  }
  return vectors;
}

// llama.cpp's vectors beside a vocabulary: in .inp texts, each with a line after it, and in .out a line of ids for
// each.
inline std::vector<TokenVector> read_published_vectors(const std::filesystem::path& vocabulary) {
  std::ifstream file(vocabulary.string() + ".inp", std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::ifstream lines(vocabulary.string() + ".out");
  constexpr std::string_view separator = "\n__ggml_vocab_test__\n";
  std::vector<TokenVector> vectors;
  std::string line;
  for (size_t begin = 0; begin < all.size() && std::getline(lines, line);) {
    const size_t end = std::min(all.find(separator, begin), all.size());
    std::istringstream ids(line);
    vectors.push_back(
        {all.substr(begin, end - begin), {std::istream_iterator<TokenId>(ids), std::istream_iterator<TokenId>()}});
    begin = end + separator.size();
  }
  return vectors;
}

// A whole vocabulary that is not in the repository, below the shared data.
inline constexpr const char* real_wordpiece_vocabulary = "tokenizers/ggml-vocab-bert-bge.gguf";

}  // namespace quire::test
