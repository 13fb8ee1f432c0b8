#include "store/model_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace quire::store {
namespace {

enum class Part { host, name_space, model, tag };

bool is_word(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

bool is_valid(Part part, std::string_view text) {
  const size_t bytes_max = part == Part::host ? 350 : 80;
  if (text.empty() || text.size() > bytes_max || !is_word(text.front())) return false;
  return std::ranges::all_of(text, [&](char c) {
    return is_word(c) || c == '-' || (c == '.' && part != Part::name_space) || (c == ':' && part == Part::host);
  });
}

std::string one_host(std::string_view host) {
  const std::string lower = lower_case(host);
  if (lower == "huggingface.co" || lower == "hf.co") return "hf.co";
  if (lower == "ollama.com" || lower == default_host) return std::string(default_host);
  return std::string(host);
}

// Takes what follows the last `separator` off `text`; all of it when there is none.
std::string_view take_last(std::string_view& text, char separator, bool& found) {
  const size_t at = text.rfind(separator);
  found = at != std::string_view::npos;
  const std::string_view last = found ? text.substr(at + 1) : text;
  text = found ? text.substr(0, at) : std::string_view{};
  return last;
}

}  // namespace

std::optional<ModelName> ModelName::of_parts(std::string_view host, std::string_view name_space, std::string_view model,
                                             std::string_view tag) {
  if (!is_valid(Part::host, host) || !is_valid(Part::name_space, name_space) || !is_valid(Part::model, model) ||
      !is_valid(Part::tag, tag)) {
    return std::nullopt;
  }
  return ModelName{.host = one_host(host),
                   .namespace_ = std::string(name_space),
                   .model = std::string(model),
                   .tag = std::string(tag),
                   .insecure = false};
}

Result<ModelName> ModelName::parse(std::string_view text) {
  const bool insecure = text.starts_with("http://");
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) {
      text.remove_prefix(scheme.size());
      break;
    }
  }
  std::string_view tag = default_tag;
  // A colon before the last slash belongs to a host and its port.
  if (const size_t colon = text.rfind(':');
      colon != std::string_view::npos && text.find('/', colon) == std::string_view::npos) {
    tag = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  bool more = false;
  const std::string_view model = take_last(text, '/', more);
  const std::string_view name_space = more ? take_last(text, '/', more) : default_namespace;
  const std::string_view host = more ? text : default_host;
  std::optional<ModelName> name = of_parts(host, name_space, model, tag);
  if (!name) return fail(ErrorKind::invalid, "invalid model name");
  name->insecure = insecure;
  return std::move(*name);
}

std::string ModelName::display() const {
  if (lower_case(host) != default_host) return full();
  if (lower_case(namespace_) != default_namespace) return fmt::format("{}/{}:{}", namespace_, model, tag);
  return fmt::format("{}:{}", model, tag);
}

std::string ModelName::full() const { return fmt::format("{}/{}/{}:{}", host, namespace_, model, tag); }

std::string ModelName::repository() const { return fmt::format("{}/{}", namespace_, model); }

std::filesystem::path ModelName::manifest_path() const {
  return std::filesystem::path(host) / namespace_ / model / tag;
}

std::string ModelName::key() const { return lower_case(full()); }

}  // namespace quire::store
