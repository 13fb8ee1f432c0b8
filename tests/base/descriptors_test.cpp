#include "base/descriptors.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace quire {
namespace {

// Places in this process's table of open files, as the kernel has it now.
int table_size() {
  std::ifstream status("/proc/self/status");
  for (std::string name; status >> name;) {
    int size = 0;
    if (name == "FDSize:" && status >> size) return size;
  }
  return 0;
}

TEST(Descriptors, the_table_has_room_before_it_is_needed) {
  const int wanted = 2 * table_size() + 100;
  reserve_descriptors(wanted);
  EXPECT_GE(table_size(), wanted);
}

TEST(Descriptors, more_than_a_process_may_have_is_as_many_as_it_may) {
  reserve_descriptors(1 << 30);
  EXPECT_GT(table_size(), 0);
}

}  // namespace
}  // namespace quire
