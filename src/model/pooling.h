// How a model's file says that a prompt's rows become one vector, or a rank.
#pragma once

#include "base/result.h"
#include "core/request.h"
#include "gguf/file.h"
#include "model/config.h"
#include "model/keys.h"

namespace quire {

// By ARCHITECTURE.pooling_type (llama.cpp's numbers); where there is none, the mean if rows see what follows them, else
// the last row: only it has seen the whole prompt. Of a model that ranks: the row that its head reads. A vector a
// token, and a rank without a head, are an error.
Result<Pooling> read_pooling(const gguf::File& file);

// Whether the file says that what its head makes of a pooled row is a rank (one number, or the probabilities of its
// labels, of which the first is the rank), not a vector.
bool ranks(const gguf::File& file);

// What the file has of these: the matrices of a vector, dense_2 and dense_3; those of a classifier, cls (with tanh, or
// GELU and a norm) and cls.output.
HeadConfig read_head(const Keys& keys, const ModelConfig& model);

}  // namespace quire
