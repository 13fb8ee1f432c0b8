#include "store/registry/signing_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

#include "base/check.h"
#include "store/disk.h"

namespace quire::store::registry {
namespace {

namespace fs = std::filesystem;

// Source of the layout: OpenSSH's PROTOCOL.key. Numbers are big-endian, strings have their length before them.
constexpr std::string_view magic("openssh-key-v1\0", 15);
constexpr std::string_view key_type = "ssh-ed25519";
constexpr std::string_view first_line = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view last_line = "-----END OPENSSH PRIVATE KEY-----";
constexpr size_t block_bytes = 8;  // what the secret part is padded to where nothing encrypts it
constexpr size_t file_bytes_max = 64 << 10;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

std::string_view view(const unsigned char* bytes, size_t count) {
  return {reinterpret_cast<const char*>(bytes), count};
}

void put_number(std::string& to, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(number >> shift & 0xff);
}
void put_string(std::string& to, std::string_view text) {
  put_number(to, static_cast<uint32_t>(text.size()));
  to += text;
}

// Takes numbers and strings off the front; `ok` is false once something was not there.
struct Reader {
  std::string_view rest;
  bool ok = true;

  uint32_t number() {
    if (rest.size() < 4) {
      ok = false;
      return 0;
    }
    uint32_t result = 0;
    for (size_t i = 0; i < 4; ++i) result = result << 8 | static_cast<unsigned char>(rest[i]);
    rest.remove_prefix(4);
    return result;
  }
  std::string_view string() {
    const size_t count = number();
    if (rest.size() < count) {
      ok = false;
      return {};
    }
    const std::string_view result = rest.substr(0, count);
    rest.remove_prefix(count);
    return result;
  }
};

std::optional<std::string> from_base64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
  if (text.size() % 4 != 0 || text.empty()) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int count = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                    reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (count < 0) return std::nullopt;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<size_t>(count) - padding);
  return bytes;
}

Result<std::string> base64_part(std::string_view text) {
  const size_t begin = text.find(first_line);
  const size_t end = text.find(last_line);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return fail(ErrorKind::unsupported, "it is no OpenSSH private key");
  }
  const size_t body = begin + first_line.size();
  std::optional<std::string> bytes = from_base64(std::string(text.substr(body, end - body)));
  if (!bytes) return fail(ErrorKind::invalid, "its base64 is broken");
  return std::move(*bytes);
}

Result<void> write_key_file(const fs::path& path, const SigningKey& key) {
  std::error_code error;
  fs::create_directories(path.parent_path().parent_path(), error);
  if (::mkdir(path.parent_path().c_str(), 0700) != 0 && errno != EEXIST) {
    return disk_failure("make the folder", path.parent_path(), errno);
  }
  QUIRE_TRY(const NamedTemporary temporary, make_temporary(path.parent_path()));
  ::fchmod(temporary.descriptor(), 0600);
  const std::string text = key.to_file_text();
  QUIRE_TRY_VOID(write_all(temporary.descriptor(), std::as_bytes(std::span(text)), path));
  if (::fsync(temporary.descriptor()) != 0) return disk_failure("write", path, errno);
  // link(), unlike rename(), never replaces a key that another program has just made.
  if (::link(temporary.path().c_str(), path.c_str()) != 0) {
    return errno == EEXIST ? Result<void>{} : disk_failure("name", path, errno);
  }
  const fs::path public_path = path.string() + ".pub";
  const Descriptor file(::open(public_path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));
  if (!file) return disk_failure("write", public_path, errno);
  const std::string line = key.public_line() + "\n";
  return write_all(file.get(), std::as_bytes(std::span(line)), public_path);
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int count =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(count));
  return text;
}

std::string to_base64_url(std::string_view bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

Result<std::string> secure_random_bytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    return fail(ErrorKind::internal, "the system gives no random numbers");
  }
  return bytes;
}

SigningKey SigningKey::of_seed(const std::array<unsigned char, seed_bytes>& seed) {
  SigningKey key;
  key.seed_ = seed;
  const Key handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  size_t count = key.public_.size();
  QUIRE_CHECK(handle && EVP_PKEY_get_raw_public_key(handle.get(), key.public_.data(), &count) == 1 &&
                  count == key.public_.size(),
              "every 32 bytes are an ed25519 key");
  return key;
}

Result<SigningKey> SigningKey::make_random() {
  QUIRE_TRY(const std::string bytes, secure_random_bytes(seed_bytes));
  std::array<unsigned char, seed_bytes> seed{};
  std::memcpy(seed.data(), bytes.data(), seed.size());
  return of_seed(seed);
}

Result<SigningKey> SigningKey::parse(std::string_view file_text) {
  QUIRE_TRY(const std::string bytes, base64_part(file_text));
  if (!bytes.starts_with(magic)) return fail(ErrorKind::unsupported, "it is no OpenSSH private key");
  Reader reader{.rest = std::string_view(bytes).substr(magic.size())};
  const std::string_view cipher = reader.string();
  const std::string_view derivation = reader.string();
  reader.string();  // the derivation's options
  const uint32_t keys = reader.number();
  reader.string();  // the public key
  if (reader.ok && (cipher != "none" || derivation != "none")) {
    return fail(ErrorKind::unsupported, "it has a passphrase, which nobody could be asked for");
  }
  Reader secret{.rest = reader.string()};
  const uint32_t check = secret.number();
  const bool same = check == secret.number();
  const std::string_view type = secret.string();
  if (secret.ok && type != key_type) {
    return fail(ErrorKind::unsupported, fmt::format("it is of the type '{}'; '{}' is needed", type, key_type));
  }
  const std::string_view public_key = secret.string();
  const std::string_view private_key = secret.string();  // the seed and the public key
  if (!reader.ok || !secret.ok || !same || keys != 1 || public_key.size() != 32 || private_key.size() != 64) {
    return fail(ErrorKind::invalid, "it is damaged");
  }
  std::array<unsigned char, seed_bytes> seed{};
  std::memcpy(seed.data(), private_key.data(), seed.size());
  SigningKey key = of_seed(seed);
  if (view(key.public_.data(), 32) != public_key) return fail(ErrorKind::invalid, "its two halves do not match");
  return key;
}

Result<SigningKey> SigningKey::load_or_make(const fs::path& path) {
  for (int tries = 0; tries < 2; ++tries) {
    const Result<std::string> text = read_file(path, file_bytes_max);
    if (text) {
      Result<SigningKey> key = parse(*text);
      if (!key) return fail(key.error().kind, fmt::format("the key {}: {}", path.string(), key.error().message));
      return key;
    }
    if (text.error().kind != ErrorKind::not_found) return std::unexpected(text.error());
    QUIRE_TRY(const SigningKey key, make_random());
    QUIRE_TRY_VOID(write_key_file(path, key));
  }
  return fail(ErrorKind::io, fmt::format("the key {} disappears as soon as it is made", path.string()));
}

std::string SigningKey::public_blob() const {
  std::string blob;
  put_string(blob, key_type);
  put_string(blob, view(public_.data(), public_.size()));
  return blob;
}

std::string SigningKey::to_file_text() const {
  std::string secret;
  // Two equal numbers tell a reader that decryption worked; nothing is encrypted here.
  put_number(secret, 0);
  put_number(secret, 0);
  put_string(secret, key_type);
  put_string(secret, view(public_.data(), public_.size()));
  put_string(secret, std::string(view(seed_.data(), seed_.size())) + std::string(view(public_.data(), public_.size())));
  put_string(secret, "quire");
  for (char pad = 1; secret.size() % block_bytes != 0; ++pad) secret += pad;
  std::string bytes(magic);
  put_string(bytes, "none");
  put_string(bytes, "none");
  put_string(bytes, "");
  put_number(bytes, 1);
  put_string(bytes, public_blob());
  put_string(bytes, secret);
  const std::string base64 = to_base64(bytes);
  std::string text = std::string(first_line) + "\n";
  constexpr size_t column_count = 70;
  for (size_t at = 0; at < base64.size(); at += column_count) text += base64.substr(at, column_count) + "\n";
  return text + std::string(last_line) + "\n";
}

std::string SigningKey::public_line() const { return fmt::format("{} {}", key_type, to_base64(public_blob())); }

std::string SigningKey::authorization(std::string_view signed_text) const {
  const Key handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed_.data(), seed_.size()));
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  std::array<unsigned char, 64> signature{};
  size_t count = signature.size();
  QUIRE_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, handle.get()) == 1 &&
                  EVP_DigestSign(context.get(), signature.data(), &count,
                                 reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size()) == 1,
              "an ed25519 key signs anything");
  return to_base64(public_blob()) + ":" + to_base64(view(signature.data(), count));
}

}  // namespace quire::store::registry
