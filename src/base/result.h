// Errors that are expected (a bad file, a bad request, no room, cancelled) are values.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace quire {

// What kind of failure it is, for callers that must choose a status code; people read the message.
enum class ErrorKind : unsigned char {
  invalid,      // malformed input: the sender must change it
  not_found,    // no such file, model or request
  unsupported,  // well formed, but not something this build can do
  too_large,    // over a limit that is stated in the message
  busy,         // no room now; trying again later may succeed
  cancelled,    // the caller went away
  io,           // the operating system said no
  device,       // a device computes nothing any more: it was lost, or has no memory left
  internal,     // our fault
};

// The message says what was found, what was expected and where.
struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}

}  // namespace quire

#define QUIRE_CONCAT_INNER(a, b) a##b
#define QUIRE_CONCAT(a, b) QUIRE_CONCAT_INNER(a, b)
#define QUIRE_TRY_IMPL(temporary, declaration, expression)              \
  auto temporary = (expression);                                        \
  if (!temporary) return std::unexpected(std::move(temporary).error()); \
  declaration = std::move(*temporary)
// QUIRE_TRY(auto x, f()): x is the value of the Result f() returns, or the caller returns its error.
#define QUIRE_TRY(declaration, expression) QUIRE_TRY_IMPL(QUIRE_CONCAT(quire_try_, __LINE__), declaration, expression)
// QUIRE_TRY_VOID(f()): the caller returns f's error, if it has one.
#define QUIRE_TRY_VOID(expression) \
  if (auto quire_status = (expression); !quire_status) return std::unexpected(std::move(quire_status).error())
