#include "net/url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "base/ascii.h"

namespace quire::net {
namespace {

struct CloseUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURLU, CloseUrl>;

std::string part_of(const Handle& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

Result<Handle> handle_of(std::string_view text) {
  Handle url(curl_url());
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0);
  if (code == CURLUE_OK) return url;
  return fail(ErrorKind::invalid, fmt::format("'{}' is no address: {}", text, curl_url_strerror(code)));
}

}  // namespace

bool Url::same_origin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

Result<Url> parse_url(std::string_view text) {
  QUIRE_TRY(const Handle handle, handle_of(text));
  Url url{.scheme = part_of(handle, CURLUPART_SCHEME),
          .host = part_of(handle, CURLUPART_HOST),
          .path = part_of(handle, CURLUPART_PATH),
          .query = part_of(handle, CURLUPART_QUERY)};
  url.host = lower_case(url.host);
  if (url.scheme != "http" && url.scheme != "https") {
    return fail(ErrorKind::invalid, fmt::format("'{}' is neither http nor https", text));
  }
  const std::string port = part_of(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), url.port);
  return url;
}

Result<std::string> resolve_url(std::string_view base, std::string_view reference) {
  QUIRE_TRY(const Handle handle, handle_of(base));
  const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, std::string(reference).c_str(), 0);
  if (code != CURLUE_OK) {
    return fail(ErrorKind::invalid, fmt::format("'{}' is no address: {}", reference, curl_url_strerror(code)));
  }
  return part_of(handle, CURLUPART_URL);
}

std::string escape_query(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      escaped += c;
    } else if (c == ' ') {
      escaped += '+';
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

std::string with_query(std::string_view url, std::string_view name, std::string_view value) {
  const char joint = url.find('?') == std::string_view::npos ? '?' : '&';
  return fmt::format("{}{}{}={}", url, joint, name, escape_query(value));
}

bool is_loopback_host(std::string_view host) {
  const bool is_ipv4 = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host.ends_with(".localhost") || (is_ipv4 && host.starts_with("127.")) ||
         host == "[::1]";
}

}  // namespace quire::net
