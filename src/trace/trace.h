// Requests that were really made, as the published traces tell of them: when, how long, which blocks they share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire::trace {

struct TraceRequest {
  int64_t arrived_ns = 0;  // since the first one
  int32_t prompt_tokens = 1;
  int32_t generated_tokens = 1;
  // One for each begun block of the prompt: equal numbers are equal blocks after equal blocks. Empty where the trace
  // does not say what prompts share.
  std::vector<int32_t> blocks;
};

// Invariants: requests are in order of arrival; each has all of its blocks or none; a block always follows the same
// one; block numbers are 0 ... block_count - 1.
struct Trace {
  int32_t block_tokens = 0;  // of a block; 0: the trace has no blocks
  int32_t block_count = 0;   // different ones
  std::vector<TraceRequest> requests;
};

struct TraceBounds {
  static constexpr size_t bytes = size_t{256} << 20;  // of the text
  static constexpr size_t requests = size_t{1} << 20;
  static constexpr int32_t tokens = 1 << 20;                     // of a prompt, and of an answer
  static constexpr int64_t arrived_ns = 1'000'000'000'000'000;  // 11 days
};

// A file's text; one that is compressed with zstd is decompressed. Fails when the text is longer than the bound.
Result<std::string> read_trace_text(const std::string& path);

// github.com/Azure/AzurePublicDataset, LLM inference trace 2023: "TIMESTAMP,ContextTokens,GeneratedTokens", then a
// request a line. Errors name the line.
Result<Trace> parse_azure_trace(std::string_view text);
// github.com/kvcache-ai/Mooncake: one object a line with timestamp (ms), input_length, output_length and hash_ids, the
// hashes of the prompt's blocks of 512 tokens, the last one of what is left. A hash names a block and all before it.
Result<Trace> parse_mooncake_trace(std::string_view text);
// Whichever of them it is.
Result<Trace> parse_trace(std::string_view text);

}  // namespace quire::trace
