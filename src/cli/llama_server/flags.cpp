#include "cli/llama_server/flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/llama_server/flag_table.h"

namespace quire::cli {
namespace {

template <typename Flag>
const Flag* find_flag(std::span<const Flag> flags, std::string_view word) {
  const auto named = [&](const Flag& flag) { return std::ranges::find(flag.names, word) != flag.names.end(); };
  const auto found = std::ranges::find_if(flags, named);
  return word.empty() || found == flags.end() ? nullptr : &*found;
}

std::string joined(const FlagNames& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!name.empty()) text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
  }
  return text;
}

std::unexpected<Error> wrong(ErrorKind kind, std::string_view flag, std::string_view why) {
  return fail(kind, fmt::format("llama-server {}: {}", flag, why));
}

// Flags without an effect, by the reason: a program gives many of one kind.
class Idle {
 public:
  void add(std::string_view flag, std::string_view why) {
    const auto same = std::ranges::find(reasons_, why, &Reason::why);
    Reason& reason = same == reasons_.end() ? reasons_.emplace_back(Reason{.flags = {}, .why = why}) : *same;
    reason.flags += fmt::format("{}{}", reason.flags.empty() ? "" : ", ", flag);
  }
  void put(std::vector<std::string>& notes) const {
    for (const Reason& reason : reasons_) notes.push_back(fmt::format("{}: {}", reason.flags, reason.why));
  }

 private:
  struct Reason {
    std::string flags;
    std::string_view why;
  };
  std::vector<Reason> reasons_;
};

}  // namespace

Result<LlamaServerOptions> parse_llama_server(std::span<const std::string> words) {
  LlamaServerOptions options;
  Idle idle;
  for (size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    const auto* honoured = find_flag(honoured_flags(), word);
    const auto* harmless = find_flag(harmless_flags(), word);
    if (const auto* refused = find_flag(refused_flags(), word)) {
      return wrong(ErrorKind::unsupported, word, refused->why);
    }
    if (honoured == nullptr && harmless == nullptr) {
      return wrong(ErrorKind::invalid, word, "unknown flag; --help lists those that are known");
    }
    std::string_view value;
    if (honoured != nullptr ? honoured->has_value : harmless->has_value) {
      if (++at == words.size()) return wrong(ErrorKind::invalid, word, "a value is missing");
      value = words[at];
    }
    if (harmless != nullptr) {
      idle.add(word, harmless->why);
    } else if (const Result<void> applied = honoured->apply(options, value); !applied) {
      return wrong(applied.error().kind, word, applied.error().message);
    }
  }
  idle.put(options.notes);
  if (options.context_tokens > 0 && options.tokens_per_context() < 2) {
    return wrong(ErrorKind::invalid, "--ctx-size",
                 fmt::format("{} tokens are too few for {} contexts, each has at least 2", options.context_tokens,
                             options.parallel.value_or(1)));
  }
  return options;
}

std::string llama_server_help() {
  std::string text = "Usage: llama-server -m FILE.gguf [flags]\n\nquire under the name of llama.cpp's server.\n\n";
  for (const HonouredFlag& flag : honoured_flags())
    text += fmt::format("  {:<38} {}\n", joined(flag.names), flag.meaning);
  text += "\nAccepted, without an effect:\n";
  for (const HarmlessFlag& flag : harmless_flags()) text += fmt::format("  {:<38} {}\n", joined(flag.names), flag.why);
  text += "\nRefused:\n";
  for (const RefusedFlag& flag : refused_flags()) text += fmt::format("  {:<38} {}\n", joined(flag.names), flag.why);
  return text;
}

}  // namespace quire::cli
