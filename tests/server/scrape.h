// One answer of GET /metrics, read as a client reads it.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace quire::server::test {

class Scrape {
 public:
  explicit Scrape(std::string_view text) : text_(text) {
    size_t begin = 0;
    while (begin < text.size()) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view line = text.substr(begin, end - begin);
      begin = end + 1;
      if (line.empty() || line.starts_with('#')) continue;
      const size_t space = line.rfind(' ');
      values_[std::string(line.substr(0, space))] = std::strtod(std::string(line.substr(space + 1)).c_str(), nullptr);
    }
  }

  bool has(const std::string& series) const { return values_.contains(series); }
  // Of `name{label="value",...}`, labels in the order of the text. A series that is not there fails the test.
  double value(const std::string& series) const {
    const auto found = values_.find(series);
    EXPECT_NE(found, values_.end()) << series << " is not in\n" << text_;
    return found == values_.end() ? -1 : found->second;
  }
  // Of one model.
  double of(const std::string& name, const std::string& more = "", const std::string& model = "story:latest") const {
    return value(name + "{model_name=\"" + model + "\"" + (more.empty() ? "" : "," + more) + "}");
  }
  double vllm(const std::string& name, const std::string& more = "", const std::string& model = "story:latest") const {
    return value("vllm:" + name + "{model_name=\"" + model + "\",engine=\"0\"" + (more.empty() ? "" : "," + more) +
                 "}");
  }
  const std::map<std::string, double>& values() const { return values_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::map<std::string, double> values_;
};

}  // namespace quire::server::test
