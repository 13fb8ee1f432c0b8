#include "cli/commands/modelfile_request.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "cli/model_file.h"
#include "cli/terminal/human.h"
#include "store/model_name.h"
#include "store/sha256.h"

namespace quire::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr size_t piece_bytes = size_t{1} << 20;

fs::path expanded(const std::string& from, const fs::path& folder) {
  if (from == "~" || from.starts_with("~/")) {
    const char* home = std::getenv("HOME");
    if (home != nullptr) return fs::path(home) / (from.size() > 2 ? from.substr(2) : "");
  }
  return (fs::path(from).is_absolute() ? fs::path(from) : folder / from).lexically_normal();
}

// What a shell's pattern names; the path itself where it is none, or names nothing.
std::vector<fs::path> matches_of(const fs::path& pattern) {
  glob_t found{};
  std::vector<fs::path> paths;
  if (::glob(pattern.c_str(), GLOB_NOCHECK, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return paths;
}

// The GGUF files of a folder, sorted.
Result<std::vector<fs::path>> folder_files(const fs::path& folder) {
  std::vector<fs::path> files;
  bool has_safetensors = false;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_gguf_name(name)) files.push_back(entry->path());
    has_safetensors = has_safetensors || lower_case(name).ends_with(".safetensors");
  }
  if (error) return fail(ErrorKind::io, fmt::format("{}: {}", valid_utf8(folder.string()), error.message()));
  if (files.empty()) {
    return fail(has_safetensors ? ErrorKind::unsupported : ErrorKind::not_found,
                fmt::format("{}: {}", valid_utf8(folder.string()),
                            has_safetensors ? "models of safetensors files are not supported; convert them to GGUF"
                                            : "there is neither a Modelfile nor a GGUF file"));
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<CreateRequest::File> hashed(const fs::path& path, OnHashed on_hashed) {
  std::error_code error;
  const uint64_t size_bytes = fs::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in) {
    return fail(ErrorKind::io, fmt::format("{}: {}", valid_utf8(path.string()),
                                           error ? error.message() : std::string("cannot be read")));
  }
  store::Sha256 hash;
  std::vector<char> piece(piece_bytes);
  uint64_t done = 0;
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto count = static_cast<size_t>(in.gcount());
    hash.update(std::as_bytes(std::span(piece.data(), count)));
    done += count;
    on_hashed(path, done, size_bytes);
  }
  if (in.bad() || done != size_bytes) {
    return fail(ErrorKind::io,
                fmt::format("{}: {} of {} bytes could be read", valid_utf8(path.string()), done, size_bytes));
  }
  return CreateRequest::File{.path = path, .digest = "sha256:" + hash.finish_hex(), .size_bytes = size_bytes};
}

// Adds what one FROM means.
Result<void> add_from(const std::string& from, const fs::path& folder, CreateRequest& request, OnHashed on_hashed) {
  for (const fs::path& path : matches_of(expanded(from, folder))) {
    std::error_code ignored;
    const auto status = fs::status(path, ignored);
    if (!fs::exists(status)) {
      request.body["from"] = from;  // the name of a model
      continue;
    }
    std::vector<fs::path> files = {path};
    if (fs::is_directory(status)) {
      QUIRE_TRY(files, folder_files(path));
    }
    for (const fs::path& file : files) {
      const std::string name = valid_utf8(file.filename().string());
      if (request.body["files"].contains(name)) {
        return fail(ErrorKind::unsupported, fmt::format("two files of the name {}", name));
      }
      QUIRE_TRY(CreateRequest::File one, hashed(file, on_hashed));
      request.body["files"][name] = one.digest;
      request.files.push_back(std::move(one));
    }
  }
  return {};
}

}  // namespace

Result<CreateRequest> create_request(const store::Modelfile& modelfile, const fs::path& folder, OnHashed on_hashed) {
  if (!modelfile.adapters.empty()) {
    return fail(ErrorKind::unsupported, "ADAPTER is not supported: merge the adapter into the model's file");
  }
  if (!modelfile.drafts.empty()) return fail(ErrorKind::unsupported, "DRAFT is not supported: a model has no draft");
  CreateRequest request;
  QUIRE_TRY(const auto parameters, store::parameters_json(modelfile.parameters));
  request.warnings = parameters.warnings;
  for (const std::string& from : modelfile.from) QUIRE_TRY_VOID(add_from(from, folder, request, on_hashed));

  json& body = request.body;
  if (const json values = json::parse(parameters.json); !values.empty()) body["parameters"] = values;
  if (modelfile.template_) body["template"] = *modelfile.template_;
  if (modelfile.system) body["system"] = *modelfile.system;
  if (!modelfile.licenses.empty()) body["license"] = modelfile.licenses;
  const std::array<std::pair<const char*, const std::string*>, 3> texts = {
      {{"renderer", &modelfile.renderer}, {"parser", &modelfile.parser}, {"requires", &modelfile.requires_}}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) body[name] = *text;
  }
  for (const auto& message : modelfile.messages) {
    body["messages"].push_back({{"role", message.role}, {"content", message.content}});
  }
  return request;
}

}  // namespace quire::cli
