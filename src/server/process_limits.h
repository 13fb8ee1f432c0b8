// What the system lets this process have.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace quire::server {

// A connection is a file: the soft limit, often 1024, becomes the hard one. Returns how many files there may be.
size_t raise_file_limit();

// A client that comes when the queue is full is to be told so, not to be cut off: there is room for a crowd beside
// those that wait, less what models and this program have open.
size_t default_connections_max(int32_t queue_max, size_t files);

// Are so many threads to be had? A pool that gets only some of its own waits for ever for them to end.
Result<void> try_threads(int count);

}  // namespace quire::server
