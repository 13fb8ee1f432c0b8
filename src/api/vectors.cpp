#include "api/vectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace quire::api {
namespace {

// In float64 and in this order, whatever the machine: equal vectors stay equal.
double norm_of(std::span<const float> vector, int32_t norm) {
  double sum = 0;
  if (norm == 2) {
    for (const float value : vector) sum += static_cast<double>(value) * static_cast<double>(value);
    return std::sqrt(sum);
  }
  double largest = 0;
  for (const float value : vector) largest = std::max(largest, std::fabs(static_cast<double>(value)));
  if (norm == 0) return largest / 32760;
  if (!(largest > 0)) return 0;
  // Parts of the largest: high powers of small and of large numbers are none that float64 has.
  for (const float value : vector) sum += std::pow(std::fabs(static_cast<double>(value)) / largest, norm);
  return largest * std::pow(sum, 1.0 / norm);
}

void append_base64(std::span<const float> vector, std::string& out) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint32_t bits = 0;  // of bytes that are not written yet
  int bit_count = 0;
  const auto byte = [&](uint32_t value) {
    bits = (bits << 8) | value;
    bit_count += 8;
    for (; bit_count >= 6; bit_count -= 6) out += digits[(bits >> (bit_count - 6)) & 63];
  };
  for (const float value : vector) {
    const auto word = std::bit_cast<uint32_t>(value);
    for (const int shift : {0, 8, 16, 24}) byte((word >> shift) & 255);
  }
  if (bit_count > 0) out += digits[(bits << (6 - bit_count)) & 63];
  while (out.size() % 4 != 0) out += '=';
}

class VectorsWriter final : public AnswerWriter {
 public:
  VectorsWriter(AnswerHead head, const VectorWords& words) : head_(std::move(head)), words_(words) {
    vectors_.of.resize(head_.choices);
  }

  std::string_view content_type() const override { return words_.content_type; }
  void delta(size_t, const AnswerDelta&, int64_t, std::string&) override {}

  void finish(size_t index, const Finished& finished, const AnswerTimes& times, int64_t, std::string& out) override {
    vectors_.of[index] = formed(finished.embedding, head_.vector);
    vectors_.stats.prompt_tokens += finished.stats.prompt_tokens;
    vectors_.stats.cached_tokens += finished.stats.cached_tokens;
    vectors_.stats.queue_ns = std::max(vectors_.stats.queue_ns, finished.stats.queue_ns);
    if (++ended_ == vectors_.of.size()) out += words_.body(head_, vectors_, times);
  }

  void fail(const ApiError& error, bool, std::string& out) override { out += words_.error_body(error); }

 private:
  const AnswerHead head_;
  const VectorWords& words_;
  Vectors vectors_;
  size_t ended_ = 0;
};

}  // namespace

void normalise(std::span<float> vector, int32_t norm) {
  if (norm < 0) return;
  const double whole = norm_of(vector, norm);
  if (!(whole > 0)) return;
  for (float& value : vector) value = static_cast<float>(static_cast<double>(value) / whole);
}

std::vector<float> formed(std::vector<float> vector, const VectorForm& form) {
  if (form.dimensions > 0) vector.resize(std::min(vector.size(), static_cast<size_t>(form.dimensions)));
  normalise(vector, form.norm);
  return vector;
}

ApiResult<void> check_vector_count(const std::string& field, size_t count) {
  if (count <= static_cast<size_t>(vectors_max)) return {};
  return refuse(400, fmt::format("\"{}\" holds {} inputs, at most {} are allowed", field, count, vectors_max), field);
}

std::string vector_text(std::span<const float> vector, bool base64) {
  std::string text;
  if (base64) {
    text.reserve(vector.size() * 16 / 3 + 8);
    append_base64(vector, text);
    return "\"" + text + "\"";
  }
  text = "[";
  for (const float value : vector) fmt::format_to(std::back_inserter(text), "{}{}", text.size() > 1 ? "," : "", value);
  return text + "]";
}

std::unique_ptr<AnswerWriter> make_vectors_writer(AnswerHead head, const VectorWords& words) {
  return std::make_unique<VectorsWriter>(std::move(head), words);
}

}  // namespace quire::api
