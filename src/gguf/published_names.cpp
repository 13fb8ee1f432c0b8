#include "gguf/published_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "gguf/published_fixes.h"

namespace quire::gguf {
namespace {

struct Rename {
  std::string_view from;
  std::string_view to;
};

struct Default {
  std::string_view key;
  Value value;
};

// A file is the table's where it has the architecture and one of the marks, if there are any. Keys are ARCHITECTURE.KEY
// (of the new architecture, but for the marks), tensors are the model's or blk.N.TENSOR.
struct Translation {
  std::string_view architecture;
  std::string_view becomes = {};                    // empty: it keeps its name
  std::vector<std::string_view> marks = {};         // keys
  std::vector<std::string_view> tensor_marks = {};  // how names of tensors begin
  std::string_view missing_mark = {};               // a key that the file lacks
  std::vector<Rename> keys = {};
  std::vector<Rename> tensors = {};
  std::vector<Default> defaults = {};  // where the file says nothing
  std::string_view pretokenizer = {};  // where the file names none, or "default"
  std::vector<std::string> (*mend)(Metadata& metadata, std::span<const TensorView> tensors) = nullptr;
};

constexpr std::string_view architecture_key = "general.architecture";

const TensorView* find(std::span<const TensorView> tensors, std::string_view name) {
  const auto found = std::ranges::find(tensors, name, &TensorView::name);
  return found == tensors.end() ? nullptr : &*found;
}

// The vocabulary of files with images has tokens that the text model's table has no row for.
template <typename Element>
void cut_array(Metadata& metadata, const std::string& key, size_t count) {
  const Value* const value = metadata.find(key);
  const auto* const array = value != nullptr ? std::get_if<std::vector<Element>>(value) : nullptr;
  if (array == nullptr || array->size() <= count) return;
  metadata.set(key, std::vector<Element>(array->begin(), array->begin() + static_cast<std::ptrdiff_t>(count)));
}

std::vector<std::string> mend_gemma3(Metadata& metadata, std::span<const TensorView> tensors) {
  std::vector<std::string> done;
  const auto context = metadata.get_int_or("gemma3.context_length", 0, 0, INT64_MAX);
  if (context && *context >= 131072 && !metadata.contains("gemma3.rope.scaling.type")) {
    metadata.set("gemma3.rope.scaling.type", std::string("linear"));
    metadata.set("gemma3.rope.scaling.factor", 8.0F);
    done.emplace_back("gemma3.rope.scaling is read as linear by 8");
  }
  const TensorView* const table = find(tensors, "token_embd.weight");
  const auto tokens = metadata.get_strings("tokenizer.ggml.tokens");
  if (table == nullptr || !tokens || std::ssize(tokens->get()) <= table->shape[1]) return done;
  const auto rows = static_cast<size_t>(table->shape[1]);
  cut_array<std::string>(metadata, "tokenizer.ggml.tokens", rows);
  cut_array<float>(metadata, "tokenizer.ggml.scores", rows);
  cut_array<int32_t>(metadata, "tokenizer.ggml.token_type", rows);
  done.push_back(fmt::format("the vocabulary is read up to the {} rows of token_embd.weight", rows));
  return done;
}

// The sizes of the projections behind the pooled vector.
std::vector<std::string> mend_gemma_embedding(Metadata& metadata, std::span<const TensorView> tensors) {
  for (const std::string_view name : {"dense_2", "dense_3"}) {
    const TensorView* const dense = find(tensors, fmt::format("{}.weight", name));
    if (dense == nullptr) continue;
    metadata.set(fmt::format("gemma-embedding.{}_feat_in", name), static_cast<uint32_t>(dense->shape[0]));
    metadata.set(fmt::format("gemma-embedding.{}_feat_out", name), static_cast<uint32_t>(dense->shape[1]));
  }
  return {};
}

std::vector<std::string> mend_gpt_oss(Metadata& metadata, std::span<const TensorView> tensors) {
  constexpr std::string_view key = "gpt-oss.expert_feed_forward_length";
  const TensorView* const gate = find(tensors, "blk.0.ffn_gate_exps.weight");
  if (gate == nullptr || metadata.contains(key)) return {};
  metadata.set(std::string(key), static_cast<uint32_t>(gate->shape[1]));
  return {fmt::format("{} is read as {}", key, gate->shape[1])};
}

// Three sections where there are four today, the last of which text and images do not have.
std::vector<std::string> mend_qwen2vl(Metadata& metadata, std::span<const TensorView>) {
  auto sections = metadata.get_ints("qwen2vl.rope.mrope_section");
  if (!sections || sections->size() != 3 || metadata.contains("qwen2vl.rope.dimension_sections")) return {};
  sections->push_back(0);
  metadata.set("qwen2vl.rope.dimension_sections", std::vector<int32_t>(sections->begin(), sections->end()));
  return {"qwen2vl.rope.mrope_section is read as rope.dimension_sections"};
}

// Heads of keys for each layer, 0 in those without attention: today one number for all that attend.
std::vector<std::string> mend_delta_net(Metadata& metadata, std::span<const TensorView>) {
  const std::string key =
      fmt::format("{}.attention.head_count_kv", metadata.get_string_or(architecture_key, "").value_or(""));
  const auto counts = metadata.get_ints(key);
  if (!counts || counts->empty()) return {};
  const int64_t most = std::ranges::max(*counts);
  if (most < 1 || most > INT32_MAX) return {};
  metadata.set(key, static_cast<uint32_t>(most));
  return {fmt::format("{} is read as {}", key, most)};
}

std::vector<std::string> mend_lfm2(Metadata& metadata, std::span<const TensorView> tensors) {
  constexpr std::string_view key = "lfm2.feed_forward_length";
  const TensorView* const gate = find(tensors, "blk.0.ffn_gate.weight");
  if (gate == nullptr) return {};
  metadata.set(std::string(key), static_cast<uint32_t>(gate->shape[1]));
  return {fmt::format("{} is read as {}", key, gate->shape[1])};
}

Translation delta_nets(std::string_view architecture, std::vector<std::string_view> marks,
                       std::vector<std::string_view> tensor_marks) {
  return {.architecture = architecture,
          .marks = std::move(marks),
          .tensor_marks = std::move(tensor_marks),
          .keys = {{"mrope_sections", "rope.dimension_sections"}},
          .tensors = {{"ssm_dt", "ssm_dt.bias"}},
          .mend = mend_delta_net};
}

const std::vector<Translation>& translations() {
  static const std::vector<Translation> all = {
      {.architecture = "gemma3",
       .becomes = "gemma-embedding",
       .tensor_marks = {"dense.0.weight"},
       .tensors = {{"dense.0.weight", "dense_2.weight"},
                   {"dense.1.weight", "dense_3.weight"},
                   {"norm.weight", "output_norm.weight"}},
       .defaults = {{"attention.layer_norm_rms_epsilon", 1e-6F}},
       .mend = mend_gemma_embedding},
      {.architecture = "gemma3",
       .marks = {"mm.tokens_per_image", "rope.global.freq_base", "rope.local.freq_base"},
       .tensor_marks = {"v.", "mm."},
       .missing_mark = "attention.layer_norm_rms_epsilon",
       .keys = {{"rope.global.freq_base", "rope.freq_base"}, {"rope.local.freq_base", "rope.freq_base_swa"}},
       .defaults = {{"attention.layer_norm_rms_epsilon", 1e-6F},
                    {"rope.freq_base", 1e6F},
                    {"rope.freq_base_swa", 1e4F}},
       .mend = mend_gemma3},
      // So llama.cpp's converter names it, and so it reads it.
      {.architecture = "falcon-h1", .tensors = {{"ffn_norm", "ffn_norm.weight"}}},
      {.architecture = "gemma3n",
       .keys = {{"rope.freq_base_local", "rope.freq_base_swa"}, {"head_dim", "attention.key_length"}}},
      {.architecture = "gemma4", .tensors = {{"ffn_gate_inp.per_expert_scale", "ffn_down_exps.scale"}}},
      {.architecture = "glm4moelite", .becomes = "deepseek2"},
      {.architecture = "gptoss",
       .becomes = "gpt-oss",
       .tensors = {{"attn_out.weight", "attn_output.weight"},
                   {"attn_out.bias", "attn_output.bias"},
                   {"attn_sinks", "attn_sinks.weight"},
                   {"ffn_norm.weight", "post_attention_norm.weight"}},
       .defaults = {{"rope.scaling.type", std::string("yarn")}},
       .pretokenizer = "gpt-4o",
       .mend = mend_gpt_oss},
      {.architecture = "laguna",
       .keys = {{"rope.swa.freq_base", "rope.freq_base_swa"}, {"rope.swa.dimension_count", "rope.dimension_count_swa"}},
       .tensors = {{"attn_g.weight", "attn_gate.weight"}}},
      {.architecture = "lfm2",
       .tensor_marks = {"output_norm.weight"},
       .tensors = {{"output_norm.weight", "token_embd_norm.weight"}},
       .pretokenizer = "lfm2",
       .mend = mend_lfm2},
      {.architecture = "mistral3",
       .marks = {"rope.scaling.beta_fast", "rope.scaling.mscale_all_dim", "rope.scaling_beta"},
       .tensor_marks = {"v.", "mm."},
       .keys = {{"rope.scaling.beta_fast", "rope.scaling.yarn_beta_fast"},
                {"rope.scaling.beta_slow", "rope.scaling.yarn_beta_slow"},
                {"rope.scaling.mscale_all_dim", "rope.scaling.yarn_log_multiplier"},
                {"rope.scaling_beta", "attention.temperature_scale"}},
       .pretokenizer = "tekken"},
      {.architecture = "olmo3", .becomes = "olmo2"},
      {.architecture = "qwen25vl", .becomes = "qwen2vl", .mend = mend_qwen2vl},
      delta_nets("qwen35", {"vision.block_count", "image_token_id", "ssm.v_head_reordered", "rope.mrope_interleaved"},
                 {"mtp."}),
      delta_nets("qwen35moe",
                 {"vision.block_count", "image_token_id", "ssm.v_head_reordered", "rope.mrope_interleaved"}, {"mtp."}),
      delta_nets("qwen3next", {}, {}),
  };
  return all;
}

bool recognizes(const Translation& translation, const Metadata& metadata, std::span<const TensorView> tensors) {
  if (metadata.get_string_or(architecture_key, "").value_or("") != translation.architecture) return false;
  const bool has_marks =
      !translation.marks.empty() || !translation.tensor_marks.empty() || !translation.missing_mark.empty();
  if (!has_marks) return true;
  const auto contains = [&](std::string_view key) {
    return metadata.contains(fmt::format("{}.{}", translation.architecture, key));
  };
  if (std::ranges::any_of(translation.marks, contains)) return true;
  if (!translation.missing_mark.empty() && !contains(translation.missing_mark)) return true;
  return std::ranges::any_of(tensors, [&](const TensorView& tensor) {
    return std::ranges::any_of(translation.tensor_marks,
                               [&](std::string_view mark) { return tensor.name.starts_with(mark); });
  });
}

// Every key of the old architecture is the new one's.
Metadata of_architecture(const Metadata& metadata, std::string_view from, std::string_view to) {
  Metadata renamed;
  const std::string prefix = fmt::format("{}.", from);
  for (const auto& [key, value] : metadata.entries()) {
    renamed.set(key.starts_with(prefix) ? fmt::format("{}.{}", to, key.substr(prefix.size())) : key, value);
  }
  renamed.set(std::string(architecture_key), std::string(to));
  return renamed;
}

// The part of a tensor's name that a translation knows: all of it, or what follows "blk.N.".
std::string_view part_of(std::string_view name) {
  if (!name.starts_with("blk.")) return name;
  const size_t end = name.find('.', 4);
  return end == std::string_view::npos ? name : name.substr(end + 1);
}

void rename_tensors(const Translation& translation, std::vector<TensorView>& tensors, std::vector<std::string>& done) {
  for (const Rename& rename : translation.tensors) {
    int64_t count = 0;
    for (TensorView& tensor : tensors) {
      const std::string_view part = part_of(tensor.name);
      if (part != rename.from) continue;
      tensor.name.replace(tensor.name.size() - part.size(), part.size(), rename.to);
      ++count;
    }
    if (count > 0) done.push_back(fmt::format("{} tensors {} are read as {}", count, rename.from, rename.to));
  }
}

void rename_keys(const Translation& translation, const std::string& architecture, Metadata& metadata,
                 std::vector<std::string>& done) {
  for (const Rename& rename : translation.keys) {
    const std::string from = fmt::format("{}.{}", architecture, rename.from);
    const Value* const value = metadata.find(from);
    if (value == nullptr) continue;
    metadata.set(fmt::format("{}.{}", architecture, rename.to), Value(*value));
    metadata.erase(from);
    done.push_back(fmt::format("{} is read as {}", from, rename.to));
  }
  for (const auto& [name, value] : translation.defaults) {
    const std::string key = fmt::format("{}.{}", architecture, name);
    if (metadata.contains(key)) continue;
    metadata.set(key, value);
    done.push_back(fmt::format("{} is read as it is in models of this kind", key));
  }
}

}  // namespace

std::vector<std::string> apply_published_names(Metadata& metadata, std::vector<TensorView>& tensors) {
  const auto found = std::ranges::find_if(
      translations(), [&](const Translation& translation) { return recognizes(translation, metadata, tensors); });
  if (found == translations().end()) return {};
  std::vector<std::string> done;
  std::string architecture(found->architecture);
  if (!found->becomes.empty()) {
    metadata = of_architecture(metadata, found->architecture, found->becomes);
    done.push_back(fmt::format("architecture {} is read as {}", architecture, found->becomes));
    architecture = found->becomes;
  }
  rename_keys(*found, architecture, metadata, done);
  rename_tensors(*found, tensors, done);
  if (!found->pretokenizer.empty()) fill_pretokenizer(metadata, found->pretokenizer, done);
  if (found->mend != nullptr) {
    for (std::string& sentence : found->mend(metadata, tensors)) done.push_back(std::move(sentence));
  }
  return done;
}

}  // namespace quire::gguf
