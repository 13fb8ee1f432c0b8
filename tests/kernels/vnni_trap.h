// AVX-VNNI's vpdpbusd of 256 bits on a processor that does not have it: as TileTrap does for tiles.
// Written from the Intel SDM, volume 2 (VPDPBUSD) and, for where registers are meanwhile, volume 1 (13.4, XSAVE area).
#pragma once

#include <csignal>

namespace quire::test {

// While one lives, VEX.256.66.0F38.W0 50 /r of the process is carried out by it, and any other illegal instruction ends
// the process with a message. At most one at a time; for one thread. REQUIRES: the processor has AVX.
class VnniTrap {
 public:
  VnniTrap();
  ~VnniTrap();
  VnniTrap(const VnniTrap&) = delete;
  VnniTrap& operator=(const VnniTrap&) = delete;

 private:
  struct sigaction before_ {};
};

}  // namespace quire::test
