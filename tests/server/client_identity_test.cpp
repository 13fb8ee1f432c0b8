#include "server/requests/client_identity.h"

#include <gtest/gtest.h>

#include <set>

namespace quire::server {
namespace {

HttpRequest request_with(Headers headers) {
  HttpRequest request;
  request.headers = std::move(headers);
  request.peer = "10.0.0.7";
  return request;
}

TEST(Client, is_the_key_then_the_gateways_name_then_the_user_then_the_address) {
  Headers headers = {{"authorization", "Bearer sk-secret"}, {"x-gateway-inference-fairness-id", "team-a"}};
  EXPECT_EQ(client_of(request_with(headers), "ann"), "key:746b4ad1ca9129e1");
  headers.erase(headers.begin());
  EXPECT_EQ(client_of(request_with(headers), "ann"), "gateway:team-a");
  EXPECT_EQ(client_of(request_with({}), "ann"), "user:ann");
  EXPECT_EQ(client_of(request_with({}), ""), "10.0.0.7");
  EXPECT_EQ(client_of(request_with({{"authorization", "Bearer "}}), ""), "10.0.0.7");
}

TEST(Client, has_a_name_of_a_bounded_length_that_stays_its_own) {
  const std::string one = client_of(request_with({}), std::string(1'000'000, 'a') + "1");
  const std::string other = client_of(request_with({}), std::string(1'000'000, 'a') + "2");
  EXPECT_EQ(one.size(), 128U);
  EXPECT_NE(one, other);
}

TEST(ClientWeights, are_found_by_name_and_by_key) {
  const std::vector<ClientWeight> given = {{"user:ann", 3}, {"key:sk-secret", 9}};
  const ClientWeights weights(given);
  EXPECT_EQ(weights.of("user:ann"), 3);
  EXPECT_EQ(weights.of(client_of(request_with({{"authorization", "bearer sk-secret"}}), "")), 9);
  EXPECT_EQ(weights.of("user:bob"), 1);
}

TEST(Salt, is_a_number_that_only_no_salt_shares_with_nobody) {
  EXPECT_EQ(salt_number(""), 0U);
  std::set<uint64_t> numbers = {0};
  for (int i = 0; i < 1000; ++i) numbers.insert(salt_number("tenant " + std::to_string(i)));
  EXPECT_EQ(numbers.size(), 1001U);
  EXPECT_EQ(salt_number("a"), salt_number("a"));
}

}  // namespace
}  // namespace quire::server
