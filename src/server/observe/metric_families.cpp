#include "server/observe/metric_families.h"

#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>

#include "base/check.h"
#include "text/utf8.h"

namespace quire::server {

using prometheus::ClientMetric;
using prometheus::MetricType;

ClientMetric& MetricFamilies::add(const char* name, const char* help, MetricType type, Labels labels) {
  const auto [place, is_new] = places_.try_emplace(name, families_.size());
  if (is_new) families_.push_back({.name = name, .help = help, .type = type, .metric = {}});
  prometheus::MetricFamily& family = families_[place->second];
  QUIRE_CHECK(family.type == type, "a family has one type");
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  return metric;
}

void MetricFamilies::counter(const char* name, const char* help, Labels labels, double value) {
  add(name, help, MetricType::Counter, std::move(labels)).counter.value = value;
}

void MetricFamilies::gauge(const char* name, const char* help, Labels labels, double value) {
  add(name, help, MetricType::Gauge, std::move(labels)).gauge.value = value;
}

void MetricFamilies::histogram(const char* name, const char* help, Labels labels, const HistogramView& histogram,
                               double per_unit) {
  ClientMetric::Histogram& written = add(name, help, MetricType::Histogram, std::move(labels)).histogram;
  written.bucket.reserve(histogram.counts.size());
  uint64_t cumulative = 0;
  for (size_t bucket = 0; bucket < histogram.counts.size(); ++bucket) {
    cumulative += static_cast<uint64_t>(histogram.counts[bucket]);
    const bool last = bucket == histogram.bounds.size();
    const double bound =
        last ? std::numeric_limits<double>::infinity() : static_cast<double>(histogram.bounds[bucket]) / per_unit;
    written.bucket.push_back({.cumulative_count = cumulative, .upper_bound = bound});
  }
  written.sample_count = cumulative;
  written.sample_sum = static_cast<double>(histogram.sum) / per_unit;
}

std::string MetricFamilies::text() const { return prometheus::TextSerializer().Serialize(families_); }

std::string label_text(std::string_view bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    const size_t size = utf8_character_size(bytes, at);
    if (size == 0) {
      text += '?';
    } else {
      text += bytes.substr(at, size);
    }
    at += size == 0 ? 1 : size;
  }
  return text;
}

}  // namespace quire::server
