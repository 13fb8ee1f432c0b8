#include "trace/trace.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <fstream>

#include "test_data.h"

namespace quire::trace {
namespace {

using testing::HasSubstr;

constexpr std::string_view azure =
    "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
    "2023-11-16 18:15:46.6805900,374,44\r\n"
    "2023-11-16 18:15:50.9951690,396,109\r\n"
    "2023-11-17 00:00:00,1,2";
constexpr std::string_view mooncake =
    "{\"timestamp\": 0, \"input_length\": 1025, \"output_length\": 5, \"hash_ids\": [0, 71, 2]}\n"
    "{\"hash_ids\":[0,9],\"output_length\":7,\"input_length\":1024,\"timestamp\":1500}\n";

std::string error_of(const Result<Trace>& trace) { return trace ? "no error" : trace.error().message; }

std::string temporary_file(const std::string& name, const std::string& bytes) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string compressed(std::string_view text) {
  std::string bytes(ZSTD_compressBound(text.size()), '\0');
  bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), text.data(), text.size(), 3));
  return bytes;
}

TEST(Trace, azure_lines_are_times_since_the_first_one_and_lengths) {
  const auto trace = parse_trace(azure);
  ASSERT_TRUE(trace) << trace.error().message;
  ASSERT_EQ(trace->requests.size(), 3U);
  EXPECT_EQ(trace->requests[0].arrived_ns, 0);
  EXPECT_EQ(trace->requests[1].arrived_ns, 4'314'579'000);
  EXPECT_EQ(trace->requests[2].arrived_ns, (5 * 3600 + 44 * 60 + 13) * 1'000'000'000LL + 319'410'000);
  EXPECT_EQ(trace->requests[1].prompt_tokens, 396);
  EXPECT_EQ(trace->requests[1].generated_tokens, 109);
  EXPECT_EQ(trace->block_tokens, 0);
  EXPECT_TRUE(trace->requests[0].blocks.empty());
}

TEST(Trace, mooncake_lines_have_members_in_any_order_and_blocks_get_dense_numbers) {
  const auto trace = parse_trace(mooncake);
  ASSERT_TRUE(trace) << trace.error().message;
  ASSERT_EQ(trace->requests.size(), 2U);
  EXPECT_EQ(trace->block_tokens, 512);
  EXPECT_EQ(trace->block_count, 4);
  EXPECT_EQ(trace->requests[0].blocks, (std::vector<int32_t>{0, 1, 2}));
  EXPECT_EQ(trace->requests[1].blocks, (std::vector<int32_t>{0, 3}));
  EXPECT_EQ(trace->requests[1].arrived_ns, 1'500'000'000);
  EXPECT_EQ(trace->requests[1].prompt_tokens, 1024);
  EXPECT_EQ(trace->requests[1].generated_tokens, 7);
}

TEST(Trace, requests_are_put_in_order_of_arrival) {
  const auto trace = parse_trace(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:00:00,1,1\n2023-11-16 18:00:02,2,1\n"
      "2023-11-16 18:00:01,3,1\n");
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_EQ(trace->requests[1].prompt_tokens, 3);
}

TEST(Trace, what_is_wrong_in_an_azure_line_is_said_with_its_number) {
  const std::string heading = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  const char* lines[] = {"2023-11-16 18:15:46.6805900,374",       "2023-11-16 18:15:46.6805900,374,",
                         "2023-11-16 18:15:46.6805900,374,44,1",  "2023-11-16 18:15",
                         "2023-02-30 18:15:46,374,44",            "2023-11-16 24:15:46,374,44",
                         "2023-11-16 18:15:46.1234567891,374,44", "2023-11-16 18:15:46.,374,44",
                         "0000-11-16 18:15:46,374,44",            "2023-11-16T18:15:46,374,44",
                         "2023-11-16 18:15:46,-374,44",           "2023-11-16 18:15:46,0,44",
                         "2023-11-16 18:15:46,374,0",             "2023-11-16 18:15:46,1048577,44",
                         "2023-11-16 18:15:46,99999999999999999999,44"};
  for (const char* line : lines) {
    EXPECT_THAT(error_of(parse_azure_trace(heading + line)), HasSubstr("line 2 of the trace")) << line;
  }
  const std::string first = heading + "2023-11-16 18:15:46,374,44\n";
  EXPECT_THAT(error_of(parse_azure_trace(first + "2023-11-16 18:15:45,374,44")), HasSubstr("line 3"));
  EXPECT_THAT(error_of(parse_azure_trace(first + "2023-11-29 18:15:46,374,44")), HasSubstr("within 11 days"));
  EXPECT_THAT(error_of(parse_trace("time,prompt,answer\n1,2,3\n")), HasSubstr("TIMESTAMP,ContextTokens"));
  EXPECT_THAT(error_of(parse_trace(heading)), HasSubstr("without requests"));
  EXPECT_THAT(error_of(parse_trace("")), HasSubstr("without requests"));
}

TEST(Trace, what_is_wrong_in_a_mooncake_line_is_said_with_its_number) {
  const char* lines[] = {
      "{",
      "{}",
      "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 5}",
      "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": [0]",
      "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": [0",
      "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": [0,]}",
      "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": []}",
      "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": [0, 1]}",
      "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": [-1]}",
      "{\"timestamp\": 0, \"input_length\": 0, \"output_length\": 5, \"hash_ids\": []}",
      "{\"timestamp\": 0.5, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": [0]}",
      "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": [0], \"more\": 1}",
      "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": [0]} x",
      "{\"timestamp\": 99999999999999999, \"input_length\": 5, \"output_length\": 5, \"hash_ids\": [0]}",
      "{\"timestamp",
      "{\"timestamp\"",
  };
  for (const char* line : lines) {
    EXPECT_THAT(error_of(parse_mooncake_trace(std::string(mooncake) + line)), HasSubstr("line 3 of the trace")) << line;
  }
}

TEST(Trace, a_hash_names_one_beginning) {
  const std::string line = "{\"timestamp\": 0, \"input_length\": 1000, \"output_length\": 5, \"hash_ids\": ";
  EXPECT_THAT(error_of(parse_trace(line + "[5, 5]}")), HasSubstr("hash 5"));
  EXPECT_THAT(error_of(parse_trace(line + "[1, 2]}\n" + line + "[3, 2]}")), HasSubstr("hash 2"));
  EXPECT_THAT(error_of(parse_trace(line + "[1, 2]}\n" + line + "[2, 3]}")), HasSubstr("hash 2"));
}

TEST(Trace, every_beginning_of_a_file_is_a_trace_or_an_error) {
  for (const std::string_view text : {azure, mooncake}) {
    for (size_t length = 0; length < text.size(); ++length) {
      const auto trace = parse_trace(text.substr(0, length));
      if (trace) continue;
      EXPECT_FALSE(trace.error().message.empty()) << length;
    }
  }
}

TEST(Trace, a_compressed_file_is_its_text) {
  const auto text = read_trace_text(temporary_file("trace.jsonl.zst", compressed(mooncake)));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, mooncake);
  const auto plain = read_trace_text(temporary_file("trace.csv", std::string(azure)));
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(*plain, azure);
}

TEST(Trace, a_broken_or_missing_file_is_said_by_its_name) {
  const std::string whole = compressed(mooncake);
  for (size_t length = 4; length < whole.size(); ++length) {
    const auto text = read_trace_text(temporary_file("broken.zst", whole.substr(0, length)));
    ASSERT_FALSE(text) << length;
    EXPECT_THAT(text.error().message, HasSubstr("broken.zst"));
  }
  std::string other = whole;
  other[5] = static_cast<char>(other[5] ^ 0x55);
  EXPECT_FALSE(read_trace_text(temporary_file("other.zst", other)));
  EXPECT_EQ(read_trace_text(testing::TempDir() + "/no-such.zst").error().kind, ErrorKind::not_found);
}

TEST(Trace, a_small_file_does_not_become_a_huge_text) {
  const std::string zeros(TraceBounds::bytes + 1, '0');
  const auto text = read_trace_text(temporary_file("huge.zst", compressed(zeros)));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::too_large);
}

TEST(Trace, the_published_traces_are_read_whole) {
  QUIRE_TEST_DATA_OR_SKIP(mooncake_file, "traces/mooncake-conversation.jsonl.zst");
  QUIRE_TEST_DATA_OR_SKIP(azure_file, "traces/azure2023-conv.csv");
  const auto conversations = parse_trace(read_trace_text(mooncake_file.string()).value_or(""));
  ASSERT_TRUE(conversations) << conversations.error().message;
  EXPECT_EQ(conversations->requests.size(), 12031U);
  EXPECT_EQ(conversations->block_count, 182790);
  EXPECT_EQ(conversations->requests.back().arrived_ns, 3'536'999'000'000);
  const auto requests = parse_trace(read_trace_text(azure_file.string()).value_or(""));
  ASSERT_TRUE(requests) << requests.error().message;
  EXPECT_EQ(requests->requests.size(), 19366U);
}

}  // namespace
}  // namespace quire::trace
