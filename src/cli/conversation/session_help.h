// What a conversation says of its own commands.
#pragma once

namespace quire::cli {

extern const char* const help_text;
extern const char* const help_of_set;
extern const char* const help_of_show;
extern const char* const help_of_parameters;
extern const char* const help_of_shortcuts;

}  // namespace quire::cli
