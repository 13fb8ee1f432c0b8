#include "load/report_html.h"

#include <nlohmann/json.hpp>

#include "api/json_text.h"

namespace quire::load {
namespace {

// JSON inside a script: nothing in it may end the script.
std::string script_json(const nlohmann::ordered_json& value) {
  std::string text = api::to_text(value);
  for (size_t at = 0; (at = text.find('<', at)) != std::string::npos;) text.replace(at, 1, "\\u003c");
  return text;
}

}  // namespace

std::string markup_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    }
  }
  return out;
}

std::string html_of(const nlohmann::ordered_json& report, const std::string& title) {
  std::string page = report_page_head;
  page.replace(page.find("@TITLE@"), 7, markup_text(title));
  page.replace(page.find("@TITLE@"), 7, markup_text(title));
  page +=
      "<script>\nconst report = " + script_json(report) + ";\n" + report_page_script + "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace quire::load
