// A GPU that is open: whoever drives it.
#pragma once

#include <memory>
#include <string>

#include "backend/gpu/gpu_queue.h"
#include "base/result.h"

namespace quire {

// Immutable; any thread. Outlives its queues.
class Gpu {
 public:
  virtual ~Gpu() = default;
  virtual const GpuFacts& facts() const = 0;
  // Its name, and what is to be known of how it computes, in a line.
  virtual std::string description() const = 0;
  // An error: it is lost, and nothing of it can be used any more.
  virtual Result<GpuMemory> memory() const = 0;
  virtual Result<std::unique_ptr<GpuQueue>> make_queue() const = 0;
};

}  // namespace quire
