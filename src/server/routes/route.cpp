#include "server/routes/route.h"

#include <algorithm>
#include <optional>

namespace quire::server {
namespace {

bool allows(std::string_view methods, std::string_view method) {
  while (!methods.empty()) {
    const size_t end = std::min(methods.find(", "), methods.size());
    if (methods.substr(0, end) == method) return true;
    methods.remove_prefix(std::min(end + 2, methods.size()));
  }
  return false;
}

// What stands for the pattern's '*', empty where it has none. None: the path is another one.
std::optional<std::string_view> argument_of(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with('*')) return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
  pattern.remove_suffix(1);
  if (!path.starts_with(pattern) || path.size() == pattern.size()) return std::nullopt;
  return path.substr(pattern.size());
}

}  // namespace

RouteMatch RouteTable::match(std::string_view method, std::string_view path) const {
  RouteMatch result;
  for (const Route& route : routes_) {
    const auto argument = argument_of(route.path, path);
    if (!argument) continue;
    if (allows(route.methods, method)) return {.route = &route, .argument = *argument};
    if (!result.allow.empty()) result.allow += ", ";
    result.allow += route.methods;
  }
  return result;
}

std::string_view RouteTable::name(std::string_view path) const {
  const auto fits = [&](const Route& route) { return argument_of(route.path, path).has_value(); };
  const auto found = std::ranges::find_if(routes_, fits);
  if (found == routes_.end()) return "other";
  return found->path.substr(0, found->path.size() - (found->path.ends_with('*') ? 1 : 0));
}

}  // namespace quire::server
