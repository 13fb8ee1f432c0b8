#include "store/create.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "gguf/file.h"
#include "store/create_layers.h"
#include "store/json_text.h"
#include "store/model_defaults.h"
#include "store/model_facts.h"

namespace quire::store {
namespace {

namespace fs = std::filesystem;

// The first version of Ollama that reads models in several files: an older one that pulls such a model says so.
constexpr std::string_view split_requires = "0.35.0";

std::unexpected<Error> invalid(std::string message) { return fail(ErrorKind::invalid, std::move(message)); }

Result<void> refuse_unsupported(const CreateRequest& request) {
  const auto refuse = [](std::string why) { return fail(ErrorKind::unsupported, std::move(why)); };
  if (!request.adapters.empty()) return refuse("adapters are not supported: LoRA weights are not applied");
  if (!request.draft_files.empty()) return refuse("draft models are not supported");
  if (!request.remote_host.empty())
    return refuse("remote hosts are not supported: models are served from this machine");
  for (const CreateRequest::File& file : request.files) {
    const fs::path path(file.name);
    if (file.name.empty() || path.is_absolute() || std::ranges::find(path, fs::path("..")) != path.end()) {
      return invalid("file path must be relative");
    }
    if (lower_case(path.extension().native()) == ".safetensors") {
      return refuse(fmt::format("{}: safetensors are not supported, convert them to GGUF first", file.name));
    }
  }
  return {};
}

// One model that is being made.
class Creation {
 public:
  Creation(const StoreFolder& folder, const Catalog& catalog, const CreateRequest& request, const CreateHooks& hooks)
      : catalog_(catalog), request_(request), hooks_(hooks), layers_(folder, hooks) {}

  Result<void> run() {
    QUIRE_TRY_VOID(refuse_unsupported(request_));
    QUIRE_TRY_VOID(take_base());
    QUIRE_TRY_VOID(describe_weights());
    QUIRE_TRY_VOID(put_texts());
    QUIRE_TRY_VOID(put_parameters());
    QUIRE_TRY_VOID(put_messages());
    QUIRE_TRY_VOID(layers_.write(request_.name, config_));
    hooks_.report({.status = "success"});
    return {};
  }

 private:
  Result<void> take_base() {
    if (request_.from.empty() && request_.files.empty()) {
      return invalid("neither 'from' or 'files' was specified");
    }
    if (request_.from.empty()) return take_files();
    if (const Result<std::string> digest = parse_digest(request_.from)) {
      return take_gguf(*digest, request_.from);
    }
    if (request_.from.starts_with('/')) return import_gguf(request_.from);
    QUIRE_TRY(const ModelFile base, catalog_.find(request_.from));
    return take_model(base);
  }

  Result<void> take_model(const ModelFile& base) {
    if (!base.stored) {
      if (!base.parts.empty()) {
        for (const fs::path& part : base.parts) QUIRE_TRY_VOID(import_gguf(part));
        return {};
      }
      return import_gguf(base.path);
    }
    config_ = base.stored->config;
    for (const Layer& layer : base.stored->layers) {
      QUIRE_TRY_VOID(layers_.take(layer, StoreFolder::reading(base.stored->folder), base.stored->name.display()));
    }
    return {};
  }

  Result<void> take_files() {
    std::vector<CreateRequest::File> files = request_.files;
    std::ranges::sort(files, {}, &CreateRequest::File::name);
    for (const CreateRequest::File& file : files) {
      Result<std::string> digest = parse_digest(file.digest);
      if (!digest) return invalid(fmt::format("{}: {}", file.name, digest.error().message));
      QUIRE_TRY_VOID(take_gguf(*digest, file.name));
    }
    return detect_template();
  }

  Result<void> take_gguf(const std::string& digest, const std::string& name) {
    hooks_.report({.status = "parsing GGUF"});
    QUIRE_TRY_VOID(layers_.take_blob(digest, media_type::model, name));
    return set_kind();
  }

  Result<void> import_gguf(const fs::path& path) {
    hooks_.report({.status = "parsing GGUF"});
    QUIRE_TRY(const std::string magic, magic_of(path));
    if (magic != "GGUF") return invalid("supplied file was not in GGUF format");
    QUIRE_TRY_VOID(layers_.import_file(path, media_type::model));
    return set_kind();
  }

  static Result<std::string> magic_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string magic(4, '\0');
    if (!file) return disk_failure("read", path, errno);
    file.read(magic.data(), static_cast<std::streamsize>(magic.size()));
    return magic;
  }

  // What the layer that was taken last is.
  Result<void> set_kind() {
    const size_t index = layers_.layers().size() - 1;
    QUIRE_TRY(const std::string magic, magic_of(layers_.path(index)));
    if (magic != "GGUF") return invalid("supplied file was not in GGUF format");
    QUIRE_TRY(const gguf::File file, gguf::File::open_alone(layers_.path(index)));
    const std::string kind = file.metadata().get_string_or("general.type", "").value_or("");
    const std::string architecture = file.metadata().get_string_or("general.architecture", "").value_or("");
    if (kind == "adapter")
      return fail(ErrorKind::unsupported, "adapters are not supported: LoRA weights are not applied");
    if (kind == "projector" || kind == "mmproj" || architecture == "clip") {
      layers_.set_type(index, media_type::projector);
    }
    return {};
  }

  Result<void> detect_template() {
    for (size_t i = 0; i < layers_.layers().size(); ++i) {
      if (layers_.layers()[i].media_type != media_type::model) continue;
      QUIRE_TRY(const gguf::File part, gguf::File::open_alone(layers_.path(i)));
      const ModelFacts facts = facts_of(part);
      const auto detected = facts.chat_template.empty() ? std::nullopt : hooks_.detect_template(facts.chat_template);
      if (!detected) continue;
      hooks_.report({.status = fmt::format("using autodetected template {}", detected->name)});
      QUIRE_TRY_VOID(layers_.add_text(media_type::template_, detected->text));
      if (detected->parameters.empty()) return {};
      return layers_.add_text(media_type::params, detected->parameters);
    }
    return {};
  }

  std::vector<size_t> weights() const {
    std::vector<size_t> found;
    for (size_t i = 0; i < layers_.layers().size(); ++i) {
      if (layers_.layers()[i].media_type == media_type::model) found.push_back(i);
    }
    return found;
  }

  // The config of the weights, quantized where that was asked for.
  Result<void> describe_weights() {
    if (weights().empty()) return invalid("no model was found in the files");
    if (!request_.quantize.empty()) {
      QUIRE_TRY(const bool changed, layers_.quantize(weights(), request_.quantize));
      if (changed) config_.file_type.clear();
    }
    QUIRE_TRY(const gguf::File file, layers_.open(weights()));
    const ModelFacts facts = facts_of(file);
    if (config_.model_format.empty()) config_.model_format = "gguf";
    if (config_.model_family.empty()) config_.model_family = facts.architecture;
    if (config_.model_type.empty()) config_.model_type = human_count(facts.parameter_count);
    if (config_.file_type.empty()) config_.file_type = file_type_name(facts.file_type);
    const bool known = std::ranges::find(config_.model_families, facts.architecture) != config_.model_families.end();
    if (!known && !facts.architecture.empty()) config_.model_families.push_back(facts.architecture);
    if (config_.requires_.empty() && weights().size() > 1) config_.requires_ = split_requires;
    return {};
  }

  Result<void> put_texts() {
    if (!request_.renderer.empty()) config_.renderer = request_.renderer;
    if (!request_.parser.empty()) config_.parser = request_.parser;
    if (!request_.requires_.empty()) config_.requires_ = request_.requires_;
    if (!request_.template_.empty()) {
      QUIRE_TRY_VOID(hooks_.check_template(request_.template_));
      layers_.remove(media_type::template_);
      layers_.remove(media_type::prompt);
      QUIRE_TRY_VOID(layers_.add_text(media_type::template_, request_.template_));
    }
    if (!request_.system.empty()) {
      layers_.remove(media_type::system);
      QUIRE_TRY_VOID(layers_.add_text(media_type::system, request_.system));
    }
    for (const std::string& license : request_.licenses) {
      if (license.empty()) continue;
      if (layers_.has(media_type::license, digest_of(license))) continue;
      QUIRE_TRY_VOID(layers_.add_text(media_type::license, license));
    }
    return {};
  }

  Result<void> put_parameters() {
    if (request_.parameters.empty()) return {};
    QUIRE_TRY(const std::string own, checked_params(request_.parameters));
    Json parameters = parse_json(own);
    if (parameters.empty()) return {};
    for (size_t i = 0; i < layers_.layers().size(); ++i) {
      if (layers_.layers()[i].media_type != media_type::params) continue;
      QUIRE_TRY(const std::string text, read_file(layers_.path(i), stored_text_bytes_max));
      const Result<std::string> checked = checked_params(text);
      if (!checked) return invalid(fmt::format("{}: {}", layers_.path(i).string(), checked.error().message));
      const Json base = parse_json(*checked);
      for (const auto& [name, value] : base.items()) {
        if (!parameters.contains(name)) parameters[name] = value;
      }
    }
    layers_.remove(media_type::params);
    return layers_.add_text(media_type::params, sorted_json_text(parameters) + "\n");
  }

  Result<void> put_messages() {
    if (request_.messages.empty()) return {};
    QUIRE_TRY(const std::string messages, checked_messages(request_.messages));
    if (messages == "[]") return {};
    layers_.remove(media_type::messages);
    return layers_.add_text(media_type::messages, messages + "\n");
  }

  const Catalog& catalog_;
  const CreateRequest& request_;
  const CreateHooks& hooks_;
  CreateLayers layers_;
  ModelConfig config_;
};

}  // namespace

Result<void> create_model(const StoreFolder& folder, const Catalog& catalog, const CreateRequest& request,
                          const CreateHooks& hooks) {
  return Creation(folder, catalog, request, hooks).run();
}

Result<void> copy_model(const StoreFolder& folder, const Catalog& catalog, std::string_view source,
                        std::string_view destination) {
  const auto none = [](const char* what, std::string_view name) {
    return invalid(fmt::format("{} \"{}\" is invalid", what, name));
  };
  const Result<ModelName> to = ModelName::parse(destination);
  if (!to) return none("destination", destination);
  const Result<ModelFile> from = catalog.find(source);
  if (!from && from.error().kind == ErrorKind::invalid) return none("source", source);
  if (!from && from.error().kind == ErrorKind::not_found) {
    return fail(ErrorKind::not_found, fmt::format("model \"{}\" not found", source));  // as Ollama says it here
  }
  if (!from) return std::unexpected(from.error());
  if (!from->stored || from->stored->folder != folder.root()) {
    return create_model(folder, catalog, {.name = *to, .from = std::string(source)}, {});
  }
  if (from->stored->name == *to) return {};
  // What the source names stays until the copy names it too.
  std::vector<BlobHold> holds;
  QUIRE_TRY(const StoredManifest stored, folder.read_manifest(from->stored->name));
  for (const std::string& digest : stored.digests) {
    if (std::optional<BlobHold> hold = folder.hold_blob(digest)) holds.push_back(std::move(*hold));
  }
  const Result<std::vector<std::string>> written = folder.replace_manifest(*to, stored.text);
  if (!written) return std::unexpected(written.error());
  return {};
}

Result<void> remove_model(const StoreFolder& folder, const Catalog& catalog, std::string_view name) {
  const Result<ModelName> parsed = ModelName::parse(name);
  // Also one that cannot be served: a broken manifest can be deleted.
  const Result<std::vector<std::string>> removed =
      parsed ? folder.remove_manifest(*parsed) : Result<std::vector<std::string>>(std::unexpected(parsed.error()));
  if (removed) return {};
  if (removed.error().kind != ErrorKind::not_found && parsed) return std::unexpected(removed.error());
  QUIRE_TRY(const ModelFile model, catalog.find(name));
  if (!model.stored) {
    return fail(ErrorKind::unsupported, fmt::format("model '{}' is the file {}, which was not pulled or created here: "
                                                    "delete the file",
                                                    model.name, model.path.string()));
  }
  return fail(ErrorKind::unsupported,
              fmt::format("model '{}' belongs to Ollama, in {}, which is read only here: delete "
                          "it with ollama rm",
                          model.name, model.stored->folder.string()));
}

}  // namespace quire::store
