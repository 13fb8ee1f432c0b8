#include "store/registry/blob_upload.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace quire::store::registry {
namespace {

// A registry may take a while to compute the digest of what it has got.
constexpr int64_t commit_ms_max = 600'000;

std::unexpected<Error> refused(const RegistryClient& registry, const net::HttpReply& reply) {
  return fail(ErrorKind::io, fmt::format("{} answers {}: {}", registry.host(), reply.status, refusal_text(reply.body)));
}

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// MD5 of bytes [offset, offset + size_bytes) of a file; 16 bytes. It is no protection, only a registry's checksum.
Result<std::string> md5_of(int descriptor, uint64_t offset, uint64_t size_bytes) {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr);
  std::vector<char> buffer(1 << 20);
  while (size_bytes > 0) {
    const ssize_t count =
        ::pread(descriptor, buffer.data(), static_cast<size_t>(std::min<uint64_t>(buffer.size(), size_bytes)),
                static_cast<off_t>(offset));
    if (count <= 0) return fail(ErrorKind::io, "the blob cannot be read to its end");
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
    size_bytes -= static_cast<uint64_t>(count);
  }
  std::string digest(16, '\0');
  EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

}  // namespace

BlobUpload::BlobUpload(const BlobHold& blob, RegistryClient& registry, const Surroundings& surroundings,
                       const Hooks& hooks, std::function<void(uint64_t)> on_progress)
    : blob_(blob),
      registry_(registry),
      surroundings_(surroundings),
      hooks_(hooks),
      on_progress_(std::move(on_progress)) {}

Result<void> BlobUpload::use_location(const net::HttpReply& reply) {
  std::string_view next = reply.header("Docker-Upload-Location");
  if (next.empty()) next = reply.header("Location");
  if (next.empty()) return fail(ErrorKind::io, fmt::format("{} names no place to upload to", registry_.host()));
  QUIRE_TRY(const net::HttpRequest request, registry_.request_at("PATCH", reply.url, next));
  location_ = request.url;
  return {};
}

Result<BlobUpload::Begun> BlobUpload::begin(std::string_view mount_from) {
  net::HttpRequest request = registry_.request("POST", "blobs/uploads/");
  if (!mount_from.empty()) {
    request.url = net::with_query(net::with_query(request.url, "mount", blob_.digest), "from", mount_from);
  }
  QUIRE_TRY(const net::HttpReply reply, registry_.call(request, surroundings_.tries_max));
  if (reply.status == 201) return Begun::mounted;
  if (!reply.ok()) return refused(registry_, reply);
  offset_ = 0;
  piece_md5s_.clear();
  QUIRE_TRY_VOID(use_location(reply));
  return Begun::open;
}

Result<void> BlobUpload::run(std::string_view mount_from) {
  QUIRE_TRY(const Begun begun, begin(mount_from));
  if (begun == Begun::open) {
    QUIRE_TRY_VOID(send_rest());
    QUIRE_TRY_VOID(finish());
  }
  on_progress_(blob_.size_bytes);
  return {};
}

Result<void> BlobUpload::send_rest() {
  Backoff backoff(surroundings_.seed);
  const uint64_t piece_bytes =
      std::clamp(blob_.size_bytes / 16, std::min(surroundings_.part_bytes_min, surroundings_.upload_bytes_max),
                 surroundings_.upload_bytes_max);
  uint64_t farthest = 0;
  while (offset_ < blob_.size_bytes) {
    const uint64_t size_bytes = std::min(piece_bytes, blob_.size_bytes - offset_);
    const Result<net::HttpReply> reply = send_piece(size_bytes);
    if (reply && (reply->ok() || reply->status == 307)) {
      if (reply->status == 307) QUIRE_TRY_VOID(send_elsewhere(*reply, size_bytes));
      QUIRE_TRY(std::string md5, md5_of(blob_.file.get(), offset_, size_bytes));
      piece_md5s_.push_back(std::move(md5));
      offset_ += size_bytes;
      QUIRE_TRY_VOID(use_location(*reply));
      backoff.reset();
      continue;
    }
    if (!reply && reply.error().kind != ErrorKind::io) return std::unexpected(reply.error());
    // A registry that kept less than it was sent says 416; what it has can be asked for.
    if (reply && !may_pass(reply->status) && reply->status != 416 && reply->status != 404) {
      return refused(registry_, *reply);
    }
    if (backoff.tries() + 1 >= surroundings_.tries_max) {
      return reply ? refused(registry_, *reply) : Result<void>(std::unexpected(reply.error()));
    }
    QUIRE_TRY_VOID(pause(surroundings_, hooks_, backoff.next_ns(reply ? reply->retry_after_s : 0)));
    QUIRE_TRY_VOID(find_out_offset());
    if (offset_ > farthest) backoff.reset();
    farthest = std::max(farthest, offset_);
    on_progress_(offset_);
  }
  return {};
}

Result<net::HttpReply> BlobUpload::send_piece(uint64_t size_bytes) {
  for (;;) {
    QUIRE_TRY(net::HttpRequest request, registry_.request_at("PATCH", location_, location_));
    request.headers.push_back({"Content-Type", "application/octet-stream"});
    request.headers.push_back({"Content-Range", fmt::format("{}-{}", offset_, offset_ + size_bytes - 1)});
    request.headers.push_back({"X-Redirect-Uploads", "1"});
    request.body = net::FileRange{.descriptor = blob_.file.get(), .offset = offset_, .size_bytes = size_bytes};
    request.on_sent = [this](uint64_t sent_bytes) { on_progress_(offset_ + sent_bytes); };
    request.redirects_max = 0;
    const std::optional<std::string> used = registry_.authorize(request);
    Result<net::HttpReply> reply = http_.send(std::move(request), hooks_.keep_going);
    if (!reply || reply->status != 401) {
      if (reply) registry_.note_accepted();
      return reply;
    }
    QUIRE_TRY_VOID(registry_.answer_challenge(*reply, used));
  }
}

// Ollama's registry sends the bytes themselves to a place that it names; nobody is told there who we are.
Result<void> BlobUpload::send_elsewhere(const net::HttpReply& redirect, uint64_t size_bytes) {
  QUIRE_TRY(net::HttpRequest request, registry_.request_at("PUT", redirect.url, redirect.header("Location")));
  request.headers.push_back({"Content-Type", "application/octet-stream"});
  request.body = net::FileRange{.descriptor = blob_.file.get(), .offset = offset_, .size_bytes = size_bytes};
  request.on_sent = [this](uint64_t sent_bytes) { on_progress_(offset_ + sent_bytes); };
  request.redirects_max = 0;
  Backoff backoff(surroundings_.seed);
  for (;;) {
    const Result<net::HttpReply> reply = http_.send(request, hooks_.keep_going);
    if (reply && reply->ok()) return {};
    const bool passes = reply ? may_pass(reply->status) : reply.error().kind == ErrorKind::io;
    if (!passes || backoff.tries() + 1 >= surroundings_.tries_max) {
      return reply ? refused(registry_, *reply) : Result<void>(std::unexpected(reply.error()));
    }
    QUIRE_TRY_VOID(pause(surroundings_, hooks_, backoff.next_ns(reply ? reply->retry_after_s : 0)));
  }
}

// Asks the session how far it got; where there is no such session any more, another one begins.
Result<void> BlobUpload::find_out_offset() {
  QUIRE_TRY(const net::HttpRequest request, registry_.request_at("GET", location_, location_));
  QUIRE_TRY(const net::HttpReply reply, registry_.call(request, surroundings_.tries_max));
  std::string_view range = reply.header("Range");  // "0-LAST", sometimes after "bytes="; "0-0" of an empty one
  if (const size_t dash = range.find('-'); reply.status == 204 && dash != std::string_view::npos) {
    range.remove_prefix(dash + 1);
    uint64_t last = 0;
    std::from_chars(range.data(), range.data() + range.size(), last);
    const uint64_t there = last == 0 ? 0 : last + 1;
    // Its checksums must be of the pieces as they were sent: what is kept of one is a piece of its own.
    if (there >= offset_ && there <= blob_.size_bytes) {
      if (there > offset_) {
        QUIRE_TRY(std::string md5, md5_of(blob_.file.get(), offset_, there - offset_));
        piece_md5s_.push_back(std::move(md5));
      }
      offset_ = there;
      return use_location(reply);
    }
  }
  QUIRE_TRY(const Begun begun, begin({}));
  if (begun == Begun::mounted) offset_ = blob_.size_bytes;
  return {};
}

std::string BlobUpload::etag() const {
  std::string all;
  for (const std::string& md5 : piece_md5s_) all += md5;
  unsigned char digest[16];
  EVP_Digest(all.data(), all.size(), digest, nullptr, EVP_md5(), nullptr);
  return fmt::format("{}-{}", to_hex({reinterpret_cast<const char*>(digest), sizeof(digest)}), piece_md5s_.size());
}

Result<void> BlobUpload::finish() {
  QUIRE_TRY(net::HttpRequest request, registry_.request_at("PUT", location_, location_));
  request.url = net::with_query(net::with_query(request.url, "digest", blob_.digest), "etag", etag());
  request.headers.push_back({"Content-Type", "application/octet-stream"});
  request.stall_ms_max = commit_ms_max;
  QUIRE_TRY(const net::HttpReply reply, registry_.call(request, surroundings_.tries_max));
  if (!reply.ok()) return refused(registry_, reply);
  return {};
}

}  // namespace quire::store::registry
