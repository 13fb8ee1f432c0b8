// Each operation of a backend has on the GPU the bits that the scalar table has.
#include <functional>

#include "gpu/backend/same_operation.h"

namespace quire::test {
namespace {

TEST_F(GpuOperations, norms) {
  expect_same([](Bench& bench) {
    std::vector<float> all;
    const DeviceVector weight = bench.vector(2 * 40, 1), bias = bench.vector(2 * 40, 2);
    const auto add = [&](const std::function<void(Rows x, Rows y)>& norm) {
      const Rows x = bench.rows(6, 40, 3), y = bench.rows(6, 40, 4);
      bench.begin();
      norm(x, y);
      append(all, bench.finish(y));
    };
    add([&](Rows x, Rows y) { bench.on().rms_norm(x, weight, 1e-5F, y); });
    add([&](Rows x, Rows y) { bench.on().layer_norm(x, weight, bias, 1e-5F, y); });
    add([&](Rows x, Rows y) { bench.on().layer_norm(x, weight, {}, 1e-5F, y); });
    add([&](Rows, Rows y) { bench.on().rms_norm(y, weight, 1e-6F, y); });
    add([&](Rows, Rows y) { bench.on().l2_norm(y, 1e-6F); });
    const DeviceVector wide = bench.vector(600, 5);  // which blocks of threads norm together
    const Rows x = bench.rows(2, 600, 6);
    bench.begin();
    bench.on().rms_norm(x, wide, 1e-5F, x);
    append(all, bench.finish(x));
    bench.begin();
    bench.on().layer_norm(x, wide, wide, 1e-5F, x);
    append(all, bench.finish(x));
    return all;
  });
}

TEST_F(GpuOperations, of_single_elements) {
  expect_same([](Bench& bench) {
    std::vector<float> all;
    const std::vector<float> scales = Bench::noise(5, 9);
    const auto add = [&](const std::function<void(Rows y, Rows x)>& operation) {
      const Rows y = bench.rows(5, 24, 1, 3.0F), x = bench.rows(5, 24, 2, 3.0F);
      bench.begin({.row_scales = scales});
      operation(y, x);
      append(all, bench.finish(y));
    };
    Backend& on = bench.on();
    const DeviceVector bias = bench.vector(24, 5);
    add([&](Rows y, Rows x) { on.add(y, x); });
    add([&](Rows y, Rows x) { on.multiply(y, x); });
    add([&](Rows y, Rows) { on.add_bias(y, bias); });
    add([&](Rows y, Rows) { on.sigmoid(y); });
    add([&](Rows y, Rows) { on.scale(y, 0.3F); });
    add([&](Rows y, Rows) { on.softcap(y, 2.5F); });
    add([&](Rows y, Rows) { on.scale_rows(y); });
    for (const Activation activation :
         {Activation::silu, Activation::gelu, Activation::gelu_erf, Activation::clamped_swiglu}) {
      add([&](Rows y, Rows x) { on.activate(y, x, activation); });
    }
    for (const Activation activation : {Activation::gelu, Activation::gelu_erf, Activation::relu_squared}) {
      add([&](Rows y, Rows) { on.activate(y, activation); });
    }
    for (const RowGate function : {RowGate::sigmoid, RowGate::softplus}) {
      for (const int64_t gates : {24, 6, 1}) {
        add([&](Rows y, Rows x) { on.gate_rows(y, {.values = x.values, .count = 5, .width = gates}, function); });
      }
    }
    return all;
  });
}

TEST_F(GpuOperations, of_streams) {
  expect_same([](Bench& bench) {
    std::vector<float> all;
    Backend& on = bench.on();
    const DeviceVector factors = bench.vector(300, 5);
    const std::vector<Rows> streams = {bench.rows(5, 300, 1), bench.rows(5, 300, 2), bench.rows(5, 300, 3)};
    const Rows weights = bench.rows(5, 9, 4), one = bench.rows(5, 3, 6), small = bench.rows(5, 300, 7, 1e-4F);
    const auto add = [&](Rows y, const std::function<void()>& operation) {
      bench.begin();
      operation();
      append(all, bench.finish(y));
    };
    add(streams[2], [&] { on.mix(streams, streams, weights); });
    append(all, bench.read(streams[0].values, 5 * 300));
    add(streams[1], [&] { on.mix(streams, {&small, 1}, one); });
    add(streams[1], [&] { on.match_magnitude(streams[1], streams[0], 1e-5F); });
    add(small, [&] { on.match_magnitude(small, streams[0], 1e-5F); });  // too small to count
    add(streams[0], [&] { on.keep_excess(streams[0], 0.7F); });
    add(streams[1], [&] { on.multiply(streams[1], factors); });
    return all;
  });
}

TEST_F(GpuOperations, of_heads_and_rows) {
  expect_same([](Bench& bench) {
    std::vector<float> all;
    const std::vector<int32_t> gathered = {3, 0, 3}, drafted = {1, 4};
    Backend& on = bench.on();
    const Rows x = bench.rows(5, 64, 1);
    const auto add = [&](int64_t count, int64_t width, const std::function<void(Rows y)>& operation) {
      const Rows y = bench.rows(count, width, 2);
      bench.begin({.gathered_rows = gathered, .drafted_rows = drafted});
      operation(y);
      append(all, bench.finish(y));
    };
    add(3, 64, [&](Rows y) { on.gather(x, y); });
    add(2, 64, [&](Rows y) { on.gather_drafted(x, y); });
    add(5, 20, [&](Rows y) { on.columns(x, 7, y); });
    add(5, 64, [&](Rows y) {
      on.copy_heads({.rows = x, .stride = 16, .first = 3, .size = 10},
                    {.rows = y, .stride = 16, .first = 5, .size = 10});
    });
    const Rows odd = bench.rows(5, 32, 3);
    add(5, 32, [&](Rows y) { on.split_heads(x, 8, y, odd); });
    append(all, bench.read(odd.values, 5 * 32));
    return all;
  });
}

TEST_F(GpuOperations, turns) {
  const std::vector<float> cosines = Bench::noise(8 * 4, 1), sines = Bench::noise(8 * 4, 2);
  const std::vector<float> others = Bench::noise(8 * 8, 3);
  const std::vector<int32_t> blocks = {0};
  // Room for more rows than there are.
  const std::vector<RopeRows> turns = {{.cosines = cosines, .sines = sines, .rotary = 8},
                                       {.cosines = others, .sines = others, .rotary = 16}};
  const std::vector<RowRun> runs = {{.row_begin = 0, .rows = 3, .position = 0, .blocks = blocks.data()}};
  expect_same([&](Bench& bench) {
    std::vector<float> all;
    for (const int64_t kind : {0, 1}) {
      for (const RopePairs pairs : {RopePairs::neighbours, RopePairs::halves}) {
        const Rows heads = bench.rows(3, 48, 4);
        bench.begin({.runs = runs, .turns = turns, .block_tokens = 32});
        bench.on().rope(heads, 16, kind, pairs);
        append(all, bench.finish(heads));
      }
    }
    return all;
  });
}

TEST_F(GpuOperations, matmuls_of_every_type_and_any_number_of_rows) {
  for (const ElementTraits& traits : element_traits_table) {
    if (!tests_weights_of(traits.type)) continue;
    SCOPED_TRACE(traits.name);
    const auto multiply = [&](Bench& bench) {
      std::vector<float> all;
      Matrix weights = bench.matrix(traits.type, 20, 256, 1);
      const Matrix empty;
      Matrix part = bench.matrix(traits.type, 20, 256, 2, 2, 1, 19);
      part.count = 1;
      weights.scale = 0.3F;
      for (const int64_t count : {1, 5, 20}) {
        const Rows x = bench.rows(count, 256, 3), y = bench.rows(count, 20, 4), z = bench.rows(count, 18, 5);
        bench.begin();
        bench.on().matmul(x, RowsOf::step, {{weights, y}, {empty, {}}, {part, z}});
        append(all, bench.finish(y));
        append(all, bench.read(z.values, count * 18));
      }
      return all;
    };
    expect_same(multiply, small_step, {with_tiles, without_tiles});
  }
}

// Inputs that are no whole step of a layout.
TEST_F(GpuOperations, matmuls_of_odd_widths) {
  using enum ElementType;
  for (const ElementType type : {f32, f16, bf16, q8_0, q4_0, q5_1, mxfp4, iq4_nl}) {
    if (!tests_weights_of(type)) continue;
    SCOPED_TRACE(element_traits(type).name);
    const int64_t inputs = element_traits(type).block_elements == 1 ? 67 : 96;
    expect_same([&](Bench& bench) {
      const Matrix weights = bench.matrix(type, 50, inputs, 1);
      const Rows x = bench.rows(10, inputs, 2), y = bench.rows(10, 50, 3);
      bench.begin();
      bench.on().matmul(x, RowsOf::step, {{weights, y}});
      return bench.finish(y);
    });
  }
}

TEST_F(GpuOperations, matmuls_of_each_heads_own_matrix) {
  for (const ElementType type : {ElementType::q8_0, ElementType::f16, ElementType::bf16}) {
    expect_same([&](Bench& bench) {
      std::vector<float> all;
      const Matrix stack = bench.matrix(type, 24, 64, 1, 3);
      for (const int64_t count : {1, 10}) {
        const Rows x = bench.rows(count, 3 * 80, 2), y = bench.rows(count, 3 * 30, 3);
        bench.begin();
        bench.on().matmul_heads({.rows = x, .stride = 80, .first = 9, .size = 64}, stack,
                                {.rows = y, .stride = 30, .first = 2, .size = 24});
        append(all, bench.finish(y));
      }
      return all;
    });
  }
}

TEST_F(GpuOperations, token_rows_and_the_largest_of_rows) {
  expect_same([](Bench& bench) {
    const std::vector<float> values = Bench::noise(7 * 64, 1);
    std::vector<std::byte> bytes(static_cast<size_t>(7 * row_size_bytes(ElementType::q4_0, 64)));
    quantize(ElementType::q4_0, values.data(), 7 * 64, bytes.data());
    const MemorySource source(bytes);
    const TensorView table = {.name = "t", .type = ElementType::q4_0, .shape = {64, 7, 1, 1}, .source = &source};
    const std::vector<int32_t> tokens = {3, 6, -1, 0, 7};
    const Rows x = bench.rows(5, 64, 2);
    bench.begin();
    take(bench.on().embed(table, tokens, x));
    std::vector<float> all = bench.finish(x);
    bench.begin();
    const std::vector<int32_t> asked = {1, 4};
    const StepResult result = take(bench.on().finish(x, asked));
    for (const int32_t row : asked) all.push_back(static_cast<float>(result.largest[static_cast<size_t>(row)]));
    for (const size_t row : {0, 2, 3}) {
      const std::span<const float> own = result.values.subspan(row * 64, 64);
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  });
}

TEST_F(GpuOperations, steps_of_time) {
  expect_same([](Bench& bench) {
    const DeviceVector bias = bench.vector(6, 1), rates = bench.vector(6, 2);
    const Rows x = bench.rows(4, 6, 3), decays = bench.rows(4, 6, 4);
    bench.begin();
    bench.on().time_steps(x, bias, rates, decays);
    std::vector<float> all = bench.finish(x);
    append(all, bench.read(decays.values, 24));
    return all;
  });
}

}  // namespace
}  // namespace quire::test
