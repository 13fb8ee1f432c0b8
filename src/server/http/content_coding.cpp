#include "server/http/content_coding.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "base/ascii.h"

namespace quire::server {
namespace {

constexpr size_t piece_bytes = 64 << 10;

std::unexpected<Error> too_large(size_t bytes_max) {
  return fail(ErrorKind::too_large, fmt::format("request body too large: more than {} bytes when unpacked", bytes_max));
}

std::unexpected<Error> broken(std::string_view coding) {
  return fail(ErrorKind::invalid, fmt::format("the request body is no whole {} stream", coding));
}

// Several members behind one another are one stream (RFC 1952, 2.2).
Result<std::string> gunzip(const std::string& body, size_t bytes_max) {
  if (body.size() > std::numeric_limits<uInt>::max()) return too_large(bytes_max);
  z_stream stream{};
  constexpr int gzip_only = 16 + MAX_WBITS;
  if (inflateInit2(&stream, gzip_only) != Z_OK) return fail(ErrorKind::internal, "no memory to unpack a request body");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closed(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  std::string out;
  std::array<char, piece_bytes> piece;
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    const int status = inflate(&stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END) return broken("gzip");
    const size_t made = piece.size() - stream.avail_out;
    if (out.size() + made > bytes_max) return too_large(bytes_max);
    out.append(piece.data(), made);
    if (status != Z_STREAM_END) continue;
    if (stream.avail_in == 0) return out;
    if (inflateReset(&stream) != Z_OK) return broken("gzip");
  }
}

Result<std::string> unpack_zstd(const std::string& body, size_t bytes_max) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr) return fail(ErrorKind::internal, "no memory to unpack a request body");
  // A frame says how large a window its reader must hold: at most what RFC 8878 asks of every reader.
  constexpr int window_log_max = 23;
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log_max);
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::string out;
  std::array<char, piece_bytes> piece;
  size_t wanted = 1;  // of the present frame; 0: it is complete
  while (in.pos < in.size || wanted != 0) {
    ZSTD_outBuffer made{piece.data(), piece.size(), 0};
    const size_t before = in.pos;
    wanted = ZSTD_decompressStream(context.get(), &made, &in);
    if (ZSTD_isError(wanted) != 0U) return broken("zstd");
    if (out.size() + made.pos > bytes_max) return too_large(bytes_max);
    out.append(piece.data(), made.pos);
    if (made.pos == 0 && in.pos == before && wanted != 0) return broken("zstd");
  }
  return out;
}

}  // namespace

Result<std::string> decode_body(std::string_view coding, std::string body, size_t bytes_max) {
  const std::string lower = lower_case(coding);
  if (lower.empty() || lower == "identity") return body;
  if (lower == "gzip" || lower == "x-gzip") return gunzip(body, bytes_max);
  if (lower == "zstd") return unpack_zstd(body, bytes_max);
  return fail(ErrorKind::unsupported,
              fmt::format("content encoding '{}' is not served; accepted are {}", lower, accepted_codings));
}

}  // namespace quire::server
