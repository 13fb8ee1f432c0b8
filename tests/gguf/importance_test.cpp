#include "gguf/importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "gguf/convert.h"
#include "gguf/writer.h"
#include "tensor/dequantize.h"
#include "test_data.h"

namespace quire::gguf {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::filesystem::path golden_importance(const char* name) { return quire::test::own_data_dir() / "importance" / name; }

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string importance_error(std::string_view content) {
  const auto importance = parse_importance(std::as_bytes(std::span(content.data(), content.size())));
  return importance ? "no error" : importance.error().message;
}

// What tools/goldens/importance.py writes.
Importance two_tensors() {
  Importance importance;
  importance.datasets = {"texts/wiki.train.raw"};
  importance.chunk_count = 3;
  importance.chunk_size = 512;
  importance.tensors = {{"blk.0.attn_q.weight", 4, {1.5F, 0.0F, 2.25F, 1536.0F}, {1536.0F}},
                        {"blk.0.ffn_down_exps.weight", 3, {3.0F, 6.0F, 0.125F, 0.0F, 0.0F, 0.0F}, {700.0F, 0.0F}}};
  return importance;
}

class ImportanceFiles : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::path(testing::TempDir()) /
           (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  // A file whose tensors hold `values`, or zeros.
  void write(const char* name, const std::vector<TensorSpec>& specs, std::span<const float> values = {}) {
    Metadata metadata;
    metadata.set("imatrix.chunk_count", uint32_t{1});
    metadata.set("imatrix.chunk_size", uint32_t{1});
    auto writer = Writer::create(dir_ / name, metadata, specs);
    for (const TensorSpec& spec : specs) {
      std::vector<std::byte> bytes(static_cast<size_t>(spec.size_bytes()));
      if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
      ASSERT_TRUE(writer->append(bytes));
    }
    ASSERT_TRUE(writer->finish());
  }

  std::filesystem::path dir_;
};

TEST_F(ImportanceFiles, what_is_written_has_the_bytes_of_the_reference_and_is_read_back) {
  const auto path = dir_ / "written.gguf";
  const auto written = write_importance(two_tensors(), path);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_TRUE(content_of(path) == content_of(golden_importance("two.gguf")));
  const auto read = read_importance(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->file, "written.gguf");
  EXPECT_EQ(read->tensors, two_tensors().tensors);
  EXPECT_EQ(read->datasets, two_tensors().datasets);
  EXPECT_EQ(read->chunk_count, 3U);
  EXPECT_EQ(read->chunk_size, 512U);
}

TEST(Importance, both_forms_of_one_matrix_weigh_alike) {
  const auto newer = read_importance(golden_importance("two.gguf"));
  const auto older = read_importance(golden_importance("two.dat"));
  ASSERT_TRUE(newer) << newer.error().message;
  ASSERT_TRUE(older) << older.error().message;
  EXPECT_THAT(older->datasets, ElementsAre("texts/wiki.train.raw"));
  EXPECT_EQ(older->chunk_count, 3U);
  ASSERT_EQ(older->tensors.size(), 2U);
  const std::array<int64_t, 4> query = {4, 8, 1, 1}, experts = {3, 5, 2, 1};
  for (const auto& [name, shape] : {std::pair("blk.0.attn_q.weight", query), {"blk.0.ffn_down_exps.weight", experts}}) {
    const std::vector<float> a = importance_weights(*newer->find(name), shape);
    const std::vector<float> b = importance_weights(*older->find(name), shape);
    ASSERT_EQ(a.size(), b.size());
    // The older form has rounded a division and a product.
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 3e-7F * a[i]) << name << " " << i;
  }
  EXPECT_EQ(newer->find("blk.0.attn_k.weight"), nullptr);
}

TEST(Importance, weights_have_a_mean_of_one_and_none_is_zero) {
  const Importance importance = two_tensors();
  const std::vector<float> query = importance_weights(importance.tensors[0], {4, 8, 1, 1});
  EXPECT_FLOAT_EQ(query[3], 1536.0F / (1539.75F / 4));
  EXPECT_EQ(query[1], 1e-6F);
  const std::vector<float> experts = importance_weights(importance.tensors[1], {3, 8, 2, 1});
  EXPECT_FLOAT_EQ(experts[0] + experts[1] + experts[2], 3.0F);
  EXPECT_THAT(std::vector(experts.begin() + 3, experts.end()), ElementsAre(1.0F, 1.0F, 1.0F)) << "used by no token";
}

TEST(Importance, a_tensor_of_another_shape_is_an_error) {
  const SquareSums sums = two_tensors().tensors[1];
  EXPECT_TRUE(check_importance(sums, {3, 9, 2, 1}));
  EXPECT_TRUE(check_importance({"t", 6, std::vector<float>(6), {1.0F}}, {3, 9, 2, 1})) << "the older form";
  for (const std::array<int64_t, 4> shape : {std::array<int64_t, 4>{6, 9, 1, 1}, {3, 9, 1, 1}, {2, 9, 3, 1}}) {
    const auto checked = check_importance(sums, shape);
    ASSERT_FALSE(checked);
    EXPECT_THAT(checked.error().message,
                AllOf(HasSubstr("'blk.0.ffn_down_exps.weight' has 6 values of 2 matrices"), HasSubstr("inputs of")));
  }
}

TEST(Importance, a_spoilt_file_is_an_error_that_says_where) {
  const std::string older = content_of(golden_importance("two.dat"));
  const auto with_number = [&](size_t at, int32_t number) {
    std::string spoilt = older;
    std::memcpy(spoilt.data() + at, &number, 4);
    return spoilt;
  };
  EXPECT_EQ(importance_error(older), "no error");
  EXPECT_THAT(importance_error(with_number(0, 0)), HasSubstr("the number of entries is 0; expected at least 1"));
  EXPECT_THAT(importance_error(with_number(4, 100000)), HasSubstr("the name of entry 0 has 100000 bytes"));
  const size_t calls_at = 8 + std::string_view("blk.0.attn_q.weight").size();
  EXPECT_THAT(importance_error(with_number(calls_at, -1)),
              HasSubstr("the number of calls of 'blk.0.attn_q.weight' is -1"));
  EXPECT_THAT(importance_error(with_number(calls_at + 4, INT32_MAX)),
              HasSubstr("'blk.0.attn_q.weight' claims 2147483647 values"));
  EXPECT_THAT(importance_error(with_number(calls_at + 8, 0x7fc00000)), HasSubstr("holds nan; expected a finite"));
  EXPECT_THAT(importance_error(older + "x"), HasSubstr("1 bytes follow the last entry"));
  for (size_t size = 0; size < older.size(); ++size) {
    // Without the text's name, and before that without the number of chunks, a file is whole.
    const bool whole = size == older.size() - 20 - 4 || size == older.size() - 20 - 8;
    EXPECT_EQ(importance_error(older.substr(0, size)) == "no error", whole) << size;
  }
}

TEST_F(ImportanceFiles, tensors_that_do_not_belong_together_are_errors) {
  const auto error_of = [&](const std::vector<TensorSpec>& specs) {
    write("spoilt.gguf", specs);
    const auto importance = read_importance(dir_ / "spoilt.gguf");
    return importance ? "no error" : importance.error().message;
  };
  const TensorSpec sums = {"w.weight.in_sum2", ElementType::f32, {32, 2, 1, 1}};
  const TensorSpec counts = {"w.weight.counts", ElementType::f32, {1, 2, 1, 1}};
  EXPECT_EQ(error_of({sums, counts}), "no error");
  EXPECT_THAT(error_of({sums}), AllOf(HasSubstr("spoilt.gguf"), HasSubstr("'w.weight' has no tensor that ends in .c")));
  EXPECT_THAT(error_of({counts}), HasSubstr("'w.weight' has no tensor that ends in .in_sum2"));
  EXPECT_THAT(error_of({sums, counts, {"w.weight"}}), HasSubstr("tensor 'w.weight' is no part of an importance"));
  EXPECT_THAT(error_of({sums, {"w.weight.counts", ElementType::f32, {1, 3, 1, 1}}}),
              HasSubstr("counts of 3 matrices and sums of 2"));
  EXPECT_THAT(error_of({{"w.weight.in_sum2", ElementType::f16, {32, 2, 1, 1}}, counts}),
              HasSubstr("has type F16; expected F32"));
  EXPECT_THAT(error_of({}), HasSubstr("it has no matrices"));
}

// Two experts whose inputs matter differently: each is weighed by its own sums.
TEST_F(ImportanceFiles, a_conversion_weighs_each_matrix_by_its_own_inputs) {
  constexpr size_t inputs = 256, outputs = 4;
  std::vector<float> values;
  for (size_t i = 0; i < 2 * inputs * outputs; ++i) values.push_back(std::sin(static_cast<float>(i * i)));
  write("in.gguf", {{"blk.0.ffn_up_exps.weight", ElementType::f32, {inputs, outputs, 2, 1}}}, values);
  Importance importance;
  importance.file = "some.gguf";
  importance.tensors = {{"blk.0.ffn_up_exps.weight", inputs, std::vector<float>(2 * inputs, 1.0F), {1.0F, 1.0F}}};
  for (size_t i = 0; i < inputs; i += 4) importance.tensors[0].sums[inputs + i] = 1e4F;  // of the second expert

  const File source = File::open(dir_ / "in.gguf").value();
  Team team(2);
  const auto ignore = [](uint64_t, uint64_t) {};
  ASSERT_TRUE(convert_file(source, FileType::q3_k_s, dir_ / "plain.gguf", team, ignore));
  ASSERT_TRUE(convert_file(source, FileType::q3_k_s, dir_ / "weighed.gguf", team, ignore, &importance));
  // Square errors of every fourth and of the other inputs of the first expert, then of the second one's.
  const auto errors = [&](const char* name) {
    const File file = File::open(dir_ / name).value();
    const TensorView& tensor = file.tensors()[0];
    std::vector<std::byte> stored(tensor.size_bytes());
    EXPECT_TRUE(tensor.read(0, stored));
    std::vector<float> back(values.size());
    dequantize(tensor.type, stored.data(), tensor.element_count(), back.data());
    std::array<double, 4> sums = {};
    for (size_t i = 0; i < back.size(); ++i) {
      const size_t part = i / (inputs * outputs) * 2 + (i % 4 == 0 ? 0 : 1);
      sums[part] += std::pow(static_cast<double>(back[i] - values[i]), 2);
    }
    return sums;
  };
  const auto plain = errors("plain.gguf"), weighed = errors("weighed.gguf");
  EXPECT_NEAR(weighed[0], plain[0], 0.1 * plain[0]);
  EXPECT_NEAR(weighed[1], plain[1], 0.1 * plain[1]);
  EXPECT_LT(weighed[2], 0.5 * plain[2]) << "what matters";
  EXPECT_GT(weighed[3], plain[3]) << "what pays for it";
  const File made = File::open(dir_ / "weighed.gguf").value();
  EXPECT_EQ(made.metadata().get_string("quantize.imatrix.file").value(), "some.gguf");
  EXPECT_EQ(made.metadata().get_int("quantize.imatrix.entries_count", 0, 9).value(), 1);
}

TEST_F(ImportanceFiles, what_is_weighed_and_what_is_not_is_told) {
  write("in.gguf", {{"output.weight", ElementType::f32, {256, 2, 1, 1}},
                    {"blk.0.attn_q.weight", ElementType::f32, {256, 2, 1, 1}},
                    {"blk.0.attn_norm.weight", ElementType::f32, {256, 1, 1, 1}}});
  const File source = File::open(dir_ / "in.gguf").value();
  Importance importance;
  importance.tensors = {{"blk.0.attn_q.weight", 256, std::vector<float>(256, 1.0F), {1.0F}},
                        {"blk.7.attn_q.weight", 256, std::vector<float>(256, 1.0F), {1.0F}}};
  const auto use = find_importance_use(source, FileType::q4_k_m, importance);
  ASSERT_TRUE(use);
  EXPECT_THAT(use->weighed, ElementsAre("blk.0.attn_q.weight"));
  EXPECT_THAT(use->without, ElementsAre("output.weight"));
  EXPECT_THAT(use->unused, ElementsAre("blk.7.attn_q.weight"));
  const auto plain = find_importance_use(source, FileType::q8_0, importance);
  EXPECT_TRUE(plain->weighed.empty());
  EXPECT_THAT(plain->unused, ElementsAre("blk.0.attn_q.weight", "blk.7.attn_q.weight"));
  importance.tensors[0].inputs = 128;
  importance.tensors[0].sums.resize(128);
  EXPECT_FALSE(find_importance_use(source, FileType::q4_k_m, importance));
}

}  // namespace
}  // namespace quire::gguf
