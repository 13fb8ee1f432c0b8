#include "support/reference.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "base/check.h"
#include "support/tensor_bytes.h"
#include "tensor/dequantize.h"

namespace quire::test {
namespace {

using Vector = std::vector<double>;
using Table = std::vector<Vector>;  // one row a position

struct ReferenceModel {
  const gguf::File& file;
  std::string architecture;
  size_t heads, kv_heads, head_dim;
  double epsilon, base;
  std::map<std::string, Table> cache;

  explicit ReferenceModel(const gguf::File& opened) : file(opened) {
    architecture = file.metadata().get_string("general.architecture").value();
    heads = count("attention.head_count");
    kv_heads = count("attention.head_count_kv");
    head_dim = has_key("attention.key_length") ? count("attention.key_length") : count("embedding_length") / heads;
    epsilon = file.metadata().get_float(architecture + ".attention.layer_norm_rms_epsilon").value();
    base = file.metadata().get_float_or(architecture + ".rope.freq_base", 10000.0).value();
  }

  size_t count(const std::string& key) const {
    return static_cast<size_t>(file.metadata().get_int(architecture + "." + key, 0, 1 << 20).value());
  }
  bool has_key(const std::string& key) const { return file.metadata().contains(architecture + "." + key); }
  bool has(const std::string& name) const { return file.find_tensor(name) != nullptr; }
  const Table& matrix(const std::string& name) {
    Table& rows = cache[name];
    if (!rows.empty()) return rows;
    const TensorView* tensor = file.find_tensor(name);
    QUIRE_CHECK(tensor != nullptr, name);
    std::vector<float> values(static_cast<size_t>(tensor->element_count()));
    dequantize(tensor->type, bytes_of(*tensor).data(), tensor->element_count(), values.data());
    for (auto row = values.begin(); row != values.end(); row += tensor->shape[0]) {
      rows.emplace_back(row, row + tensor->shape[0]);
    }
    return rows;
  }
  const Vector& vector(const std::string& name) { return matrix(name)[0]; }
};

Vector multiply(const Table& matrix, const Vector& x) {
  Vector y;
  for (const Vector& row : matrix) {
    double sum = 0.0;
    for (size_t k = 0; k < x.size(); ++k) sum += row[k] * x[k];
    y.push_back(sum);
  }
  return y;
}

void add_to(Vector& y, const Vector& x) {
  for (size_t i = 0; i < y.size(); ++i) y[i] += x[i];
}

// Normalizes `size` elements from `begin`.
void normalize(Vector& x, size_t begin, const Vector& weight, double epsilon) {
  double squares = 0.0;
  for (size_t i = 0; i < weight.size(); ++i) squares += x[begin + i] * x[begin + i];
  const double factor = 1.0 / std::sqrt(squares / static_cast<double>(weight.size()) + epsilon);
  for (size_t i = 0; i < weight.size(); ++i) x[begin + i] *= factor * weight[i];
}

void rotate(ReferenceModel& model, Vector& x, size_t position) {
  const size_t half = model.head_dim / 2;
  for (size_t head = 0; head < x.size() / model.head_dim; ++head) {
    for (size_t d = 0; d < half; ++d) {
      double angle = static_cast<double>(position) *
                     std::pow(model.base, -2.0 * static_cast<double>(d) / static_cast<double>(model.head_dim));
      if (model.has("rope_freqs.weight")) angle /= model.vector("rope_freqs.weight")[d];
      double& first = x[head * model.head_dim + (model.architecture == "llama" ? 2 * d : d)];
      double& second = x[head * model.head_dim + (model.architecture == "llama" ? 2 * d + 1 : d + half)];
      const double turned = first * std::cos(angle) - second * std::sin(angle);
      second = first * std::sin(angle) + second * std::cos(angle);
      first = turned;
    }
  }
}

// Of one row over all positions up to its own.
Vector attend(const ReferenceModel& model, const Vector& q, const Table& keys, const Table& values) {
  Vector out(q.size(), 0.0);
  for (size_t head = 0; head < model.heads; ++head) {
    const size_t from = head * model.head_dim;
    const size_t kv_from = head / (model.heads / model.kv_heads) * model.head_dim;
    Vector weights;
    double total = 0.0;
    for (const Vector& key : keys) {
      double score = 0.0;
      for (size_t d = 0; d < model.head_dim; ++d) score += q[from + d] * key[kv_from + d];
      weights.push_back(std::exp(score / std::sqrt(static_cast<double>(model.head_dim))));
      total += weights.back();
    }
    for (size_t p = 0; p < keys.size(); ++p) {
      for (size_t d = 0; d < model.head_dim; ++d) out[from + d] += weights[p] / total * values[p][kv_from + d];
    }
  }
  return out;
}

void run_layer(ReferenceModel& model, size_t layer, Table& x) {
  const auto name = [layer](const char* part) { return "blk." + std::to_string(layer) + "." + part; };
  Table keys, values;
  for (size_t position = 0; position < x.size(); ++position) {
    Vector h = x[position];
    normalize(h, 0, model.vector(name("attn_norm.weight")), model.epsilon);
    Vector q = multiply(model.matrix(name("attn_q.weight")), h);
    Vector k = multiply(model.matrix(name("attn_k.weight")), h);
    Vector v = multiply(model.matrix(name("attn_v.weight")), h);
    if (model.has(name("attn_q.bias"))) {
      add_to(q, model.vector(name("attn_q.bias")));
      add_to(k, model.vector(name("attn_k.bias")));
      add_to(v, model.vector(name("attn_v.bias")));
    }
    if (model.has(name("attn_q_norm.weight"))) {
      for (size_t i = 0; i < q.size(); i += model.head_dim) {
        normalize(q, i, model.vector(name("attn_q_norm.weight")), model.epsilon);
      }
      for (size_t i = 0; i < k.size(); i += model.head_dim) {
        normalize(k, i, model.vector(name("attn_k_norm.weight")), model.epsilon);
      }
    }
    rotate(model, q, position);
    rotate(model, k, position);
    keys.push_back(k);
    values.push_back(v);
    add_to(x[position], multiply(model.matrix(name("attn_output.weight")), attend(model, q, keys, values)));

    h = x[position];
    normalize(h, 0, model.vector(name("ffn_norm.weight")), model.epsilon);
    Vector gate = multiply(model.matrix(name("ffn_gate.weight")), h);
    const Vector up = multiply(model.matrix(name("ffn_up.weight")), h);
    for (size_t i = 0; i < gate.size(); ++i) gate[i] = gate[i] / (1.0 + std::exp(-gate[i])) * up[i];
    add_to(x[position], multiply(model.matrix(name("ffn_down.weight")), gate));
  }
}

// log of the sum of exp.
template <typename T>
double log_total(std::span<const T> logits) {
  const auto largest = static_cast<double>(*std::ranges::max_element(logits));
  double total = 0.0;
  for (const T logit : logits) total += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(total);
}

}  // namespace

std::vector<double> reference_logits(const gguf::File& file, std::span<const TokenId> tokens) {
  ReferenceModel model(file);
  Table x;
  for (const TokenId token : tokens) x.push_back(model.matrix("token_embd.weight")[static_cast<size_t>(token)]);
  for (size_t layer = 0; layer < model.count("block_count"); ++layer) run_layer(model, layer, x);
  std::vector<double> logits;
  for (Vector& row : x) {
    normalize(row, 0, model.vector("output_norm.weight"), model.epsilon);
    const bool tied = !model.has("output.weight");
    const Vector y = multiply(model.matrix(tied ? "token_embd.weight" : "output.weight"), row);
    logits.insert(logits.end(), y.begin(), y.end());
  }
  return logits;
}

double relative_rms_error(std::span<const float> found, std::span<const double> expected) {
  QUIRE_CHECK(found.size() == expected.size(), "the same shape");
  double error = 0.0, size = 0.0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double difference = static_cast<double>(found[i]) - expected[i];
    error += difference * difference;
    size += expected[i] * expected[i];
  }
  return std::sqrt(error / size);
}

std::vector<double> kl_divergences(std::span<const float> found, std::span<const double> expected, size_t vocab) {
  QUIRE_CHECK(found.size() == expected.size() && found.size() % vocab == 0, "the same shape");
  std::vector<double> divergences;
  for (size_t begin = 0; begin < found.size(); begin += vocab) {
    const auto q = found.subspan(begin, vocab);
    const auto p = expected.subspan(begin, vocab);
    const double log_q_total = log_total(q);
    const double log_p_total = log_total(p);
    double divergence = 0.0;
    for (size_t i = 0; i < vocab; ++i) {
      const double log_p = p[i] - log_p_total;
      divergence += std::exp(log_p) * (log_p - (static_cast<double>(q[i]) - log_q_total));
    }
    divergences.push_back(divergence);
  }
  return divergences;
}

}  // namespace quire::test
