// What the routes tell of a model's file.
#pragma once

#include <map>
#include <memory>
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
  // A pure function.
  using ListWriter = std::string (*)(std::span<const api::ModelSummary>);

  // A file that is not readable as a model has a card with its name and size only.
  api::ModelSummary summary(const store::ModelFile& file);
  // What `write` makes of all their cards. Clients ask for the list of thousands again and again: its text is kept as
  // long as the files stay the same.
  std::string list(std::vector<store::ModelFile> files, ListWriter write);
  // The body of /api/show.
  Result<std::string> show(const store::ModelFile& file, const api::ollama::ShowCall& call);

 private:
  using Cards = std::map<store::ModelFile, api::ModelSummary>;
  struct List {
    std::vector<store::ModelFile> files;
    std::string text;
  };
  std::vector<api::ModelSummary> summaries(std::span<const store::ModelFile> files);

  // Two readers of a new file may both read it, and one card may be lost to the other: it is read again then. So with
  // the lists.
  Snapshot<std::shared_ptr<const Cards>> cards_;
  Snapshot<std::map<ListWriter, std::shared_ptr<const List>>> lists_;  // the last of each writer
};

}  // namespace quire::server
