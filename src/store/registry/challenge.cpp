#include "store/registry/challenge.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/ascii.h"

namespace quire::store::registry {
namespace {

using nlohmann::json;

// Reads SCHEME [name=value [, name=value]...] [, SCHEME ...]; values are tokens or quoted strings with backslashes.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text) {}

  bool at_end() {
    skip(" \t,");
    return rest_.empty();
  }
  std::string token() {
    const size_t end = std::min(rest_.find_first_of(" \t,=\""), rest_.size());
    std::string result(rest_.substr(0, end));
    rest_.remove_prefix(end);
    if (end == 0) rest_.remove_prefix(1);  // a character that may not be here
    return result;
  }
  // The value that follows a name; none: what was read is a scheme.
  std::optional<std::string> value() {
    const std::string_view before = rest_;
    skip(" \t");
    if (!rest_.starts_with('=')) {
      rest_ = before;
      return std::nullopt;
    }
    rest_.remove_prefix(1);
    skip(" \t");
    return rest_.starts_with('"') ? quoted() : token_value();
  }

 private:
  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  std::string token_value() {
    const size_t end = std::min(rest_.find_first_of(" \t,"), rest_.size());
    std::string result(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return result;
  }
  std::string quoted() {
    std::string result;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      result += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return result;
  }

  std::string_view rest_;
};

std::string text_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

// Without a throw for bytes that are not UTF-8, and without a depth that recursion could not stand.
json parse_shallow(std::string_view body) {
  constexpr int depth_max = 8;
  const auto bounded = [](int depth, json::parse_event_t, json&) { return depth <= depth_max; };
  return json::parse(body, bounded, false);
}

}  // namespace

Result<Challenge> parse_challenge(std::string_view header) {
  HeaderReader reader(header);
  Challenge challenge;
  std::string scheme;
  std::string others;
  bool bearer = false;
  while (!reader.at_end()) {
    const std::string name = lower_case(reader.token());
    if (name.empty()) continue;
    const std::optional<std::string> value = reader.value();
    if (!value) {
      if (bearer) break;  // the one that is understood is complete
      scheme = name;
      bearer = scheme == "bearer";
      if (!bearer) others += (others.empty() ? "" : ", ") + scheme;
      continue;
    }
    if (!bearer) continue;
    if (name == "realm") challenge.realm = *value;
    if (name == "service") challenge.service = *value;
    if (name == "scope") challenge.scope = *value;
  }
  if (!bearer) {
    return fail(ErrorKind::unsupported,
                others.empty() ? "unauthorized: access denied"
                               : fmt::format("unauthorized: the registry wants to know who asks by '{}', and only "
                                             "'bearer' is possible here",
                                             others));
  }
  if (challenge.realm.empty()) return fail(ErrorKind::invalid, "unauthorized: the challenge names no realm");
  return challenge;
}

Result<std::string> parse_token(std::string_view body) {
  const json reply = parse_shallow(body);
  std::string token = text_at(reply, "token");
  if (token.empty()) token = text_at(reply, "access_token");
  if (token.empty()) return fail(ErrorKind::invalid, "the token server's reply holds no token");
  if (token.find_first_of("\r\n") != std::string::npos) {
    return fail(ErrorKind::invalid, "the token server's reply holds a token with a line break");
  }
  return token;
}

std::string refusal_text(std::string_view body) {
  constexpr size_t bytes_max = 500;
  std::string text;
  const json reply = parse_shallow(body);
  if (reply.is_object() && reply.contains("errors") && reply["errors"].is_array()) {
    for (const json& error : reply["errors"]) {
      std::string message = text_at(error, "message");
      if (message.empty()) message = text_at(error, "code");
      if (!message.empty()) text += (text.empty() ? "" : "; ") + message;
    }
  }
  if (text.empty()) text = text_at(reply, "error");
  if (text.empty()) text = std::string(body.substr(0, bytes_max));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  if (text.size() > bytes_max) text.resize(bytes_max);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace quire::store::registry
