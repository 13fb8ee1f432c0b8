#include "server/http/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "server/test_server.h"

namespace quire::server {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

TEST(ContentCoding, unpacks_what_it_names) {
  const std::string text(300'000, 'a');
  EXPECT_EQ(decode_body("", text, 1 << 20).value(), text);
  EXPECT_EQ(decode_body("identity", text, 1 << 20).value(), text);
  EXPECT_EQ(decode_body("GZIP", gzip(text), 1 << 20).value(), text);
  EXPECT_EQ(decode_body("x-gzip", gzip("ab") + gzip("cd"), 1 << 20).value(), "abcd");
  EXPECT_EQ(decode_body("zstd", zstd(text), 1 << 20).value(), text);
  EXPECT_EQ(decode_body("zstd", zstd("ab") + zstd("cd"), 1 << 20).value(), "abcd");
}

TEST(ContentCoding, is_bounded_when_unpacked) {
  const std::string bomb(50 << 20, '\0');
  EXPECT_EQ(decode_body("gzip", gzip(bomb), 1 << 20).error().kind, ErrorKind::too_large);
  EXPECT_EQ(decode_body("zstd", zstd(bomb), 1 << 20).error().kind, ErrorKind::too_large);
}

TEST(ContentCoding, refuses_what_is_broken_or_of_another_kind) {
  const std::string text = "some text that is packed";
  for (size_t cut = 0; cut < gzip(text).size(); ++cut) {
    EXPECT_EQ(decode_body("gzip", gzip(text).substr(0, cut), 1000).error().kind, ErrorKind::invalid) << cut;
  }
  for (size_t cut = 0; cut < zstd(text).size(); ++cut) {
    EXPECT_EQ(decode_body("zstd", zstd(text).substr(0, cut), 1000).error().kind, ErrorKind::invalid) << cut;
  }
  for (const char* coding : {"br", "deflate", "gzip, zstd", "\xff"}) {
    EXPECT_EQ(decode_body(coding, text, 1000).error().kind, ErrorKind::unsupported) << coding;
  }
}

class CodedBody : public test::ServerTest {};

TEST_F(CodedBody, is_served_or_415_with_what_would_be) {
  start();
  test::RawClient client(server_->port());
  client.post("/api/show", gzip(R"({"model":"absent"})"), "Content-Encoding: gzip\r\n");
  EXPECT_EQ(client.response()->status, 404);
  client.post("/api/show", zstd(R"({"model":"absent"})"), "Content-Encoding: zstd\r\n");
  EXPECT_EQ(client.response()->status, 404);
  client.post("/api/show", "x", "Content-Encoding: br\r\n");
  const auto refused = client.response();
  EXPECT_EQ(refused->status, 415);
  EXPECT_EQ(refused->header("Accept-Encoding"), "gzip, zstd");
}

}  // namespace
}  // namespace quire::server
