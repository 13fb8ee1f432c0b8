// The rules that the tree keeps: pure functions from a file's path and text to what is wrong with it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tree/layer_table.h"

namespace quire::tree {

struct SourceFile {
  std::string path;  // relative to the repository, with '/'
  std::string text;
};

// Every file of the tree that rules are about, sorted by path: sources, build files and scripts.
std::vector<SourceFile> read_tree(const std::filesystem::path& repository);

// Each returns one line a violation: "path:line: what was found, what was expected".
std::vector<std::string> check_include_edges(const SourceFile& file, const LayerTable& table);
// A type that a layer only declares (`class Backend;`) is an edge as well.
std::vector<std::string> check_forward_declarations(const std::vector<SourceFile>& files, const LayerTable& table);
// Instruction-set flags are on leaf files; an inline function that they share with others would be compiled with the
// flags, and the linker might keep that copy for everybody. A body of kernels/lanes/ comes behind the instruction set in
// whose words it is written: formatting sorts it to the front in folders that not every machine compiles.
std::vector<std::string> check_kernel_leaves(const SourceFile& file);
std::vector<std::string> check_locks(const SourceFile& file);
std::vector<std::string> check_json(const SourceFile& file);
std::vector<std::string> check_flags(const SourceFile& file);
std::vector<std::string> check_markers(const SourceFile& file);
std::vector<std::string> check_header(const SourceFile& file);

// Sizes over the limit: "path" or "path function" -> lines.
using Sizes = std::map<std::string, int>;
Sizes sizes_over_limit(const SourceFile& file);

// The ratchet holds what may be over the limit, and how far: one "LINES PATH [FUNCTION]" a line, '#' begins a comment.
Sizes parse_ratchet(std::string_view text);
// A size that is not listed, that grew, or that shrank (then the list must say so) is a violation.
std::vector<std::string> check_ratchet(const Sizes& over, const Sizes& ratchet);

}  // namespace quire::tree
