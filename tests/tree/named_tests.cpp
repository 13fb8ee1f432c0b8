#include "tree/named_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>

namespace quire::tree {
namespace {

std::set<std::string> tests_of(const std::vector<SourceFile>& sources) {
  static const std::regex declaration(R"(\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  std::set<std::string> names;
  for (const SourceFile& source : sources) {
    if (!source.path.starts_with("tests/")) continue;
    for (std::sregex_iterator it(source.text.begin(), source.text.end(), declaration), end; it != end; ++it) {
      names.insert(fmt::format("{}.{}", it->str(1), it->str(2)));
    }
  }
  return names;
}

// A name as documents have it, as an expression.
std::regex pattern_of(const std::string& name) {
  static const std::regex any(R"(\*|…)");
  static const std::regex point(R"(\.)");
  return std::regex(std::regex_replace(std::regex_replace(name, point, "\\."), any, ".*"));
}

}  // namespace

std::vector<std::string> check_named_tests(const std::vector<SourceFile>& documents,
                                           const std::vector<SourceFile>& sources) {
  static const std::regex named(R"(`([A-Z]\w*[a-z]\w*\.(?:\w|\*|…)+)`)");
  const std::set<std::string> tests = tests_of(sources);
  std::vector<std::string> wrong;
  for (const SourceFile& document : documents) {
    for (std::sregex_iterator it(document.text.begin(), document.text.end(), named), end; it != end; ++it) {
      const std::regex pattern = pattern_of(it->str(1));
      const bool there = std::ranges::any_of(tests, [&](const auto& test) { return std::regex_match(test, pattern); });
      if (!there) wrong.push_back(fmt::format("{}: there is no test {}", document.path, it->str(1)));
    }
  }
  return wrong;
}

}  // namespace quire::tree
