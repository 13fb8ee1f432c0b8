// References inside of one JSON schema.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace quire::parts {

// The schema that "#/$defs/NAME" is in `root`; null for another reference.
template <typename Json>
const Json* referred_schema(const Json& root, const Json& reference) {
  if (!reference.is_string()) return nullptr;
  const auto& text = reference.template get_ref<const std::string&>();
  if (!text.starts_with("#/")) return nullptr;
  try {
    const typename Json::json_pointer pointer(text.substr(1));
    return root.contains(pointer) ? &root.at(pointer) : nullptr;
  } catch (const typename Json::exception&) {
    return nullptr;
  }
}

}  // namespace quire::parts
