#include "api/ollama/store_calls.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/fields.h"
#include "api/json_text.h"
#include "api/options.h"
#include "api/request_parts.h"

namespace quire::api::ollama {
namespace {

ApiResult<std::map<std::string, std::string>> read_files(const Fields& fields) {
  std::map<std::string, std::string> files;
  const nlohmann::json* value = fields.find("files");
  if (value == nullptr) return files;
  if (!value->is_object()) {
    return refuse(400, fmt::format("\"files\" must be an object, got {}", type_phrase(*value)), "files");
  }
  for (const auto& [name, digest] : value->items()) {
    if (!digest.is_string()) return refuse(400, fmt::format("\"files.{}\" must be a digest", name), "files");
    files[name] = digest.get<std::string>();
  }
  return files;
}

std::string bytes_of(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The field's JSON as text; empty when absent or empty.
ApiResult<std::string> read_json(const Fields& fields, std::string_view name, bool array) {
  const nlohmann::json* value = fields.find(name);
  if (value == nullptr || value->empty()) return std::string();
  if (array ? !value->is_array() : !value->is_object()) {
    return refuse(400,
                  fmt::format("\"{}\" must be {}, got {}", name, array ? "an array" : "an object", type_phrase(*value)),
                  std::string(name));
  }
  return bytes_of(*value);
}

// What no request could be answered with must not be stored.
ApiResult<void> check_parameters(const Fields& fields, std::vector<std::string>& unknown) {
  const nlohmann::json* parameters = fields.find("parameters");
  if (parameters == nullptr || !parameters->is_object()) return {};
  GenerationOptions scratch;
  return apply_options(*parameters, scratch, unknown);
}

ApiResult<void> check_messages(const Fields& fields) {
  const nlohmann::json* messages = fields.find("messages");
  if (messages == nullptr) return {};
  std::vector<std::string> unknown;
  const auto read = read_messages(*messages, fields.text_of("messages"), unknown);
  if (!read) return std::unexpected(read.error());
  if (!unknown.empty()) return refuse_unsupported(std::move(unknown.front()));
  return {};
}

}  // namespace

ApiResult<TransferCall> parse_transfer(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  TransferCall call;
  QUIRE_TRY(call.model, read_model_or_name(fields));
  QUIRE_TRY(call.insecure, fields.boolean_or("insecure", false));
  QUIRE_TRY(call.stream, fields.boolean_or("stream", true));
  QUIRE_TRY_VOID(fields.refuse_unread());
  return call;
}

ApiResult<CreateCall> parse_create(std::string_view body) {
  QUIRE_TRY(nlohmann::json json, parse_body(body));
  const Fields fields(json);
  CreateCall call;
  QUIRE_TRY(call.model, read_model_or_name(fields));
  QUIRE_TRY(call.from, fields.text_or("from", ""));
  QUIRE_TRY(call.files, read_files(fields));
  QUIRE_TRY(call.template_, fields.text("template"));
  QUIRE_TRY(call.system, fields.text("system"));
  QUIRE_TRY(call.licenses, fields.texts("license", 100));
  QUIRE_TRY(call.parameters, read_json(fields, "parameters", false));
  QUIRE_TRY(call.messages, read_json(fields, "messages", true));
  QUIRE_TRY_VOID(check_parameters(fields, call.unknown_parameters));
  QUIRE_TRY_VOID(check_messages(fields));
  QUIRE_TRY(call.quantize, fields.text_or("quantize", ""));
  QUIRE_TRY(std::string quantization, fields.text_or("quantization", ""));  // what older clients send
  if (call.quantize.empty()) call.quantize = std::move(quantization);
  QUIRE_TRY(call.renderer, fields.text_or("renderer", ""));
  QUIRE_TRY(call.parser, fields.text_or("parser", ""));
  QUIRE_TRY(call.requires_, fields.text_or("requires", ""));
  QUIRE_TRY(call.stream, fields.boolean_or("stream", true));
  QUIRE_TRY_VOID(fields.refuse_unread());
  if (call.from.empty() && call.files.empty()) return refuse(400, "neither 'from' or 'files' was specified", "from");
  json.erase("stream");
  call.asked = bytes_of(json);
  return call;
}

ApiResult<CopyCall> parse_copy(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  CopyCall call;
  QUIRE_TRY(call.source, fields.text_or("source", ""));
  QUIRE_TRY(call.destination, fields.text_or("destination", ""));
  if (call.source.empty()) return refuse(400, "source is required", "source");
  if (call.destination.empty()) return refuse(400, "destination is required", "destination");
  QUIRE_TRY_VOID(fields.refuse_unread());
  return call;
}

ApiResult<std::string> parse_delete(std::string_view body) {
  QUIRE_TRY(const nlohmann::json json, parse_body(body));
  const Fields fields(json);
  QUIRE_TRY(std::string model, read_model_or_name(fields));
  QUIRE_TRY_VOID(fields.refuse_unread());
  return model;
}

std::string progress_line(const std::string& status, const std::string& digest, uint64_t total_bytes,
                          uint64_t completed_bytes) {
  nlohmann::ordered_json line = {{"status", status}};
  if (!digest.empty()) {
    line["digest"] = digest;
    line["total"] = total_bytes;
    if (completed_bytes > 0) line["completed"] = completed_bytes;
  }
  return to_text(line) + "\n";
}

}  // namespace quire::api::ollama
