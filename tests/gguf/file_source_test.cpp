// Files that change while they are read: an error, whatever is cut off and whenever.
#include "gguf/file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "file_bytes.h"
#include "gguf/directory.h"
#include "gguf/file.h"
#include "support/temporary_folder.h"
#include "support/tensor_bytes.h"

namespace quire::gguf {
namespace {

using quire::test::TemporaryFolder;
using test::FileBytes;
using testing::HasSubstr;

namespace fs = std::filesystem;

FileBytes small_file() {
  return FileBytes()
      .header(2, 2)
      .key("general.architecture", ValueType::string)
      .string("llama")
      .array("tokenizer.ggml.tokens", ValueType::string, 3)
      .string("a")
      .string("bc")
      .string("")
      .tensor("a", {4, 2}, 0, 0)
      .tensor("b", {32}, 2, 32)
      .pad(32)
      .fill(32, 1)
      .fill(18, 2);
}

// What reading all tensors says, "" when they can be read.
std::string read_error(const File& file) {
  for (const TensorView& tensor : file.tensors()) {
    std::vector<std::byte> bytes(tensor.size_bytes());
    if (const auto read = tensor.read(0, bytes); !read) return read.error().message;
  }
  return "";
}

// Fails every read that reaches `end`, as a file does that was cut there after it had been opened. Counts what is read.
class CutSource final : public ByteSource {
 public:
  CutSource(std::span<const std::byte> bytes, uint64_t end) : memory_(bytes), end_(end) {}
  uint64_t size_bytes() const override { return memory_.size_bytes(); }
  Result<void> read(uint64_t offset, std::span<std::byte> to) const override {
    if (offset + to.size() > end_) return fail(ErrorKind::io, "cut");
    bytes_read_ += to.size();
    return memory_.read(offset, to);
  }
  void read_soon(uint64_t, uint64_t) const override {}
  Result<void> check_unchanged() const override { return {}; }
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  MemorySource memory_;
  uint64_t end_;
  mutable std::atomic<uint64_t> bytes_read_ = 0;
};

TEST(FileSource, every_cut_of_an_open_file_is_an_error_of_what_is_read_then) {
  const TemporaryFolder folder;
  const FileBytes whole = small_file();
  for (size_t size = 0; size < whole.bytes().size(); ++size) {
    const fs::path path = folder.write("model.gguf", whole.bytes());
    const auto file = File::open(path);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(read_error(*file), "");
    fs::resize_file(path, size);
    EXPECT_THAT(read_error(*file), HasSubstr("model.gguf' has changed since it was opened")) << "cut to " << size;
    EXPECT_THAT(file->check_unchanged().error().message, HasSubstr("has changed since it was opened"));
    EXPECT_FALSE(File::open(path)) << "cut to " << size;
  }
}

TEST(FileSource, every_cut_while_the_directory_is_read_is_an_error) {
  FileBytes bytes = small_file();
  const std::span<const std::byte> whole = bytes.fill(1 << 20).bytes();
  const CutSource sound(whole, whole.size());
  ASSERT_TRUE(read_directory(sound));
  for (uint64_t end = 0; end < sound.bytes_read(); end += end < 256 ? 1 : 997) {
    EXPECT_EQ(read_directory(CutSource(whole, end)).error().message, "cut") << end;
  }
}

TEST(FileSource, what_is_not_the_directory_is_not_read) {
  FileBytes bytes = small_file();
  const std::span<const std::byte> whole = bytes.fill(8 << 20).bytes();
  const CutSource source(whole, whole.size());
  ASSERT_TRUE(read_directory(source));
  EXPECT_LE(source.bytes_read(), 1U << 18);
}

TEST(FileSource, large_arrays_and_strings_are_read_across_windows) {
  std::vector<uint32_t> numbers(300'000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<uint32_t>(i * 2654435761U);
  std::vector<std::string> strings;
  FileBytes bytes;
  bytes.header(0, 4).key("before", ValueType::uint8).number(uint8_t{7});
  bytes.array("numbers", ValueType::uint32, numbers.size());
  for (const uint32_t number : numbers) bytes.number(number);
  bytes.array("strings", ValueType::string, 40'000);
  for (size_t i = 0; i < 40'000; ++i) {
    strings.push_back(std::string(i % 17, static_cast<char>('a' + i % 26)));
    bytes.string(strings.back());
  }
  const std::string text(700'001, 'x');
  bytes.key("text", ValueType::string).string(text);
  const TemporaryFolder folder;
  const auto file = File::open(folder.write("model.gguf", bytes.bytes()));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(*file->metadata().find("numbers"), Value(numbers));
  EXPECT_EQ(*file->metadata().find("strings"), Value(strings));
  EXPECT_EQ(*file->metadata().find("text"), Value(text));
}

TEST(FileSource, a_file_that_was_written_to_has_changed) {
  const TemporaryFolder folder;
  const FileBytes whole = small_file();
  const fs::path path = folder.write("model.gguf", whole.bytes());
  const auto file = File::open(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->check_unchanged());
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
  EXPECT_THAT(file->check_unchanged().error().message, HasSubstr("it was written to"));
}

TEST(FileSource, a_file_that_was_replaced_is_still_there_for_who_has_it_open) {
  const TemporaryFolder folder;
  const FileBytes whole = small_file();
  const fs::path path = folder.write("model.gguf", whole.bytes());
  const auto file = File::open(path);
  ASSERT_TRUE(file);
  fs::rename(folder.write("other", {}), path);
  EXPECT_EQ(read_error(*file), "");
  EXPECT_TRUE(file->check_unchanged());
}

}  // namespace
}  // namespace quire::gguf
