#include "api/error.h"

#include <nlohmann/json.hpp>

#include "api/json_text.h"

namespace quire::api {
namespace {

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
    case ErrorKind::unsupported:
    case ErrorKind::too_large:
      return 400;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::busy:
      return 503;
    case ErrorKind::cancelled:
      return 499;
    case ErrorKind::io:
    case ErrorKind::internal:
      break;
  }
  return 500;
}

const char* openai_type(int status) {
  if (status == 404) return "not_found_error";
  // 503 is nobody's mistake: OpenAI's clients retry what is called api_error.
  return status >= 400 && status < 500 ? "invalid_request_error" : "api_error";
}

}  // namespace

const char* const busy_message = "server busy, please try again.  maximum pending requests exceeded";

ApiError from_error(const Error& error) {
  const int status = status_of(error.kind);
  return ApiError{status, error.kind == ErrorKind::busy ? busy_message : error.message};
}

ApiError from_finished(const Finished& finished) {
  switch (finished.reason) {
    case FinishReason::cancelled:
      return {.status = 499, .message = "the request was cancelled", .reason = "cancelled"};
    case FinishReason::deadline:
      return {.status = 504, .message = finished.error, .reason = "deadline"};
    default:
      return from_error({finished.error_kind, finished.error});
  }
}

std::string error_body(Dialect dialect, const ApiError& error) {
  nlohmann::ordered_json body;
  if (dialect == Dialect::ollama) {
    body["error"] = error.message;
    if (!error.reason.empty()) body["done_reason"] = error.reason;
  } else {
    nlohmann::ordered_json& fields = body["error"];
    fields["message"] = error.message;
    fields["type"] = openai_type(error.status);
    fields["param"] = error.param.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(error.param);
    fields["code"] = error.reason.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(error.reason);
  }
  return to_text(body);
}

}  // namespace quire::api
