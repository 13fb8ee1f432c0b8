#include "store/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace quire::store {
namespace {

std::string digest(std::string_view text) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(text)));
  return hash.finish_hex();
}

// The examples of FIPS 180-4 and of NIST's CAVP short messages.
TEST(Sha256, matches_the_published_examples) {
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, does_not_depend_on_how_the_message_is_cut) {
  std::string message;
  for (int i = 0; i < 200; ++i) message += static_cast<char>(i * 7);
  for (size_t length = 0; length <= message.size(); ++length) {
    const std::string_view whole = std::string_view(message).substr(0, length);
    for (size_t cut = 0; cut <= length; cut += 13) {
      Sha256 hash;
      hash.update(std::as_bytes(std::span(whole.substr(0, cut))));
      hash.update(std::as_bytes(std::span(whole.substr(cut))));
      ASSERT_EQ(hash.finish_hex(), digest(whole)) << length << " cut at " << cut;
    }
  }
}

}  // namespace
}  // namespace quire::store
