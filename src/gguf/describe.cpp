#include "gguf/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/progress.h"
#include "gguf/printable.h"

namespace quire::gguf {
namespace {

constexpr size_t elements_shown = 5;

template <typename T>
std::string element_text(const T& element) {
  if constexpr (std::is_same_v<T, std::string>) {
    return printable(element);
  } else if constexpr (std::is_same_v<T, uint8_t> || std::is_same_v<T, int8_t>) {
    return fmt::format("{}", static_cast<int>(element));
  } else {
    return fmt::format("{}", element);
  }
}

struct DescribeValue {
  std::string operator()(const std::string& text) const {
    return text.size() <= 80 ? printable(text) : fmt::format("{} ({} bytes)", printable(text), text.size());
  }
  template <typename T>
  std::string operator()(const std::vector<T>& elements) const {
    std::string text = "[";
    for (size_t i = 0; i < std::min(elements.size(), elements_shown); ++i) {
      text += (i == 0 ? "" : ", ") + element_text<T>(elements[i]);
    }
    return text + (elements.size() > elements_shown ? ", ...]" : "]");
  }
  template <typename T>
  std::string operator()(const T& scalar) const {
    return element_text(scalar);
  }
};

struct Totals {
  int64_t tensors = 0;
  int64_t elements = 0;
  uint64_t bytes = 0;

  void add(const TensorView& tensor) {
    ++tensors;
    elements += tensor.element_count();
    bytes += tensor.size_bytes();
  }
};

std::map<std::string_view, Totals> totals_by_type(const File& file) {
  std::map<std::string_view, Totals> totals;
  for (const TensorView& tensor : file.tensors()) totals[element_traits(tensor.type).name].add(tensor);
  return totals;
}

Totals totals_of_all(const File& file) {
  Totals all;
  for (const TensorView& tensor : file.tensors()) all.add(tensor);
  return all;
}

std::string format_count(int64_t count) {
  const auto amount = static_cast<double>(count);
  if (amount >= 1e9) return fmt::format("{:.2f} B", amount * 1e-9);
  if (amount >= 1e6) return fmt::format("{:.1f} M", amount * 1e-6);
  if (amount >= 1e4) return fmt::format("{:.0f} k", amount * 1e-3);
  return fmt::format("{}", count);
}

std::string shape_text(const TensorView& tensor) {
  size_t dimensions = tensor.shape.size();
  while (dimensions > 1 && tensor.shape[dimensions - 1] == 1) --dimensions;
  return fmt::format("{}",
                     fmt::join(tensor.shape.begin(), tensor.shape.begin() + static_cast<long>(dimensions), " x "));
}

std::string metadata_lines(const File& file) {
  size_t key_width = 0;
  for (const auto& [key, value] : file.metadata().entries()) key_width = std::max(key_width, key.size());
  key_width = std::min<size_t>(key_width, 48);
  std::string text;
  for (const auto& [key, value] : file.metadata().entries()) {
    const std::string quoted = printable(key);
    const std::string name = quoted.substr(1, quoted.size() - 2);
    text += fmt::format("  {:<{}}  {} = {}\n", name, key_width, value_type_name(value), describe(value));
  }
  return text;
}

std::string tensor_lines(const File& file) {
  size_t name_width = 0;
  for (const TensorView& tensor : file.tensors()) name_width = std::max(name_width, tensor.name.size());
  std::string text;
  for (const TensorView& tensor : file.tensors()) {
    const std::string quoted = printable(tensor.name);
    text += fmt::format("  {:<{}}  {:<7} {:>12}  {}\n", quoted.substr(1, quoted.size() - 2), name_width,
                        element_traits(tensor.type).name, format_bytes(tensor.size_bytes()), shape_text(tensor));
  }
  return text;
}

}  // namespace

std::string describe(const Value& value) { return std::visit(DescribeValue{}, value); }

std::string summary(const File& file) {
  const Totals all = totals_of_all(file);
  std::vector<std::string> parts;
  for (const auto& [type, totals] : totals_by_type(file)) {
    parts.push_back(fmt::format("{} {}", type, format_bytes(totals.bytes)));
  }
  const auto architecture = file.metadata().get_string_or("general.architecture", "no architecture");
  return fmt::format("{}, {} parameters, {}{}", architecture.value_or("no architecture"), format_count(all.elements),
                     format_bytes(file.size_bytes()),
                     parts.empty() ? "" : fmt::format(" ({})", fmt::join(parts, ", ")));
}

std::string describe(const File& file) {
  std::string text = fmt::format("GGUF version {}: {}\n", file.version(), summary(file));
  text += fmt::format("\nmetadata: {} keys\n", file.metadata().entries().size()) + metadata_lines(file);
  for (const std::string& fix : file.fixes()) text += fmt::format("  mended: {}\n", fix);
  text += fmt::format("\ntensors: {}\n", file.tensors().size()) + tensor_lines(file);
  text += "\ntotals\n";
  for (const auto& [type, totals] : totals_by_type(file)) {
    text += fmt::format("  {:<7} {:>5} tensors {:>10} parameters {:>12}\n", type, totals.tensors,
                        format_count(totals.elements), format_bytes(totals.bytes));
  }
  return text;
}

}  // namespace quire::gguf
