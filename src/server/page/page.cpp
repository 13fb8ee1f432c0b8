#include "server/page/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace quire::server {
namespace {

// Nothing but this server's own files: no inline scripts or styles, nobody else's pictures, fonts or frames.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> content_types = {{
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
}};

std::string_view content_type_of(std::string_view name) {
  const auto found = std::ranges::find_if(content_types, [&](const auto& type) { return name.ends_with(type.first); });
  return found == content_types.end() ? "application/octet-stream" : found->second;
}

}  // namespace

HttpResponse page_response(const HttpRequest& request, std::string_view name) {
  HttpResponse response;
  if (request.path == "/ui") {
    response.status = 308;
    response.headers.emplace_back("Location", "ui/");  // relative: a proxy may have put the server below a path
    return response;
  }
  const std::string_view wanted = name.empty() ? "index.html" : name;
  const auto file = std::ranges::find(page_files(), wanted, &PageFile::name);
  if (file == page_files().end()) {
    response.status = 404;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "the page has no such file\n";
    return response;
  }
  const std::string tag = fmt::format("\"{}\"", file->sha256.substr(0, 32));
  response.headers = {{"ETag", tag},
                      {"Cache-Control", "no-cache"},
                      {"Content-Security-Policy", std::string(content_policy)},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"}};
  if (request.header("if-none-match").find(tag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.content_type = content_type_of(wanted);
  response.body = file->bytes;
  return response;
}

}  // namespace quire::server
