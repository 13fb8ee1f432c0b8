#include "api/dialect.h"

#include <algorithm>
#include <array>

#include "api/ollama/dialect.h"
#include "api/openai/dialect.h"
#include "api/responses/dialect.h"
#include "base/check.h"

namespace quire::api {
namespace {

// A path is the first one's whose prefix it has.
constexpr std::array<const Dialect*, 3> served = {&ollama::dialect, &responses::dialect, &openai::dialect};

}  // namespace

const Endpoint& Dialect::endpoint(bool chat) const {
  QUIRE_CHECK(!endpoints.empty(), "a dialect can be asked for tokens");
  const auto found = std::ranges::find(endpoints, chat, &Endpoint::chat);
  return found == endpoints.end() ? *endpoints.front() : **found;
}

std::span<const Dialect* const> dialects() { return served; }

const Dialect& dialect_of_path(std::string_view path) {
  const auto claims = [&](const Dialect* dialect) { return path.starts_with(dialect->path_prefix); };
  const auto found = std::ranges::find_if(served, claims);
  return found == served.end() ? *served.front() : **found;
}

const Dialect* find_dialect(std::string_view name) {
  const auto found = std::ranges::find(served, name, &Dialect::name);
  return found == served.end() ? nullptr : *found;
}

}  // namespace quire::api
