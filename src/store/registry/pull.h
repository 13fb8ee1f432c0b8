// A model comes from a registry into a folder.
#pragma once

#include "base/result.h"
#include "store/folder.h"
#include "store/model_name.h"
#include "store/registry/progress.h"
#include "store/registry/surroundings.h"

namespace quire::store::registry {

struct PullOptions {
  bool insecure = false;  // http, or https with a certificate that nobody vouches for
  bool prunes = true;     // deletes what the replaced manifest named and no manifest names now
};

// Blocks; any thread, also several at a time: two pulls that need one blob fetch it once. What is in the folder already
// is not fetched; what an earlier pull left half is gone on with. The manifest is written last, so that a model that is
// listed is whole. Errors: what the registry says, a full disk before it is full where that can be told,
// ErrorKind::not_found for a name that the registry does not have, ErrorKind::cancelled.
Result<void> pull(const StoreFolder& folder, const ModelName& name, const PullOptions& options,
                  const Surroundings& surroundings, const Hooks& hooks);

}  // namespace quire::store::registry
