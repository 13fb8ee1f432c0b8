#include "store/catalog.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "store/loose_files.h"
#include "store/sha256.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

// Equal for the names of one model only. A file's name need not be a model's.
std::string key_of(std::string_view name) {
  const Result<ModelName> parsed = ModelName::parse(name);
  return parsed ? parsed->key() : lower_case(with_tag(name));
}

// The model of a manifest, or why it is none.
Result<ModelFile> model_of(const StoreFolder& folder, const StoredManifest& stored, const ModelName& name) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::unsupported, fmt::format("model '{}' is not served: {}", name.display(), why));
  };
  ModelFile model{.name = name.display(),
                  .path = {},
                  .size_bytes = stored.manifest.size_bytes(),
                  .modified = stored.modified,
                  .digest = stored.digest.substr(stored.digest.find(':') + 1),
                  .stored = StoredModel{.name = name,
                                        .folder = folder.root(),
                                        .writable = folder.writable(),
                                        .config = {},
                                        .layers = stored.manifest.layers}};
  if (const std::string& digest = stored.manifest.config.digest; !digest.empty()) {
    const Result<std::string> text = read_file(folder.blob_path(digest), manifest_bytes_max);
    if (!text) return refuse(text.error().message);
    Result<ModelConfig> config = ModelConfig::parse(*text);
    if (!config) return refuse(config.error().message);
    model.stored->config = std::move(*config);
  }
  const ModelConfig& config = model.stored->config;
  if (!config.remote_host.empty()) return refuse(fmt::format("it runs at {}", config.remote_host));
  if (stored.manifest.find(media_type::tensor) != nullptr || config.model_format == "safetensors") {
    return refuse("it is made of safetensors, and GGUF is read here");
  }
  if (stored.manifest.find(media_type::adapter) != nullptr) return refuse("it has an adapter (LoRA)");
  model.parts = model.stored->paths(media_type::model);
  if (model.parts.empty()) return refuse("it has no weights");
  model.path = model.parts.front();
  if (model.parts.size() == 1) model.parts.clear();
  return model;
}

// An error when the weights are not there, or not whole.
Result<void> check_weights(const ModelFile& model) {
  size_t part = 0;
  for (const Layer& layer : model.stored->layers) {
    if (layer.media_type != media_type::model) continue;
    const fs::path& path = model.parts.empty() ? model.path : model.parts[part++];
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && static_cast<uint64_t>(status.st_size) == layer.size_bytes) continue;
    return fail(ErrorKind::io, fmt::format("model '{}' is not served: {} is missing or not whole; pull it again",
                                           model.name, path.string()));
  }
  return {};
}

}  // namespace

std::string with_tag(std::string_view name) {
  // A colon before the last slash belongs to a host and port.
  const size_t slash = name.rfind('/');
  const size_t colon = name.rfind(':');
  const bool has_tag = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return has_tag ? std::string(name) : fmt::format("{}:latest", name);
}

std::vector<fs::path> StoredModel::paths(std::string_view type) const {
  std::vector<fs::path> found;
  for (const Layer& layer : layers) {
    if (layer.media_type == type) found.push_back(StoreFolder::reading(folder).blob_path(layer.digest));
  }
  return found;
}

std::strong_ordering ModelFile::operator<=>(const ModelFile& other) const {
  return std::tie(name, path.native(), size_bytes, modified, digest) <=>
         std::tie(other.name, other.path.native(), other.size_bytes, other.modified, other.digest);
}

Catalog::Catalog(fs::path folder, std::vector<fs::path> others)
    : folder_(std::move(folder)), known_(std::make_unique<Snapshot<KnownByPath>>()) {
  if (!folder_.empty()) stores_.push_back(StoreFolder::serving(folder_, StoreFolder::Access::writable));
  for (fs::path& other : others) {
    stores_.push_back(StoreFolder::serving(std::move(other), StoreFolder::Access::read_only));
  }
}

ModelSpec parse_model_spec(std::string_view spec) {
  std::error_code error;
  const size_t equals = fs::is_regular_file(fs::path(spec), error) ? std::string_view::npos : spec.find('=');
  if (equals == std::string_view::npos) return {.name = fs::path(spec).stem().string(), .path = spec};
  return {.name = std::string(spec.substr(0, equals)), .path = spec.substr(equals + 1)};
}

Result<void> Catalog::add(std::string_view spec) {
  const auto [name, path] = parse_model_spec(spec);
  if (name.empty()) return fail(ErrorKind::invalid, fmt::format("\"{}\": expected FILE.gguf or NAME=FILE.gguf", spec));
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return fail(ErrorKind::not_found, fmt::format("there is no model file {}", path.string()));
  }
  named_.push_back({with_tag(name), fs::absolute(path)});
  return {};
}

Catalog::Listing Catalog::read() const {
  Listing listing;
  std::unordered_set<std::string> keys;
  const auto add = [&](ModelFile model) {
    if (keys.insert(model.stored ? model.stored->name.key() : key_of(model.name)).second)
      listing.models.push_back(std::move(model));
  };
  for (const ModelSpec& named : named_) {
    std::optional<ModelFile> model = describe_file(named.name, named.path);
    if (model) add(std::move(*model));
    if (!model) listing.problems.push_back(fmt::format("the model file {} is gone", named.path.string()));
  }
  if (!folder_.empty()) {
    for (ModelFile& model : loose_files(folder_, listing.problems)) add(std::move(model));
  }
  add_stored(listing, add);
  std::ranges::sort(listing.models);
  return listing;
}

void Catalog::add_stored(Listing& listing, FunctionRef<void(ModelFile)> add) const {
  KnownByPath before = known_->get();
  KnownByPath now;  // only what is there: a manifest that is gone is forgotten
  std::vector<ModelFile> found;
  bool changed = false;
  for (const StoreFolder& store : stores_) {
    ManifestListing manifests = store.list_manifests();
    std::ranges::move(manifests.problems, std::back_inserter(listing.problems));
    for (ManifestEntry& entry : manifests.entries) {
      auto known = before.extract(entry.path.native());
      if (!known.empty() && known.mapped().entry == entry) {
        found.push_back(now.insert(std::move(known)).position->second.model);
        continue;
      }
      changed = true;
      Result<ModelFile> model = read_model(store, entry);
      if (!model) {
        listing.problems.push_back(model.error().message);
        continue;
      }
      found.push_back(*model);
      std::string path = entry.path.native();
      now.emplace(std::move(path), Known{std::move(entry), std::move(*model)});
    }
  }
  if (changed || !before.empty()) known_->set(std::move(now));
  for (ModelFile& model : found) {
    if (const Result<void> whole = check_weights(model)) {
      add(std::move(model));
    } else {
      listing.problems.push_back(whole.error().message);
    }
  }
}

Result<ModelFile> Catalog::read_model(const StoreFolder& store, const ManifestEntry& entry) {
  QUIRE_TRY(const StoredManifest stored, store.read_manifest(entry));
  return model_of(store, stored, entry.name);
}

Result<ModelFile> Catalog::find(std::string_view name) const {
  const std::string wanted = key_of(name);
  for (const ModelSpec& named : named_) {
    if (key_of(named.name) != wanted) continue;
    if (std::optional<ModelFile> model = describe_file(named.name, named.path)) return std::move(*model);
  }
  if (!folder_.empty()) {
    std::vector<std::string> ignored;  // the list tells of them
    for (ModelFile& model : loose_files(folder_, ignored)) {
      if (key_of(model.name) == wanted) return std::move(model);
    }
  }
  QUIRE_TRY(const ModelName parsed, ModelName::parse(name));
  for (const StoreFolder& store : stores_) {
    const Result<StoredManifest> stored = store.read_manifest(parsed);
    if (!stored && stored.error().kind == ErrorKind::not_found) continue;
    if (!stored) return std::unexpected(stored.error());
    QUIRE_TRY(ModelFile model, model_of(store, *stored, stored->name));
    QUIRE_TRY_VOID(check_weights(model));
    return model;
  }
  return fail(ErrorKind::not_found, fmt::format("model '{}' not found", name));
}

OllamaFolders find_ollama_folders(const fs::path& home, const fs::path& own) {
  OllamaFolders found;
  const std::array<fs::path, 5> candidates = {
      home / ".ollama/models",             // who runs it by hand
      "/usr/share/ollama/.ollama/models",  // the user that Ollama's installer makes
      "/var/lib/ollama/.ollama/models",    // the same, as distributions place it
      "/var/lib/ollama/models",            // a service with OLLAMA_MODELS set so
      "/var/lib/ollama",
  };
  for (const fs::path& candidate : candidates) {
    if (candidate.is_relative()) continue;
    std::error_code error;
    const fs::path manifests = candidate / "manifests";
    const bool there = fs::is_directory(manifests, error) || fs::is_directory(candidate / "manifests-v2", error);
    if (error == std::errc::permission_denied ||
        (there && ::access(manifests.c_str(), R_OK | X_OK) != 0 && errno == EACCES)) {
      found.problems.push_back(
          fmt::format("Ollama's models in {} are not shown: Permission denied", candidate.string()));
      continue;
    }
    const auto is_same = [&](const fs::path& other) { return fs::equivalent(candidate, other, error); };
    if (there && !is_same(own) && std::ranges::none_of(found.folders, is_same)) found.folders.push_back(candidate);
  }
  return found;
}

Result<std::string> content_name(const ModelFile& file) {
  constexpr uint64_t part_bytes = 1 << 20;
  const Descriptor open(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!open || ::fstat(open.get(), &status) != 0) return disk_failure("read", file.path, errno);
  const auto size_bytes = static_cast<uint64_t>(status.st_size);
  Sha256 hash;
  hash.update(std::as_bytes(std::span(&size_bytes, 1)));
  std::vector<std::byte> part(std::min(part_bytes, size_bytes));
  for (const uint64_t offset : {uint64_t{0}, size_bytes - part.size()}) {
    const ssize_t count = ::pread(open.get(), part.data(), part.size(), static_cast<off_t>(offset));
    if (count != static_cast<ssize_t>(part.size())) {
      return disk_failure("read", file.path, count < 0 ? errno : EIO);
    }
    hash.update(part);
  }
  return hash.finish_hex();
}

}  // namespace quire::store
