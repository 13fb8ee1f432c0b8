// Answers that are vectors of prompts: what is done to a vector, and the writer that dialects share.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/call.h"

namespace quire::api {

// Norms by number, as llama.cpp's server has them: -1 leaves a vector as the model made it, 0 makes its largest element
// 32760 or -32760, 2 makes it as long as 1, p another p-norm of it.
constexpr int32_t norm_max = 100;

// Divides by a norm; a vector of zeros stays one.
void normalise(std::span<float> vector, int32_t norm);
// The vector as a client asked for it, of as many dimensions as it has at most.
std::vector<float> formed(std::vector<float> vector, const VectorForm& form);

// More inputs than one response has vectors are 400, naming the field that holds them.
ApiResult<void> check_vector_count(const std::string& field, size_t count);

// As JSON: an array of the shortest numbers that are these floats, or base64 in quotes.
std::string vector_text(std::span<const float> vector, bool base64);

// The vectors of one response, by prompt.
struct Vectors {
  std::vector<std::vector<float>> of;
  RequestStats stats;  // sums of tokens, the longest wait
};

// What is different between dialects.
struct VectorWords {
  std::string_view content_type;
  std::string (*body)(const AnswerHead& head, const Vectors& vectors, const AnswerTimes& times);
  std::string (*error_body)(const ApiError& error);
};

// Writes nothing before the last vector is there. `words` is a constant.
std::unique_ptr<AnswerWriter> make_vectors_writer(AnswerHead head, const VectorWords& words);

}  // namespace quire::api
