// An automaton as rules of a grammar.
#pragma once

#include "text/constraint/grammar/grammar.h"
#include "text/constraint/pattern/dfa.h"

namespace quire::constraint {

// A rule for each state that several ways lead to; the others are written out where they are. Each rule is referred to
// at the end of another one only.
// REQUIRES: automaton is canonical.
NodeId add_automaton(const ByteDfa& automaton, Grammar& grammar);

}  // namespace quire::constraint
