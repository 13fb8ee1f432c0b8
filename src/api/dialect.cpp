#include "api/dialect.h"

#include <algorithm>
#include <array>

#include "api/anthropic/dialect.h"
#include "api/llama_server/dialect.h"
#include "api/ollama/dialect.h"
#include "api/openai/dialect.h"
#include "api/responses/dialect.h"
#include "base/check.h"

namespace quire::api {
namespace {

constexpr std::array<const Dialect*, 5> served = {&ollama::dialect, &openai::dialect, &responses::dialect,
                                                  &anthropic::dialect, &llama_server::dialect};

}  // namespace

const Endpoint& Dialect::endpoint(bool chat) const {
  QUIRE_CHECK(!endpoints.empty(), "a dialect can be asked for tokens");
  const auto found = std::ranges::find(endpoints, chat, &Endpoint::chat);
  return found == endpoints.end() ? *endpoints.front() : **found;
}

std::span<const Dialect* const> dialects() { return served; }

const Dialect& dialect_of_path(std::string_view path) {
  const auto claimed = [&](const Dialect* dialect) {
    size_t longest = 0;
    for (const std::string_view prefix : dialect->path_prefixes) {
      if (path.starts_with(prefix)) longest = std::max(longest, prefix.size());
    }
    return longest;
  };
  return **std::ranges::max_element(served, {}, claimed);  // the first of equals
}

const Dialect* find_dialect(std::string_view name) {
  const auto found = std::ranges::find(served, name, &Dialect::name);
  return found == served.end() ? nullptr : *found;
}

}  // namespace quire::api
