// The rules hold for this tree; and each rule catches what it is for.
#include "tree/tree_rules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tree/cpp_source.h"
#include "tree/named_tests.h"

namespace quire::tree {
namespace {

using Check = std::vector<std::string> (*)(const SourceFile&);

const std::vector<SourceFile>& tree() {
  static const std::vector<SourceFile> files = read_tree(QUIRE_SOURCE_DIR);
  return files;
}

std::string read_source(const char* path) {
  std::ifstream in(std::filesystem::path(QUIRE_SOURCE_DIR) / path);
  EXPECT_TRUE(in) << path << " is missing";
  return {std::istreambuf_iterator<char>(in), {}};
}

const LayerTable& layers() {
  static const LayerTable table = parse_layers(read_source("src/layers.txt"));
  return table;
}

std::vector<std::string> edges_of(const SourceFile& file) { return check_include_edges(file, layers()); }

void expect_clean(Check check) {
  for (const SourceFile& file : tree()) {
    for (const std::string& wrong : check(file)) ADD_FAILURE() << wrong;
  }
}

std::string repeated(std::string_view line, int count) {
  std::string text;
  for (int index = 0; index < count; ++index) text += line;
  return text;
}

TEST(Tree, is_found) { EXPECT_GT(tree().size(), 20U); }

TEST(Tree, is_without_what_tools_made_inside_it) {
  const std::filesystem::path repository = std::filesystem::path(testing::TempDir()) / "tree_with_a_build_folder";
  for (const char* name : {"tools/train/build/venv/made.cpp", "tests/clients/node_modules/made.cpp", "src/own.cpp"}) {
    std::filesystem::create_directories((repository / name).parent_path());
    std::ofstream(repository / name) << "\n";
  }
  const std::vector<SourceFile> files = read_tree(repository);
  std::filesystem::remove_all(repository);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files.front().path, "src/own.cpp");
}

TEST(Tree, include_edges_follow_the_layer_table) { expect_clean(edges_of); }
TEST(Tree, declares_no_type_of_a_layer_that_it_may_not_include) {
  for (const std::string& wrong : check_forward_declarations(tree(), layers())) ADD_FAILURE() << wrong;
}
TEST(Tree, instruction_set_folders_are_leaves) { expect_clean(check_kernel_leaves); }
TEST(Tree, locks_and_memory_orders_are_in_three_places) { expect_clean(check_locks); }
TEST(Tree, json_stays_at_the_edges) { expect_clean(check_json); }
TEST(Tree, no_flag_breaks_the_numeric_contract) { expect_clean(check_flags); }
TEST(Tree, no_leftover_markers) { expect_clean(check_markers); }
TEST(Tree, headers_are_included_once) { expect_clean(check_header); }

TEST(Tree, sizes_are_within_limits_or_on_the_ratchet) {
  Sizes over;
  for (const SourceFile& file : tree()) over.merge(sizes_over_limit(file));
  const std::string ratchet = read_source("tests/tree/ratchet.txt");
  for (const std::string& wrong : check_ratchet(over, parse_ratchet(ratchet))) ADD_FAILURE() << wrong;
}

TEST(IncludeEdges, a_layer_may_include_what_its_row_lists_and_itself) {
  const SourceFile file{"src/kv/pool.cpp", "#include \"kv/pool.h\"\n#include <vector>\n#include \"core/ids.h\"\n"};
  EXPECT_TRUE(edges_of(file).empty());
}

TEST(IncludeEdges, an_include_upwards_is_named_with_its_line) {
  const SourceFile file{"src/kv/pool.cpp", "#include \"kv/pool.h\"\n#  include \"engine/engine.h\"\n"};
  const auto wrong = edges_of(file);
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_EQ(wrong[0], "src/kv/pool.cpp:2: kv may not include \"engine/engine.h\"");
}

TEST(IncludeEdges, the_model_never_sees_the_scheduler_nor_the_scheduler_a_tensor) {
  EXPECT_EQ(edges_of({"src/model/a.h", "#include \"sched/scheduler.h\"\n"}).size(), 1U);
  EXPECT_EQ(edges_of({"src/sched/a.h", "#include \"tensor/tensor_view.h\"\n"}).size(), 1U);
}

TEST(IncludeEdges, a_folder_outside_the_table_and_an_include_without_a_layer_are_wrong) {
  EXPECT_EQ(edges_of({"src/common/x.cpp", ""}).size(), 1U);
  EXPECT_EQ(edges_of({"src/kv/pool.cpp", "#include \"pool.h\"\n"}).size(), 1U);
}

TEST(ForwardDeclarations, are_edges_of_the_table_too) {
  const SourceFile backend{"src/backend/backend.h", "class Backend {\n};\n"};
  const SourceFile upwards{"src/kv/pool.h", "namespace quire {\nclass Backend;\n}\n"};
  const auto wrong = check_forward_declarations({backend, upwards}, layers());
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_EQ(wrong[0], "src/kv/pool.h:2: kv may not declare Backend, a type of backend");
  const SourceFile allowed{"src/model/model.h", "class Backend;\n"};
  const SourceFile own{"src/kv/tree.h", "class Tree;\nclass Tree final : public Base {\n};\n"};
  EXPECT_TRUE(check_forward_declarations({backend, allowed, own}, layers()).empty());
}

TEST(Documents, name_tests_that_there_are) {
  std::vector<SourceFile> documents;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(QUIRE_SOURCE_DIR) / "docs")) {
    if (entry.path().extension() != ".md") continue;
    const std::string path = "docs/" + entry.path().filename().string();
    documents.push_back({.path = path, .text = read_source(path.c_str())});
  }
  EXPECT_GT(documents.size(), 5U);
  for (const std::string& wrong : check_named_tests(documents, tree())) ADD_FAILURE() << wrong;
}

TEST(Documents, are_caught_when_they_name_a_test_that_is_not_there) {
  const std::vector<SourceFile> sources = {{"tests/a_test.cpp", "TEST_F(Suite, does_it_well) {}\nTEST(Other, x) {}\n"}};
  const auto wrong = [&](std::string text) {
    return check_named_tests({{.path = "docs/a.md", .text = std::move(text)}}, sources).size();
  };
  EXPECT_EQ(wrong("`Suite.does_it_well`, `Suite.*`, `Other.x`, `Suite.…_well`, `NAME.gguf`"), 0U);
  EXPECT_EQ(wrong("`Suite.does_it`, `Gone.*`"), 2U);
}

TEST(LayerTable, is_in_order_and_has_a_folder_for_each_row) {
  for (const std::string& wrong : layers().wrong) ADD_FAILURE() << "src/layers.txt: " << wrong;
  for (const Layer& layer : layers().layers) {
    EXPECT_TRUE(std::filesystem::is_directory(std::filesystem::path(QUIRE_SOURCE_DIR) / "src" / layer.name))
        << layer.name;
  }
}

TEST(LayerTable, is_the_one_of_the_architecture_page) {
  EXPECT_NE(read_source("docs/architecture.md").find(layers_as_markdown(layers())), std::string::npos)
      << "docs/architecture.md should have this table:\n"
      << layers_as_markdown(layers());
}

TEST(LayerTable, gives_a_layer_the_level_above_what_it_includes) {
  const LayerTable table = parse_layers("# comment\n\na | first |\nb  | second | a\nc | third | a b\nd | last | all\n");
  EXPECT_TRUE(table.wrong.empty());
  ASSERT_EQ(table.layers.size(), 4U);
  EXPECT_EQ(table.layers[2].level, 2);
  EXPECT_TRUE(table.layers[3].may_include("a"));
  EXPECT_FALSE(table.layers[0].may_include("b"));
  EXPECT_EQ(layers_as_markdown(parse_layers("a | first |\nb | second | a\n")),
            "| level | folder | what it is | may include |\n|---|---|---|---|\n| 0 | `a/` | first | |\n"
            "| 1 | `b/` | second | a |\n");
}

TEST(LayerTable, names_what_is_no_row_and_an_include_that_is_not_above) {
  EXPECT_EQ(parse_layers("a first\n").wrong.size(), 1U);
  EXPECT_EQ(parse_layers("a | first | b\nb | second |\n").wrong.size(), 1U);
  EXPECT_EQ(parse_layers("a | first | a\n").wrong.size(), 1U);
}

TEST(KernelLeaves, include_nothing_that_others_share) {
  EXPECT_EQ(check_kernel_leaves({"src/kernels/avx2/a.cpp", "#include \"base/bytes.h\"\n"}).size(), 1U);
  EXPECT_EQ(check_kernel_leaves({"src/kernels/neon_i8mm/a.cpp", "#include \"base/bytes.h\"\n"}).size(), 1U);
  EXPECT_TRUE(check_kernel_leaves({"src/kernels/avx2/a.cpp", "#include \"kernels/kernels.h\"\n"}).empty());
  EXPECT_TRUE(check_kernel_leaves({"src/kernels/pack.cpp", "#include \"base/bytes.h\"\n"}).empty());
}

TEST(KernelLeaves, have_their_words_before_what_is_written_in_them) {
  const std::string words = "#include \"kernels/neon/lanes.h\"\n";
  const std::string body = "#include \"kernels/isa_functions.h\"\n#include \"kernels/lanes/row_body.h\"\n";
  EXPECT_TRUE(check_kernel_leaves({"src/kernels/neon/a.cpp", words + body}).empty());
  const std::vector<std::string> wrong = check_kernel_leaves({"src/kernels/neon/a.cpp", body + words});
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_EQ(wrong[0],
            "src/kernels/neon/a.cpp:2: before \"kernels/lanes/row_body.h\" comes the instruction set in whose words it "
            "is written");
  EXPECT_TRUE(check_kernel_leaves({"src/kernels/neon/dot.h", body}).empty());
}

TEST(Locks, are_found_in_code_but_not_in_comments) {
  EXPECT_EQ(check_locks({"src/kv/a.h", "std::mutex m;\nx.load(std::memory_order_relaxed);\n"}).size(), 2U);
  EXPECT_TRUE(check_locks({"src/kv/a.h", "// no mutex here\nconst char* s = \"mutex\";\nint mutex_count;\n"}).empty());
  EXPECT_TRUE(check_locks({"src/base/team.h", "std::mutex m;\n"}).empty());
}

TEST(Json, is_refused_in_the_engine_and_allowed_in_the_api) {
  EXPECT_EQ(check_json({"src/engine/a.cpp", "#include <nlohmann/json.hpp>\n"}).size(), 1U);
  EXPECT_TRUE(check_json({"src/api/a.cpp", "#include <nlohmann/json.hpp>\n"}).empty());
  EXPECT_TRUE(check_json({"src/text/chat_template.cpp", "#include <nlohmann/json.hpp>\n"}).empty());
  EXPECT_EQ(check_json({"src/text/tokenizer.cpp", "#include <nlohmann/json.hpp>\n"}).size(), 1U);
}

TEST(Flags, fast_math_is_refused_in_build_files) {
  EXPECT_EQ(check_flags({"CMakeLists.txt", "add_compile_options(-O2 -ffast-math)\n"}).size(), 1U);
  EXPECT_TRUE(check_flags({"CMakeLists.txt", "# never -ffast-math\n"}).empty());
}

TEST(Markers, are_refused_wherever_they_stand) {
  EXPECT_EQ(check_markers({"src/kv/a.h", std::string("// TO") + "DO: later\n"}).size(), 1U);
  EXPECT_TRUE(check_markers({"src/kv/a.h", "int TODOS;\n"}).empty());
}

TEST(Header, needs_its_guard) {
  EXPECT_EQ(check_header({"src/kv/a.h", "int f();\n"}).size(), 1U);
  EXPECT_TRUE(check_header({"src/kv/a.cpp", "int f();\n"}).empty());
}

TEST(Sizes, a_long_file_is_over_and_one_at_the_limit_is_not) {
  EXPECT_TRUE(sizes_over_limit({"src/kv/a.cpp", repeated("\n", 500)}).empty());
  EXPECT_EQ(sizes_over_limit({"src/kv/a.cpp", repeated("\n", 501)}), (Sizes{{"src/kv/a.cpp", 501}}));
}

TEST(Sizes, a_long_function_is_over_by_its_layers_limit) {
  const std::string longest = "int f() {\n" + repeated("  g();\n", 68) + "}\n";
  const std::string longer = "int f() {\n" + repeated("  g();\n", 69) + "}\n";
  EXPECT_TRUE(sizes_over_limit({"src/kv/a.cpp", longest}).empty());
  EXPECT_EQ(sizes_over_limit({"src/kv/a.cpp", longer}), (Sizes{{"src/kv/a.cpp f", 71}}));
  EXPECT_TRUE(sizes_over_limit({"src/kernels/avx2/a.cpp", longer}).empty());
}

TEST(Ratchet, refuses_the_new_the_grown_and_the_outdated) {
  const Sizes ratchet = parse_ratchet("# comment\n600 src/a.cpp\n80 src/b.cpp Type::f  # why\n");
  EXPECT_EQ(ratchet, (Sizes{{"src/a.cpp", 600}, {"src/b.cpp Type::f", 80}}));
  EXPECT_TRUE(check_ratchet({{"src/a.cpp", 600}, {"src/b.cpp Type::f", 80}}, ratchet).empty());
  EXPECT_EQ(check_ratchet({{"src/a.cpp", 601}, {"src/b.cpp Type::f", 80}}, ratchet).size(), 1U);
  EXPECT_EQ(check_ratchet({{"src/a.cpp", 599}, {"src/b.cpp Type::f", 80}}, ratchet).size(), 1U);
  EXPECT_EQ(check_ratchet({{"src/a.cpp", 600}}, ratchet).size(), 1U);
  EXPECT_EQ(check_ratchet({{"src/c.cpp", 501}}, {}).size(), 1U);
}

std::vector<std::string> names_of(std::string_view source) {
  std::vector<std::string> names;
  for (const Function& function : functions_of(source)) {
    names.push_back(fmt::format("{}:{}-{}", function.name, function.first_line, function.last_line));
  }
  return names;
}

TEST(FunctionsOf, free_functions_and_methods_are_found_with_their_lines) {
  const char* source = R"(namespace quire {
namespace {
const int table[] = {1, 2};
int first(int x) { return x; }
}
struct Point {
  int x = 0;
  int sum(int y) const {
    if (y > 0) {
      return x + y;
    }
    return x;
  }
  bool operator==(const Point&) const = default;
};
template <typename T>
T second(
    T value) {
  auto twice = [&] { return value + value; };
  return twice();
}
}
)";
  EXPECT_EQ(names_of(source), (std::vector<std::string>{"first:4-4", "sum:8-13", "second:16-21"}));
}

TEST(FunctionsOf, member_initializers_do_not_end_a_constructor) {
  const char* source =
      "Team::Team(int n)\n    : count_{n},\n      names_(std::vector<int>{1}) {\n  go();\n}\nTeam::~Team() {\n}\n";
  EXPECT_EQ(names_of(source), (std::vector<std::string>{"Team::Team:1-5", "Team::~Team:6-7"}));
}

TEST(FunctionsOf, braces_in_text_comments_and_macros_do_not_count) {
  const char* source =
      "#define OPEN {\n// {\nvoid f() {\n  g(\"{\", '{', R\"x({)x\", 1'000);  /* { */\n}\nvoid h() {}\n";
  EXPECT_EQ(names_of(source), (std::vector<std::string>{"f:3-5", "h:6-6"}));
}

TEST(FunctionsOf, enums_values_and_tests_are_told_apart) {
  const char* source =
      "enum class E : unsigned char {\n  a,\n};\nconst X x = make(1) + X{2};\nstd::vector<int> v{1, 2};\n"
      "TEST(A, b) {\n  c();\n}\n";
  EXPECT_EQ(names_of(source), (std::vector<std::string>{"TEST(A, b):6-8"}));
}

TEST(CodeOnly, keeps_lines_and_blanks_what_is_no_code) { EXPECT_EQ(code_only("a // b\n\"c\" d"), "a     \n\" \" d"); }

}  // namespace
}  // namespace quire::tree
