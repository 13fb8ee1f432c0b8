// One blob on its way from a folder to a registry: an upload session, its requests, its end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/folder.h"
#include "store/registry/registry_client.h"
#include "store/registry/surroundings.h"

namespace quire::store::registry {

// Lives for one upload; one thread. All that it borrows must outlive it.
class BlobUpload {
 public:
  BlobUpload(const BlobHold& blob, RegistryClient& registry, const Surroundings& surroundings, const Hooks& hooks,
             std::function<void(uint64_t)> on_progress);

  // `mount_from`: a repository of the registry that may have the blob already; empty: none is known.
  Result<void> run(std::string_view mount_from);

 private:
  enum class Begun : unsigned char { mounted, open };

  Result<Begun> begin(std::string_view mount_from);
  Result<void> send_rest();
  Result<net::HttpReply> send_piece(uint64_t size_bytes);
  Result<void> send_elsewhere(const net::HttpReply& redirect, uint64_t size_bytes);
  Result<void> find_out_offset();
  Result<void> finish();
  Result<void> use_location(const net::HttpReply& reply);
  std::string etag() const;

  const BlobHold& blob_;
  RegistryClient& registry_;
  const Surroundings& surroundings_;
  const Hooks& hooks_;
  const std::function<void(uint64_t)> on_progress_;
  net::HttpClient http_;
  std::string location_;                 // of the session: where the next request goes
  uint64_t offset_ = 0;                  // the registry has everything before
  std::vector<std::string> piece_md5s_;  // 16 bytes each; Ollama's registry wants to know them
};

}  // namespace quire::store::registry
