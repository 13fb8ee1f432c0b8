#include "backend/gpu/vulkan/self_test.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include "backend/gpu/vulkan/vulkan_commands.h"
#include "kernels/scalar/half.h"

namespace quire {
namespace {

struct Numbers {
  float a, b, c;
};
// As kernels/vulkan/arithmetic.comp has them.
struct Results {
  float fused, quotient, root, product, sum, half;
};
constexpr int64_t threads = 64;

float of_bits(uint64_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits)); }

// Every f16 in the low bits of a; sizes that models have, sums that cancel, and any bits at all.
std::vector<Numbers> test_numbers() {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<Numbers> numbers;
  for (uint32_t half = 0; half < 65536; ++half) {
    const float a = of_bits((random() & 0xFFFF0000U) | half), b = of_bits(random());
    numbers.push_back({a, b, half % 2 == 0 ? of_bits(random()) : -a * b});
    const float x = normal(random), y = normal(random);
    numbers.push_back({x, y, half % 2 == 0 ? normal(random) : -x * y});
  }
  for (int power = -149; power < 128; ++power) {  // down to subnormal products, quotients and sums
    const float x = std::ldexp(normal(random), power), y = std::ldexp(normal(random), -149 - power / 2);
    numbers.push_back({x, normal(random), y});
    numbers.push_back({x, std::ldexp(normal(random), -130 - power), y});
    numbers.push_back({x, std::ldexp(normal(random), power + 130), -x});
  }
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float a : {0.0F, -0.0F, 1.0F, infinity, -infinity}) {
    for (const float b : {0.0F, -0.0F, -2.0F, infinity}) numbers.push_back({a, b, 1.0F});
  }
  return numbers;
}

Results expected_of(const Numbers& of) {
  return {.fused = std::fma(of.a, of.b, of.c),
          .quotient = of.a / of.b,
          .root = std::sqrt(std::abs(of.a)),
          .product = of.a * of.b,
          .sum = of.a + of.c,
          .half = scalar::f32_of_f16(static_cast<uint16_t>(std::bit_cast<uint32_t>(of.a)))};
}

// A NaN is a NaN.
bool is_same(float found, float expected) {
  return std::isnan(expected) ? std::isnan(found) : std::memcmp(&found, &expected, sizeof(float)) == 0;
}

// Where results are as they have to be.
struct Right {
  bool fused = true, quotient = true, root = true, product = true, sum = true, half = true;

  bool operator==(const Right&) const = default;
};

Right compare(std::span<const Numbers> numbers, const Results* found) {
  Right right;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const Results expected = expected_of(numbers[i]);
    right.fused = right.fused && is_same(found[i].fused, expected.fused);
    right.quotient = right.quotient && is_same(found[i].quotient, expected.quotient);
    right.root = right.root && is_same(found[i].root, expected.root);
    right.product = right.product && is_same(found[i].product, expected.product);
    right.sum = right.sum && is_same(found[i].sum, expected.sum);
    right.half = right.half && is_same(found[i].half, expected.half);
  }
  return right;
}

// Buffers that go with their owner.
class OwnedBuffer {
 public:
  OwnedBuffer(const VulkanDevice& device, const VulkanBuffer& buffer) : device_(device), buffer_(buffer) {}
  ~OwnedBuffer() { device_.destroy(buffer_); }
  OwnedBuffer(const OwnedBuffer&) = delete;
  OwnedBuffer& operator=(const OwnedBuffer&) = delete;
  const VulkanBuffer* operator->() const { return &buffer_; }

 private:
  const VulkanDevice& device_;
  const VulkanBuffer buffer_;
};

struct Args {
  VkDeviceAddress numbers;
  VkDeviceAddress results;
  int64_t count;
};

class SelfTest {
 public:
  SelfTest(const VulkanDevice& device, const VulkanBuffer& numbers, const VulkanBuffer& results,
           const VulkanBuffer& args)
      : device_(device), numbers_(device, numbers), results_(device, results), args_(device, args) {}

  static Result<std::unique_ptr<SelfTest>> create(const VulkanDevice& device, std::span<const Numbers> numbers) {
    QUIRE_TRY(const VulkanBuffer args, device.make_buffer(sizeof(Args), VulkanMemory::arguments));
    auto in = device.make_buffer(numbers.size_bytes(), VulkanMemory::arguments);
    auto out = device.make_buffer(numbers.size() * sizeof(Results), VulkanMemory::downloaded);
    if (in && out) return std::make_unique<SelfTest>(device, *in, *out, args);
    device.destroy(args);
    if (in) device.destroy(*in);
    if (out) device.destroy(*out);
    return std::unexpected(in ? std::move(out).error() : std::move(in).error());
  }

  Result<Right> run(std::span<const Numbers> numbers, const VulkanArithmetic& arithmetic) {
    std::memcpy(numbers_->mapped, numbers.data(), numbers.size_bytes());
    const Args args = {
        .numbers = numbers_->address, .results = results_->address, .count = static_cast<int64_t>(numbers.size())};
    std::memcpy(args_->mapped, &args, sizeof(args));
    QUIRE_TRY(VulkanPipelines pipelines, VulkanPipelines::create(device_, arithmetic));
    QUIRE_TRY(VulkanCommands commands, VulkanCommands::create(device_));
    QUIRE_TRY(const VkPipeline pipeline, pipelines.get("arithmetic", {}));
    const auto blocks = static_cast<uint32_t>((args.count + threads - 1) / threads);
    QUIRE_TRY_VOID(commands.dispatch(pipeline, pipelines.layout(), {.args = args_->address, .blocks = blocks}));
    QUIRE_TRY_VOID(commands.wait());
    return compare(numbers, reinterpret_cast<const Results*>(results_->mapped));
  }

 private:
  const VulkanDevice& device_;
  const OwnedBuffer numbers_;
  const OwnedBuffer results_;
  const OwnedBuffer args_;
};

// What neither has, nor can be made of other operations; null: nothing.
const char* lacking(const Right& own, const Right& made) {
  if (!own.product || !own.sum)
    return "its sums and products of floats are not rounded to even, or subnormal ones are lost";
  if (!made.fused) return "its fma is two roundings, and there is no f64 that is exact";
  if (!made.quotient || !made.root || !made.half) return "its integers are not";
  return nullptr;
}

}  // namespace

Result<VulkanArithmetic> test_arithmetic(const VulkanDevice& device) {
  const std::vector<Numbers> numbers = test_numbers();
  QUIRE_TRY(const auto test, SelfTest::create(device, numbers));
  QUIRE_TRY(const Right own, test->run(numbers, {}));
  const VulkanArithmetic arithmetic = {.fma_by_f64 = !own.fused && device.traits().has_f64,
                                       .divides_in_integers = !own.quotient,
                                       .takes_roots_in_integers = !own.root,
                                       .widens_halves_in_integers = !own.half};
  Right made = own;
  if (arithmetic != VulkanArithmetic{}) {
    QUIRE_TRY(made, test->run(numbers, arithmetic));
  }
  if (const char* const what = lacking(own, made); what != nullptr) {
    return fail(ErrorKind::unsupported, fmt::format("{}: {}", device.traits().name, what));
  }
  return arithmetic;
}

Result<bool> has_bits(const VulkanDevice& device, const VulkanArithmetic& arithmetic) {
  const std::vector<Numbers> numbers = test_numbers();
  QUIRE_TRY(const auto test, SelfTest::create(device, numbers));
  QUIRE_TRY(const Right right, test->run(numbers, arithmetic));
  return right == Right{};
}

std::string describe(const VulkanArithmetic& arithmetic) {
  return fmt::format("fma {}, division {}, square roots {}, f16 {}",
                     arithmetic.fma_by_f64 ? "made in f64" : "of the device",
                     arithmetic.divides_in_integers ? "in integers" : "of the device",
                     arithmetic.takes_roots_in_integers ? "in integers" : "of the device",
                     arithmetic.widens_halves_in_integers ? "in integers" : "of the device");
}

}  // namespace quire
