// The tile instructions of amx/tiles.h on a processor that does not have them: each one traps (SIGILL), and is decoded
// and carried out from its bytes in memory, so that what is tested is the machine code that ships.
// Written from the Intel SDM, volume 2: instruction formats (chapter 2) and the instructions' own pages.
#pragma once

#include <csignal>

namespace quire::test {

// While one lives, tile instructions of the process are carried out by it. At most one at a time; for one thread.
// What the manual makes an exception ends the process with a message, and so does any other illegal instruction.
class TileTrap {
 public:
  TileTrap();
  ~TileTrap();
  TileTrap(const TileTrap&) = delete;
  TileTrap& operator=(const TileTrap&) = delete;

  // Whether tiles were left configured.
  static bool is_configured();

 private:
  struct sigaction before_ {};
};

}  // namespace quire::test
