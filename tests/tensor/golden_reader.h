// Reads the records of a golden file one after another.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace quire::test {

class GoldenReader {
 public:
  explicit GoldenReader(const std::string& name) {
    std::ifstream file(std::string(QUIRE_SOURCE_DIR) + "/tests/data/tensor/" + name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    content_.assign(std::istreambuf_iterator<char>(file), {});
  }
  bool done() const { return offset_ == content_.size(); }
  template <typename T>
  std::vector<T> take(size_t count) {
    if (content_.size() - offset_ < count * sizeof(T)) ADD_FAILURE() << "golden file too short";
    std::vector<T> values(count);
    std::memcpy(values.data(), content_.data() + offset_, count * sizeof(T));
    offset_ += count * sizeof(T);
    return values;
  }
  template <typename T>
  T take_one() {
    return take<T>(1)[0];
  }

 private:
  std::string content_;
  size_t offset_ = 0;
};

}  // namespace quire::test
