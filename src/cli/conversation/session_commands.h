// What a person can say to `quire run` besides messages: lines that begin with a slash.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/conversation/conversation.h"
#include "cli/conversation/prompt_loop.h"

namespace quire::cli {

// What the commands change. Borrowed by whoever holds the prompt.
struct Session {
  Conversation& conversation;
  PromptOptions options;
  net::KeepGoing keep_going;  // false: a command that takes its time is interrupted
  bool remembers_lines = true;
  bool ended = false;
};

// Carries out a line that begins with '/'. What it says goes to standard output, help to standard error, as Ollama's
// does; nothing that goes wrong ends the session.
void run_session_command(Session& session, std::string_view line);

// What stands around a message of several lines.
inline constexpr std::string_view message_quotes = "\"\"\"";

// The text behind `/set system """`, which begins a message of several lines; none: another line.
std::optional<std::string> begun_system_message(std::string_view line);
void set_system_message(Session& session, const std::string& text);

}  // namespace quire::cli
