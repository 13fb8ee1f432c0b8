// Attention in one walk, and split over positions.
#include "gpu/cases.h"
#include "gpu/kv_problem.h"

namespace quire::test {
namespace {

void add(std::vector<Case>& cases, ElementType type, const KvShape& shape, const std::vector<KvRun>& runs,
         AttentionShape attention) {
  for (const bool splits : {false, true}) {
    attention.splits = splits;
    cases.push_back(
        {fmt::format("attention of {} as {}, {} queries a head, {} together, window {}, {} after, cap {}{}{}",
                     shape.name(), element_traits(type).name, attention.group, attention.heads_max, attention.window,
                     attention.after, attention.softcap, attention.sinks ? ", sinks" : "", splits ? ", split" : ""),
         [=](Machine& machine) {
           KvProblem problem(type, shape, runs);
           problem.write_all_by_scalar();
           return difference(problem.attend(machine, attention), problem.attend_by_scalar(attention));
         }});
  }
}

}  // namespace

std::vector<Case> attention_cases() {
  const std::vector<KvRun> runs = {
      {.position = 0, .rows = 3}, {.position = 290, .rows = 1}, {.position = 62, .rows = 5}};
  std::vector<Case> cases;
  for (const ElementType type : {ElementType::f16, ElementType::q8_0}) {
    add(cases, type, {64, 2, 32, 0}, runs, {.group = 2});
    add(cases, type, {64, 2, 32, 0}, runs, {.group = 2, .heads_max = 2});
    add(cases, type, {160, 1, 64, 0}, runs, {.group = 3, .sinks = true});
    add(cases, type, {160, 2, 64, 0}, runs, {.group = 3, .sinks = true, .heads_max = 2});
    add(cases, type, {32, 2, 32, 0}, runs, {.group = 7, .sinks = true, .heads_max = 4});
    add(cases, type, {33, 1, 32, 0}, runs, {.group = 5, .softcap = 9.0F, .sinks = true, .heads_max = 8});
    add(cases, type, {7, 1, 32, 0}, runs, {.group = 1, .softcap = 20.0F});
    add(cases, type, {40, 2, 96, 0}, runs, {.group = 1, .window = 70, .sinks = true});
    add(cases, type, {32, 1, 32, 0}, runs, {.group = 2, .window = 9});
    add(cases, type, {32, 1, 64, 0}, {{.position = 0, .rows = 70}}, {.after = all_positions});
    add(cases, type, {32, 1, 64, 0}, {{.position = 0, .rows = 50}}, {.window = 21, .after = 10});
    add(cases, type, {96, 1, 32, 64}, runs, {.group = 4});
    add(cases, type, {96, 1, 32, 64}, runs, {.group = 8, .window = 70, .heads_max = 8});
    add(cases, type, {300, 1, 32, 256}, {{.position = 130, .rows = 2}}, {.group = 2, .softcap = 5.0F});
  }
  return cases;
}

}  // namespace quire::test
