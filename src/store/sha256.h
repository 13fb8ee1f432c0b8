// SHA-256 (FIPS 180-4): how blobs and models are named by content.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's

namespace quire::store {

// One message, given in pieces. One thread.
class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  // The digest of everything given, as 64 lower-case hexadecimal digits. Last call on this object.
  std::string finish_hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// "sha256:" and the digest of the text, as blobs are named.
std::string digest_of(std::string_view text);

}  // namespace quire::store
