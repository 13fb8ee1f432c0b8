// The same models in double precision, over the dequantized weights, as plain loops: what the real forward pass must
// agree with. Shares nothing with it but the file.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/ids.h"
#include "gguf/file.h"

namespace quire::test {

// Logits of every position, (tokens, vocab).
std::vector<double> reference_logits(const gguf::File& file, std::span<const TokenId> tokens);

// Root mean square of the difference, over that of the expected values.
double relative_rms_error(std::span<const float> found, std::span<const double> expected);

// At each position the divergence, in nats, of softmax(found) from softmax(expected): how far an engine's next-token
// distribution is from the reference's. Both (positions, vocab).
std::vector<double> kl_divergences(std::span<const float> found, std::span<const double> expected, size_t vocab);

}  // namespace quire::test
