#include "store/registry/pull.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "store/registry/blob_download.h"
#include "store/registry/registry_client.h"

namespace quire::store::registry {
namespace {

// What a first answer may take, in tries: somebody waits and wants to know whether there is a network at all.
constexpr int manifest_tries_max = 3;

struct Document {
  std::string text;
  std::vector<Layer> layers;  // the config's among them, last; each digest once
};

Result<Document> understand(std::string text) {
  QUIRE_TRY(const Manifest manifest, Manifest::parse(text));
  const Manifest* runnable = manifest.runnable();
  if (runnable == nullptr || runnable->layers.empty()) {
    return fail(ErrorKind::unsupported, "the manifest names no weights that could be run here");
  }
  if (runnable->find(media_type::tensor) != nullptr) {
    return fail(ErrorKind::unsupported, "the model is stored as safetensors, which cannot be run here");
  }
  Document document{.text = std::move(text)};
  std::vector<Layer> all = runnable->layers;
  if (!runnable->config.digest.empty()) all.push_back(runnable->config);
  for (Layer& layer : all) {
    const bool known =
        std::ranges::any_of(document.layers, [&](const Layer& seen) { return seen.digest == layer.digest; });
    if (!known) document.layers.push_back(std::move(layer));
  }
  return document;
}

Result<Document> fetch_manifest(RegistryClient& registry, const ModelName& name) {
  net::HttpRequest request = registry.request("GET", "manifests/" + name.tag);
  request.headers.push_back({"Accept", std::string(media_type::manifest)});
  request.body_bytes_max = manifest_bytes_max;
  QUIRE_TRY(net::HttpReply reply, registry.call(request, manifest_tries_max));
  if (reply.status == 404) return fail(ErrorKind::not_found, "file does not exist");  // as Ollama says it
  if (!reply.ok()) return fail(ErrorKind::io, fmt::format("{}: {}", reply.status, refusal_text(reply.body)));
  return understand(std::move(reply.body));
}

// The blobs of one model on their way. Lives for one pull.
class Blobs {
 public:
  Blobs(const StoreFolder& folder, RegistryClient& registry, const Surroundings& surroundings, const Hooks& hooks)
      : folder_(folder), registry_(registry), surroundings_(surroundings), hooks_(hooks) {}

  // Before the first byte: does everything fit?
  Result<void> check_room(const std::vector<Layer>& layers) const {
    uint64_t missing_bytes = 0;
    for (const Layer& layer : layers) {
      if (folder_.hold_blob(layer.digest, layer.size_bytes)) continue;
      missing_bytes += layer.size_bytes - std::min(layer.size_bytes, bytes_there(layer));
    }
    return folder_.check_room(missing_bytes);
  }

  Result<void> fetch(const Layer& layer) {
    if (std::optional<BlobHold> hold = folder_.hold_blob(layer.digest, layer.size_bytes)) {
      remove_part_files(folder_.partial_path(layer.digest));
      report(layer, layer.size_bytes);
      holds_.push_back(std::move(*hold));
      return {};
    }
    QUIRE_TRY(std::optional<PartialBlob> partial, PartialBlob::open(folder_, layer, surroundings_, hooks_));
    if (!partial) return fetch(layer);  // another pull has brought it
    BlobDownload download(*partial, layer, registry_, transfers_, surroundings_, hooks_,
                          [&](uint64_t completed_bytes) { report(layer, completed_bytes); });
    QUIRE_TRY_VOID(download.run());
    unverified_.push_back({.layer = layer, .partial = std::move(*partial)});
    return {};
  }

  // What an earlier run left may be what is wrong: once it is fetched anew.
  Result<void> verify() {
    for (Arrived& arrived : unverified_) {
      Result<void> verified = arrived.partial.verify(hooks_);
      if (!verified && verified.error().kind == ErrorKind::invalid && arrived.partial.resumed()) {
        QUIRE_TRY(std::optional<PartialBlob> fresh, PartialBlob::open(folder_, arrived.layer, surroundings_, hooks_));
        if (!fresh) continue;
        arrived.partial = std::move(*fresh);
        BlobDownload download(arrived.partial, arrived.layer, registry_, transfers_, surroundings_, hooks_,
                              [&](uint64_t completed_bytes) { report(arrived.layer, completed_bytes); });
        QUIRE_TRY_VOID(download.run());
        verified = arrived.partial.verify(hooks_);
      }
      QUIRE_TRY_VOID(std::move(verified));
      QUIRE_TRY(BlobHold hold, arrived.partial.adopt(folder_));
      holds_.push_back(std::move(hold));
    }
    unverified_.clear();
    return {};
  }

 private:
  struct Arrived {
    Layer layer;
    PartialBlob partial;
  };

  uint64_t bytes_there(const Layer& layer) const {
    std::error_code error;
    const std::filesystem::path path = folder_.partial_path(layer.digest);
    const auto file_bytes = std::filesystem::file_size(path, error);
    if (error) return 0;
    const Result<PartFiles> states = PartFiles::open(path, layer.size_bytes, file_bytes);
    uint64_t bytes = 0;
    if (states) {
      for (const Part& part : states->parts) bytes += part.completed_bytes;
    }
    return bytes;
  }

  void report(const Layer& layer, uint64_t completed_bytes) const {
    hooks_.on_progress({.status = "pulling " + short_digest(layer.digest),
                        .digest = layer.digest,
                        .total_bytes = layer.size_bytes,
                        .completed_bytes = completed_bytes});
  }

  const StoreFolder& folder_;
  RegistryClient& registry_;
  const Surroundings& surroundings_;
  const Hooks& hooks_;
  net::HttpTransfers transfers_;
  std::vector<Arrived> unverified_;
  std::vector<BlobHold> holds_;  // until the manifest names them
};

}  // namespace

Result<void> pull(const StoreFolder& folder, const ModelName& name, const PullOptions& options,
                  const Surroundings& surroundings, const Hooks& hooks) {
  if (!folder.writable()) {
    return fail(ErrorKind::unsupported, fmt::format("{} is read only here", folder.root().string()));
  }
  hooks.on_progress({.status = "pulling manifest"});
  const auto in_context = [](const Error& error) {
    if (error.kind == ErrorKind::cancelled) return std::unexpected(error);
    return fail(error.kind, "pull model manifest: " + error.message);
  };
  Result<RegistryClient> registry = RegistryClient::open(name, options.insecure, surroundings, hooks);
  if (!registry) return in_context(registry.error());
  const Result<Document> document = fetch_manifest(*registry, name);
  if (!document) return in_context(document.error());

  Blobs blobs(folder, *registry, surroundings, hooks);
  QUIRE_TRY_VOID(blobs.check_room(document->layers));
  for (const Layer& layer : document->layers) QUIRE_TRY_VOID(blobs.fetch(layer));
  hooks.on_progress({.status = "verifying sha256 digest"});
  QUIRE_TRY_VOID(blobs.verify());
  hooks.on_progress({.status = "writing manifest"});
  if (options.prunes) {
    QUIRE_TRY(const std::vector<std::string> deleted, folder.replace_manifest(name, document->text));
    if (!deleted.empty()) hooks.on_progress({.status = "removing unused layers"});
  } else {
    QUIRE_TRY_VOID(folder.write_manifest(name, document->text));
  }
  hooks.on_progress({.status = "success"});
  return {};
}

}  // namespace quire::store::registry
