// The curve of `quire tune` for people: on a terminal, and as SVG. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quire::cli {

struct ChartPoint {
  int32_t contexts = 0;
  double tokens_per_s = 0;  // of all contexts together
  double gap_ms = 0;        // between two tokens of one context
};

struct Chart {
  std::string title;
  std::vector<ChartPoint> points;  // ascending in contexts
  int32_t pays = 0;                // one of the points
  int64_t fits = -1;               // contexts that memory holds; -1: no limit was given
};

// A line a point: contexts, a bar and a number of tokens/s, a bar and a number of ms, and what is to be said of it.
// `width` columns at most, from 60 on. plain: characters of ASCII alone.
std::string chart_text(const Chart& chart, size_t width, bool plain);

// 640 x 320, the axis of contexts logarithmic; the same look as docs/curve.svg.
std::string chart_svg(const Chart& chart);

}  // namespace quire::cli
