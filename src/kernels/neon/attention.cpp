#include "kernels/neon/lanes.h"
// Bodies are written in its words.
#include "kernels/isa_functions.h"
#include "kernels/lanes/attention_body.h"
#include "kernels/lanes/kv_write_body.h"

namespace quire::neon {

void attention(const AttentionArgs& args) { attention_lanes(args); }

void kv_write(const KvWriteArgs& args) { kv_write_lanes(args); }

}  // namespace quire::neon
