#include "server/requests/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace quire::server {

HttpResponse json_response(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

HttpResponse text_response(std::string body) {
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

HttpResponse error_response(const api::Dialect& dialect, const api::ApiError& error, int64_t retry_after_s) {
  HttpResponse response;
  response.status = error.status;
  response.body = dialect.error_body(error);
  if (error.status == 503) response.headers.emplace_back("Retry-After", fmt::format("{}", retry_after_s));
  // OpenAI's clients try again after any 5xx: a deadline that has passed does not come back.
  if (error.status == 504) response.headers.emplace_back("X-Should-Retry", "false");
  return response;
}

int64_t retry_after_s(const EngineSnapshot& snapshot) {
  constexpr int64_t ns_of_second = 1'000'000'000;
  const int64_t interval_ns = snapshot.controller.start_interval_ns;
  if (interval_ns < 0) return 1;
  const auto ns = static_cast<double>(snapshot.scheduler.waiting) / 4 * static_cast<double>(interval_ns);
  return static_cast<int64_t>(std::clamp(std::ceil(ns / ns_of_second), 1.0, 600.0));
}

}  // namespace quire::server
