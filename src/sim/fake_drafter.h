// Guesses for the simulator's engine: right ones, wrong ones, and what is looked up.
#pragma once

#include <memory>

#include "engine/drafter.h"
#include "sim/world.h"
#include "text/tokenizer.h"

namespace quire::sim {

// Null where the world has no drafts; every second world's guesses are bounded first, as those that take time are. A
// function of the world and of what is asked. Borrows both.
std::unique_ptr<Drafter> make_drafter(const World& world, const Tokenizer& tokenizer);

}  // namespace quire::sim
