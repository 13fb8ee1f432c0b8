#include "synth/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "gguf/printable.h"

namespace quire::synth {
namespace {

Shape one_billion(std::string name) {
  return {.name = std::move(name),
          .architecture = "llama",
          .layers = 16,
          .width = 2048,
          .ffn_width = 8192,
          .heads = 32,
          .kv_heads = 8,
          .head_dim = 64,
          .context = 8192,
          .vocab = 128256};
}

// Sizes alone, which suit every architecture, and published models.
// Initialized before main, and named by functions only.
const std::vector<Shape> named_shapes = {
    {.name = "tiny",
     .architecture = "llama",
     .layers = 3,
     .width = 256,
     .ffn_width = 512,
     .heads = 4,
     .kv_heads = 2,
     .head_dim = 64,
     .context = 4096,
     .vocab = 1024},
    {.name = "0.1b",
     .architecture = "llama",
     .layers = 12,
     .width = 640,
     .ffn_width = 2560,
     .heads = 10,
     .kv_heads = 2,
     .head_dim = 64,
     .context = 8192},
    one_billion("1b"),
    {.name = "8b",
     .architecture = "llama",
     .layers = 32,
     .width = 4096,
     .ffn_width = 14336,
     .heads = 32,
     .kv_heads = 8,
     .head_dim = 128,
     .context = 8192,
     .tied = false,
     .vocab = 128256},
    one_billion("llama-1b"),
    {.name = "qwen3-0.6b",
     .architecture = "qwen3",
     .layers = 28,
     .width = 1024,
     .ffn_width = 3072,
     .heads = 16,
     .kv_heads = 8,
     .head_dim = 128,
     .context = 40960,
     .vocab = 151936},
    {.name = "minilm",
     .architecture = "bert",
     .layers = 6,
     .width = 384,
     .ffn_width = 1536,
     .heads = 12,
     .kv_heads = 12,
     .head_dim = 32,
     .context = 512,
     .vocab = 30522},
    {.name = "gemma3-1b",
     .architecture = "gemma3",
     .layers = 26,
     .width = 1152,
     .ffn_width = 6912,
     .heads = 4,
     .kv_heads = 1,
     .head_dim = 256,
     .context = 32768,
     .window = 512,
     .vocab = 262144},
    {.name = "gemma4-e2b",
     .architecture = "gemma4",
     .layers = 35,
     .width = 1536,
     .ffn_width = 6144,
     .heads = 8,
     .kv_heads = 1,
     .head_dim = 256,
     .context = 131072,
     .window = 512,
     .shared_kv_layers = 20,
     .shared_kv_ffn_width = 12288,
     .layer_input_width = 256,
     .vocab = 262144},
    {.name = "lfm2-1.2b",
     .architecture = "lfm2",
     .layers = 16,
     .width = 2048,
     .ffn_width = 8192,
     .heads = 32,
     .kv_heads = 8,
     .head_dim = 64,
     .context = 128000,
     .vocab = 65536},
    {.name = "qwen35-2b",
     .architecture = "qwen35",
     .layers = 24,
     .width = 2048,
     .ffn_width = 6144,
     .heads = 8,
     .kv_heads = 2,
     .head_dim = 256,
     .context = 262144,
     .vocab = 248320},
    // Qwen3 30B-A3B and gpt-oss 20B with fewer layers.
    {.name = "qwen3moe-8b-a1b",
     .architecture = "qwen3moe",
     .layers = 12,
     .width = 2048,
     .ffn_width = 6144,
     .heads = 32,
     .kv_heads = 4,
     .head_dim = 128,
     .context = 40960,
     .tied = false,
     .experts = 128,
     .experts_used = 8,
     .expert_ffn_width = 768,
     .vocab = 151936},
    // DeepSeek-V2-Lite, narrower: by its 27 layers llama.cpp knows that queries have no latent.
    {.name = "deepseek2-8b-a1b",
     .architecture = "deepseek2",
     .layers = 27,
     .width = 1280,
     .ffn_width = 6912,
     .heads = 10,
     .kv_heads = 1,
     .head_dim = 128,
     .context = 163840,
     .tied = false,
     .experts = 64,
     .experts_used = 6,
     .expert_ffn_width = 1152,
     .vocab = 102400},
    {.name = "gpt-oss-8b-a1b",
     .architecture = "gpt-oss",
     .layers = 8,
     .width = 2880,
     .ffn_width = 2880,
     .heads = 64,
     .kv_heads = 8,
     .head_dim = 64,
     .context = 131072,
     .tied = false,
     .window = 128,
     .experts = 32,
     .experts_used = 4,
     .expert_ffn_width = 2880,
     .vocab = 201088},
};

}  // namespace

std::string shape_names() {
  std::string names;
  for (const Shape& shape : named_shapes) names += (names.empty() ? "" : ", ") + shape.name;
  return names;
}

Result<Shape> find_shape(std::string_view name) {
  const auto found = std::ranges::find(named_shapes, name, &Shape::name);
  if (found != named_shapes.end()) return *found;
  return fail(ErrorKind::not_found,
              fmt::format("no shape is named {}; expected one of {}", gguf::printable(name), shape_names()));
}

}  // namespace quire::synth
