#include "synth/synthesize.h"

#include <fmt/format.h>

#include <algorithm>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fixed_math.h"
#include "base/random.h"
#include "gguf/write_rows.h"
#include "gguf/writer.h"

namespace quire::synth {
namespace {

// The numbers of splitmix64's sequence, by their place in it.
uint64_t mixed(uint64_t counter) { return mix((counter - 1) * 0x9e3779b97f4a7c15U); }

// Sum of four 16-bit uniform numbers, centred and scaled to deviation 1: nearly normal, and exact in integers up to the
// last step, so the same everywhere.
float nearly_normal(uint64_t bits) {
  const auto sum =
      static_cast<int32_t>((bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48));
  constexpr int32_t mean = 2 * 0xffff;
  constexpr float inverse_deviation = 1.0F / 37837.227F;  // sqrt(4 * (2^32 - 1) / 12)
  return static_cast<float>(sum - mean) * inverse_deviation;
}

// By how much Llama 3.1 to 3.3 slow down each pair's turning: not at all for short wavelengths, 32-fold for those
// longer than the 8,192 positions of the first training, and in between by interpolation.
void llama3_rope_factors(int64_t pairs, double base, float* factors) {
  constexpr double factor = 32.0, old_context = 8192.0, low = 1.0, high = 4.0;
  for (int64_t d = 0; d < pairs; ++d) {
    const double exponent = static_cast<double>(d) / static_cast<double>(pairs);
    const double wavelength = 2.0 * std::numbers::pi * fixed_exp(exponent * fixed_log(base));
    const double turns = old_context / wavelength;  // in the old context
    const double smooth = std::clamp((turns - low) / (high - low), 0.0, 1.0);
    factors[d] = static_cast<float>(1.0 / ((1.0 - smooth) / factor + smooth));
  }
}

// Of pairs that do not turn, as published files have it.
void turn_some(int64_t pairs, double share, float* factors) {
  const auto turning = static_cast<int64_t>(static_cast<double>(pairs) * share);
  std::fill_n(factors, turning, 1.0F);
  std::fill_n(factors + turning, pairs - turning, 1e30F);
}

bool is_tokenizer_key(std::string_view key) { return key.starts_with("tokenizer."); }

Result<int64_t> vocabulary_size(const gguf::Metadata& vocabulary) {
  QUIRE_TRY(const auto tokens, vocabulary.get_strings("tokenizer.ggml.tokens"));
  if (tokens.get().empty()) return fail(ErrorKind::invalid, "metadata key 'tokenizer.ggml.tokens' is empty");
  return static_cast<int64_t>(tokens.get().size());
}

}  // namespace

void make_row(const Tensor& made, uint64_t seed, uint64_t tensor, int64_t row, float* values) {
  // Rows start at places of the 64-bit counter that are mixed from what names them: two rarely overlap, and none
  // starts where another does.
  const uint64_t start = mixed(mixed(mixed(seed) + tensor) + static_cast<uint64_t>(row));
  for (int64_t i = 0; i < made.spec.shape[0]; ++i) {
    const float value = made.mean + made.deviation * nearly_normal(mixed(start + static_cast<uint64_t>(i)));
    values[i] = made.alternates && i % 2 == 1 ? -value : value;
  }
}

Result<void> synthesize(const Shape& shape, const gguf::Metadata& vocabulary, gguf::FileType type, uint64_t seed,
                        const std::filesystem::path& path, Team& team,
                        FunctionRef<void(uint64_t done_bytes, uint64_t total_bytes)> progress) {
  QUIRE_TRY(const int64_t vocab, vocabulary_size(vocabulary));
  QUIRE_TRY(Outline made, outline(shape, vocab, type));
  for (const auto& [key, value] : vocabulary.entries()) {
    if (is_tokenizer_key(key)) made.metadata.set(key, value);
  }
  std::vector<gguf::TensorSpec> specs;
  uint64_t total = 0;
  for (const Tensor& tensor : made.tensors) {
    specs.push_back(tensor.spec);
    total += static_cast<uint64_t>(tensor.spec.size_bytes());
  }
  QUIRE_TRY(gguf::Writer writer, gguf::Writer::create(path, made.metadata, std::move(specs)));
  uint64_t done = 0;
  const auto on_written = [&](uint64_t bytes) {
    done += bytes;
    progress(done, total);
  };
  for (size_t i = 0; i < made.tensors.size(); ++i) {
    const Tensor& tensor = made.tensors[i];
    const auto row_values = [&](int64_t row, int, float* values) -> Result<void> {
      if (tensor.turning_share < 1.0) {
        turn_some(tensor.spec.shape[0], tensor.turning_share, values);
      } else if (tensor.factors_base != 0.0) {
        llama3_rope_factors(tensor.spec.shape[0], tensor.factors_base, values);
      } else {
        make_row(tensor, seed, i, row, values);
      }
      return {};
    };
    QUIRE_TRY_VOID(gguf::write_rows(writer, tensor.spec, team, row_values, on_written));
  }
  return writer.finish();
}

}  // namespace quire::synth
