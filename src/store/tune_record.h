// What `quire tune` found out about a model on a machine, beside the models: where a server begins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire::store {

// What a measurement holds for. Another model, machine, arithmetic or KV type is another measurement.
struct TuneKey {
  std::string model;      // content_name of its file
  std::string processor;  // processor_name()
  std::string kernels;    // name of the kernel table
  std::string kv_type;
  int32_t threads = 0;
  bool operator==(const TuneKey&) const = default;
};

struct TunePoint {
  int32_t contexts = 0;
  int64_t step_ns = 0;
  bool operator==(const TunePoint&) const = default;
};

struct TuneRecord {
  TuneKey key;
  int32_t parallel_start = 0;    // contexts that pay by throughput
  int32_t measured_tokens = 0;   // length of the contexts when they were measured
  std::vector<TunePoint> curve;  // ascending in contexts
  bool operator==(const TuneRecord&) const = default;
};

// As /proc/cpuinfo names it; "unknown" where it does not.
std::string processor_name();

// The file in `folder` that a measurement with this key is written to.
std::filesystem::path tune_path(const std::filesystem::path& folder, const TuneKey& key);

std::string tune_text(const TuneRecord& record);
// An error says what is wrong with the text.
Result<TuneRecord> parse_tune(std::string_view text);

// The record of this key. None: there is no file. An error names a file that is broken or was written for another key
// (a second machine with the same folder).
Result<std::optional<TuneRecord>> find_tune(const std::filesystem::path& folder, const TuneKey& key);

}  // namespace quire::store
