// What a server reads beside its models: any text is a record or an error, and a record survives being written.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "store/tune_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace quire::store;
  const auto record = parse_tune({reinterpret_cast<const char*>(bytes), size});
  if (!record) return 0;
  const auto again = parse_tune(tune_text(*record));
  QUIRE_CHECK(again && *again == *record, "a record is what it is written as");
  return 0;
}
