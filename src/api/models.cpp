#include "api/models.h"

#include <fmt/format.h>

#include <array>

namespace quire::api {

std::string human_count(uint64_t count) {
  struct Scale {
    uint64_t unit;
    char letter;
    int digits;
  };
  for (const Scale scale : {Scale{1'000'000'000, 'B', 1}, Scale{1'000'000, 'M', 2}, Scale{1'000, 'K', 0}}) {
    if (count < scale.unit) continue;
    const int digits = count % scale.unit == 0 ? 0 : scale.digits;
    return fmt::format("{:.{}f}{}", static_cast<double>(count) / static_cast<double>(scale.unit), digits, scale.letter);
  }
  return fmt::format("{}", count);
}

std::string_view file_type_name(int64_t file_type) {
  // Source: enum llama_ftype; the gaps are types that were removed.
  static constexpr std::array<std::string_view, 33> names = {
      "F32",    "F16",     "Q4_0",   "Q4_1",   "",       "",       "",       "Q8_0",  "Q5_0",    "Q5_1",   "Q2_K",
      "Q3_K_S", "Q3_K_M",  "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K",  "IQ2_XXS", "IQ2_XS", "Q2_K_S",
      "IQ3_XS", "IQ3_XXS", "IQ1_S",  "IQ4_NL", "IQ3_S",  "IQ3_M",  "IQ2_S",  "IQ2_M", "IQ4_XS",  "IQ1_M",  "BF16"};
  if (file_type < 0 || file_type >= static_cast<int64_t>(names.size())) return "unknown";
  const std::string_view name = names[static_cast<size_t>(file_type)];
  return name.empty() ? "unknown" : name;
}

}  // namespace quire::api
