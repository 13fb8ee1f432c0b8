#include "gguf/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "file_bytes.h"
#include "support/tensor_bytes.h"
#include "test_data.h"

namespace quire::gguf {
namespace {

using quire::test::bytes_of;
using test::FileBytes;
using testing::AllOf;
using testing::HasSubstr;

constexpr uint32_t f32 = 0;
constexpr uint32_t q4_0 = 2;

// The message of a parse that must fail.
std::string parse_error(const FileBytes& bytes) {
  const auto file = File::parse(bytes.bytes());
  return file ? "no error" : file.error().message;
}

// One key, two tensors.
FileBytes file_of_version(uint32_t version = 3) {
  return FileBytes()
      .header(2, 1, version)
      .key("general.architecture", ValueType::string)
      .string("llama")
      .tensor("a", {4, 2}, f32, 0)
      .tensor("b", {32}, q4_0, 32)
      .pad(32)
      .fill(32, 1)
      .fill(18, 2);
}

TEST(File, versions_2_and_3_are_read) {
  for (const uint32_t version : {2U, 3U}) {
    const FileBytes bytes = file_of_version(version);
    const auto file = File::parse(bytes.bytes());
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->version(), version);
    EXPECT_EQ(file->size_bytes(), bytes.bytes().size());
    EXPECT_EQ(file->metadata().get_string("general.architecture").value(), "llama");
    ASSERT_EQ(file->tensors().size(), 2U);
    const TensorView* a = file->find_tensor("a");
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(a->type, ElementType::f32);
    EXPECT_THAT(a->shape, testing::ElementsAre(4, 2, 1, 1));
    EXPECT_EQ(a->size_bytes(), 32U);
    EXPECT_EQ(bytes_of(*a)[0], std::byte{1});
    const TensorView* b = file->find_tensor("b");
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(b->size_bytes(), 18U);
    EXPECT_EQ(bytes_of(*b)[17], std::byte{2});
    EXPECT_EQ(file->find_tensor("c"), nullptr);
  }
}

TEST(File, every_value_type_is_read) {
  FileBytes bytes;
  bytes.header(0, 15)
      .key("u8", ValueType::uint8)
      .number(uint8_t{200})
      .key("i8", ValueType::int8)
      .number(int8_t{-100})
      .key("u16", ValueType::uint16)
      .number(uint16_t{60000})
      .key("i16", ValueType::int16)
      .number(int16_t{-30000})
      .key("u32", ValueType::uint32)
      .number(uint32_t{4000000000})
      .key("i32", ValueType::int32)
      .number(int32_t{-2000000000})
      .key("u64", ValueType::uint64)
      .number(uint64_t{1} << 63)
      .key("i64", ValueType::int64)
      .number(int64_t{-5000000000})
      .key("f32", ValueType::float32)
      .number(0.5F)
      .key("f64", ValueType::float64)
      .number(0.25)
      .key("yes", ValueType::boolean)
      .number(uint8_t{1})
      .key("text", ValueType::string)
      .string("caf\xc3\xa9")
      .array("bools", ValueType::boolean, 3)
      .number(uint8_t{1})
      .number(uint8_t{0})
      .number(uint8_t{1})
      .array("strings", ValueType::string, 2)
      .string("")
      .string("z")
      .array("empty", ValueType::float32, 0);
  const auto file = File::parse(bytes.bytes());
  ASSERT_TRUE(file) << file.error().message;
  const Metadata& metadata = file->metadata();
  EXPECT_EQ(*metadata.find("u8"), Value(uint8_t{200}));
  EXPECT_EQ(*metadata.find("i8"), Value(int8_t{-100}));
  EXPECT_EQ(*metadata.find("u16"), Value(uint16_t{60000}));
  EXPECT_EQ(*metadata.find("i16"), Value(int16_t{-30000}));
  EXPECT_EQ(*metadata.find("u32"), Value(uint32_t{4000000000}));
  EXPECT_EQ(*metadata.find("i32"), Value(int32_t{-2000000000}));
  EXPECT_EQ(*metadata.find("u64"), Value(uint64_t{1} << 63));
  EXPECT_EQ(*metadata.find("i64"), Value(int64_t{-5000000000}));
  EXPECT_EQ(*metadata.find("f32"), Value(0.5F));
  EXPECT_EQ(*metadata.find("f64"), Value(0.25));
  EXPECT_EQ(*metadata.find("yes"), Value(true));
  EXPECT_EQ(*metadata.find("text"), Value(std::string("caf\xc3\xa9")));
  EXPECT_EQ(*metadata.find("bools"), Value(std::vector<bool>{true, false, true}));
  EXPECT_EQ(*metadata.find("strings"), Value(std::vector<std::string>{"", "z"}));
  EXPECT_EQ(*metadata.find("empty"), Value(std::vector<float>{}));
  EXPECT_EQ(metadata.entries()[14].first, "empty") << "entries are in file order";
}

TEST(File, every_truncation_of_a_small_file_is_an_error) {
  const FileBytes whole = file_of_version();
  for (size_t size = 0; size < whole.bytes().size(); ++size) {
    EXPECT_FALSE(File::parse(whole.bytes().first(size))) << "cut to " << size << " bytes";
  }
}

TEST(File, bytes_behind_the_last_tensor_are_allowed) {
  FileBytes bytes = file_of_version();
  EXPECT_TRUE(File::parse(bytes.fill(100, 0xff).bytes()));
}

TEST(File, another_magic_is_an_error) {
  EXPECT_THAT(parse_error(FileBytes().number(uint32_t{0x46554748}).fill(20)), HasSubstr("expected 'GGUF'"));
}

TEST(File, other_versions_are_errors_that_say_what_is_supported) {
  EXPECT_THAT(parse_error(FileBytes().header(0, 0, 1)), HasSubstr("GGUF version 1 is not supported; expected 2 or 3"));
  EXPECT_THAT(parse_error(FileBytes().header(0, 0, 4)), HasSubstr("version 4"));
  EXPECT_THAT(parse_error(FileBytes().header(0, 0, 0x03000000)), HasSubstr("version 3 is not supported in big-endian"));
}

TEST(File, counts_that_the_file_cannot_hold_are_refused_before_anything_is_reserved) {
  for (const uint64_t count : {uint64_t{1} << 60, UINT64_MAX, uint64_t{5}}) {
    EXPECT_THAT(parse_error(FileBytes().header(count, 0).fill(60)), HasSubstr("tensors; the 60 bytes left"));
    EXPECT_THAT(
        parse_error(FileBytes().header(0, count).fill(60)),
        testing::AnyOf(HasSubstr("metadata keys; the 60 bytes left"), HasSubstr("metadata key 0 has an empty name")));
  }
}

TEST(File, strings_past_the_end_are_errors_that_name_them) {
  EXPECT_THAT(parse_error(FileBytes().header(0, 1).number(uint64_t{1} << 60).fill(40)),
              HasSubstr("metadata key 0 at byte 24 claims a length of 1152921504606846976 bytes; 40 bytes are left"));
  EXPECT_THAT(parse_error(FileBytes().header(0, 1).key("k", ValueType::string).number(UINT64_MAX).fill(8)),
              HasSubstr("the value of metadata key 'k'"));
  EXPECT_THAT(parse_error(FileBytes().header(0, 1).key(std::string(70000, 'k'), ValueType::uint8).fill(8)),
              HasSubstr("at most 65535 are allowed"));
}

TEST(File, array_counts_past_the_end_are_errors_for_every_element_type) {
  for (uint32_t type = 0; type <= 12; ++type) {
    if (type == static_cast<uint32_t>(ValueType::array)) continue;
    for (const uint64_t count : {uint64_t{1} << 60, UINT64_MAX, uint64_t{1} << 61, uint64_t{41}}) {
      FileBytes bytes;
      bytes.header(0, 1).array("k", static_cast<ValueType>(type), count).fill(40);
      EXPECT_THAT(parse_error(bytes), HasSubstr("metadata key 'k' claims an array of")) << type << " " << count;
    }
  }
}

TEST(File, unknown_value_types_and_nested_arrays_are_errors_that_name_the_key) {
  EXPECT_THAT(parse_error(FileBytes().header(0, 1).key("k", static_cast<ValueType>(13)).fill(20)),
              HasSubstr("metadata key 'k' has value type 13"));
  EXPECT_THAT(parse_error(FileBytes().header(0, 1).array("k", static_cast<ValueType>(77), 1).fill(20)),
              HasSubstr("metadata key 'k' has value type 77"));
  EXPECT_THAT(parse_error(FileBytes().header(0, 1).array("k", ValueType::array, 1).fill(20)),
              HasSubstr("metadata key 'k' holds an array of arrays"));
}

TEST(File, a_bool_that_is_neither_0_nor_1_is_an_error) {
  EXPECT_THAT(parse_error(FileBytes().header(0, 1).key("k", ValueType::boolean).number(uint8_t{2})),
              HasSubstr("metadata key 'k' holds the bool 2"));
}

TEST(File, repeated_and_empty_names_are_errors) {
  EXPECT_THAT(
      parse_error(FileBytes().header(0, 2).key("k", ValueType::uint8).fill(1).key("k", ValueType::uint8).fill(1)),
      HasSubstr("metadata key 'k' appears twice"));
  EXPECT_THAT(parse_error(FileBytes().header(0, 1).key("", ValueType::uint8).fill(2)), HasSubstr("empty name"));
  EXPECT_THAT(parse_error(FileBytes().header(2, 0).tensor("t", {1}, f32, 0).tensor("t", {1}, f32, 32).pad(32).fill(64)),
              HasSubstr("tensor 't' appears twice"));
  EXPECT_THAT(parse_error(FileBytes().header(1, 0).tensor("", {1}, f32, 0).pad(32).fill(64)), HasSubstr("empty name"));
  EXPECT_THAT(parse_error(FileBytes().header(1, 0).tensor(std::string(65, 't'), {1}, f32, 0).pad(32).fill(64)),
              HasSubstr("at most 64"));
}

TEST(File, an_absurd_alignment_is_an_error) {
  for (const uint32_t alignment : {0U, 1U, 4U, 33U, 48U, 1U << 21, 1U << 31}) {
    EXPECT_THAT(parse_error(FileBytes().header(0, 1).key("general.alignment", ValueType::uint32).number(alignment)),
                HasSubstr("'general.alignment'"))
        << alignment;
  }
  EXPECT_THAT(parse_error(FileBytes().header(0, 1).key("general.alignment", ValueType::string).string("32")),
              HasSubstr("holds string; expected an integer"));
}

TEST(File, the_alignment_of_the_file_moves_the_data_section) {
  FileBytes bytes;
  bytes.header(1, 1).key("general.alignment", ValueType::uint32).number(uint32_t{256}).tensor("t", {1}, f32, 256);
  bytes.pad(256).fill(256).number(1.5F);
  const auto file = File::parse(bytes.bytes());
  ASSERT_TRUE(file) << file.error().message;
  float value = 0;
  std::memcpy(&value, bytes_of(file->tensors()[0]).data(), 4);
  EXPECT_EQ(value, 1.5F);
}

TEST(File, dimensions_are_checked) {
  const auto with = [](std::vector<uint64_t> dims, uint32_t type = f32) {
    return parse_error(FileBytes().header(1, 0).tensor("t", std::move(dims), type, 0).pad(32).fill(64));
  };
  EXPECT_THAT(with({}), HasSubstr("tensor 't' has 0 dimensions; expected 1 to 4"));
  EXPECT_THAT(with({1, 1, 1, 1, 1}), HasSubstr("tensor 't' has 5 dimensions"));
  EXPECT_THAT(with({0}), HasSubstr("dimension 0 of tensor 't' is 0"));
  EXPECT_THAT(with({4, 0}), HasSubstr("dimension 1 of tensor 't' is 0"));
  EXPECT_THAT(with({UINT64_MAX}), HasSubstr("dimension 0 of tensor 't' is -1"));
  EXPECT_THAT(with({uint64_t{1} << 32, uint64_t{1} << 32}), HasSubstr("fewer than 2^63 elements"));
  EXPECT_THAT(with({uint64_t{1} << 62, 2}), HasSubstr("fewer than 2^63 elements"));
  EXPECT_THAT(with({uint64_t{1} << 62}), AllOf(HasSubstr("tensor 't'"), HasSubstr("2^64 bytes")));
  EXPECT_THAT(with({31}, q4_0), HasSubstr("tensor 't' has rows of 31 elements; Q4_0 needs a multiple of 32"));
  EXPECT_THAT(with({17}), HasSubstr("tensor 't' needs 68 bytes at offset 0; the file's data section has 64 bytes"));
}

TEST(File, an_unknown_element_type_is_an_error_that_lists_the_supported_ones) {
  const auto with = [](uint32_t type) {
    return parse_error(FileBytes().header(1, 0).tensor("t", {128}, type, 0).pad(32).fill(64));
  };
  EXPECT_THAT(with(77),
              AllOf(HasSubstr("tensor 't' has element type 77, which"), HasSubstr("F32"), HasSubstr("TQ1_0")));
  EXPECT_THAT(with(41), HasSubstr("tensor 't' has element type 41 (Q1_0), which is not supported"));
  EXPECT_THAT(with(42), HasSubstr("tensor 't' has element type 42 (Q2_0), which is not supported"));
}

TEST(File, offsets_are_checked) {
  const auto with = [](uint64_t a, uint64_t b) {
    FileBytes bytes;
    bytes.header(2, 0).tensor("a", {16}, f32, a).tensor("b", {16}, f32, b).pad(32).fill(256);
    return parse_error(bytes);
  };
  EXPECT_EQ(with(0, 64), "no error");
  EXPECT_EQ(with(192, 0), "no error") << "any order, any gap";
  EXPECT_THAT(with(0, 65), HasSubstr("tensor 'b' is at offset 65; expected a multiple of the alignment 32"));
  EXPECT_THAT(with(0, 224), HasSubstr("tensor 'b' needs 64 bytes at offset 224"));
  EXPECT_THAT(with(0, uint64_t{1} << 60), HasSubstr("tensor 'b' needs 64 bytes"));
  EXPECT_THAT(with(0, UINT64_MAX - 31), HasSubstr("tensor 'b' needs 64 bytes"));
  EXPECT_THAT(with(0, 32), HasSubstr("tensors 'a' and 'b' overlap"));
  EXPECT_THAT(with(64, 64), HasSubstr("overlap"));
  EXPECT_THAT(with(128, 96), HasSubstr("tensors 'b' and 'a' overlap"));
}

TEST(File, a_path_that_is_no_gguf_file_is_one_clear_error) {
  const std::filesystem::path dir = std::filesystem::path(testing::TempDir()) / "gguf_file_test";
  std::filesystem::create_directories(dir);
  const auto missing = File::open(dir / "absent.gguf");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("absent.gguf"));
  EXPECT_THAT(File::open(dir).error().message, HasSubstr("is a directory"));
  EXPECT_THAT(File::open("/dev/null").error().message, HasSubstr("not a regular file"));
  std::ofstream(dir / "empty.gguf");
  EXPECT_THAT(File::open(dir / "empty.gguf").error().message, HasSubstr("empty.gguf' is empty"));
  std::ofstream(dir / "text.gguf") << "hello, this is no model";
  EXPECT_THAT(File::open(dir / "text.gguf").error().message,
              AllOf(HasSubstr("text.gguf"), HasSubstr("expected 'GGUF'")));
  std::filesystem::remove_all(dir);
}

TEST(File, the_real_model_is_read) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  auto opened = File::open(path);
  ASSERT_TRUE(opened) << opened.error().message;
  const File file = std::move(*opened);  // views survive a move
  EXPECT_EQ(file.version(), 3U);
  EXPECT_EQ(file.tensors().size(), 48U);
  EXPECT_EQ(file.metadata().entries().size(), 19U);
  EXPECT_EQ(file.metadata().get_int("llama.embedding_length", 1, 1 << 20).value(), 64);
  EXPECT_EQ(file.metadata().get_int("tokenizer.ggml.padding_token_id", 0, UINT32_MAX).value(), 4294967295);
  EXPECT_EQ(file.metadata().get_strings("tokenizer.ggml.tokens").value().get().size(), 512U);
  EXPECT_EQ(file.metadata().get_floats("tokenizer.ggml.scores").value().size(), 512U);
  const TensorView* down = file.find_tensor("blk.4.ffn_down.weight");
  ASSERT_NE(down, nullptr);
  EXPECT_THAT(down->shape, testing::ElementsAre(172, 64, 1, 1));
  EXPECT_EQ(bytes_of(*down).size(), down->size_bytes());
}

// Reads each vocabulary of the folder; their number.
int read_vocabularies(const std::filesystem::path& folder, size_t tokens_min) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".gguf") continue;
    const auto file = File::open(entry.path());
    EXPECT_TRUE(file) << file.error().message;
    if (!file) continue;
    EXPECT_TRUE(file->tensors().empty());
    const size_t tokens = file->metadata().get_strings("tokenizer.ggml.tokens").value().get().size();
    EXPECT_GT(tokens, tokens_min) << entry.path();
    EXPECT_EQ(file->metadata().get_ints("tokenizer.ggml.token_type").value().size(), tokens) << entry.path();
    ++count;
  }
  return count;
}

TEST(File, every_vocabulary_is_read) {
  EXPECT_EQ(read_vocabularies(quire::test::own_data_dir() / "vocabularies", 800), 8);
  const std::filesystem::path real = quire::test::data_path("tokenizers/ggml-vocab-gpt-2.gguf");
  if (!std::filesystem::exists(real)) return;
  EXPECT_EQ(read_vocabularies(real.parent_path(), 30000), 7);
}

}  // namespace
}  // namespace quire::gguf
