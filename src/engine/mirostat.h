// Mirostat (Basu et al. 2020, "Mirostat: a neural text decoding algorithm that directly controls perplexity").
#pragma once

#include "core/sampling.h"
#include "engine/candidates.h"

namespace quire {

// Bits of surprise that the first token may have at most.
double mirostat_begin(const MirostatParams& params);

// Leaves the tokens that `mu` bits allow: by Zipf's law estimated from the best 100 (version 1), or by each one's own
// surprise (version 2). Best first.
void mirostat_cut(Candidates& candidates, const MirostatParams& params, double mu);

// What mu is for the next token, after one that was chosen with `probability` among those that were left.
double mirostat_next(const MirostatParams& params, double mu, double probability);

}  // namespace quire
