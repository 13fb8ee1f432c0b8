// Made-up vocabularies, for models that need no real one.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "gguf/metadata.h"

namespace quire::synth {

// The tokenizer.* keys of `count` tokens in SentencePiece's form: <unk>, <s>, </s>, the 256 bytes, single characters,
// then words of syllables, shorter ones first, each with and without a space before it. Any text has tokens. An error
// when they are fewer than bytes and characters need, or more than there are words.
Result<gguf::Metadata> make_vocabulary(int64_t count);

}  // namespace quire::synth
