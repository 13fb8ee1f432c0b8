// Ten thousand damaged copies of a real model: each is an error with a message, or a file whose every claim holds.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <random>

#include "file_bytes.h"
#include "gguf/file.h"
#include "support/allocation_watch.h"
#include "test_data.h"
#include "walk.h"

namespace quire::gguf {
namespace {

// Bytes on the heap, exactly as long as they are, so that a sanitizer sees a read past the end.
struct HeapBytes {
  std::unique_ptr<std::byte[]> bytes;
  size_t size = 0;
  explicit HeapBytes(std::span<const std::byte> source) : bytes(new std::byte[source.size()]), size(source.size()) {
    if (size > 0) std::memcpy(bytes.get(), source.data(), size);
  }
  std::span<std::byte> span() { return {bytes.get(), size}; }
};

class Mutator {
 public:
  // `fields`: places in [0, directory_end) where a number that matters begins.
  Mutator(std::span<const std::byte> original, size_t directory_end, std::vector<size_t> fields, uint64_t seed)
      : original_(original),
        directory_end_(directory_end),
        fields_(std::move(fields)),
        random_(seed),
        work_(original),
        other_({}) {}

  // The next mutant; valid until the one after it.
  std::span<const std::byte> next() {
    for (; !undo_.empty(); undo_.pop_back()) work_.bytes[undo_.back()] = original_[undo_.back()];
    switch (random_() % 6) {
      case 0:
        return flipped();
      case 1:
        return truncated();
      case 2:
        return spliced();
      case 3:
        return number_at<uint32_t>(below(directory_end_ - 4));
      case 4:
        return number_at<uint64_t>(below(directory_end_ - 8));
      default: {
        const size_t field = fields_[below(fields_.size())];
        return random_() % 2 == 0 ? number_at<uint32_t>(field) : number_at<uint64_t>(field);
      }
    }
  }

 private:
  size_t below(size_t count) { return static_cast<size_t>(random_() % count); }

  // Mostly in the directory; sometimes anywhere.
  size_t place() { return below(random_() % 8 == 0 ? original_.size() : directory_end_); }

  void put(size_t offset, std::byte value) {
    work_.bytes[offset] = value;
    undo_.push_back(offset);
  }

  std::span<const std::byte> flipped() {
    for (uint64_t flips = 1 + random_() % 8; flips > 0; --flips) {
      const size_t offset = place();
      put(offset, work_.bytes[offset] ^ std::byte{static_cast<uint8_t>(1U << (random_() % 8))});
    }
    return work_.span();
  }

  std::span<const std::byte> truncated() {
    other_ = HeapBytes(original_.first(place()));
    return other_.span();
  }

  // A piece of the directory moved over another place, taken out, or doubled.
  std::span<const std::byte> spliced() {
    const size_t from = below(directory_end_);
    const size_t length = std::min(directory_end_ - from, 1 + below(64));
    const size_t to = below(directory_end_);
    const auto piece = original_.subspan(from, length);
    const uint64_t kind = random_() % 3;
    if (kind == 0) {
      for (size_t i = 0; i < length && to + i < original_.size(); ++i) put(to + i, piece[i]);
      return work_.span();
    }
    // What was moved breaks the directory, not the data: a little of it will do.
    const auto head = original_.first(std::min(original_.size(), directory_end_ + 4096));
    std::vector<std::byte> bytes(head.begin(), head.end());
    const auto at = [&](size_t offset) { return bytes.begin() + static_cast<std::ptrdiff_t>(offset); };
    if (kind == 1) {
      bytes.erase(at(from), at(from + length));
    } else {
      bytes.insert(at(to), piece.begin(), piece.end());
    }
    other_ = HeapBytes(bytes);
    return other_.span();
  }

  template <typename T>
  std::span<const std::byte> number_at(size_t offset) {
    const uint64_t interesting[] = {0,
                                    1,
                                    uint64_t{1} << 60,
                                    uint64_t{1} << 61,
                                    uint64_t{1} << 63,
                                    UINT64_MAX,
                                    UINT64_MAX - 31,
                                    INT64_MAX,
                                    UINT32_MAX,
                                    uint64_t{1} << 31,
                                    original_.size(),
                                    original_.size() - directory_end_,
                                    random_() % 64,
                                    random_() % 64 * 32,
                                    random_()};
    T value = static_cast<T>(interesting[below(std::size(interesting))]);
    if (random_() % 3 == 0) value = static_cast<T>(value + 1);
    std::byte raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    for (size_t i = 0; i < sizeof(T); ++i) put(offset + i, raw[i]);
    return work_.span();
  }

  const std::span<const std::byte> original_;
  const size_t directory_end_;
  const std::vector<size_t> fields_;
  std::mt19937_64 random_;
  HeapBytes work_;            // the original but for the bytes in undo_
  std::vector<size_t> undo_;  // offsets
  HeapBytes other_;           // a mutant of another size
};

std::vector<std::byte> read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  const auto bytes = std::as_bytes(std::span(content));
  return {bytes.begin(), bytes.end()};
}

// Where lengths, types, counts, dimensions and offsets of the file are: around each key and tensor name.
std::vector<size_t> field_places(std::span<const std::byte> bytes, const File& file, size_t directory_end) {
  std::vector<size_t> places = {0, 4, 8, 16};
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), directory_end);
  size_t from = 24;
  for (const auto& [key, value] : file.metadata().entries()) {
    const size_t name = text.find(key, from);
    if (name == std::string_view::npos) continue;
    from = name + key.size();
    for (const size_t place : {name - 8, from, from + 4, from + 8, from + 16}) places.push_back(place);
  }
  for (const TensorView& tensor : file.tensors()) {
    const size_t name = text.find(tensor.name, from);
    if (name == std::string_view::npos) continue;
    from = name + tensor.name.size();
    for (size_t place = from; place + 8 <= std::min(directory_end, from + 40); place += 4) places.push_back(place);
  }
  std::erase_if(places, [&](size_t place) { return place + 8 > directory_end; });
  return places;
}

void survive_mutations(std::span<const std::byte> original, int count, uint64_t seed) {
  const auto file = File::parse(original);
  ASSERT_TRUE(file) << file.error().message;
  const auto directory_end = static_cast<size_t>(file->tensors()[0].offset);
  Mutator mutator(original, directory_end, field_places(original, *file, directory_end), seed);
  int survivors = 0;
  for (int i = 0; i < count; ++i) {
    const std::span<const std::byte> mutant = mutator.next();
    const ::quire::test::AllocationWatch watch;
    const auto parsed = File::parse(mutant);
    // Strings cost most: 32 bytes in memory for at least 8 in the file.
    ASSERT_LE(watch.largest(), 4 * mutant.size() + 1024) << "seed " << seed << " mutation " << i;
    if (parsed) {
      ++survivors;
      test::walk(*parsed, mutant);
    } else {
      ASSERT_FALSE(parsed.error().message.empty());
      ASSERT_LT(parsed.error().message.size(), 1000U) << "seed " << seed << " mutation " << i;
      for (const char c : parsed.error().message) ASSERT_TRUE(c >= 0x20 && c < 0x7f) << parsed.error().message;
    }
  }
  EXPECT_GT(survivors, count / 100) << "mutations that change values only leave a file";
  EXPECT_LT(survivors, count) << "others are found";
}

TEST(Mutations, ten_thousand_of_the_real_model_do_no_harm) {
  QUIRE_TEST_DATA_OR_SKIP(path, "models/stories260K.gguf");
  survive_mutations(read_all(path), 10000, 1);
}

TEST(Mutations, ten_thousand_of_a_small_file_do_no_harm) {
  test::FileBytes bytes;
  bytes.header(3, 5)
      .key("general.architecture", ValueType::string)
      .string("llama")
      .key("general.alignment", ValueType::uint32)
      .number(uint32_t{64})
      .array("strings", ValueType::string, 3)
      .string("a")
      .string("")
      .string("bcd")
      .array("numbers", ValueType::int16, 4)
      .number(uint64_t{77})
      .array("bools", ValueType::boolean, 2)
      .number(uint16_t{1})
      .tensor("a", {32, 2}, 2, 0)
      .tensor("b", {256}, 12, 64)
      .tensor("c", {3, 1, 2, 2}, 0, 256)
      .pad(64)
      .fill(320);
  survive_mutations(bytes.bytes(), 10000, 2);
}

}  // namespace
}  // namespace quire::gguf
