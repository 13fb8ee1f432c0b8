#include "gguf/synth.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

#include "base/fixed_math.h"
#include "gguf/printable.h"
#include "gguf/write_rows.h"

namespace quire::gguf {
namespace {

// How random weights become a model that says something. Measured on tiny models of each architecture: 200 greedy
// steps give 30 to 100 different tokens, and int8 activations cost 1 % of the logits' root mean square.
constexpr float logit_deviation = 2.5F;
// Of an attention score: a softmax over T positions then weighs about T / e^2.25 of them.
constexpr float score_deviation = 1.5F;
// What all layers add to the residual stream, in units of the token's own embedding. More: answers vary more, and
// rounding errors grow more. Less: the last token alone decides the next.
constexpr float layers_share = 0.95F;
// Of the variance that a layer adds, the part of the feed-forward; the rest is attention's.
constexpr float ffn_part = 0.4F;
// Root mean square of silu(g) * u for independent standard normal g and u.
constexpr float gated_rms = 0.6F;
constexpr float norm_deviation = 0.1F;
constexpr float bias_deviation = 0.2F;
constexpr float norm_epsilon = 1e-5F;

const std::array<SynthShape, 3>& named_shapes() {
  static const std::array<SynthShape, 3> shapes = {{
      {.name = "llama-1b",
       .architecture = "llama",
       .layers = 16,
       .width = 2048,
       .ffn_width = 8192,
       .heads = 32,
       .kv_heads = 8,
       .head_dim = 64,
       .context = 8192},
      {.name = "qwen3-0.6b",
       .architecture = "qwen3",
       .layers = 28,
       .width = 1024,
       .ffn_width = 3072,
       .heads = 16,
       .kv_heads = 8,
       .head_dim = 128,
       .context = 40960},
      {.name = "tiny",
       .architecture = "llama",
       .layers = 3,
       .width = 256,
       .ffn_width = 512,
       .heads = 4,
       .kv_heads = 2,
       .head_dim = 64,
       .context = 4096},
  }};
  return shapes;
}

bool is_qwen(const SynthShape& shape) { return shape.architecture.starts_with("qwen"); }
double rope_base(const SynthShape& shape) { return is_qwen(shape) ? 1e6 : 5e5; }

Result<void> check_shape(const SynthShape& shape) {
  if (shape.architecture != "llama" && shape.architecture != "qwen2" && shape.architecture != "qwen3") {
    return fail(ErrorKind::unsupported, fmt::format("architecture {} is not supported; expected llama, qwen2 or qwen3",
                                                    printable(shape.architecture)));
  }
  struct Size {
    std::string_view name;
    int64_t value;
    int64_t max;
  };
  for (const auto& [name, value, max] :
       {Size{"layers", shape.layers, 1024}, Size{"width", shape.width, 1 << 20},
        Size{"ffn width", shape.ffn_width, 1 << 22}, Size{"heads", shape.heads, 4096},
        Size{"KV heads", shape.kv_heads, 4096}, Size{"head size", shape.head_dim, 1024},
        Size{"context", shape.context, 1 << 28}}) {
    if (value < 1 || value > max) {
      return fail(ErrorKind::invalid, fmt::format("{} is {}; expected 1 to {}", name, value, max));
    }
  }
  if (shape.heads % shape.kv_heads != 0) {
    return fail(ErrorKind::invalid,
                fmt::format("{} heads cannot share {} KV heads; expected a divisor", shape.heads, shape.kv_heads));
  }
  if (shape.head_dim % 2 != 0) {
    return fail(ErrorKind::invalid, fmt::format("the head size is {}; expected an even number", shape.head_dim));
  }
  if (shape.rope_factors && shape.architecture != "llama") {
    return fail(ErrorKind::unsupported, "rope factors belong to architecture llama");
  }
  return {};
}

// Collects tensors of one model.
class TensorList {
 public:
  TensorList(const SynthShape& shape, FileType type)
      : type_(type),
        facts_{.layers = shape.layers,
               .has_output = !shape.tied,
               .heads_per_kv_head = shape.heads / std::max<int64_t>(shape.kv_heads, 1)} {}

  // `gain`: deviation of an output for inputs of deviation 1.
  void matrix(std::string name, int64_t inputs, int64_t outputs, float gain) {
    const std::array<int64_t, 4> shape = {inputs, outputs, 1, 1};
    const ElementType type = choose_element_type(type_, name, shape, facts_);
    tensors_.push_back(
        {.spec = {std::move(name), type, shape}, .deviation = gain / std::sqrt(static_cast<float>(inputs))});
  }
  void vector(std::string name, int64_t size, float mean, float deviation) {
    tensors_.push_back(
        {.spec = {std::move(name), ElementType::f32, {size, 1, 1, 1}}, .mean = mean, .deviation = deviation});
  }
  void rope_factors(int64_t size) {
    tensors_.push_back({.spec = {"rope_freqs.weight", ElementType::f32, {size, 1, 1, 1}}, .is_rope_factors = true});
  }
  void last_alternates() { tensors_.back().alternates = true; }
  std::vector<SynthTensor> take() { return std::move(tensors_); }

 private:
  FileType type_;
  FileFacts facts_;
  std::vector<SynthTensor> tensors_;
};

void add_layer(TensorList& list, const SynthShape& shape, int64_t layer) {
  const auto name = [layer](std::string_view part) { return fmt::format("blk.{}.{}", layer, part); };
  const int64_t q_width = shape.heads * shape.head_dim;
  const int64_t kv_width = shape.kv_heads * shape.head_dim;
  // A score is a sum of head_dim products over sqrt(head_dim): q and k have its root each.
  const float qk = std::sqrt(score_deviation);
  const float embedding = logit_deviation / std::sqrt(static_cast<float>(shape.width));
  const float added = layers_share * embedding / std::sqrt(static_cast<float>(shape.layers));
  list.vector(name("attn_norm.weight"), shape.width, 1.0F, norm_deviation);
  list.matrix(name("attn_q.weight"), shape.width, q_width, qk);
  list.matrix(name("attn_k.weight"), shape.width, kv_width, qk);
  list.matrix(name("attn_v.weight"), shape.width, kv_width, 1.0F);
  if (shape.architecture == "qwen2") {
    list.vector(name("attn_q.bias"), q_width, 0.0F, bias_deviation);
    list.vector(name("attn_k.bias"), kv_width, 0.0F, bias_deviation);
    list.vector(name("attn_v.bias"), kv_width, 0.0F, bias_deviation);
  }
  if (shape.architecture == "qwen3") {
    list.vector(name("attn_q_norm.weight"), shape.head_dim, qk, norm_deviation);
    list.vector(name("attn_k_norm.weight"), shape.head_dim, qk, norm_deviation);
  }
  list.matrix(name("attn_output.weight"), q_width, shape.width, added * std::sqrt(1.0F - ffn_part));
  list.vector(name("ffn_norm.weight"), shape.width, 1.0F, norm_deviation);
  list.matrix(name("ffn_gate.weight"), shape.width, shape.ffn_width, 1.0F);
  list.matrix(name("ffn_up.weight"), shape.width, shape.ffn_width, 1.0F);
  list.matrix(name("ffn_down.weight"), shape.ffn_width, shape.width, added * std::sqrt(ffn_part) / gated_rms);
}

// 64 well-mixed bits of a counter (the finalizer of SplitMix64: Steele, Lea, Flood, OOPSLA 2014).
uint64_t mix(uint64_t counter) {
  uint64_t z = counter * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

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

bool is_tokenizer_key(std::string_view key) { return key.starts_with("tokenizer."); }

Result<int64_t> vocabulary_size(const Metadata& vocabulary) {
  QUIRE_TRY(const auto tokens, vocabulary.get_strings("tokenizer.ggml.tokens"));
  if (tokens.get().empty()) return fail(ErrorKind::invalid, "metadata key 'tokenizer.ggml.tokens' is empty");
  return static_cast<int64_t>(tokens.get().size());
}

}  // namespace

Result<SynthShape> find_synth_shape(std::string_view name) {
  std::string names;
  for (const SynthShape& shape : named_shapes()) {
    if (shape.name == name) return shape;
    names += (names.empty() ? "" : ", ") + shape.name;
  }
  return fail(ErrorKind::not_found, fmt::format("no shape is named {}; expected one of {}", printable(name), names));
}

Result<std::vector<SynthTensor>> synth_tensors(const SynthShape& shape, int64_t vocab, FileType type) {
  QUIRE_TRY_VOID(check_shape(shape));
  TensorList list(shape, type);
  list.matrix("token_embd.weight", shape.width, vocab, logit_deviation);
  if (shape.rope_factors) list.rope_factors(shape.head_dim / 2);
  for (int64_t layer = 0; layer < shape.layers; ++layer) add_layer(list, shape, layer);
  list.vector("output_norm.weight", shape.width, 1.0F, norm_deviation);
  list.last_alternates();
  if (!shape.tied) list.matrix("output.weight", shape.width, vocab, logit_deviation);
  return list.take();
}

Result<Metadata> synth_keys(const SynthShape& shape, int64_t vocab, FileType type) {
  QUIRE_TRY_VOID(check_shape(shape));
  Metadata metadata;
  const auto set = [&](std::string_view name, int64_t value) {
    metadata.set(fmt::format("{}.{}", shape.architecture, name), static_cast<uint32_t>(value));
  };
  metadata.set("general.architecture", shape.architecture);
  metadata.set("general.name", "synth " + shape.name);
  metadata.set("general.file_type", static_cast<uint32_t>(type));
  metadata.set("general.quantization_version", uint32_t{2});
  set("block_count", shape.layers);
  set("context_length", shape.context);
  set("embedding_length", shape.width);
  set("feed_forward_length", shape.ffn_width);
  set("attention.head_count", shape.heads);
  set("attention.head_count_kv", shape.kv_heads);
  set("attention.key_length", shape.head_dim);
  set("attention.value_length", shape.head_dim);
  set("rope.dimension_count", shape.head_dim);
  set("vocab_size", vocab);
  metadata.set(shape.architecture + ".attention.layer_norm_rms_epsilon", norm_epsilon);
  metadata.set(shape.architecture + ".rope.freq_base", static_cast<float>(rope_base(shape)));
  return metadata;
}

Result<Metadata> synth_metadata(const SynthShape& shape, const Metadata& vocabulary, FileType type) {
  QUIRE_TRY(const int64_t vocab, vocabulary_size(vocabulary));
  QUIRE_TRY(Metadata metadata, synth_keys(shape, vocab, type));
  for (const auto& [key, value] : vocabulary.entries()) {
    if (is_tokenizer_key(key)) metadata.set(key, value);
  }
  return metadata;
}

void synth_row(const SynthTensor& made, uint64_t seed, uint64_t tensor, int64_t row, float* values) {
  // Rows start at places of the 64-bit counter that are mixed from what names them: two rarely overlap, and none
  // starts where another does.
  const uint64_t start = mix(mix(mix(seed) + tensor) + static_cast<uint64_t>(row));
  for (int64_t i = 0; i < made.spec.shape[0]; ++i) {
    const float value = made.mean + made.deviation * nearly_normal(mix(start + static_cast<uint64_t>(i)));
    values[i] = made.alternates && i % 2 == 1 ? -value : value;
  }
}

Result<void> synthesize(const SynthShape& shape, const Metadata& vocabulary, FileType type, uint64_t seed,
                        const std::filesystem::path& path, Team& team,
                        FunctionRef<void(uint64_t done_bytes, uint64_t total_bytes)> progress) {
  QUIRE_TRY(const int64_t vocab, vocabulary_size(vocabulary));
  QUIRE_TRY(const std::vector<SynthTensor> tensors, synth_tensors(shape, vocab, type));
  QUIRE_TRY(const Metadata metadata, synth_metadata(shape, vocabulary, type));
  std::vector<TensorSpec> specs;
  uint64_t total = 0;
  for (const SynthTensor& tensor : tensors) {
    specs.push_back(tensor.spec);
    total += static_cast<uint64_t>(tensor.spec.size_bytes());
  }
  QUIRE_TRY(Writer writer, Writer::create(path, metadata, std::move(specs)));
  uint64_t done = 0;
  const auto on_written = [&](uint64_t bytes) {
    done += bytes;
    progress(done, total);
  };
  for (size_t i = 0; i < tensors.size(); ++i) {
    const SynthTensor& tensor = tensors[i];
    const auto row_values = [&](int64_t row, int, float* values) -> Result<void> {
      if (tensor.is_rope_factors) {
        llama3_rope_factors(tensor.spec.shape[0], rope_base(shape), values);
      } else {
        synth_row(tensor, seed, i, row, values);
      }
      return {};
    };
    QUIRE_TRY_VOID(write_rows(writer, tensor.spec, team, row_values, on_written));
  }
  return writer.finish();
}

}  // namespace quire::gguf
