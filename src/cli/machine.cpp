#include "cli/machine.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/control_group.h"
#include "kernels/kernels.h"
#include "model/context_memory.h"
#include "model/placement/placement.h"
#include "model/workspace.h"

namespace quire::cli {
namespace {

Result<const KernelTable*> choose_kernels(const std::string& name) {
  if (name.empty()) return supported_kernel_tables().back();
  if (const KernelTable* table = find_kernel_table(name)) return table;
  std::string names;
  for (const KernelTable* table : supported_kernel_tables()) names += fmt::format(" {}", table->name);
  return fail(ErrorKind::unsupported, fmt::format("QUIRE_ISA: no table '{}' here; there are{}", name, names));
}

bool has_scalar_bits(const KernelTable& table) {
  return table.round_activations == nullptr && table.matmul_bf16 == nullptr;
}

// Not for a model: what the driver, and others, take at any time.
uint64_t reserve_bytes(const DeviceMemoryRoom& room) { return std::min(room.total_bytes / 16, uint64_t{512} << 20); }

// A GPU for a model that is to be placed.
struct Candidate {
  std::unique_ptr<Backend> backend;
  uint64_t free_bytes = 0;
};

Result<Candidate> candidate(Gpus& gpus, size_t index, Team& workers, const StepShape& shape) {
  QUIRE_TRY(std::unique_ptr<Backend> backend, gpus.make_backend(index, workers));
  QUIRE_TRY_VOID(backend->check(shape));
  QUIRE_TRY(const std::optional<DeviceMemoryRoom> room, backend->device().room());
  const uint64_t reserve = reserve_bytes(*room);
  return Candidate{.backend = std::move(backend),
                   .free_bytes = room->free_bytes > reserve ? room->free_bytes - reserve : 0};
}

std::vector<gguf::TensorSpec> specs_of(const gguf::File& file) {
  std::vector<gguf::TensorSpec> specs;
  for (const TensorView& tensor : file.tensors()) {
    specs.push_back({.name = tensor.name, .type = tensor.type, .shape = tensor.shape});
  }
  return specs;
}

Result<ModelSizes> sizes_of(const gguf::File& file, const ModelConfig& config, const Limits& limits,
                            const Backend& on) {
  ModelSizes sizes;
  QUIRE_TRY(sizes.weights, weight_sizes(config, specs_of(file)));
  for (int64_t layer = 0; layer < config.layer_count(); ++layer) {
    const ContextMemory memory = context_memory(config, limits.block_tokens, {.begin = layer, .end = layer + 1});
    sizes.context_bytes.push_back(static_cast<uint64_t>(memory.context_bytes(limits.context_tokens)));
    sizes.may_begin.push_back(may_begin_stage(config, layer));
  }
  sizes.workspace_bytes = Workspace::rows_size_bytes(config, limits, all_layers(config)) +
                          on.scratch_size_bytes(Workspace::scratch_shape(config, limits));
  return sizes;
}

}  // namespace

Result<std::unique_ptr<Machine>> Machine::create(const Options& options) {
  QUIRE_TRY(const KernelTable* kernels, choose_kernels(options.isa));
  QUIRE_TRY(std::unique_ptr<Gpus> gpus, Gpus::find(options.gpus));
  if (gpus->count() > 0 && options.isa.empty()) kernels = &best_table_with_scalar_bits();
  if (gpus->count() > 0 && !has_scalar_bits(*kernels)) {
    const std::string conflict = fmt::format("QUIRE_ISA={}: an arithmetic that no GPU has", options.isa);
    if (options.gpus.choice != DeviceChoice::automatic) return fail(ErrorKind::unsupported, conflict);
    spdlog::warn("{}; GPUs are not used", conflict);
    QUIRE_TRY(gpus, Gpus::find({.choice = DeviceChoice::cpu}));
  }
  const int workers = options.threads > 0 ? options.threads : usable_cpus(options.root);
  return std::unique_ptr<Machine>(new Machine(workers, *kernels, options, std::move(gpus)));
}

std::vector<std::string> Machine::describe_gpus() {
  std::vector<std::string> lines;
  for (size_t index = 0; index < gpus_->count(); ++index) {
    const auto gpu = gpus_->open(index);
    const auto memory = gpu ? (*gpu)->memory() : std::unexpected(gpu.error());
    lines.push_back(memory ? fmt::format("GPU {}: {}; {:.1f} of {:.1f} GiB are free", index, (*gpu)->description(),
                                         static_cast<double>(memory->free_bytes) / (1 << 30),
                                         static_cast<double>(memory->total_bytes) / (1 << 30))
                           : fmt::format("GPU {} is not used: {}", index, memory.error().message));
  }
  return lines;
}

std::vector<server::DeviceStatus> Machine::read_gpus() const {
  std::vector<server::DeviceStatus> devices;
  for (size_t index = 0; index < gpus_->count(); ++index) {
    const std::shared_ptr<const Gpu> gpu = gpus_->find_open(index);
    const auto memory = gpu != nullptr ? gpu->memory() : fail(ErrorKind::device, "it is not open");
    if (!memory) continue;
    devices.push_back({gpu->facts().name, memory->free_bytes, memory->total_bytes});
  }
  return devices;
}

PlacedStage Machine::on_cores(LayerRange layers) {
  return {.backend = std::make_unique<CpuBackend>(team_, kernels_), .layers = layers};
}

Result<std::vector<PlacedStage>> Machine::place(const gguf::File& file, const ModelConfig& config,
                                                const ModelOptions& options) {
  const std::optional<int64_t> wanted = options.gpu_layers ? options.gpu_layers : options_.gpu_layers;
  Limits limits;
  if (options_.running_max > 0) limits.running_max = options_.running_max;
  limits.context_tokens =
      static_cast<int32_t>(options_.context_tokens > 0 ? std::min<int64_t>(options_.context_tokens, config.context_max)
                                                       : config.context_max);
  std::vector<Candidate> candidates;
  std::vector<uint64_t> free_bytes;
  for (size_t index = 0; wanted != 0 && index < gpus_->count(); ++index) {
    auto found = candidate(*gpus_, index, team_, Workspace::scratch_shape(config, limits));
    if (!found) {
      spdlog::warn("GPU {} is not used: {}", index, found.error().message);
      continue;
    }
    free_bytes.push_back(found->free_bytes);
    candidates.push_back(std::move(*found));
  }
  std::vector<PlacedStage> placed;
  if (candidates.empty()) {
    placed.push_back(on_cores(all_layers(config)));
    return placed;
  }
  QUIRE_TRY(const ModelSizes sizes, sizes_of(file, config, limits, *candidates.front().backend));
  const std::vector<LayerRange> ranges = place_layers(sizes, free_bytes, wanted);
  if (const int64_t end = ranges.front().begin; end > 0) placed.push_back(on_cores({.begin = 0, .end = end}));
  for (size_t index = 0; index < ranges.size(); ++index) {
    if (ranges[index].count() == 0) continue;
    placed.push_back({.backend = std::move(candidates[index].backend), .layers = ranges[index]});
  }
  return placed;
}

WeightLoader Machine::weight_loader() {
  return [this](const gguf::File& file, const ModelOptions& options,
                LoadProgress progress) -> Result<std::unique_ptr<LoadedModel>> {
    const auto place = [this](const gguf::File& of, const ModelConfig& config, const ModelOptions& wish) {
      return this->place(of, config, wish);
    };
    auto loaded = LoadedModel::load(file, place, options, progress);
    const bool is_wish = options.gpu_layers || options_.gpu_layers;
    if (loaded || gpus_->count() == 0 || is_wish) return loaded;
    const ErrorKind kind = loaded.error().kind;
    if (kind != ErrorKind::device && kind != ErrorKind::unsupported) return loaded;
    spdlog::warn("the cores compute this model: {}", loaded.error().message);
    ModelOptions on_cores = options;
    on_cores.gpu_layers = 0;
    return LoadedModel::load(file, place, on_cores, progress);
  };
}

Result<Machine::Options> machine_options(const server::Settings& settings) {
  Machine::Options options{.threads = settings.threads,
                           .isa = settings.isa,
                           .root = settings.machine_root,
                           .gpus = {.cuda_library = settings.cuda_library, .vulkan_library = settings.vulkan_library},
                           .gpu_layers = settings.gpu_layers,
                           .context_tokens = settings.context_tokens,
                           .running_max = settings.parallel_max};
  if (settings.device.empty()) return options;
  const Result<DeviceChoice> choice = parse_device_choice(settings.device);
  if (!choice) return fail(ErrorKind::invalid, fmt::format("QUIRE_DEVICE: {}", choice.error().message));
  options.gpus.choice = *choice;
  return options;
}

}  // namespace quire::cli
