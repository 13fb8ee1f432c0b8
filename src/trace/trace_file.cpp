#include <fmt/format.h>
#include <zstd.h>

#include <array>
#include <fstream>
#include <memory>

#include "trace/trace.h"

namespace quire::trace {

namespace {

constexpr std::string_view zstd_magic = "\x28\xB5\x2F\xFD";  // RFC 8878, 3.1.1

std::unexpected<Error> too_long(const std::string& path) {
  return fail(ErrorKind::too_large, fmt::format("{}: more than the {} MB that a trace may have", path,
                                                TraceBounds::bytes >> 20));
}

Result<std::string> decompress(const std::string& bytes, const std::string& path) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::string text;
  std::array<char, 1 << 16> part;
  ZSTD_inBuffer in{.src = bytes.data(), .size = bytes.size(), .pos = 0};
  for (size_t expected = 1; in.pos < in.size || expected != 0;) {
    ZSTD_outBuffer out{.dst = part.data(), .size = part.size(), .pos = 0};
    const size_t consumed_before = in.pos;
    expected = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(expected) != 0) {
      return fail(ErrorKind::invalid, fmt::format("{}: not zstd data: {}", path, ZSTD_getErrorName(expected)));
    }
    text.append(part.data(), out.pos);
    if (text.size() > TraceBounds::bytes) return too_long(path);
    if (expected != 0 && out.pos == 0 && in.pos == consumed_before) {
      return fail(ErrorKind::invalid, fmt::format("{}: zstd data that ends too early", path));
    }
  }
  return text;
}

}  // namespace

Result<std::string> read_trace_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::not_found, fmt::format("{}: no such file", path));
  std::string bytes;
  std::array<char, 1 << 16> part;
  while (file.read(part.data(), part.size()) || file.gcount() > 0) {
    bytes.append(part.data(), static_cast<size_t>(file.gcount()));
    if (bytes.size() > TraceBounds::bytes) return too_long(path);
  }
  if (file.bad()) return fail(ErrorKind::io, fmt::format("{}: cannot be read", path));
  return bytes.starts_with(zstd_magic) ? decompress(bytes, path) : Result<std::string>(std::move(bytes));
}

}  // namespace quire::trace
