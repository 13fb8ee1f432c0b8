#include "api/error.h"

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
    case ErrorKind::device:
    case ErrorKind::internal:
      break;
  }
  return 500;
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

}  // namespace quire::api
