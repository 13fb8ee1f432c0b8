// The reports as one page that needs nothing else: curves, waits by band, and a bar for each request.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace quire::load {

// `report` is json_of(reports, true). The page makes no request of its own: its script and style are in it.
std::string html_of(const nlohmann::ordered_json& report, const std::string& title);

// Text that may stand between tags of HTML or SVG; control characters are left out.
std::string markup_text(std::string_view text);

// The page's parts, in their own files for their length.
extern const char* const report_page_head;    // up to where the data go: markup and style
extern const char* const report_page_script;  // what draws them

}  // namespace quire::load
