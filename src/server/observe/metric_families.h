// Metrics on their way into Prometheus' text format: prometheus-cpp's families and serializer behind a few verbs.
#pragma once

#include <prometheus/metric_family.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/histogram.h"

namespace quire::server {

// One thread. Families are written in the order in which they first came. Names, labels' names and help are literals.
class MetricFamilies {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  void counter(const char* name, const char* help, Labels labels, double value);
  void gauge(const char* name, const char* help, Labels labels, double value);
  // `per_unit` of the histogram's integers make one of the name's unit: 1e9 nanoseconds a second. (A division: its
  // result is the double next to the bound, which prints as people write it.)
  void histogram(const char* name, const char* help, Labels labels, const HistogramView& histogram, double per_unit);

  // Text format 0.0.4.
  std::string text() const;

 private:
  prometheus::ClientMetric& add(const char* name, const char* help, prometheus::MetricType type, Labels labels);

  std::vector<prometheus::MetricFamily> families_;
  std::map<std::string_view, size_t> places_;  // by name
};

// A value of a label, which must be UTF-8: bytes that are not become '?'.
std::string label_text(std::string_view bytes);

}  // namespace quire::server
