// GGUF files: any bytes are an error or a file whose every claim holds.
#include "../tests/gguf/walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(input), size);
  const auto file = quire::gguf::File::parse(bytes);
  if (file) {
    // The sum goes somewhere, so that reading cannot be left out.
    [[maybe_unused]] static volatile uint64_t sink = 0;
    sink = quire::gguf::test::walk(*file, bytes);
  }
  return 0;
}
