// What an answer of a schema costs whose forced text comes in slices, and what it costs chosen token by token:
// forced_bench MODEL.gguf [ANSWERS [KIND]]. One thread, processor time; kinds in turn, or one of them (0: no
// constraint, 1: all chosen, 2: forced) for a program that counts instructions, as valgrind does.
#include <fmt/format.h>
#include <time.h>

#include <cstdlib>

#include "engine/world.h"
#include "text/constraint/compiled.h"
#include "text/constraint/front_end.h"

namespace {

using namespace quire;
using namespace quire::test;

// What a shop has in stock: names of members that people give, and values of all kinds.
constexpr const char* schema = R"({"type":"array","minItems":4,"maxItems":4,"items":{"type":"object","properties":{
  "product_name":{"type":"string","maxLength":12},"quantity_in_stock":{"type":"integer","minimum":0,"maximum":999},
  "is_available":{"type":"boolean"},"category":{"enum":["furniture","kitchen","garden"]},
  "unit_price":{"type":"number","minimum":0,"maximum":100}},
  "required":["product_name","quantity_in_stock","is_available","category","unit_price"],"additionalProperties":false}})";

// What the model is shown, so that it goes on in kind.
constexpr const char* example = R"([{"product_name":"chair","quantity_in_stock":12,"is_available":true,)"
                                R"("category":"furniture","unit_price":49.5},{"product_name":"pan",)"
                                R"("quantity_in_stock":0,"is_available":false,"category":"kitchen","unit_price":12}])"
                                "\n";

struct Cost {
  int64_t tokens = 0, bytes = 0, steps = 0, processor_ns = 0;
};

int64_t processor_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Cost cost_of(LoadedModel& loaded, std::shared_ptr<const Constraint> constraint, uint64_t seed, int32_t tokens_max) {
  World world(loaded, loaded.cores,
              {.block_tokens = 32, .block_count = 64, .context_tokens = 1024, .running_max = 1, .queue_max = 1});
  Request request{.id = {1}, .prompt = loaded.tokenizer->encode(example, true, false), .generated_max = tokens_max};
  request.sampling = {.temperature = 0.5F, .seed = seed};
  request.ignore_eos = constraint == nullptr;
  request.constraint = std::move(constraint);
  const int64_t begun_ns = processor_ns();
  world.engine().submit(std::move(request));
  world.run();
  const Cost cost{.tokens = std::ssize(world.answers()[{1}].tokens),
                  .bytes = std::ssize(world.answers()[{1}].text),
                  .steps = world.engine().snapshot().steps,
                  .processor_ns = processor_ns() - begun_ns};
  return cost;
}

void print(const char* name, const Cost& cost, int answers) {
  const auto mean = [&](int64_t sum) { return static_cast<double>(sum) / answers; };
  fmt::print("{:<26} {:>6.1f} tokens {:>7.1f} bytes {:>6.1f} steps {:>8.2f} ms\n", name, mean(cost.tokens),
             mean(cost.bytes), mean(cost.steps), mean(cost.processor_ns) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "forced_bench MODEL.gguf [ANSWERS [KIND]]\n");
    return 2;
  }
  LoadedModel loaded(std::filesystem::path(argv[1]), *supported_kernel_tables().back(), 1);
  const int only = argc > 3 ? std::atoi(argv[3]) : -1;
  const int answers = argc > 2 ? std::atoi(argv[2]) : 16;
  const auto trie = std::make_shared<const constraint::TokenTrie>(constraint::TokenTrie::of(*loaded.tokenizer));
  std::vector<TokenId> ends;
  for (TokenId token = 0; token < loaded.tokenizer->vocab_size(); ++token) {
    if (loaded.tokenizer->is_end(token)) ends.push_back(token);
  }
  const auto grammar = take(constraint::grammar_of({.kind = constraint::Kind::json_schema, .text = schema}));
  const auto constrained = [&](const Tokenizer* writer) {
    return take(constraint::CompiledConstraint::create(grammar, trie, ends, {}, {}, writer));
  };
  const std::shared_ptr<const Constraint> kinds[] = {nullptr, constrained(nullptr),
                                                     constrained(loaded.tokenizer.get())};
  Cost costs[3];
  for (int answer = -1; answer < answers; ++answer) {  // the first is for what is learned once
    int64_t tokens = 200;
    for (const size_t kind : {1, 2, 0}) {
      if (only >= 0 && static_cast<size_t>(only) != kind) continue;
      const Cost one = cost_of(loaded, kinds[kind], static_cast<uint64_t>(answer) + 2,
                               kind == 0 ? static_cast<int32_t>(tokens) : 600);
      if (kind == 1) tokens = one.tokens;  // an answer without a constraint is as long
      if (answer < 0) continue;
      costs[kind].tokens += one.tokens;
      costs[kind].bytes += one.bytes;
      costs[kind].steps += one.steps;
      costs[kind].processor_ns += one.processor_ns;
    }
  }
  print("no constraint", costs[0], answers);
  print("constrained, all chosen", costs[1], answers);
  print("constrained, forced", costs[2], answers);
  return 0;
}
