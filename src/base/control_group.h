// The control groups of Linux that bound this process: how much memory and how many CPUs a container has.
// Source: the kernel's admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/. Stateless; any thread. `root` is where
// /proc and /sys are: "/", or a made-up tree in tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace quire {

struct ControlGroup {
  std::filesystem::path folder;
  int version = 2;  // 1 or 2: which names its files have
};

// This process's group for "memory" or "cpu" and the groups that it lies in, the innermost first. Folders need not be
// there: a container sees its own group as the root of what is mounted, whatever path /proc names.
std::vector<ControlGroup> control_groups(const std::filesystem::path& root, std::string_view controller);

// The number in a file that holds one, or the one behind `key` in a file of "key number" lines. None: no such file, or
// a word in its place ("max", "-1").
std::optional<uint64_t> number_in(const std::filesystem::path& path, std::string_view key = {});

// How many CPUs this process can keep busy: those it may run on, but no more than whole ones of the smallest quota
// that its groups have: a worker beyond would see all of them stopped until the next period. At least 1.
int usable_cpus(const std::filesystem::path& root = "/");

}  // namespace quire
