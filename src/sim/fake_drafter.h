// Guesses for the simulator's engine: right ones, wrong ones, and what is looked up.
#pragma once

#include "engine/engine.h"
#include "sim/world.h"
#include "text/tokenizer.h"

namespace quire::sim {

// None where the world has no drafts. A function of the world and of what is asked. Borrows both.
Drafter make_drafter(const World& world, const Tokenizer& tokenizer);

}  // namespace quire::sim
