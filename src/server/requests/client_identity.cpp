#include "server/requests/client_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "store/sha256.h"

namespace quire::server {
namespace {

// 64 bits of SHA-256, as hexadecimal digits.
std::string fingerprint(std::string_view text) {
  store::Sha256 hash;
  hash.update(std::as_bytes(std::span(text)));
  return hash.finish_hex().substr(0, 16);
}

std::string key_name(std::string_view key) { return "key:" + fingerprint(key); }

// Names are kept for every client that was seen: they are bounded.
std::string bounded(std::string name) {
  constexpr size_t name_bytes_max = 128;
  if (name.size() <= name_bytes_max) return name;
  return name.substr(0, name_bytes_max - 17) + "~" + fingerprint(name);
}

}  // namespace

std::string client_of(const HttpRequest& request, std::string_view user) {
  std::string_view key = request.header("authorization");
  if (key.starts_with("Bearer ") || key.starts_with("bearer ")) {
    key.remove_prefix(7);
    if (!key.empty()) return key_name(key);
  }
  const std::string_view gateway = request.header("x-gateway-inference-fairness-id");
  if (!gateway.empty()) return bounded(fmt::format("gateway:{}", gateway));
  return user.empty() ? request.peer : bounded(fmt::format("user:{}", user));
}

Result<std::vector<ClientWeight>> parse_client_weights(std::string_view text) {
  constexpr int32_t weight_max = 1000;
  std::vector<ClientWeight> weights;
  for (const std::string_view item : comma_items(text)) {
    const size_t equals = item.rfind('=');
    int32_t weight = 0;
    const char* end = item.data() + item.size();
    const char* number = equals == std::string_view::npos ? end : item.data() + equals + 1;
    const auto [stop, error] = std::from_chars(number, end, weight);
    if (equals == 0 || error != std::errc() || stop != end || weight < 1 || weight > weight_max) {
      return fail(ErrorKind::invalid,
                  fmt::format("expected NAME=WEIGHT,... with weights from 1 to {}, found \"{}\"", weight_max, item));
    }
    const ClientWeight one{.client = std::string(item.substr(0, equals)), .weight = weight};
    if (std::ranges::find(weights, one.client, &ClientWeight::client) != weights.end()) {
      return fail(ErrorKind::invalid, fmt::format("\"{}\" is named twice", one.client));
    }
    weights.push_back(one);
  }
  return weights;
}

ClientWeights::ClientWeights(std::span<const ClientWeight> weights) {
  constexpr std::string_view key = "key:";
  for (const ClientWeight& one : weights) {
    weights_[one.client] = one.weight;
    if (one.client.starts_with(key)) weights_[key_name(std::string_view(one.client).substr(key.size()))] = one.weight;
  }
}

int32_t ClientWeights::of(const std::string& client) const {
  const auto found = weights_.find(client);
  return found == weights_.end() ? 1 : found->second;
}

uint64_t salt_number(std::string_view salt) {
  if (salt.empty()) return 0;
  uint64_t number = 0;
  const std::string digits = fingerprint(salt);
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return std::max<uint64_t>(number, 1);
}

}  // namespace quire::server
