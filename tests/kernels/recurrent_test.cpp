// What recurrent layers compute: convolutions, states that each row overwrites, and what these are made of.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "kernels/weights.h"

namespace quire::test {
namespace {

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

const KernelTable& scalar() { return *find_kernel_table("scalar"); }

TEST(L2Norm, gives_rows_of_length_one_with_the_same_bits_in_every_table) {
  Random random(1);
  for (const int64_t n : {1, 3, 15, 16, 17, 64, 100, 128}) {
    const std::vector<float> x = random_floats(n, random);
    std::vector<float> expected = x;
    scalar().l2_norm(expected.data(), 1e-6F, n);
    double length = 0.0, squares = 1e-6;
    for (const float value : expected) length += static_cast<double>(value) * value;
    for (const float value : x) squares += static_cast<double>(value) * value;
    EXPECT_NEAR(length, (squares - 1e-6) / squares, 1e-5);
    for (const KernelTable* table : supported_kernel_tables()) {
      std::vector<float> found = x;
      table->l2_norm(found.data(), 1e-6F, n);
      EXPECT_TRUE(same_bits(found, expected)) << table->name << ", " << n;
    }
  }
}

TEST(TimeSteps, are_softplus_and_what_is_left_after_them) {
  Random random(2);
  for (const int64_t n : {1, 7, 16, 33, 48}) {
    const std::vector<float> x = random_floats(n, random, 20.0F), bias = random_floats(n, random);
    const std::vector<float> rates = random_floats(n, random, 4.0F);
    std::vector<float> expected = x, expected_decays(x.size());
    scalar().time_steps(expected.data(), bias.data(), rates.data(), n, expected_decays.data());
    for (size_t i = 0; i < x.size(); ++i) {
      const double step = std::log1p(std::exp(static_cast<double>(x[i]) + bias[i]));
      EXPECT_NEAR(expected[i], step, 1e-6 * (1.0 + step));
      const double decay = std::exp(std::min(rates[i] * step, 88.0));
      EXPECT_NEAR(expected_decays[i], decay, 1e-5 * decay + 1e-37);  // an error of 1e-7 in an exponent of up to 88
    }
    for (const KernelTable* table : supported_kernel_tables()) {
      std::vector<float> found = x, decays(x.size());
      table->time_steps(found.data(), bias.data(), rates.data(), n, decays.data());
      EXPECT_TRUE(same_bits(found, expected) && same_bits(decays, expected_decays)) << table->name << ", " << n;
    }
  }
}

TEST(Convolve, adds_up_each_channel_by_itself_with_the_same_bits_in_every_table) {
  Random random(3);
  for (const int64_t taps : {1, 3, 4, 16}) {
    for (const int64_t channels : {1, 15, 16, 40, 64}) {
      for (const bool silu : {false, true}) {
        const std::vector<float> rows = random_floats(taps * channels, random);
        const std::vector<float> weight = random_floats(taps * channels, random),
                                 bias = random_floats(channels, random);
        std::vector<const float*> x;
        for (int64_t t = 0; t < taps; ++t) x.push_back(rows.data() + t * channels);
        std::vector<float> expected(static_cast<size_t>(channels));
        ConvolveArgs args{.x = x.data(),
                          .weight = weight.data(),
                          .bias = silu ? bias.data() : nullptr,
                          .taps = taps,
                          .channels = channels,
                          .silu = silu,
                          .y = expected.data()};
        scalar().convolve(args);
        for (size_t c = 0; c < expected.size(); ++c) {
          double sum = silu ? bias[c] : 0.0;
          for (size_t t = 0; t < x.size(); ++t) {
            sum += static_cast<double>(weight[t * expected.size() + c]) * x[t][c];
          }
          EXPECT_NEAR(expected[c], silu ? sum / (1.0 + std::exp(-sum)) : sum, 1e-5);
        }
        for (const KernelTable* table : supported_kernel_tables()) {
          std::vector<float> found(expected.size());
          args.y = found.data();
          table->convolve(args);
          EXPECT_TRUE(same_bits(found, expected)) << table->name << ", " << taps << " taps, " << channels;
        }
      }
    }
  }
}

// A head and what it reads: (rows, its own width) each, among those of another head.
struct Head {
  Head(int64_t state_rows_, int64_t columns_, bool corrects_, Random& random)
      : state_rows(state_rows_), columns(columns_), corrects(corrects_) {
    k = random_floats(rows * 2 * state_rows, random, 1.0F / std::sqrt(static_cast<float>(state_rows)));
    q = random_floats(rows * 2 * state_rows, random);
    v = random_floats(rows * 2 * columns, random);
    decays = random_floats(rows * 2, random);
    for (float& decay : decays) decay = 1.0F / (1.0F + decay * decay);
    weights = random_floats(rows * 2, random);
    state = random_floats(state_rows * 16, random);
    for (int64_t i = 0; i < state_rows * 16; ++i) {
      if (i % 16 >= columns) state[static_cast<size_t>(i)] = 0.0F;
    }
  }
  // State and outputs of rows [begin, end), one after the other.
  void compute(const KernelTable& table, int64_t begin, int64_t end, std::vector<float>& to,
               std::vector<float>& out) const {
    table.recur({.state = to.data(),
                 .state_rows = state_rows,
                 .columns = columns,
                 .rows = end - begin,
                 .k = k.data() + begin * 2 * state_rows,
                 .q = q.data() + begin * 2 * state_rows,
                 .v = v.data() + begin * 2 * columns,
                 .decays = decays.data() + begin * 2,
                 .weights = weights.data() + begin * 2,
                 .out = out.data() + begin * 2 * columns,
                 .k_stride = 2 * state_rows,
                 .v_stride = 2 * columns,
                 .gate_stride = 2,
                 .corrects = corrects,
                 .scale = 0.25F,
                 .skip = corrects ? 0.0F : 0.75F});
  }

  static constexpr int64_t rows = 9;
  int64_t state_rows, columns;
  bool corrects;
  std::vector<float> k, q, v, decays, weights, state;
};

// The definition in double precision: each row decays the state, adds k u^T to it, and reads it by q.
void expect_the_recurrence(const Head& head, const std::vector<float>& out, const std::vector<float>& state_behind) {
  std::vector<double> state(head.state.begin(), head.state.end());
  const auto state_rows = static_cast<size_t>(head.state_rows), columns = static_cast<size_t>(head.columns);
  for (size_t r = 0; r < Head::rows; ++r) {
    for (double& value : state) value *= head.decays[2 * r];
    for (size_t c = 0; c < columns; ++c) {
      const double v = head.v[2 * r * columns + c];
      double found = 0.0, read = 0.0;
      for (size_t i = 0; i < state_rows; ++i) found += head.k[2 * r * state_rows + i] * state[i * 16 + c];
      const double u = head.weights[2 * r] * (head.corrects ? v - found : v);
      for (size_t i = 0; i < state_rows; ++i) {
        state[i * 16 + c] += head.k[2 * r * state_rows + i] * u;
        read += head.q[2 * r * state_rows + i] * state[i * 16 + c];
      }
      EXPECT_NEAR(out[2 * r * columns + c], 0.25 * read + (head.corrects ? 0.0 : 0.75 * v), 1e-4);
    }
  }
  for (size_t i = 0; i < state.size(); ++i) EXPECT_NEAR(state_behind[i], state[i], 1e-4);
}

TEST(Recur, walks_row_by_row_with_the_same_bits_in_every_table_and_any_cut) {
  Random random(4);
  for (const int64_t state_rows : {1, 2, 3, 4, 7, 16, 128}) {
    for (const int64_t columns : {1, 9, 16}) {
      for (const bool corrects : {false, true}) {
        const Head head(state_rows, columns, corrects, random);
        std::vector<float> expected_state = head.state, expected(head.v.size());
        head.compute(scalar(), 0, Head::rows, expected_state, expected);
        expect_the_recurrence(head, expected, expected_state);
        for (const KernelTable* table : supported_kernel_tables()) {
          for (const int64_t slice : {int64_t{1}, int64_t{4}, Head::rows}) {
            std::vector<float> state = head.state, out(head.v.size());
            for (int64_t r = 0; r < Head::rows; r += slice) {
              head.compute(*table, r, std::min(r + slice, Head::rows), state, out);
            }
            EXPECT_TRUE(same_bits(state, expected_state) && same_bits(out, expected))
                << table->name << ", " << state_rows << " x " << columns << (corrects ? " corrects" : "");
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace quire::test
