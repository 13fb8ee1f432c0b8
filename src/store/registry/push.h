// A model goes from a folder to a registry.
#pragma once

#include "base/result.h"
#include "store/folder.h"
#include "store/model_name.h"
#include "store/registry/progress.h"
#include "store/registry/surroundings.h"

namespace quire::store::registry {

struct PushOptions {
  bool insecure = false;  // http, or https with a certificate that nobody vouches for
};

// Blocks; any thread. What the registry has is not sent; a blob that another repository of the same registry is known
// to have is taken over from there where the registry allows it; an upload that is cut off goes on where the registry
// says that it stopped. The manifest goes last. ErrorKind::not_found when the folder has no such model.
Result<void> push(const StoreFolder& folder, const ModelName& name, const PushOptions& options,
                  const Surroundings& surroundings, const Hooks& hooks);

}  // namespace quire::store::registry
