#include "tree/tree_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tree/cpp_source.h"

namespace quire::tree {
namespace {

constexpr int file_lines_max = 500;
constexpr int function_lines_max = 70;
constexpr int kernel_lines_max = 120;

bool is_cpp(std::string_view path) { return path.ends_with(".cpp") || path.ends_with(".h"); }

// "kernels" of "src/kernels/avx2/x.cpp"; empty outside of src/.
std::string_view layer_of(std::string_view path) {
  if (!path.starts_with("src/")) return {};
  path.remove_prefix(4);
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

bool starts_with_any(std::string_view path, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return path.starts_with(p); });
}

// Calls report(line number, line) for each line of the text.
template <typename Report>
void each_line(std::string_view text, Report report) {
  int line = 1;
  for (size_t begin = 0; begin < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    report(line, text.substr(begin, end - begin));
    begin = end + 1;
  }
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool is_checked(const std::string& path) {
  return is_cpp(path) || path.ends_with(".cmake") || path.ends_with("CMakeLists.txt") || path.ends_with(".json") ||
         path.ends_with(".sh") || path.ends_with(".py") || path.ends_with(".mjs") || path.ends_with(".js");
}

}  // namespace

std::vector<SourceFile> read_tree(const std::filesystem::path& repository) {
  namespace fs = std::filesystem;
  std::vector<SourceFile> files;
  for (const char* name : {"CMakeLists.txt", "CMakePresets.json", "run", "test", ".ci/run"}) {
    if (fs::exists(repository / name)) files.push_back({.path = name, .text = read_file(repository / name)});
  }
  for (const char* folder : {"src", "tests", "fuzz", "bench", "tools"}) {
    if (!fs::exists(repository / folder)) continue;
    for (auto entry = fs::recursive_directory_iterator(repository / folder); entry != fs::end(entry); ++entry) {
      const fs::path name = entry->path().filename();  // .gitignore has these: what tools make is not the tree's
      if (entry->is_directory() && (name == "node_modules" || name == "build")) entry.disable_recursion_pending();
      const std::string path = entry->path().lexically_relative(repository).generic_string();
      if (!entry->is_regular_file() || !is_checked(path)) continue;
      files.push_back({.path = path, .text = read_file(entry->path())});
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::vector<std::string> check_include_edges(const SourceFile& file, const LayerTable& table) {
  std::vector<std::string> wrong;
  if (!is_cpp(file.path) || !file.path.starts_with("src/")) return wrong;
  const Layer* layer = table.find(layer_of(file.path));
  if (layer == nullptr) return {fmt::format("{}: '{}' is not a layer of the table", file.path, layer_of(file.path))};
  for (const Include& include : includes_of(file.text)) {
    if (!include.quoted || layer->may_include(include.path.substr(0, include.path.find('/')))) continue;
    wrong.push_back(
        fmt::format("{}:{}: {} may not include \"{}\"", file.path, include.line, layer->name, include.path));
  }
  return wrong;
}

std::vector<std::string> check_forward_declarations(const std::vector<SourceFile>& files, const LayerTable& table) {
  static const std::regex type_line(R"(^(?:class|struct) (\w+)( final)?( :.*| \{.*|;)?$)");
  std::map<std::string, std::set<std::string>, std::less<>> homes;  // a type's name -> layers that define it
  struct Forward {
    std::string path, type;
    int line = 0;
  };
  std::vector<Forward> forwards;
  for (const SourceFile& file : files) {
    if (!is_cpp(file.path) || layer_of(file.path).empty()) continue;
    each_line(file.text, [&](int line, std::string_view text) {
      std::cmatch found;
      if (!std::regex_match(text.data(), text.data() + text.size(), found, type_line)) return;
      if (found[3] == ";") {
        forwards.push_back({.path = file.path, .type = found[1], .line = line});
      } else {
        homes[found[1]].emplace(layer_of(file.path));
      }
    });
  }
  std::vector<std::string> wrong;
  for (const Forward& forward : forwards) {
    const auto home = homes.find(forward.type);
    const Layer* layer = table.find(layer_of(forward.path));
    if (home == homes.end() || layer == nullptr) continue;
    const auto allowed = [&](const std::string& name) { return layer->may_include(name); };
    if (std::any_of(home->second.begin(), home->second.end(), allowed)) continue;
    wrong.push_back(fmt::format("{}:{}: {} may not declare {}, a type of {}", forward.path, forward.line, layer->name,
                                forward.type, *home->second.begin()));
  }
  return wrong;
}

std::vector<std::string> check_kernel_leaves(const SourceFile& file) {
  std::vector<std::string> wrong;
  if (!starts_with_any(file.path, {"src/kernels/avx", "src/kernels/amx", "src/kernels/neon"})) return wrong;
  bool has_words = !file.path.ends_with(".cpp");
  for (const Include& include : includes_of(file.text)) {
    if (!include.quoted) continue;
    if (!include.path.starts_with("kernels/")) {
      wrong.push_back(fmt::format("{}:{}: a file with instruction-set flags may not include \"{}\"", file.path,
                                  include.line, include.path));
    }
    const bool is_body = include.path.starts_with("kernels/lanes/");
    has_words = has_words || (!is_body && include.path.find('/') != include.path.rfind('/'));
    if (has_words || !is_body) continue;
    wrong.push_back(fmt::format("{}:{}: before \"{}\" comes the instruction set in whose words it is written",
                                file.path, include.line, include.path));
  }
  return wrong;
}

std::vector<std::string> check_locks(const SourceFile& file) {
  std::vector<std::string> wrong;
  if (!is_cpp(file.path) || !file.path.starts_with("src/")) return wrong;
  if (starts_with_any(file.path, {"src/base/mailbox.", "src/base/snapshot.", "src/base/team."})) return wrong;
  each_line(code_only(file.text), [&](int line, std::string_view text) {
    for (const char* word :
         {"mutex", "shared_mutex", "recursive_mutex", "condition_variable", "lock_guard", "unique_lock", "scoped_lock",
          "shared_lock", "memory_order", "memory_order_relaxed", "memory_order_acquire", "memory_order_release",
          "memory_order_acq_rel", "memory_order_seq_cst", "atomic_thread_fence"}) {
      if (!has_word(text, word)) continue;
      wrong.push_back(fmt::format("{}:{}: '{}' outside of base's mailbox, snapshot and team", file.path, line, word));
      return;
    }
  });
  return wrong;
}

std::vector<std::string> check_json(const SourceFile& file) {
  std::vector<std::string> wrong;
  if (!is_cpp(file.path) || !file.path.starts_with("src/")) return wrong;
  if (starts_with_any(file.path, {"src/api/", "src/store/", "src/cli/", "src/load/", "src/text/chat_template",
                                  "src/text/chat_turns", "src/text/jinja", "src/text/gotemplate",
                                  "src/text/constraint/schema/json"})) {
    return wrong;
  }
  // A tool's schema says which type of JSON a value is that a model wrote as bare text, and which texts it may be.
  if (starts_with_any(file.path, {"src/text/parts/typed_values", "src/text/parts/call_grammar.", "src/text/parts/references."})) return wrong;
  for (const Include& include : includes_of(file.text)) {
    if (!include.path.starts_with("nlohmann/")) continue;
    wrong.push_back(
        fmt::format("{}:{}: JSON stays in api, store, cli, load and where text reads it", file.path, include.line));
  }
  return wrong;
}

std::vector<std::string> check_flags(const SourceFile& file) {
  std::vector<std::string> wrong;
  if (is_cpp(file.path)) return wrong;
  each_line(file.text, [&](int line, std::string_view text) {
    for (const char* flag : {"-ffast-math", "-Ofast", "-funsafe-math-optimizations", "-march=native"}) {
      if (text.substr(0, text.find('#')).find(flag) == std::string_view::npos) continue;
      wrong.push_back(fmt::format("{}:{}: {} breaks the numeric contract", file.path, line, flag));
    }
  });
  return wrong;
}

std::vector<std::string> check_markers(const SourceFile& file) {
  std::vector<std::string> wrong;
  each_line(file.text, [&](int line, std::string_view text) {
    for (const char* marker : {"TO"
                               "DO",
                               "FIX"
                               "ME",
                               "XX"
                               "X",
                               "HA"
                               "CK"}) {
      if (has_word(text, marker)) wrong.push_back(fmt::format("{}:{}: leftover {}", file.path, line, marker));
    }
  });
  return wrong;
}

std::vector<std::string> check_header(const SourceFile& file) {
  if (!file.path.ends_with(".h") || file.text.find("#pragma once") != std::string::npos) return {};
  return {fmt::format("{}: a header without #pragma once", file.path)};
}

Sizes sizes_over_limit(const SourceFile& file) {
  Sizes over;
  if (!is_cpp(file.path)) return over;
  if (const int lines = line_count(file.text); lines > file_lines_max) over[file.path] = lines;
  const int limit = layer_of(file.path) == "kernels" ? kernel_lines_max : function_lines_max;
  for (const Function& function : functions_of(file.text)) {
    if (function.line_count() <= limit) continue;
    int& lines = over[file.path + " " + function.name];
    lines = std::max(lines, function.line_count());
  }
  return over;
}

Sizes parse_ratchet(std::string_view text) {
  Sizes ratchet;
  each_line(text, [&](int, std::string_view line) {
    std::istringstream in(std::string(line.substr(0, line.find('#'))));
    int lines = 0;
    std::string path, function;
    if (!(in >> lines >> path)) return;
    std::getline(in >> std::ws, function);
    function.erase(function.find_last_not_of(' ') + 1);
    ratchet[function.empty() ? path : path + " " + function] = lines;
  });
  return ratchet;
}

std::vector<std::string> check_ratchet(const Sizes& over, const Sizes& ratchet) {
  std::vector<std::string> wrong;
  for (const auto& [what, lines] : over) {
    const auto listed = ratchet.find(what);
    if (listed == ratchet.end()) {
      wrong.push_back(fmt::format("{}: {} lines is over the limit", what, lines));
    } else if (lines > listed->second) {
      wrong.push_back(fmt::format("{}: grew from {} to {} lines", what, listed->second, lines));
    } else if (lines < listed->second) {
      wrong.push_back(fmt::format("{}: shrank from {} to {} lines; lower the ratchet", what, listed->second, lines));
    }
  }
  for (const auto& [what, lines] : ratchet) {
    if (!over.contains(what)) wrong.push_back(fmt::format("{}: within the limit now; take it off the ratchet", what));
  }
  return wrong;
}

}  // namespace quire::tree
