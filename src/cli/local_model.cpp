#include "cli/local_model.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "base/clock.h"
#include "base/progress.h"
#include "server/settings.h"

namespace quire::cli {
namespace {

Result<server::Settings> read_settings() {
  return server::read_settings([](const char* name) { return std::getenv(name); });
}

Result<std::shared_ptr<Machine>> make_machine(std::optional<int32_t> threads, const server::Settings& settings) {
  QUIRE_TRY(Machine::Options options, machine_options(settings));
  if (threads) options.threads = *threads;
  return Machine::create(options);
}

}  // namespace

Result<void> check_generates(const ModelConfig& config) {
  if (!config.whole_texts) return {};
  return fail(
      ErrorKind::unsupported,
      fmt::format("a model of architecture {} generates nothing: it makes vectors of texts", config.architecture));
}

Result<std::unique_ptr<LocalModel>> LocalModel::open(const std::string& path, std::optional<int32_t> threads,
                                                     std::optional<KvType> kv_type) {
  QUIRE_TRY(const server::Settings settings, read_settings());
  QUIRE_TRY(const std::shared_ptr<Machine> machine, make_machine(threads, settings));
  return load(path, machine, {.kv_type = kv_type.value_or(settings.kv_type)}, machine->weight_loader());
}

Result<std::unique_ptr<LocalModel>> LocalModel::open_generator(const std::string& path, std::optional<int32_t> threads,
                                                               std::optional<KvType> kv_type, bool mtp) {
  QUIRE_TRY(const server::Settings settings, read_settings());
  QUIRE_TRY(const std::shared_ptr<Machine> machine, make_machine(threads, settings));
  const ModelOptions options{.kv_type = kv_type.value_or(settings.kv_type), .mtp = mtp};
  QUIRE_TRY(auto local, load(path, machine, options, machine->weight_loader()));
  QUIRE_TRY_VOID(check_generates(local->model().config()));
  return local;
}

Result<std::unique_ptr<LocalModel>> LocalModel::open_on(const std::string& path, std::optional<int32_t> threads,
                                                        const MakeCpuBackend& make) {
  QUIRE_TRY(const server::Settings settings, read_settings());
  QUIRE_TRY(const std::shared_ptr<Machine> machine, make_machine(threads, settings));
  return load(path, machine, {.kv_type = settings.kv_type}, machine->weight_loader(make));
}

Result<std::unique_ptr<LocalModel>> LocalModel::open_beside(const std::string& path) const {
  return load(path, machine_, {.kv_type = kv_type_}, machine_->weight_loader());
}

Result<std::unique_ptr<LocalModel>> LocalModel::load(const std::string& path, std::shared_ptr<Machine> machine,
                                                     const ModelOptions& options, const WeightLoader& load_weights) {
  QUIRE_TRY(gguf::File file, gguf::File::open(path));
  std::unique_ptr<LocalModel> local(new LocalModel(std::move(file), std::move(machine), options.kv_type));
  const SteadyClock clock;
  ProgressBar bar("loading " + std::filesystem::path(path).filename().native(), clock, progress_patience_ns);
  const auto progress = [&](uint64_t done, uint64_t total) {
    bar.update(done, total);
    return true;
  };
  QUIRE_TRY(local->loaded_, load_weights(local->file_, options, progress));
  return local;
}

LocalModel::LocalModel(gguf::File file, std::shared_ptr<Machine> machine, KvType kv_type)
    : file_(std::move(file)), machine_(std::move(machine)), kv_type_(kv_type) {}

Result<LocalModel::Places> LocalModel::places() const {
  Places places;
  for (const PlacedStage& stage : loaded_->stages()) {
    Device& device = stage.backend->device();
    QUIRE_TRY(const std::optional<DeviceMemoryRoom> room, device.room());
    places.devices += fmt::format("{}{}", places.devices.empty() ? "" : ", ", device.name());
    places.ends_on_gpu = room.has_value();
    if (room) places.gpu_layers += stage.layers.count();
  }
  return places;
}

Result<ModelExecutor> LocalModel::make_executor(const Limits& limits) const {
  QUIRE_TRY(ModelInstance instance, make_instance(limits));
  return ModelExecutor(std::move(instance), machine_->workers());
}

Result<ModelExecutor> LocalModel::make_mtp_executor(const Limits& limits) const {
  QUIRE_TRY(ModelInstance instance, loaded_->make_mtp_instance(limits));
  return ModelExecutor(std::move(instance), machine_->workers());
}

}  // namespace quire::cli
