// A stand-in for libcuda.so.1 where there is no GPU: the calls that quire makes, over the same kernels on fibers.
#include "gpu/stand_in/stand_in.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>

#include "backend/gpu/cuda_driver.h"
#include "gpu/machine.h"
#include "gpu/stand_in/device_memory.h"
#include "kernels/gpu/kernel_list.h"

#define QUIRE_EXPORT extern "C" __attribute__((visibility("default")))

namespace quire::test {
namespace {

using cuda::Code;

constexpr Code invalid_value = 1;
constexpr Code not_found = 500;
constexpr Code illegal_address = 700;

// What runs one kernel, on its arguments.
struct Entry {
  size_t args_bytes;
  int threads;
  int64_t (*blocks)(const void* args);
  void (*run)(Machine& machine, const void* args);
};

template <typename Kernel>
Entry entry_of() {
  using Args = typename Kernel::Args;
  return {.args_bytes = sizeof(Args),
          .threads = Kernel::threads,
          .blocks = [](const void* args) { return Kernel::grid(*static_cast<const Args*>(args)).blocks; },
          .run = [](Machine& machine, const void* args) { machine.launch<Kernel>(*static_cast<const Args*>(args)); }};
}

const std::map<std::string_view, Entry>& entries() {
  using namespace gpu;  // NOLINT: the list's names are of it
#define QUIRE_ENTRY(name, ...) {"quire_" #name, entry_of<__VA_ARGS__>()},
  static const std::map<std::string_view, Entry> all = {
      QUIRE_GPU_KERNELS(QUIRE_ENTRY) QUIRE_GPU_DOT_KERNELS(QUIRE_ENTRY) QUIRE_GPU_TENSOR_KERNELS(QUIRE_ENTRY)};
#undef QUIRE_ENTRY
  return all;
}

// What a module's text has, read once: the text is a part of the program.
const std::set<std::string_view>& entry_names(const char* image) {
  static std::map<const char*, std::set<std::string_view>> all;
  const auto [found, is_new] = all.try_emplace(image);
  constexpr std::string_view before = ".entry ";
  const std::string_view text = is_new ? image : "";
  for (size_t at = text.find(before); at != std::string_view::npos; at = text.find(before, at)) {
    at += before.size();
    found->second.insert(text.substr(at, text.find('(', at) - at));
  }
  return found->second;
}

// The card and all that is on it: of any thread, one call at a time.
struct Card {
  explicit Card(const StandInCard& the_facts)
      : facts(the_facts), memory(the_facts.memory_bytes), machine(the_facts.seed) {}

  StandInCard facts;
  StandInMemory memory;
  Machine machine;
  std::map<void*, size_t> host_memory;
  StandInCounts counts;
  int64_t calls_to_failure = 0;  // 0: none is to fail
  Code failure = cuda::success;
  bool stays_failed = false;
  Code lost = cuda::success;
};

std::unique_ptr<Card> card;
std::mutex one_call;

// Whether this call fails, and how.
Code called() {
  if (card == nullptr) return invalid_value;
  if (card->lost != cuda::success) return card->lost;
  ++card->counts.calls;
  if (card->calls_to_failure == 0 || --card->calls_to_failure > 0) return cuda::success;
  if (card->stays_failed) card->lost = card->failure;
  return card->failure;
}

bool is_on_card(uint64_t address, size_t size_bytes) { return card->memory.contains(address, size_bytes); }

bool is_of_host(const void* memory, size_t size_bytes) {
  const auto next = card->host_memory.upper_bound(const_cast<void*>(memory));
  if (next == card->host_memory.begin()) return false;
  const auto& [begin, size] = *std::prev(next);
  const auto offset = static_cast<size_t>(static_cast<const std::byte*>(memory) - static_cast<std::byte*>(begin));
  return size_bytes <= size && offset <= size - size_bytes;
}

}  // namespace
}  // namespace quire::test

using namespace quire::test;  // NOLINT: what follows are the library's functions
using quire::cuda::Code;
using quire::cuda::success;

#define QUIRE_MAY_FAIL()                          \
  const std::lock_guard lock(quire::test::one_call); \
  if (const Code code = called(); code != success) return code

QUIRE_EXPORT void quire_stand_in_card(const StandInCard& facts) { card = std::make_unique<Card>(facts); }

QUIRE_EXPORT void quire_stand_in_fail(int64_t number, int code, bool is_lost) {
  card->calls_to_failure = number;
  card->failure = code;
  card->stays_failed = is_lost;
}

QUIRE_EXPORT StandInCounts quire_stand_in_counts() { return card->counts; }

QUIRE_EXPORT Code cuInit(unsigned flags) {
  if (flags != 0) return invalid_value;
  if (card == nullptr) {
    card = std::make_unique<Card>(StandInCard{});
    if (const char* number = std::getenv("QUIRE_STAND_IN_LOST_AT")) {
      quire_stand_in_fail(std::atoll(number), illegal_address, true);
    }
  }
  return called();
}

QUIRE_EXPORT Code cuGetErrorName(Code code, const char** name) {
  *name = code == quire::cuda::out_of_memory ? "CUDA_ERROR_OUT_OF_MEMORY"
          : code == illegal_address          ? "CUDA_ERROR_ILLEGAL_ADDRESS"
                                             : "CUDA_ERROR_UNKNOWN";
  return success;
}
QUIRE_EXPORT Code cuGetErrorString(Code code, const char** text) {
  *text = code == quire::cuda::out_of_memory ? "out of memory" : "an error of the stand-in";
  return success;
}

QUIRE_EXPORT Code cuDeviceGetCount(int* count) {
  QUIRE_MAY_FAIL();
  *count = 1;
  return success;
}
QUIRE_EXPORT Code cuDeviceGet(int* device, int index) {
  QUIRE_MAY_FAIL();
  if (index != 0) return invalid_value;
  *device = 7;
  return success;
}
QUIRE_EXPORT Code cuDeviceGetName(char* name, int size, int) {
  QUIRE_MAY_FAIL();
  std::strncpy(name, "stand-in", static_cast<size_t>(size));
  return success;
}
QUIRE_EXPORT Code cuDeviceGetAttribute(int* value, int attribute, int) {
  QUIRE_MAY_FAIL();
  const StandInCard& facts = card->facts;
  if (attribute == quire::cuda::multiprocessor_count) *value = facts.multiprocessors;
  if (attribute == quire::cuda::compute_capability_major) *value = facts.compute_capability / 10;
  if (attribute == quire::cuda::compute_capability_minor) *value = facts.compute_capability % 10;
  return success;
}
QUIRE_EXPORT Code cuDevicePrimaryCtxRetain(void** context, int) {
  QUIRE_MAY_FAIL();
  *context = card.get();
  return success;
}
QUIRE_EXPORT Code cuDevicePrimaryCtxRelease_v2(int) { return success; }
QUIRE_EXPORT Code cuCtxSetCurrent(void* context) { return context == card.get() ? called() : invalid_value; }

QUIRE_EXPORT Code cuModuleLoadDataEx(void** module, const void* image, unsigned, int*, void**) {
  QUIRE_MAY_FAIL();
  *module = const_cast<void*>(image);
  return entry_names(static_cast<const char*>(image)).empty() ? invalid_value : success;
}
QUIRE_EXPORT Code cuModuleUnload(void*) { return success; }
QUIRE_EXPORT Code cuModuleGetFunction(void** function, void* module, const char* name) {
  QUIRE_MAY_FAIL();
  const auto found = entries().find(name);
  const bool is_in_text = entry_names(static_cast<const char*>(module)).contains(name);
  if (found == entries().end() || !is_in_text) return not_found;
  *function = const_cast<Entry*>(&found->second);
  return success;
}

QUIRE_EXPORT Code cuMemGetInfo_v2(size_t* free_bytes, size_t* total_bytes) {
  QUIRE_MAY_FAIL();
  *free_bytes = card->memory.free_bytes();
  *total_bytes = card->memory.size_bytes();
  return success;
}
QUIRE_EXPORT Code cuMemAlloc_v2(uint64_t* address, size_t size_bytes) {
  QUIRE_MAY_FAIL();
  *address = card->memory.allocate(size_bytes);
  if (*address == 0) return quire::cuda::out_of_memory;
  card->counts.device_bytes = static_cast<int64_t>(card->memory.size_bytes() - card->memory.free_bytes());
  return success;
}
QUIRE_EXPORT Code cuMemFree_v2(uint64_t address) {
  const std::lock_guard lock(one_call);
  const bool was_there = card->memory.free(address);
  card->counts.device_bytes = static_cast<int64_t>(card->memory.size_bytes() - card->memory.free_bytes());
  return was_there ? success : invalid_value;
}
QUIRE_EXPORT Code cuMemAllocHost_v2(void** memory, size_t size_bytes) {
  QUIRE_MAY_FAIL();
  *memory = std::malloc(size_bytes);
  if (*memory == nullptr) return quire::cuda::out_of_memory;
  card->host_memory[*memory] = size_bytes;
  card->counts.host_bytes += static_cast<int64_t>(size_bytes);
  return success;
}
QUIRE_EXPORT Code cuMemFreeHost(void* memory) {
  const std::lock_guard lock(one_call);
  const auto found = card->host_memory.find(memory);
  if (found == card->host_memory.end()) return invalid_value;
  card->counts.host_bytes -= static_cast<int64_t>(found->second);
  card->host_memory.erase(found);
  std::free(memory);
  return success;
}

QUIRE_EXPORT Code cuMemsetD8Async(uint64_t to, unsigned char value, size_t size_bytes, void*) {
  QUIRE_MAY_FAIL();
  if (!is_on_card(to, size_bytes)) return invalid_value;
  const StandInMemory::Open open(card->memory);
  card->memory.fill(to, value, size_bytes);
  return success;
}
// Asynchronous copies want memory of the host that they can read by themselves.
QUIRE_EXPORT Code cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t size_bytes, void*) {
  QUIRE_MAY_FAIL();
  if (!is_on_card(to, size_bytes) || !is_of_host(from, size_bytes)) return invalid_value;
  const StandInMemory::Open open(card->memory);
  std::memcpy(reinterpret_cast<void*>(to), from, size_bytes);
  return success;
}
QUIRE_EXPORT Code cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t size_bytes, void*) {
  QUIRE_MAY_FAIL();
  if (!is_on_card(from, size_bytes) || !is_of_host(to, size_bytes)) return invalid_value;
  const StandInMemory::Open open(card->memory);
  std::memcpy(to, reinterpret_cast<const void*>(from), size_bytes);
  return success;
}

QUIRE_EXPORT Code cuStreamCreate(void** stream, unsigned) {
  QUIRE_MAY_FAIL();
  *stream = std::malloc(1);
  return success;
}
QUIRE_EXPORT Code cuStreamDestroy_v2(void* stream) {
  std::free(stream);
  return success;
}
QUIRE_EXPORT Code cuStreamSynchronize(void*) { return called(); }

QUIRE_EXPORT Code cuLaunchKernel(void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                                 unsigned block_y, unsigned block_z, unsigned shared_bytes, void*, void** parameters,
                                 void** extra) {
  QUIRE_MAY_FAIL();
  const bool is_row = grid_y == 1 && grid_z == 1 && block_y == 1 && block_z == 1;
  if (!is_row || grid_x == 0 || shared_bytes != 0 || parameters != nullptr) return invalid_value;
  if (extra[0] != quire::cuda::launch_arguments || extra[2] != quire::cuda::launch_arguments_bytes) {
    return invalid_value;
  }
  const Entry& entry = *static_cast<const Entry*>(function);
  const void* const args = extra[1];
  if (*static_cast<const size_t*>(extra[3]) != entry.args_bytes || static_cast<int>(block_x) != entry.threads ||
      entry.blocks(args) != static_cast<int64_t>(grid_x)) {
    return invalid_value;
  }
  ++card->counts.launches;
  const StandInMemory::Open open(card->memory);
  entry.run(card->machine, args);
  return success;
}
