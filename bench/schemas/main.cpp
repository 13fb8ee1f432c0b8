// Published schemas through schema_grammar: how many are accepted, which keywords refuse the others, which instances
// are judged wrongly, and how long a schema takes.
//
//     build/release/schema_suite [--wrong] FILE...
//
// A FILE is one of the JSON Schema test suite (a list of groups; under a folder draft7 its schemas follow draft 7), or
// lines of {"name", "schema", "tests"}. An instance is written with its members in the schema's order; a whole number
// without a fraction. --wrong lists what is judged wrongly, with its text.
#include <fmt/format.h>

#include <ctime>

#include "support/schema_cases.h"
#include "text/constraint/automaton/automaton.h"
#include "text/constraint/schema/schema.h"

namespace {

using namespace quire;
using namespace quire::test;

struct Counts {
  size_t schemas = 0, accepted = 0, instances = 0, looser = 0, narrower = 0;
  std::map<std::string, size_t> refusals;
  std::vector<double> grammar_ms, automaton_ms;
  std::vector<std::string> wrong, slow, refused;
};

// Processor time: other programs on the machine do not count.
double now_ms() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// "schema: 'not' at #/a: ..." is counted under "unsupported not".
std::string refusal_name(const Error& error) {
  const char* kinds[] = {"invalid", "not_found", "unsupported", "too_large"};
  std::string name = kinds[std::min<size_t>(static_cast<size_t>(error.kind), 3)];
  const size_t quote = error.message.find('\'');
  if (quote == std::string::npos) return name + " " + error.message.substr(0, 50);
  return name + " " + error.message.substr(quote + 1, error.message.find('\'', quote + 1) - quote - 1);
}

bool can_be_written(constraint::Automaton& automaton, const std::vector<std::string>& texts) {
  return std::ranges::any_of(texts, [&](const std::string& text) { return automaton.matches(text); });
}

void run(const std::string& name, const SchemaJson& group, Place schema, Place tests, bool draft_7, Counts& counts) {
  std::string text = written(group, schema, {.whole_as_digits = false});
  if (draft_7 && text.starts_with("{") && !group.find(schema, "$schema")) {
    text.insert(1, std::string("\"$schema\":\"http://json-schema.org/draft-07/schema#\"") + (text == "{}" ? "" : ","));
  }
  ++counts.schemas;
  double begin = now_ms();
  const auto grammar = constraint::schema_grammar(text);
  counts.grammar_ms.push_back(now_ms() - begin);
  if (counts.grammar_ms.back() > 30) {
    counts.slow.push_back(fmt::format("{:.1f} ms {} ({} bytes)", counts.grammar_ms.back(), name, text.size()));
  }
  if (!grammar) {
    ++counts.refusals[refusal_name(grammar.error())];
    counts.refused.push_back(name + ": " + grammar.error().message);
    return;
  }
  begin = now_ms();
  auto automaton = constraint::Automaton::compile(*grammar);
  counts.automaton_ms.push_back(now_ms() - begin);
  const auto document = constraint::SchemaDocument::parse(text);
  if (!automaton && grammar->node(grammar->root()).kind != constraint::Grammar::NodeKind::never) {
    ++counts.refusals["automaton: " + automaton.error().message.substr(0, 60)];
    counts.refused.push_back(name + ": automaton: " + automaton.error().message);
  }
  ++counts.accepted;
  for (const Place test : group.node(tests).items) {
    ++counts.instances;
    const Place data = *group.find(test, "data");
    const bool valid = group.node(*group.find(test, "valid")).truth;
    for (const bool spaced : {false, true}) {
      const std::vector<std::string> texts = writings(*document, group, data, spaced);
      if ((automaton && can_be_written(*automaton, texts)) == valid) continue;
      ++(valid ? counts.narrower : counts.looser);
      const auto about = group.find(test, "description");
      counts.wrong.push_back(fmt::format("{}: {} ({}): {}", valid ? "narrower" : "LOOSER", name,
                                         about ? group.node(*about).text : "", texts[0].substr(0, 300)));
      break;
    }
  }
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))];
}

void report(const Counts& counts, bool lists_wrong) {
  fmt::print("schemas {}, accepted {} ({:.1f} %), instances {}, wrong: {} narrower, {} looser\n", counts.schemas,
             counts.accepted, 100.0 * static_cast<double>(counts.accepted) / static_cast<double>(counts.schemas),
             counts.instances, counts.narrower, counts.looser);
  for (const auto& [times, name] : {std::pair{&counts.grammar_ms, "grammar"}, {&counts.automaton_ms, "automaton"}}) {
    fmt::print("{}: p50 {:.2f} ms, p99 {:.2f} ms, longest {:.2f} ms\n", name, percentile(*times, 0.5),
               percentile(*times, 0.99), percentile(*times, 1));
  }
  for (const auto& [name, count] : counts.refusals) fmt::print("  {:4} refused: {}\n", count, name);
  if (!lists_wrong) return;
  for (const auto* list : {&counts.wrong, &counts.refused, &counts.slow}) {
    for (const std::string& line : *list) fmt::print("{}\n", line);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Counts counts;
  bool lists_wrong = false;
  for (int i = 1; i < argc; ++i) {
    const std::string path = argv[i];
    if (path == "--wrong") {
      lists_wrong = true;
      continue;
    }
    const std::string text = file_text(path);
    const bool suite = text.starts_with('[');
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = suite ? text.size() : std::min(text.find('\n', begin), text.size());
      const auto json = SchemaJson::parse(std::string_view(text).substr(begin, end - begin));
      begin = end + 1;
      if (!json) {
        fmt::print(stderr, "{}: {}\n", path, json.error().message);
        continue;
      }
      const std::vector<Place> groups =
          suite ? json->node(SchemaJson::root).items : std::vector<Place>{SchemaJson::root};
      for (const Place group : groups) {
        const auto about = json->find(group, suite ? "description" : "name");
        const std::string name = (suite ? path.substr(path.find("draft")) + ": " : "") + json->node(*about).text;
        run(name, *json, *json->find(group, "schema"), *json->find(group, "tests"),
            path.find("/draft7/") != std::string::npos, counts);
      }
    }
  }
  report(counts, lists_wrong);
  return counts.looser == 0 ? 0 : 1;
}
