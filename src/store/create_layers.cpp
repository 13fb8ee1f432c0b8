#include "store/create_layers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/team.h"
#include "gguf/convert.h"
#include "gguf/file.h"
#include "store/model_facts.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

constexpr size_t piece_bytes = 1 << 20;

// Calls use(piece) for each piece of an open file.
Result<void> each_piece(int file, const fs::path& path, FunctionRef<Result<void>(std::span<const std::byte>)> use) {
  std::vector<std::byte> piece(piece_bytes);
  for (;;) {
    const ssize_t count = ::read(file, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return disk_failure("read", path, errno);
    if (count == 0) return {};
    QUIRE_TRY_VOID(use(std::span(piece).first(static_cast<size_t>(count))));
  }
}

Result<BlobHold> copy_in(const StoreFolder& folder, const CreateHooks& hooks, const fs::path& path,
                         std::string_view expected) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return disk_failure("read", path, errno);
  QUIRE_TRY(BlobWriter writer, folder.begin_blob(static_cast<uint64_t>(status.st_size)));
  QUIRE_TRY_VOID(each_piece(file.get(), path, [&](std::span<const std::byte> piece) -> Result<void> {
    if (hooks.cancelled()) return fail(ErrorKind::cancelled, "the model's creation was cancelled");
    return writer.append(piece);
  }));
  return writer.finish(expected);
}

}  // namespace

void CreateLayers::push(BlobHold hold, std::string_view type, std::string from, bool is_new) {
  layers_.push_back({.media_type = std::string(type),
                     .digest = hold.digest,
                     .size_bytes = hold.size_bytes,
                     .from = std::move(from),
                     .name = {}});
  statuses_.push_back(fmt::format("{} {}", is_new ? "creating new layer" : "using existing layer", hold.digest));
  holds_.push_back(std::move(hold));
}

Result<void> CreateLayers::take(const Layer& layer, const StoreFolder& other, std::string from) {
  if (std::optional<BlobHold> hold = folder_.hold_blob(layer.digest, layer.size_bytes)) {
    push(std::move(*hold), layer.media_type, std::move(from), false);
    return {};
  }
  QUIRE_TRY(BlobHold hold, copy_in(folder_, hooks_, other.blob_path(layer.digest), layer.digest));
  push(std::move(hold), layer.media_type, std::move(from), true);
  return {};
}

Result<void> CreateLayers::take_blob(std::string_view digest, std::string_view type, std::string from) {
  std::optional<BlobHold> hold = folder_.hold_blob(digest);
  if (!hold) return fail(ErrorKind::invalid, fmt::format("blob {} was not sent", digest));
  push(std::move(*hold), type, std::move(from), false);
  return {};
}

Result<void> CreateLayers::import_file(const fs::path& path, std::string_view type) {
  QUIRE_TRY(BlobHold hold, copy_in(folder_, hooks_, path, {}));
  push(std::move(hold), type, {}, true);
  return {};
}

Result<void> CreateLayers::add_text(std::string_view type, std::string_view text) {
  const bool is_new = !folder_.hold_blob(digest_of(text));
  QUIRE_TRY(BlobHold hold, folder_.put_blob(text));
  push(std::move(hold), type, {}, is_new);
  return {};
}

Result<gguf::File> CreateLayers::open(std::span<const size_t> parts) const {
  if (parts.size() == 1) return gguf::File::open(path(parts[0]));
  std::vector<fs::path> paths;
  for (const size_t part : parts) paths.push_back(path(part));
  return gguf::File::open(paths);
}

Result<bool> CreateLayers::quantize(std::span<const size_t> parts, std::string_view type_name) {
  const std::optional<gguf::FileType> type = gguf::find_file_type(type_name);
  if (!type) {
    return fail(ErrorKind::invalid,
                fmt::format("unknown quantization type {}; expected one of {}", type_name, gguf::file_type_names()));
  }
  QUIRE_TRY(const gguf::File source, open(parts));
  const ModelFacts facts = facts_of(source);
  // A file that does not say is of the type that most of its weights have.
  const std::string_view source_name = facts.file_type < 0 ? facts.main_type : file_type_name(facts.file_type);
  if (facts.file_type == static_cast<int64_t>(*type)) return false;
  if (source_name != "F16" && source_name != "BF16" && source_name != "F32") {
    return fail(ErrorKind::invalid, "quantization is only supported for F16, BF16 and F32 models");
  }
  // Its name is free again at once; the conversion writes the whole file under it, or nothing.
  QUIRE_TRY(NamedTemporary temporary, make_temporary(folder_.root() / "blobs"));
  CreateStatus status{.status = fmt::format("quantizing {} model to {}", source_name, gguf::file_type_name(*type)),
                      .digest = "0000000000000000000",
                      .total_bytes = source.size_bytes(),
                      .completed_bytes = 0};
  Team team(hooks_.threads);
  QUIRE_TRY_VOID(gguf::convert_file(source, *type, temporary.path(), team, [&](uint64_t done, uint64_t total) {
    const double part = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    status.completed_bytes = static_cast<uint64_t>(part * static_cast<double>(status.total_bytes));
    hooks_.report(status);
  }));
  hooks_.report({.status = "verifying conversion"});
  const Descriptor file(::open(temporary.path().c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return disk_failure("read", temporary.path(), errno);
  Sha256 hash;
  QUIRE_TRY_VOID(each_piece(file.get(), temporary.path(), [&](std::span<const std::byte> piece) -> Result<void> {
    hash.update(piece);
    return {};
  }));
  const std::string digest = "sha256:" + hash.finish_hex();
  QUIRE_TRY(BlobHold hold, folder_.adopt_blob(temporary.path(), digest));
  temporary.forget();  // its name may be another's by now
  const size_t first = parts[0];
  layers_[first].digest = digest;
  layers_[first].size_bytes = hold.size_bytes;
  layers_[first].from.clear();
  statuses_[first] = fmt::format("creating new layer {}", digest);
  holds_[first] = std::move(hold);
  for (size_t i = parts.size(); i-- > 1;) remove_at(parts[i]);
  return true;
}

void CreateLayers::remove_at(size_t index) {
  const auto at = static_cast<std::ptrdiff_t>(index);
  layers_.erase(layers_.begin() + at);
  holds_.erase(holds_.begin() + at);
  statuses_.erase(statuses_.begin() + at);
}

void CreateLayers::remove(std::string_view type) {
  for (size_t i = layers_.size(); i-- > 0;) {
    if (layers_[i].media_type == type) remove_at(i);
  }
}

bool CreateLayers::has(std::string_view type, std::string_view digest) const {
  return std::ranges::any_of(layers_,
                             [&](const Layer& layer) { return layer.media_type == type && layer.digest == digest; });
}

Result<void> CreateLayers::write(const ModelName& name, const ModelConfig& config) const {
  QUIRE_TRY(const BlobHold config_blob, folder_.put_blob(config.to_json()));
  for (const std::string& status : statuses_) hooks_.report({.status = status});
  if (hooks_.cancelled()) return fail(ErrorKind::cancelled, "the model's creation was cancelled");
  hooks_.report({.status = "writing manifest"});
  Manifest manifest;
  manifest.config = {.media_type = std::string(media_type::config),
                     .digest = config_blob.digest,
                     .size_bytes = config_blob.size_bytes};
  manifest.layers = layers_;
  const Result<std::vector<std::string>> written = folder_.replace_manifest(name, manifest.to_json());
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace quire::store
