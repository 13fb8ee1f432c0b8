// The page at /ui: its files are part of the program.
#pragma once

#include <span>
#include <string_view>

#include "server/http/http.h"

namespace quire::server {

// One file of src/server/page, as it was when the program was built.
struct PageFile {
  std::string_view name;
  std::string_view bytes;
  std::string_view sha256;
};

// Written by page.cmake.
std::span<const PageFile> page_files();

// `name` is what follows /ui/; /ui itself is sent there. A file that the client has already (If-None-Match) is 304.
HttpResponse page_response(const HttpRequest& request, std::string_view name);

}  // namespace quire::server
