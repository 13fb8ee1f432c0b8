#include "store/record_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <random>
#include <vector>

#include "store/faults.h"
#include "store/temporary_folder.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t block = 4096;

class Records : public TemporaryFolder {
 protected:
  Records() : path_(folder_ / "a" / "records") {}

  RecordFolder open(uint64_t bytes_max) {
    Result<RecordFolder> opened = RecordFolder::open(path_, bytes_max);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  // What the files take, in blocks.
  uint64_t size_on_disk() const {
    uint64_t size = 0;
    for (const auto& entry : fs::directory_iterator(path_)) size += (entry.file_size() + block - 1) / block * block;
    return size;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path_)) found.push_back(entry.path().filename().string());
    std::ranges::sort(found);
    return found;
  }

  fs::path path_;
};

TEST_F(Records, are_found_as_they_were_put_also_by_the_next_program) {
  std::string text(10'000, 'x');
  text[77] = '\0';
  {
    RecordFolder records = open(10 * block);
    ASSERT_TRUE(records.put("resp_1", text));
    ASSERT_TRUE(records.put("resp_2", ""));
    EXPECT_EQ(records.find("resp_1"), text);
    EXPECT_EQ(records.find("resp_2"), "");
    EXPECT_EQ(records.size_bytes(), 4 * block);
  }
  RecordFolder records = open(10 * block);
  EXPECT_EQ(records.count(), 2U);
  EXPECT_EQ(records.size_bytes(), 4 * block);
  EXPECT_EQ(records.find("resp_1"), text);
  EXPECT_EQ(records.find("resp_3").error().kind, ErrorKind::not_found);
  EXPECT_EQ(records.find("../records/resp_1").error().kind, ErrorKind::not_found);
  ASSERT_TRUE(records.remove("resp_1"));
  EXPECT_EQ(records.find("resp_1").error().kind, ErrorKind::not_found);
  EXPECT_EQ(records.remove("resp_1").error().kind, ErrorKind::not_found);
}

TEST_F(Records, are_their_users_business_alone) {
  const RecordFolder records = open(block);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(Records, belong_to_one_program_at_a_time) {
  {
    const RecordFolder records = open(block);
    const auto second = RecordFolder::open(path_, block);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::busy);
  }
  (void)open(block);
}

TEST_F(Records, go_in_the_order_in_which_they_came_and_never_take_more_than_their_bound) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  constexpr uint64_t bound = 20 * block;
  std::vector<std::string> put;  // oldest first
  std::optional<RecordFolder> records = open(bound);
  for (int i = 0; i < 300; ++i) {
    const std::string name = "r" + std::to_string(i);
    const size_t size = random() % (5 * block);
    ASSERT_TRUE(records->put(name, std::string(size, 'y')));
    put.push_back(name);
    ASSERT_LE(size_on_disk(), bound);
    ASSERT_EQ(size_on_disk(), records->size_bytes());
    // Those that are left are the newest.
    const size_t left = records->count();
    for (size_t k = 0; k < put.size(); ++k) {
      ASSERT_EQ(records->find(put[k]).has_value(), k >= put.size() - left) << k;
    }
    if (i % 50 == 49) {
      records.reset();
      records = open(bound);
      ASSERT_EQ(records->count(), left);
    }
  }
  records.reset();
  records = open(4 * block);
  EXPECT_LE(size_on_disk(), 4 * block);
  EXPECT_EQ(records->put("large", std::string(4 * block, 'z')).error().kind, ErrorKind::too_large);
}

TEST_F(Records, that_were_damaged_are_deleted_and_not_found) {
  RecordFolder records = open(100 * block);
  const std::string text(5000, 'x');
  const auto damage = [&](const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(records.put(name, text));
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    const auto found = records.find(name);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::not_found);
    EXPECT_NE(found.error().message.find("damaged"), std::string::npos);
    EXPECT_FALSE(fs::exists(path_ / name));
  };
  damage("empty", "");
  damage("header", std::string(64, 'a'));
  damage("other", std::string(64, 'a') + "\n" + text);
  ASSERT_TRUE(records.put("bit", text));
  std::fstream file(path_ / "bit", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(3000);
  file << 'y';
  file.close();
  EXPECT_FALSE(records.find("bit"));
  ASSERT_TRUE(records.put("gone", text));
  fs::remove(path_ / "gone");
  EXPECT_FALSE(records.find("gone"));
  EXPECT_EQ(records.size_bytes(), 0U);
}

TEST_F(Records, of_a_full_disk_leave_nothing_and_the_others_stay) {
  RecordFolder records = open(100 * block);
  ASSERT_TRUE(records.put("old", "text"));
  for (const int error : {ENOSPC, EDQUOT, EIO}) {
    arm_fault(0, 0);
    ASSERT_TRUE(records.put("probe", "text"));
    const int calls = fault_calls();
    ASSERT_TRUE(records.remove("probe"));
    ASSERT_GE(calls, 4);
    for (int n = 1; n <= calls; ++n) {
      arm_fault(n, error);
      const auto put = records.put("new", "text");
      arm_fault(0, 0);
      ASSERT_FALSE(put) << n;
      EXPECT_EQ(put.error().kind, ErrorKind::io);
      EXPECT_EQ(put.error().message.find("is full") == std::string::npos, error == EIO) << put.error().message;
      EXPECT_EQ(names(), std::vector<std::string>{"old"}) << n;
      EXPECT_EQ(records.find("old"), "text");
      EXPECT_EQ(records.find("new").error().kind, ErrorKind::not_found);
    }
  }
  EXPECT_TRUE(records.put("new", "text")) << "there is room again";
}

TEST_F(Records, survive_the_end_of_the_program_at_any_call) {
  constexpr uint64_t bound = 4 * block;
  for (int n = 1; n < 12; ++n) {
    fs::remove_all(path_);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto records = RecordFolder::open(path_, bound);
      for (const char* name : {"a", "b", "c"}) (void)records->put(name, "text");
      arm_fault(n, kill_here);
      (void)records->put("large", std::string(2 * block, 'x'));
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_LE(size_on_disk(), bound) << n;
    RecordFolder records = open(bound);
    EXPECT_LE(records.size_bytes(), bound);
    EXPECT_EQ(size_on_disk(), records.size_bytes()) << "nothing is left that nobody counts, " << n;
    for (const std::string& name : names()) EXPECT_TRUE(records.find(name)) << name << " is whole, " << n;
    EXPECT_EQ(records.find("c"), "text");
    EXPECT_TRUE(WIFSIGNALED(status) || records.find("large"));
  }
}

}  // namespace
}  // namespace quire::store
