// The formats of JSON Schema as patterns, each from the document that the vocabulary names.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "text/constraint/schema/string.h"

namespace quire::constraint {
namespace {

// RFC 3339, 5.6: days as their months have them, the 29th of February in leap years alone.
std::string date() {
  const std::string leap = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
  const std::string days =
      "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
      "02-(0[1-9]|1[0-9]|2[0-8]))";
  return fmt::format("([0-9]{{4}}-{}|{}-02-29)", days, leap);
}

// A leap second is the last one of a day in UTC; with another offset, which would take an automaton that subtracts, it
// is not written.
std::string time() {
  const std::string offset = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
  return fmt::format("(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?{}|23:59:60(\\.[0-9]+)?([Zz]|[+-]00:00))",
                     offset);
}

// RFC 3339, appendix A.
std::string duration() {
  const std::string seconds = "[0-9]+S";
  const std::string minutes = fmt::format("[0-9]+M({})?", seconds);
  const std::string hours = fmt::format("[0-9]+H({})?", minutes);
  const std::string clock = fmt::format("T({}|{}|{})", hours, minutes, seconds);
  const std::string days = "[0-9]+D";
  const std::string months = fmt::format("[0-9]+M({})?", days);
  const std::string years = fmt::format("[0-9]+Y({})?", months);
  return fmt::format("P(({}|{}|{})({})?|{}|[0-9]+W)", days, months, years, clock, clock);
}

std::string ipv4() {
  const std::string octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  return fmt::format("({}\\.){{3}}{}", octet, octet);
}

// RFC 3986, 3.2.2: eight groups, of which "::" stands for one or more.
std::string ipv6() {
  const std::string group = "[0-9A-Fa-f]{1,4}";
  const std::string last = fmt::format("({}:{}|{})", group, group, ipv4());
  std::string text = fmt::format("({}:){{6}}{}", group, last);
  for (int before = 0; before <= 7; ++before) {
    const std::string head = before == 0 ? "" : fmt::format("({}:){{0,{}}}{}", group, before - 1, group);
    const int after = 7 - before;  // groups that may still follow "::"
    std::string tail = after == 0 ? "" : after == 1 ? group : fmt::format("({}:){{{}}}{}", group, after - 2, last);
    text += fmt::format("|{}::{}", head.empty() ? "" : "(" + head + ")?", tail);
  }
  return "(" + text + "|::)";
}

// RFC 1123: labels of at most 63, 253 in all. Counting both takes as many states as their product, so that what is
// written has at most 3 labels of 63 or 8 of 30. What begins as an encoded label ("xn--") is not written: whether that
// is one cannot be said by a pattern.
std::string hostname() {
  const auto label = [](int size) {
    return fmt::format(
        "[A-Za-z0-9]([A-Za-z0-9]|[A-Za-z0-9-][A-Za-z0-9]([A-Za-z0-9-]{{0,{}}}[A-Za-z0-9])?|"
        "[A-Za-z0-9-]-[A-Za-z0-9]([A-Za-z0-9-]{{0,{}}}[A-Za-z0-9])?)?",
        size - 4, size - 5);
  };
  return fmt::format("({0}(\\.{0}){{0,2}}|{1}(\\.{1}){{0,7}})", label(63), label(30));
}

// RFC 5321, 4.1.2; its limits of lengths are what a server must take at least, and no part of the form.
std::string email() {
  const std::string label = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
  const std::string atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
  const std::string quoted = R"("([ !#-\[\]-~]|\\[ -~])*")";
  return fmt::format("({0}(\\.{0})*|{1})@({2}(\\.{2})*|\\[({3}|IPv6:{4})\\])", atom, quoted, label, ipv4(), ipv6());
}

// RFC 3986; with `more` characters unreserved, RFC 3987.
std::string uri(bool relative, const std::string& more) {
  const std::string percent = "%[0-9A-Fa-f]{2}";
  const std::string plain = "A-Za-z0-9._~!$&'()*+,;=" + more;
  const std::string name = fmt::format("([{}-]|{})", plain, percent);
  const std::string user = fmt::format("([{}:-]|{})", plain, percent);
  const std::string path = fmt::format("([{}:@-]|{})", plain, percent);
  const std::string tail = fmt::format("([{}:@/?-]|{})", plain, percent);
  const std::string host = fmt::format("(\\[({}|[vV][0-9A-Fa-f]+\\.[{}:-]+)\\]|{}*)", ipv6(), plain, name);
  const std::string authority = fmt::format("//({}*@)?{}(:[0-9]*)?(/{}*)*", user, host, path);
  const std::string absolute = fmt::format("/({0}+(/{0}*)*)?", path);
  const std::string rest = fmt::format("(\\?{0}*)?(#{0}*)?", tail);
  const std::string full =
      fmt::format("[A-Za-z][A-Za-z0-9+.-]*:({}|{}|{}+(/{}*)*)?{}", authority, absolute, path, path, rest);
  if (!relative) return full;
  const std::string first = fmt::format("([{}@-]|{})", plain, percent);
  return fmt::format("({}|({}|{}|{}+(/{}*)*)?{})", full, authority, absolute, first, path, rest);
}

// What RFC 3987 adds to the unreserved characters; private ones, which only queries may have, are not written.
constexpr const char* international = R"(\u{a0}-\u{d7ff}\u{f900}-\u{fdcf}\u{fdf0}-\u{ffef}\u{10000}-\u{1fffd})";

constexpr const char* json_pointer = "(/([^/~]|~[01])*)*";

// RFC 6570, 2.
std::string uri_template() {
  const std::string literal =
      R"(([!#$&-;=?-\[\]_a-z~\u{a0}-\u{d7ff}\u{f900}-\u{ffef}\u{10000}-\u{1fffd}]|%[0-9A-Fa-f]{2}))";
  const std::string name = "([A-Za-z0-9_]|%[0-9A-Fa-f]{2})(\\.?([A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*";
  const std::string variable = fmt::format("{}(:[1-9][0-9]{{0,3}}|\\*)?", name);
  return fmt::format("({}|\\{{[+#./;?&=,!@|]?{}(,{})*\\}})*", literal, variable, variable);
}

std::string date_time() { return date() + "[Tt]" + time(); }
std::string uuid() { return "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"; }
std::string absolute_uri() { return uri(false, ""); }
std::string uri_reference() { return uri(true, ""); }
std::string iri() { return uri(false, international); }
std::string iri_reference() { return uri(true, international); }
std::string absolute_pointer() { return json_pointer; }
std::string relative_pointer() { return fmt::format("(0|[1-9][0-9]*)(#|{})", json_pointer); }

// Compiled when it is first asked for; then it never changes.
template <std::string (*pattern)()>
const std::shared_ptr<const Regular>& compiled() {
  static const auto texts = std::make_shared<const Regular>(Regular::parse(pattern(), Match::whole).value());
  return texts;
}

// What is narrower than its standard is within these.
std::string clock_like() { return "[0-9]{2}:[0-9]{2}:[0-9]{2}.*"; }
std::string date_like() { return "[0-9]{4}-[0-9]{2}-[0-9]{2}.*"; }
std::string labels() { return "[A-Za-z0-9.-]*"; }
std::string address() { return R"([^]*@[^]*)"; }
std::string unspaced() { return "[^ ]*"; }
std::string numbered() { return "[0-9][^]*"; }

struct Row {
  std::string_view name;
  const std::shared_ptr<const Regular>& (*texts)();
  const std::shared_ptr<const Regular>& (*within)() = nullptr;
};
constexpr Row rows[] = {{"date", compiled<date>},
                        {"time", compiled<time>, compiled<clock_like>},
                        {"date-time", compiled<date_time>, compiled<date_like>},
                        {"duration", compiled<duration>},
                        {"uuid", compiled<uuid>},
                        {"ipv4", compiled<ipv4>},
                        {"ipv6", compiled<ipv6>},
                        {"hostname", compiled<hostname>, compiled<labels>},
                        {"email", compiled<email>, compiled<address>},
                        {"uri", compiled<absolute_uri>},
                        {"uri-reference", compiled<uri_reference>},
                        {"iri", compiled<iri>, compiled<unspaced>},
                        {"iri-reference", compiled<iri_reference>, compiled<unspaced>},
                        {"uri-template", compiled<uri_template>, compiled<unspaced>},
                        {"json-pointer", compiled<absolute_pointer>},
                        {"relative-json-pointer", compiled<relative_pointer>, compiled<numbered>}};

}  // namespace

Result<std::optional<Format>> find_format(std::string_view name) {
  for (const char* irregular : {"regex", "idn-hostname", "idn-email"}) {
    if (name == irregular) return fail(ErrorKind::unsupported, fmt::format("'{}' is no regular language", name));
  }
  for (const Row& row : rows) {
    if (row.name != name) continue;
    return Format{.texts = row.texts(), .within = row.within == nullptr ? nullptr : row.within()};
  }
  return std::nullopt;
}

}  // namespace quire::constraint
