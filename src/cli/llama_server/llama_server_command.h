// This program under the name of llama.cpp's server.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace quire::cli {

// Serves one model, as a program expects it that starts llama.cpp's server as a child of its own (Ollama does): the log
// says in llama.cpp's words what the model takes of memory, /health waits for the model, and a model that cannot be
// loaded ends the program. Without a model: those of the folders, as `quire serve`.
Result<void> llama_server_command(const std::vector<std::string>& words);

}  // namespace quire::cli
