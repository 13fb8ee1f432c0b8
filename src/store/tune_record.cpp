#include "store/tune_record.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

namespace quire::store {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int format_version = 1;
constexpr size_t text_bytes_max = 1 << 20;

// An integer member of [1, max], else nothing.
std::optional<int64_t> positive(const json& object, const char* name, int64_t max) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  const auto value = found->get<int64_t>();
  return value >= 1 && value <= max ? std::optional(value) : std::nullopt;
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string processor_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

fs::path tune_path(const fs::path& folder, const TuneKey& key) {
  return folder / fmt::format("{}-{}-{}-{}.json", key.model.substr(0, 16), key.kernels, key.threads, key.kv_type);
}

std::string tune_text(const TuneRecord& record) {
  json curve = json::array();
  for (const TunePoint& point : record.curve)
    curve.push_back({{"contexts", point.contexts}, {"step_ns", point.step_ns}});
  const nlohmann::ordered_json text = {{"format", format_version},
                                       {"model", record.key.model},
                                       {"processor", record.key.processor},
                                       {"kernels", record.key.kernels},
                                       {"kv_type", record.key.kv_type},
                                       {"threads", record.key.threads},
                                       {"parallel_start", record.parallel_start},
                                       {"measured_tokens", record.measured_tokens},
                                       {"curve", curve}};
  return text.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<TuneRecord> parse_tune(std::string_view text) {
  const auto broken = [](const char* what) { return fail(ErrorKind::invalid, what); };
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return broken("it is not a JSON object");
  if (positive(object, "format", format_version) != format_version) return broken("its format is not 1");
  constexpr int64_t int32_max = std::numeric_limits<int32_t>::max();
  const auto threads = positive(object, "threads", int32_max);
  const auto start = positive(object, "parallel_start", int32_max);
  const auto tokens = positive(object, "measured_tokens", int32_max);
  if (!threads || !start || !tokens) return broken("threads, parallel_start or measured_tokens is no positive integer");
  TuneRecord record{.key = {.model = text_of(object, "model"),
                            .processor = text_of(object, "processor"),
                            .kernels = text_of(object, "kernels"),
                            .kv_type = text_of(object, "kv_type"),
                            .threads = static_cast<int32_t>(*threads)},
                    .parallel_start = static_cast<int32_t>(*start),
                    .measured_tokens = static_cast<int32_t>(*tokens),
                    .curve = {}};
  const auto curve = object.find("curve");
  if (curve == object.end() || !curve->is_array()) return broken("it has no curve");
  for (const json& point : *curve) {
    if (!point.is_object()) return broken("its curve is not made of points");
    const auto contexts = positive(point, "contexts", int32_max);
    const auto step_ns = positive(point, "step_ns", std::numeric_limits<int64_t>::max());
    if (!contexts || !step_ns) return broken("a point of its curve has no contexts or step_ns");
    record.curve.push_back({static_cast<int32_t>(*contexts), *step_ns});
  }
  return record;
}

Result<std::optional<TuneRecord>> find_tune(const fs::path& folder, const TuneKey& key) {
  const fs::path path = tune_path(folder, key);
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(text_bytes_max, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  Result<TuneRecord> record = parse_tune(text);
  if (!record) return fail(ErrorKind::invalid, fmt::format("{}: {}", path.string(), record.error().message));
  if (record->key != key) {
    return fail(ErrorKind::invalid, fmt::format("{}: it was measured with another model or machine ({})", path.string(),
                                                record->key.processor));
  }
  return std::move(*record);
}

}  // namespace quire::store
