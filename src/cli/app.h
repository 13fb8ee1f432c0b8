// The command line of the `quire` program.
#pragma once

namespace quire::cli {

// Parses the arguments, runs the command and returns the exit status: 0, 1 when the command failed (one line on
// standard error), 2 when the arguments make no sense.
int run_program(int argc, const char* const* argv);

}  // namespace quire::cli
