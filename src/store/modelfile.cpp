#include "store/modelfile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "store/model_name.h"

namespace quire::store {
namespace {

constexpr size_t text_bytes_max = 4 << 20;
constexpr std::string_view triple = "\"\"\"";
constexpr std::array<std::string_view, 3> roles = {"system", "user", "assistant"};

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_newline(char c) { return c == '\n' || c == '\r'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_parameter_letter(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

// What is between the quotes; none as long as a quotation has no end.
std::optional<std::string_view> unquoted(std::string_view text) {
  for (const std::string_view quote : {triple, triple.substr(0, 1)}) {
    if (!text.starts_with(quote)) continue;
    if (text.size() < 2 * quote.size() || !text.ends_with(quote)) return std::nullopt;
    return text.substr(quote.size(), text.size() - 2 * quote.size());
  }
  return text;
}

// Ollama also leaves out spaces of other widths and what joins characters; here a text keeps them.
std::string without_controls(std::string_view text) {
  std::string kept;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
    if (byte(at) == 0xc2 && byte(at + 1) >= 0x80 && byte(at + 1) < 0xa0) {
      ++at;  // U+0080 to U+009F
    } else if ((byte(at) >= 0x20 && byte(at) != 0x7f) || is_space(text[at]) || is_newline(text[at])) {
      kept += text[at];
    }
  }
  return kept;
}

void append_utf8(std::string& text, uint32_t code) {
  const auto byte = [&](uint32_t value) { text += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f)),
        byte(0x80 | (code & 0x3f));
  }
}

// `text` without its byte order mark; half a pair of UTF-16 becomes U+FFFD.
std::string utf8_of_utf16(std::string_view text, bool big_endian) {
  constexpr uint32_t replacement = 0xfffd;
  const auto unit = [&](size_t at) -> uint32_t {
    const auto first = static_cast<unsigned char>(text[at]);
    const auto second = static_cast<unsigned char>(text[at + 1]);
    return big_endian ? uint32_t{first} << 8 | second : uint32_t{second} << 8 | first;
  };
  std::string result;
  for (size_t at = 0; at + 1 < text.size(); at += 2) {
    const uint32_t high = unit(at);
    const bool is_half = high >= 0xd800 && high < 0xe000;
    if (!is_half) {
      append_utf8(result, high);
      continue;
    }
    const uint32_t low = at + 3 < text.size() ? unit(at + 2) : 0;
    if (high < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
      append_utf8(result, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
      at += 2;
    } else {
      append_utf8(result, replacement);
    }
  }
  return result;
}

std::string decoded(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) return std::string(text.substr(3));
  if (text.starts_with("\xff\xfe")) return utf8_of_utf16(text.substr(2), false);
  if (text.starts_with("\xfe\xff")) return utf8_of_utf16(text.substr(2), true);
  return std::string(text);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Modelfile> read() {
    for (;;) {
      skip([](char c) { return is_space(c) || is_newline(c); });
      if (at_ == text_.size()) break;
      if (text_[at_] == '#') {
        skip([](char c) { return !is_newline(c); });
      } else {
        QUIRE_TRY_VOID(command());
      }
    }
    if (file_.from.empty()) return fail(ErrorKind::invalid, "no FROM line");
    return std::move(file_);
  }

 private:
  std::unexpected<Error> wrong(std::string_view what) const {
    const auto line = 1 + std::ranges::count(text_.substr(0, begin_), '\n');
    return fail(ErrorKind::invalid, fmt::format("(line {}): {}", line, what));
  }

  template <typename Matches>
  std::string_view skip(Matches matches) {
    const size_t begin = at_;
    while (at_ < text_.size() && matches(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  Result<void> command() {
    begin_ = at_;
    command_ = lower_case(skip(is_letter));
    const bool ends = at_ < text_.size() && is_space(text_[at_]);
    constexpr std::array<std::string_view, 11> commands = {"from",      "license", "template", "system",
                                                           "adapter",   "draft",   "renderer", "parser",
                                                           "parameter", "message", "requires"};
    const bool known = std::ranges::find(commands, command_) != commands.end();
    if (known && !ends) return wrong(fmt::format("{} has no value", upper()));
    if (!known) {
      return wrong(
          "command must be one of \"from\", \"license\", \"template\", \"system\", \"adapter\", \"draft\", "
          "\"renderer\", \"parser\", \"parameter\", \"message\", or \"requires\"");
    }
    if (command_ == "parameter") return parameter();
    if (command_ == "message") return message();
    QUIRE_TRY(std::string text, value());
    return set(std::move(text));
  }

  Result<void> parameter() {
    QUIRE_TRY(std::string name, word(is_parameter_letter));
    QUIRE_TRY(std::string text, value());
    file_.parameters.push_back({std::move(name), std::move(text)});
    return {};
  }

  Result<void> message() {
    QUIRE_TRY(std::string role, word(is_letter));
    if (std::ranges::find(roles, role) == roles.end()) {
      return wrong("message role must be one of \"system\", \"user\", or \"assistant\"");
    }
    QUIRE_TRY(std::string text, value());
    file_.messages.push_back({std::move(role), std::move(text)});
    return {};
  }

  // A word between a command and its value.
  template <typename Matches>
  Result<std::string> word(Matches matches) {
    skip(is_space);
    const std::string_view word = skip(matches);
    if (word.empty()) return wrong(fmt::format("{} has no name", upper()));
    if (at_ == text_.size() || !is_space(text_[at_])) return wrong(fmt::format("{} {} has no value", upper(), word));
    return std::string(word);
  }

  // Up to the end of the first line that no quotation goes on after.
  Result<std::string> value() {
    const size_t begin = at_;
    for (;;) {
      skip([](char c) { return !is_newline(c); });
      if (const auto text = unquoted(trimmed(text_.substr(begin, at_ - begin)))) return without_controls(*text);
      if (at_ == text_.size()) return wrong(fmt::format("the quotation after {} has no end", upper()));
      ++at_;
    }
  }

  Result<void> set(std::string text) {
    if (command_ == "from")
      file_.from.push_back(std::move(text));
    else if (command_ == "license")
      file_.licenses.push_back(std::move(text));
    else if (command_ == "template")
      file_.template_ = std::move(text);
    else if (command_ == "system")
      file_.system = std::move(text);
    else if (command_ == "adapter")
      file_.adapters.push_back(std::move(text));
    else if (command_ == "draft")
      file_.drafts.push_back(std::move(text));
    else if (command_ == "renderer")
      file_.renderer = std::move(text);
    else if (command_ == "parser")
      file_.parser = std::move(text);
    else
      return set_requires(text);
    return {};
  }

  // MAJOR[.MINOR[.PATCH]] with a part after '-' or '+', as semantic versioning has them; a "v" may stand before.
  Result<void> set_requires(std::string_view text) {
    if (text.starts_with('v')) text.remove_prefix(1);
    const std::string_view numbers = text.substr(0, text.find_first_of("-+"));
    size_t dots = 0;
    bool valid = !numbers.empty() && numbers.size() < 64;
    for (size_t i = 0; i < numbers.size(); ++i) {
      const bool dot = numbers[i] == '.';
      if (dot) ++dots;
      const bool at_edge = i == 0 || i + 1 == numbers.size() || numbers[i - 1] == '.';
      if (dot ? at_edge : !(numbers[i] >= '0' && numbers[i] <= '9')) valid = false;
    }
    if (!valid || dots > 2) return wrong("requires must be a valid semver (e.g. 0.14.0)");
    file_.requires_ = text;
    return {};
  }

  std::string upper() const {
    std::string name = command_;
    for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
    return name;
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t begin_ = 0;     // of the command
  std::string command_;  // in lower case
  Modelfile file_;
};

std::string quoted(const std::string& text) {
  const bool plain = !text.empty() && trimmed(text).size() == text.size() && text.front() != '"' &&
                     std::ranges::none_of(text, is_newline);
  if (plain) return text;
  const std::string_view quote = text.find('"') == std::string::npos ? triple.substr(0, 1) : triple;
  return fmt::format("{}{}{}", quote, text, quote);
}

}  // namespace

Result<Modelfile> Modelfile::parse(std::string_view text) {
  if (text.size() > text_bytes_max) {
    return fail(ErrorKind::too_large,
                fmt::format("the Modelfile has {} bytes, {} at most", text.size(), text_bytes_max));
  }
  const std::string utf8 = decoded(text);
  return Reader(utf8).read();
}

std::string Modelfile::to_text() const {
  std::string text;
  const auto add = [&](std::string_view command, const std::string& value) {
    text += fmt::format("{} {}\n", command, quoted(value));
  };
  for (const std::string& value : from) add("FROM", value);
  for (const std::string& value : adapters) add("ADAPTER", value);
  for (const std::string& value : drafts) add("DRAFT", value);
  if (template_) add("TEMPLATE", *template_);
  if (system) add("SYSTEM", *system);
  if (!renderer.empty()) add("RENDERER", renderer);
  if (!parser.empty()) add("PARSER", parser);
  if (!requires_.empty()) add("REQUIRES", requires_);
  for (const Parameter& parameter : parameters) add("PARAMETER " + parameter.name, parameter.value);
  for (const std::string& value : licenses) add("LICENSE", value);
  for (const Message& message : messages) add("MESSAGE " + message.role, message.content);
  return text;
}

}  // namespace quire::store
