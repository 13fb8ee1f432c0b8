// The few tokens of the simulator's world.
#pragma once

#include <memory>

#include "base/result.h"
#include "text/tokenizer.h"

namespace quire::sim {

constexpr TokenId end_token = 2;
constexpr TokenId first_letter = 3;
constexpr int32_t letter_count = 13;
constexpr int32_t vocab_size = first_letter + letter_count;

// <unk>, <s>, </s>, then the letters a to m, one token each.
Result<std::unique_ptr<const Tokenizer>> make_tokenizer();

}  // namespace quire::sim
