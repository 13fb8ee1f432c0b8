#include "text/constraint/schema/address.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace quire::constraint {
namespace {

// Parts keep their delimiters: "http:", "//host", "/path", "?query", "#fragment".
struct Address {
  std::string_view scheme, authority, path, query, fragment;
};

bool is_scheme(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
           c == '.';
  });
}

Address parts_of(std::string_view text) {
  Address address;
  const auto cut = [&](size_t end) {
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(part.size());
    return part;
  };
  const size_t hash = std::min(text.find('#'), text.size());
  address.fragment = text.substr(hash);
  text = text.substr(0, hash);
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && is_scheme(text.substr(0, colon))) address.scheme = cut(colon + 1);
  if (text.starts_with("//")) address.authority = cut(std::min(text.find_first_of("/?", 2), text.size()));
  address.path = cut(std::min(text.find('?'), text.size()));
  address.query = text;
  return address;
}

// Without "." and ".." (section 5.2.4).
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool rooted = path.starts_with('/');
  bool closed = false;  // ends with '/'
  while (!path.empty()) {
    if (path.starts_with('/')) path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    closed = segment == "." || segment == ".." || segment.empty();
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (segment != ".." && segment != "." && (!segment.empty() || !path.empty())) kept.push_back(segment);
  }
  std::string text;
  for (const std::string_view segment : kept) {
    if (rooted || !text.empty()) text += '/';
    text += segment;
  }
  if (closed && !text.ends_with('/')) text += '/';
  return text;
}

}  // namespace

std::string resolved_address(std::string_view base, std::string_view reference) {
  const Address to = parts_of(reference), from = parts_of(base);
  if (!to.scheme.empty() || base.empty()) return std::string(reference);
  std::string text(from.scheme);
  if (!to.authority.empty()) return text.append(reference);
  text += from.authority;
  if (to.path.empty()) {
    text += from.path;
    text += to.query.empty() ? from.query : to.query;
  } else {
    std::string path(to.path);
    if (!to.path.starts_with('/')) {
      const size_t slash = from.path.rfind('/');
      const std::string_view folder = slash == std::string_view::npos ? "" : from.path.substr(0, slash + 1);
      path = std::string(folder.empty() && !from.authority.empty() ? "/" : folder).append(to.path);
    }
    text += without_dots(path);
    text += to.query;
  }
  text += to.fragment;
  return text;
}

std::string percent_decoded(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    uint8_t byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const char* end = text.data() + i + 3;
      if (const auto read = std::from_chars(text.data() + i + 1, end, byte, 16); read.ptr == end) {
        bytes += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    bytes += text[i];
  }
  return bytes;
}

}  // namespace quire::constraint
