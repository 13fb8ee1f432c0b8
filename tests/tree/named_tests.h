// The tests that documents name as proof, beside those that there are.
#pragma once

#include <string>
#include <vector>

#include "tree/tree_rules.h"

namespace quire::tree {

// One line for each `Suite.name` of a document that no test in `sources` has. A name may hold '*' and '…', which stand
// for any text. What has no lower-case letter before its point (`NAME.gguf`) names no suite.
std::vector<std::string> check_named_tests(const std::vector<SourceFile>& documents,
                                           const std::vector<SourceFile>& sources);

}  // namespace quire::tree
