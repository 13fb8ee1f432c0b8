#include "model/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tensor/dequantize.h"
#include "tensor/quantize.h"

namespace quire {
namespace {

// Tells the system what loading will read next, so that a disk works while the processor packs. Tensors lie in a file
// about as they are loaded: what lies behind one is announced with it, and nothing twice.
class ReadAhead {
 public:
  // Loading is at this byte of the tensor.
  void reach(const TensorView& tensor, uint64_t at) {
    constexpr uint64_t ahead_bytes = uint64_t{64} << 20;
    const uint64_t begin = tensor.offset + at;
    const bool goes_on = source_ == tensor.source && begin >= begin_ && begin <= end_;
    if (goes_on && end_ - begin > ahead_bytes / 2) return;
    const uint64_t end = std::min(begin + ahead_bytes, tensor.source->size_bytes());
    const uint64_t from = goes_on ? end_ : begin;
    if (from < end) tensor.source->read_soon(from, end - from);
    source_ = tensor.source;
    begin_ = begin;
    end_ = end;
  }

 private:
  const ByteSource* source_ = nullptr;
  uint64_t begin_ = 0;  // of the source, what has been announced
  uint64_t end_ = 0;
};

constexpr std::string_view embedding_name = "token_embd.weight";

// Reads tensors by name. Used twice over the same code: first to check, then to load.
class Loader final : public TensorSource {
 public:
  // Checks only.
  Loader(const gguf::File& file, LoadProgress progress) : file_(file), progress_(progress) {}
  // memories: the stages'.
  Loader(const gguf::File& file, std::span<const Stage> stages, std::span<DeviceArena> memories, LoadProgress progress,
         uint64_t total_bytes)
      : file_(file), stages_(stages), memories_(memories), progress_(progress), total_bytes_(total_bytes) {}

  void enter(int64_t layer) override {
    while (stage_ + 1 < stages_.size() && layer >= stages_[stage_].layers.end) ++stage_;
  }

  Result<Matrix> stack(const std::string& name, int64_t count, int64_t outputs, int64_t inputs) override {
    QUIRE_TRY(const TensorView* tensor, find_stack(name, count, outputs, inputs));
    QUIRE_TRY(const float scale, scale_of(name, count));
    return load(*tensor, 0, outputs, scale);
  }

  Result<std::vector<Matrix>> matrices(const std::string& name, int64_t count, int64_t outputs,
                                       int64_t inputs) override {
    QUIRE_TRY(const TensorView* tensor, find_stack(name, count, outputs, inputs));
    QUIRE_TRY(const float scale, scale_of(name, count));
    TensorView rows = *tensor;
    rows.shape = {inputs, outputs * count, 1, 1};
    std::vector<Matrix> matrices;
    for (int64_t index = 0; index < count; ++index) {
      QUIRE_TRY(const Matrix matrix, load(rows, index * outputs, (index + 1) * outputs, scale));
      matrices.push_back(matrix);
    }
    return matrices;
  }

  Result<std::vector<Matrix>> stacks(const std::string& name, int64_t count, std::span<const int64_t> outputs,
                                     int64_t inputs) override {
    int64_t rows = 0;
    for (const int64_t part : outputs) rows += part;
    QUIRE_TRY(const TensorView* tensor, find_stack(name, count, rows, inputs));
    QUIRE_TRY(const float scale, scale_of(name, count));
    std::vector<Matrix> stacks;
    int64_t begin = 0;
    for (const int64_t part : outputs) {
      QUIRE_TRY(const Matrix stack, load(*tensor, begin, begin + part, scale));
      stacks.push_back(stack);
      begin += part;
    }
    return stacks;
  }

  Result<SplitHeads> split_heads(const std::string& name, int64_t heads, int64_t transposed, int64_t rest,
                                 int64_t inputs) override {
    QUIRE_TRY(const TensorView* tensor, find_stack(name, 1, heads * (transposed + rest), inputs));
    TensorView by_head = *tensor;
    by_head.shape = {inputs, transposed + rest, heads, 1};
    by_head.name = fmt::format("heads of {}", name);  // not one matrix any more
    SplitHeads split;
    QUIRE_TRY(split.transposed, load_transposed(by_head, transposed));
    QUIRE_TRY(split.rest, load(by_head, transposed, transposed + rest, 1.0F));
    return split;
  }

  Result<DeviceVector> vectors(const std::string& name, int64_t rows, int64_t size) override {
    QUIRE_TRY(const std::vector<float> values, host_values(name, rows, size));
    if (only_checks()) return DeviceVector{};
    return backend().load_vector(values, memory());
  }

  Result<std::vector<DeviceVector>> taps(const std::string& name, int64_t taps,
                                         std::span<const int64_t> channels) override {
    const int64_t rows = std::accumulate(channels.begin(), channels.end(), int64_t{0});
    QUIRE_TRY(const std::vector<float> values, host_values(name, rows, taps));
    std::vector<DeviceVector> parts(channels.size());
    size_t row = 0;
    for (size_t part = 0; !only_checks() && part < parts.size(); ++part) {
      const auto count = static_cast<size_t>(channels[part]), size = static_cast<size_t>(taps);
      std::vector<float> turned(count * size);
      for (size_t i = 0; i < turned.size(); ++i) turned[i] = values[(row + i % count) * size + i / count];
      QUIRE_TRY(parts[part], backend().load_vector(turned, memory()));
      row += count;
    }
    return parts;
  }

  Result<DeviceVector> ones(int64_t size) override {
    if (only_checks()) return DeviceVector{};
    return backend().load_vector(std::vector<float>(static_cast<size_t>(size), 1.0F), memory());
  }
  Result<TensorView> table(const std::string& name, int64_t rows, int64_t size) override {
    QUIRE_TRY(const TensorView* tensor, find(name, std::array<int64_t, 2>{size, rows}));
    return *tensor;
  }
  Result<std::vector<float>> host_vector(const std::string& name, int64_t size) override {
    return host_values(name, 1, size);
  }
  bool has(std::string_view name) const override { return file_.find_tensor(name) != nullptr; }

  bool knows(const std::string& name) const { return known_.contains(name); }
  uint64_t total_bytes() const { return total_bytes_; }

 private:
  Result<std::vector<float>> host_values(const std::string& name, int64_t rows, int64_t size) {
    const std::array<int64_t, 2> shape = {size, rows};
    QUIRE_TRY(const TensorView* tensor, find(name, std::span(shape).first(rows == 1 ? 1 : 2)));
    if (tensor->type != ElementType::f32 && tensor->type != ElementType::f16 && tensor->type != ElementType::bf16) {
      return fail(ErrorKind::unsupported, fmt::format("tensor {}: found type {}, expected F32, F16 or BF16", name,
                                                      element_traits(tensor->type).name));
    }
    std::vector<std::byte> bytes(tensor->size_bytes());
    QUIRE_TRY_VOID(tensor->read(0, bytes));
    std::vector<float> values(static_cast<size_t>(rows * size));
    dequantize(tensor->type, bytes.data(), rows * size, values.data());
    for (const float value : values) {
      if (!std::isfinite(value)) return fail(ErrorKind::invalid, fmt::format("tensor {}: found {}", name, value));
    }
    return values;
  }

  Result<const TensorView*> find(const std::string& name, std::span<const int64_t> shape) {
    const TensorView* tensor = file_.find_tensor(name);
    const std::span<const int64_t> expected = shape;
    if (tensor == nullptr) {
      return fail(ErrorKind::invalid,
                  fmt::format("tensor {}: not in the file, expected shape [{}]", name, fmt::join(expected, ", ")));
    }
    for (size_t i = 0; i < tensor->shape.size(); ++i) {
      if (tensor->shape[i] != (i < expected.size() ? expected[i] : 1)) {
        return fail(ErrorKind::invalid, fmt::format("tensor {}: found shape [{}], expected [{}]", name,
                                                    fmt::join(tensor->shape, ", "), fmt::join(expected, ", ")));
      }
    }
    known_.insert(tensor->name);
    return tensor;
  }

  Result<const TensorView*> find_stack(const std::string& name, int64_t count, int64_t outputs, int64_t inputs) {
    const std::array<int64_t, 3> shape = {inputs, outputs, count};
    return find(name, std::span(shape).first(count == 1 ? 2 : 3));
  }
  // What a matrix is multiplied by beside its blocks' scales: NVFP4 has a tensor of one number for it. Of a matrix that
  // rows of tokens are read from too it would be left out there, and each of a stack has its own: such files are
  // refused by the tensor's name.
  Result<float> scale_of(const std::string& name, int64_t count) {
    constexpr std::string_view suffix = ".weight";
    const std::string scale_name = name.substr(0, name.size() - suffix.size()) + ".scale";
    const TensorView* const scale = file_.find_tensor(scale_name);
    const bool is_number = scale != nullptr && scale->row_count() * scale->shape[0] == 1;
    if (count > 1 || name == embedding_name || !is_number) return 1.0F;
    QUIRE_TRY(const std::vector<float> scales, host_values(scale_name, 1, 1));
    return scales.front();
  }
  // The rows [begin, end) of each of its matrices.
  Result<Matrix> load(const TensorView& tensor, int64_t begin, int64_t end, float scale) {
    const auto [inputs, outputs, count, one] = tensor.shape;
    if (only_checks()) {
      total_bytes_ += static_cast<uint64_t>((end - begin) * count * tensor.row_bytes());
      return Matrix{.type = tensor.type, .outputs = end - begin, .inputs = inputs, .count = count};
    }
    if (!wanted_) return fail(ErrorKind::cancelled, "the load was stopped");
    uint64_t at = static_cast<uint64_t>(begin * tensor.row_bytes());
    read_ahead_.reach(tensor, at);
    QUIRE_TRY(Matrix matrix, backend().load_matrix(tensor, begin, end, memory(), [&](uint64_t bytes) {
      at += bytes;
      read_ahead_.reach(tensor, at);
      done_bytes_ += bytes;
      wanted_ = progress_(done_bytes_, total_bytes_) && wanted_;
    }));
    matrix.scale = scale;
    return matrix;
  }

  // The first `rows` rows of each matrix of a stack, transposed.
  Result<Matrix> load_transposed(const TensorView& stack, int64_t rows) {
    const auto [inputs, outputs, count, one] = stack.shape;
    TensorView made{.name = stack.name, .type = transposed_type(stack.type), .offset = 0};
    made.shape = {rows, inputs, count, 1};
    if (only_checks()) return load(made, 0, inputs, 1.0F);
    std::vector<std::byte> bytes(static_cast<size_t>(inputs * count * made.row_bytes()));
    std::vector<std::byte> stored(static_cast<size_t>(rows * stack.row_bytes()));
    std::vector<float> values(static_cast<size_t>(rows * inputs)), turned(values.size());
    for (int64_t index = 0; index < count; ++index) {
      QUIRE_TRY_VOID(stack.read(static_cast<uint64_t>(index * outputs * stack.row_bytes()), stored));
      dequantize(stack.type, stored.data(), rows * inputs, values.data());
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t i = 0; i < inputs; ++i) {
          turned[static_cast<size_t>(i * rows + row)] = values[static_cast<size_t>(row * inputs + i)];
        }
      }
      quantize(made.type, turned.data(), rows * inputs, bytes.data() + index * inputs * made.row_bytes());
    }
    const MemorySource source(bytes);
    made.source = &source;
    return load(made, 0, inputs, 1.0F);
  }

  bool only_checks() const { return stages_.empty(); }
  Backend& backend() const { return *stages_[stage_].on; }
  DeviceArena& memory() const { return memories_[stage_]; }

  const gguf::File& file_;
  const std::span<const Stage> stages_;
  const std::span<DeviceArena> memories_;
  size_t stage_ = 0;  // what is read is for it
  LoadProgress progress_;
  ReadAhead read_ahead_;
  uint64_t total_bytes_ = 0;
  uint64_t done_bytes_ = 0;
  bool wanted_ = true;
  std::set<std::string, std::less<>> known_;
};

// Of pairs that do not turn.
constexpr float rope_factor_max = 1e30F;

// What frequencies are divided by; empty: nothing.
Result<std::vector<float>> read_rope_factors(TensorSource& source, const std::string& name, int64_t size) {
  if (name.empty()) return std::vector<float>{};
  QUIRE_TRY(std::vector<float> factors, source.host_vector(name, size));
  for (const float factor : factors) {
    if (!(factor >= 1e-3F && factor <= rope_factor_max)) {
      return fail(ErrorKind::invalid,
                  fmt::format("tensor {}: found {}, expected 0.001 to {}", name, factor, rope_factor_max));
    }
  }
  return factors;
}

Result<std::optional<Norm>> read_embedding_norm(TensorSource& source, const ModelConfig& config) {
  TensorReader reader(source, "");
  switch (config.embedding.norm) {
    case EmbeddingNorm::none:
      break;
    case EmbeddingNorm::unweighted: {
      QUIRE_TRY(const DeviceVector ones, source.ones(config.width));
      return Norm{.config = config.norm, .weight = ones, .bias = {}};
    }
    case EmbeddingNorm::weighted:
      return Norm::read(reader, "token_embd_norm", config.norm, config.width);
  }
  return std::nullopt;
}

// What is done with a token's row of the embedding.
Result<void> read_embedding(TensorSource& source, const ModelConfig& config, Weights& weights) {
  TensorReader reader(source, "");
  if (config.embedding.positions) {
    QUIRE_TRY(weights.position_embedding, source.table("position_embd.weight", config.context_max, config.width));
  }
  if (config.embedding.token_types > 0) {
    QUIRE_TRY(const DeviceVector types,
              reader.vectors("token_types.weight", config.embedding.token_types, config.width));
    weights.token_type = {.values = types.values, .size = config.width};
  }
  QUIRE_TRY(weights.embedding_norm, read_embedding_norm(source, config));
  if (config.layer_input_width > 0) {
    QUIRE_TRY(weights.layer_inputs, LayerInputs::read(source, config));
  }
  if (config.streams > 1) {
    QUIRE_TRY(weights.streams, Streams::read(source, config));
  }
  return {};
}

// The block that predicts: it has the model's tables where it has none of its own, and is where the model ends.
Result<Weights> read_mtp(TensorSource& source, const ModelConfig& config, const Weights& model) {
  const ModelConfig block = mtp_model(config);
  const std::string prefix = fmt::format("blk.{}.", config.layer_count());
  const std::string embedding = prefix + "nextn.embed_tokens.weight", output = prefix + "nextn.shared_head_head.weight";
  TensorReader reader(source, prefix);
  Weights weights;
  weights.token_embedding = model.token_embedding;
  QUIRE_TRY(weights.embedding_norm, read_embedding_norm(source, config));
  weights.rope_factors = model.rope_factors;
  weights.output_norm = model.output_norm;
  weights.output = model.output;
  if (source.has(embedding)) {
    QUIRE_TRY(weights.token_embedding, source.table(embedding, config.vocab, config.width));
  }
  QUIRE_TRY(weights.mtp_input, MtpInput::read(reader, config.norm, config.width));
  QUIRE_TRY(Layer layer, Layer::read(reader, block.layers.front(), block));
  weights.layers.push_back(std::move(layer));
  if (source.has(prefix + "nextn.shared_head_norm.weight")) {
    QUIRE_TRY(weights.output_norm, Norm::read(reader, "nextn.shared_head_norm", config.norm, config.width));
  }
  if (source.has(output)) {
    QUIRE_TRY(weights.output, source.stack(output, 1, config.vocab, config.width));
  }
  return weights;
}

}  // namespace

Result<Weights> read_weights(TensorSource& source, const ModelConfig& config) {
  Weights weights;
  QUIRE_TRY(weights.token_embedding, source.table(std::string(embedding_name), config.vocab, config.width));
  QUIRE_TRY_VOID(read_embedding(source, config, weights));
  for (const RopeConfig& rope : config.ropes) {
    RopeFactors factors;
    QUIRE_TRY(factors.values, read_rope_factors(source, rope.factors, rope.rotary / 2));
    QUIRE_TRY(factors.long_values, read_rope_factors(source, rope.long_factors, rope.rotary / 2));
    weights.rope_factors.push_back(std::move(factors));
  }
  for (int64_t index = 0; index < config.layer_count(); ++index) {
    source.enter(index);
    TensorReader reader(source, fmt::format("blk.{}.", index));
    QUIRE_TRY(Layer layer, Layer::read(reader, config.layers[static_cast<size_t>(index)], config));
    weights.layers.push_back(std::move(layer));
  }
  source.enter(config.layer_count());
  if (weights.streams) {
    QUIRE_TRY_VOID(weights.streams->read_end(source, config));
  }
  TensorReader reader(source, "");
  if (!config.output_norm.empty()) {
    QUIRE_TRY(weights.output_norm, Norm::read(reader, config.output_norm, config.norm, config.width));
  }
  QUIRE_TRY(weights.head, Head::read(reader, config.head, config.norm, config.width));
  if (config.whole_texts) return weights;
  const bool tied = !source.has("output.weight");
  QUIRE_TRY(weights.output,
            source.stack(std::string(tied ? embedding_name : "output.weight"), 1, config.vocab, config.width));
  if (config.mtp) {
    QUIRE_TRY(Weights mtp, read_mtp(source, config, weights));
    weights.mtp = std::make_unique<Weights>(std::move(mtp));
  }
  return weights;
}

Result<Weights> load_weights(const gguf::File& file, const ModelConfig& config, std::span<const Stage> stages,
                             LoadProgress progress) {
  Loader check(file, progress);
  QUIRE_TRY(const Weights checked, read_weights(check, config));
  for (const TensorView& tensor : file.tensors()) {
    if (!check.knows(tensor.name) && !is_beside_text(config, tensor.name)) {
      return fail(ErrorKind::unsupported, fmt::format("tensor {}: not part of architecture {} as this build knows it",
                                                      tensor.name, config.architecture));
    }
  }
  std::vector<DeviceArena> memories;
  for (const Stage& stage : stages) memories.emplace_back(stage.on->device(), "weights");
  Loader load(file, stages, memories, progress, check.total_bytes());
  QUIRE_TRY(Weights weights, read_weights(load, config));
  weights.memories = std::move(memories);
  QUIRE_TRY_VOID(file.check_unchanged());
  return weights;
}

}  // namespace quire
