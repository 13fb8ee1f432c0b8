// A model's name: HOST/NAMESPACE/MODEL:TAG, with the parts that may be left out.
#pragma once

#include <compare>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/result.h"

namespace quire::store {

inline constexpr std::string_view default_host = "registry.ollama.ai";
inline constexpr std::string_view default_namespace = "library";
inline constexpr std::string_view default_tag = "latest";

// A valid name; every part is one path component that cannot leave its folder. Letters count alike in either case, and
// two hosts with two names are one: huggingface.co is hf.co, and ollama.com is registry.ollama.ai.
// Source of the rules: Ollama's names (types/model): a part begins with a letter, a digit or '_' and goes on with
// those,
// '-' and '.' (no '.' in a namespace; a host may hold ':'), 80 bytes at most, a host 350.
struct ModelName {
  std::string host{default_host};
  std::string namespace_{default_namespace};
  std::string model;
  std::string tag{default_tag};
  bool insecure = false;  // written with http://: the registry is asked without TLS

  // [http[s]://][HOST/][NAMESPACE/]MODEL[:TAG]. ErrorKind::invalid, "invalid model name", when it is none.
  static Result<ModelName> parse(std::string_view text);
  // The four components of a manifest's path. None: one of them is no such part.
  static std::optional<ModelName> of_parts(std::string_view host, std::string_view name_space, std::string_view model,
                                           std::string_view tag);

  // As short as it gets, the tag always there: "llama3.2:latest", "user/x:tag", "hf.co/a/b:Q4_0".
  std::string display() const;
  std::string full() const;                     // HOST/NAMESPACE/MODEL:TAG
  std::string repository() const;               // NAMESPACE/MODEL, as a registry's addresses have it
  std::filesystem::path manifest_path() const;  // HOST/NAMESPACE/MODEL/TAG
  std::string key() const;                      // full() in lower case: equal for equal names only

  friend bool operator==(const ModelName& a, const ModelName& b) { return a.key() == b.key(); }
  friend std::strong_ordering operator<=>(const ModelName& a, const ModelName& b) { return a.key() <=> b.key(); }
};

}  // namespace quire::store
