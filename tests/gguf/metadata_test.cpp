#include "gguf/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace quire::gguf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Metadata, a_set_key_is_found_and_replaced_in_place) {
  Metadata metadata;
  metadata.set("a", uint32_t{1});
  metadata.set("b", std::string("x"));
  metadata.set("a", uint32_t{2});
  ASSERT_EQ(metadata.entries().size(), 2U);
  EXPECT_EQ(metadata.entries()[0].first, "a");
  EXPECT_EQ(metadata.get_int("a", 0, 10).value(), 2);
  EXPECT_FALSE(metadata.contains("c"));
}

TEST(Metadata, an_erased_key_is_gone_and_the_others_are_still_found) {
  Metadata metadata;
  for (const char* key : {"a", "b", "c", "d"}) metadata.set(key, std::string(key));
  metadata.erase("b");
  metadata.erase("absent");
  EXPECT_FALSE(metadata.contains("b"));
  for (const char* key : {"a", "c", "d"}) EXPECT_EQ(metadata.get_string(key).value(), key);
  EXPECT_EQ(metadata.entries()[1].first, "c");
}

TEST(Metadata, every_integer_type_is_read_where_its_value_fits) {
  Metadata metadata;
  metadata.set("u8", uint8_t{7});
  metadata.set("i8", int8_t{7});
  metadata.set("u16", uint16_t{7});
  metadata.set("i16", int16_t{7});
  metadata.set("u32", uint32_t{7});
  metadata.set("i32", int32_t{7});
  metadata.set("u64", uint64_t{7});
  metadata.set("i64", int64_t{7});
  for (const auto& [key, value] : metadata.entries()) EXPECT_EQ(metadata.get_int(key, 0, 7).value(), 7) << key;
}

TEST(Metadata, an_integer_out_of_range_is_an_error_that_names_key_value_and_range) {
  Metadata metadata;
  metadata.set("n", int32_t{-3});
  metadata.set("huge", std::numeric_limits<uint64_t>::max());
  const auto below = metadata.get_int("n", 0, 9);
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().kind, ErrorKind::invalid);
  EXPECT_THAT(below.error().message, HasSubstr("'n' is -3; expected an integer from 0 to 9"));
  EXPECT_THAT(metadata.get_int("huge", 0, INT64_MAX).error().message, HasSubstr("18446744073709551615"));
  EXPECT_FALSE(metadata.get_int_or("n", 1, 0, 9)) << "a fallback is for absent keys only";
  EXPECT_EQ(metadata.get_int_or("absent", 1, 0, 9).value(), 1);
}

TEST(Metadata, a_value_of_another_type_is_an_error_that_says_what_was_found) {
  Metadata metadata;
  metadata.set("s", std::string("text"));
  metadata.set("a", std::vector<float>{1, 2, 3});
  metadata.set("t", true);
  EXPECT_THAT(metadata.get_int("s", 0, 1).error().message, HasSubstr("'s' holds string; expected an integer"));
  EXPECT_THAT(metadata.get_int("t", 0, 1).error().message, HasSubstr("holds bool"));
  EXPECT_THAT(metadata.get_float("s").error().message, HasSubstr("holds string"));
  EXPECT_THAT(metadata.get_string("a").error().message, HasSubstr("holds an array of 3 float32"));
  EXPECT_THAT(metadata.get_bool_or("s", true).error().message, HasSubstr("expected bool"));
  EXPECT_THAT(metadata.get_strings("a").error().message, HasSubstr("expected an array of strings"));
  EXPECT_THAT(metadata.get_ints("a").error().message, HasSubstr("expected an array of integers"));
  EXPECT_THAT(metadata.get_ints("s").error().message, HasSubstr("expected an array of integers"));
  EXPECT_THAT(metadata.get_floats("s").error().message, HasSubstr("expected an array of float32"));
  EXPECT_THAT(metadata.get_string("absent").error().message, HasSubstr("'absent' is missing"));
}

TEST(Metadata, numbers_that_are_not_finite_are_refused) {
  Metadata metadata;
  metadata.set("nan", std::numeric_limits<float>::quiet_NaN());
  metadata.set("inf", std::numeric_limits<double>::infinity());
  EXPECT_FALSE(metadata.get_float("nan"));
  EXPECT_FALSE(metadata.get_float_or("inf", 1.0));
  EXPECT_EQ(metadata.get_float_or("absent", 1.5).value(), 1.5);
}

TEST(Metadata, arrays_are_widened) {
  Metadata metadata;
  metadata.set("u8", std::vector<uint8_t>{1, 255});
  metadata.set("i32", std::vector<int32_t>{-1, 2});
  metadata.set("u64", std::vector<uint64_t>{1, UINT64_MAX});
  metadata.set("f64", std::vector<double>{0.5, 2});
  metadata.set("s", std::vector<std::string>{"x", "y"});
  EXPECT_THAT(metadata.get_ints("u8").value(), ElementsAre(1, 255));
  EXPECT_THAT(metadata.get_ints("i32").value(), ElementsAre(-1, 2));
  EXPECT_THAT(metadata.get_ints("u64").error().message, HasSubstr("at index 1"));
  EXPECT_THAT(metadata.get_floats("f64").value(), ElementsAre(0.5F, 2.0F));
  EXPECT_THAT(metadata.get_strings("s").value().get(), ElementsAre("x", "y"));
}

TEST(Metadata, hostile_key_names_are_printable_in_messages) {
  const Metadata metadata;
  const std::string key = "a\nb\x1b[31m" + std::string(200, 'z');
  const std::string message = metadata.get_string(key).error().message;
  EXPECT_THAT(message, HasSubstr("'a\\x0ab\\x1b[31m"));
  EXPECT_THAT(message, HasSubstr("..."));
  EXPECT_LT(message.size(), 200U);
}

}  // namespace
}  // namespace quire::gguf
