#include "store/registry/push.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/registry/blob_upload.h"
#include "store/registry/registry_client.h"

namespace quire::store::registry {
namespace {

// A repository of the same registry, other than the model's own, of which a model here has the blob: it may well have
// been pulled from there. Empty: none.
std::string repository_with(const StoreFolder& folder, const ModelName& name, const std::string& digest) {
  for (const ManifestEntry& entry : folder.list_manifests().entries) {
    const bool other = entry.name.host == name.host && entry.name.repository() != name.repository();
    if (!other) continue;
    const Result<StoredManifest> stored = folder.read_manifest(entry);
    if (stored && std::ranges::binary_search(stored->digests, digest)) return entry.name.repository();
  }
  return {};
}

Result<void> push_blob(const StoreFolder& folder, const ModelName& name, const Layer& layer, RegistryClient& registry,
                       const Surroundings& surroundings, const Hooks& hooks) {
  const auto report = [&](uint64_t completed_bytes) {
    hooks.on_progress({.status = "pushing " + short_digest(layer.digest),
                       .digest = layer.digest,
                       .total_bytes = layer.size_bytes,
                       .completed_bytes = completed_bytes});
  };
  const std::optional<BlobHold> blob = folder.hold_blob(layer.digest, layer.size_bytes);
  if (!blob) {
    return fail(ErrorKind::not_found,
                fmt::format("the blob {} of {} is not in {}", layer.digest, name.display(), folder.root().string()));
  }
  QUIRE_TRY(const net::HttpReply there,
            registry.call(registry.request("HEAD", "blobs/" + layer.digest), surroundings.tries_max));
  if (there.ok()) {
    report(layer.size_bytes);
    return {};
  }
  if (there.status != 404) {
    return fail(ErrorKind::io, fmt::format("{} answers {} about {}", registry.host(), there.status, layer.digest));
  }
  // One line a tenth of a second is enough, whatever the pieces that go out.
  constexpr int64_t interval_ns = 100'000'000;
  const auto report_sometimes = [&, next_ns = int64_t{0}](uint64_t completed_bytes) mutable {
    const int64_t now_ns = surroundings.clock.now_ns();
    if (now_ns < next_ns && completed_bytes < layer.size_bytes) return;
    next_ns = now_ns + interval_ns;
    report(completed_bytes);
  };
  BlobUpload upload(*blob, registry, surroundings, hooks, report_sometimes);
  return upload.run(repository_with(folder, name, layer.digest));
}

}  // namespace

Result<void> push(const StoreFolder& folder, const ModelName& name, const PushOptions& options,
                  const Surroundings& surroundings, const Hooks& hooks) {
  hooks.on_progress({.status = "retrieving manifest"});
  const Result<StoredManifest> stored = folder.read_manifest(name);
  if (!stored) {
    hooks.on_progress({.status = "couldn't retrieve manifest"});
    return std::unexpected(stored.error());
  }
  QUIRE_TRY(RegistryClient registry, RegistryClient::open(name, options.insecure, surroundings, hooks));
  std::vector<Layer> layers = stored->manifest.layers;
  if (!stored->manifest.config.digest.empty()) layers.push_back(stored->manifest.config);
  for (const Layer& layer : layers) {
    QUIRE_TRY_VOID(push_blob(folder, name, layer, registry, surroundings, hooks));
  }
  hooks.on_progress({.status = "pushing manifest"});
  net::HttpRequest request = registry.request("PUT", "manifests/" + name.tag);
  request.headers.push_back({"Content-Type", stored->manifest.media_type});
  // Of a list that newer versions of Ollama keep, the registry gets the manifest that it knows.
  const Result<Manifest> whole = Manifest::parse(stored->text);
  request.body = whole && whole->children.empty() ? stored->text : stored->manifest.to_json();
  QUIRE_TRY(const net::HttpReply reply, registry.call(request, surroundings.tries_max));
  if (!reply.ok()) {
    return fail(ErrorKind::io,
                fmt::format("{} answers {}: {}", registry.host(), reply.status, refusal_text(reply.body)));
  }
  hooks.on_progress({.status = "success"});
  return {};
}

}  // namespace quire::store::registry
