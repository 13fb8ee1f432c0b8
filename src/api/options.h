// The `options` object of the native endpoints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/error.h"

namespace quire::api {

// Most strings a request may stop at.
constexpr size_t stop_strings_max = 64;

// Applies the keys that are present. A wrong type is refused with Ollama's text (status 400: it is the client's
// mistake), a value that makes no sense with the range that does. Keys that nobody knows are collected for the log, as
// "options.KEY".
ApiResult<void> apply_options(const nlohmann::json& options, GenerationOptions& target,
                              std::vector<std::string>& unknown);

// The name by which an option counts as given: n_predict is llama.cpp's for num_predict.
std::string_view native_name(std::string_view option);

// In Ollama's words.
std::unexpected<ApiError> wrong_option_type(std::string_view name, std::string_view type);

// A few of these names for a line of the log, each shortened and without control characters, and how many more there
// are. REQUIRES: there is one.
std::string names_text(std::span<const std::string> names);

}  // namespace quire::api
