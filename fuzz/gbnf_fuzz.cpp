// Grammars in llama.cpp's notation: any bytes are an error, or a grammar whose automaton goes on from what it says.
#include <string>
#include <string_view>

#include "base/check.h"
#include "text/constraint/automaton/automaton.h"
#include "text/constraint/gbnf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using namespace quire::constraint;
  const auto grammar = parse_gbnf({reinterpret_cast<const char*>(input), size});
  if (!grammar) return 0;
  QUIRE_CHECK(grammar->check().has_value(), "what was parsed is whole");
  auto automaton = Automaton::compile(*grammar);
  if (!automaton) return 0;
  // Follows the first byte that may come, and sometimes the last.
  StateId state = automaton->begin();
  for (int step = 0; step < 64; ++step) {
    const ByteSet live = automaton->live(state);
    if (live.none()) {
      QUIRE_CHECK(automaton->accepts(state), "where nothing can come the text is complete");
      break;
    }
    size_t byte = live._Find_first();
    if (step % 3 == 2) {
      for (size_t other = byte; other < 256; other = live._Find_next(other)) byte = other;
    }
    state = automaton->step(state, static_cast<uint8_t>(byte));
    QUIRE_CHECK(state != dead_state, "a byte that may come leads on");
  }
  return 0;
}
