// The ed25519 key (RFC 8032) by which a registry of Ollama's kind knows this machine, in a file as ssh-keygen writes
// it.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quire::store::registry {

// Immutable; any thread. Its secret leaves it in to_file_text() only.
class SigningKey {
 public:
  static constexpr size_t seed_bytes = 32;

  static SigningKey of_seed(const std::array<unsigned char, seed_bytes>& seed);
  static Result<SigningKey> make_random();
  // The text of an OpenSSH private key file without a passphrase. ErrorKind::unsupported for another kind of key and
  // for one with a passphrase.
  static Result<SigningKey> parse(std::string_view file_text);
  // The key in the file; when there is none, one is made (folder 0700, file 0600, and PATH.pub beside it). Two programs
  // that do so at once end up with one key.
  static Result<SigningKey> load_or_make(const std::filesystem::path& path);

  std::string to_file_text() const;
  // "ssh-ed25519 AAAA...": what people register at a web page.
  std::string public_line() const;
  // PUBLIC:SIGNATURE, both in base64: what Ollama's registries take as the Authorization of a request for a token.
  std::string authorization(std::string_view signed_text) const;

 private:
  SigningKey() = default;
  std::string public_blob() const;

  std::array<unsigned char, seed_bytes> seed_{};
  std::array<unsigned char, 32> public_{};
};

std::string to_base64(std::string_view bytes);
// "-" and "_" for "+" and "/", and no "=" at the end.
std::string to_base64_url(std::string_view bytes);
// `count` bytes that nobody can guess.
Result<std::string> secure_random_bytes(size_t count);

}  // namespace quire::store::registry
