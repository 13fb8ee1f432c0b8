// What the routes tell of a model's file.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "api/models.h"
#include "api/ollama/request.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "store/catalog.h"

namespace quire::server {

// Any thread. Remembers what it read as long as a file's size and time stay the same.
class ModelCards {
 public:
  // A file that is not readable as a model has a card with its name and size only.
  api::ModelSummary summary(const store::ModelFile& file);
  std::vector<api::ModelSummary> summaries(std::span<const store::ModelFile> files);
  // The body of /api/show.
  Result<std::string> show(const store::ModelFile& file, const api::ollama::ShowCall& call);

 private:
  using Cards = std::map<store::ModelFile, api::ModelSummary>;
  // Two readers of a new file may both read it, and one card may be lost to the other: it is read again then.
  Snapshot<Cards> cards_;
};

}  // namespace quire::server
