#include "cli/tune/tune_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "cli/terminal/human.h"
#include "cli/terminal/text_table.h"
#include "load/report_html.h"

namespace quire::cli {
namespace {

double most(const Chart& chart, double ChartPoint::*value) {
  double top = 0;
  for (const ChartPoint& point : chart.points) top = std::max(top, point.*value);
  return std::max(top, 1e-9);
}

// `share` of `width` columns, in eighths of a column; then blanks.
std::string bar(double share, size_t width, bool plain) {
  constexpr std::array<std::string_view, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto units = static_cast<size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width * 8)));
  std::string text;
  for (size_t column = 0; column < units / 8; ++column) text += plain ? "#" : "█";
  if (!plain) text += eighths[units % 8];
  return text + std::string(width - column_count(text), ' ');
}

std::string remark(const Chart& chart, size_t index) {
  const int32_t contexts = chart.points[index].contexts;
  if (contexts == chart.pays) return "<- pays";
  const bool last_that_fits = chart.fits >= 0 && contexts <= chart.fits &&
                              (index + 1 == chart.points.size() || chart.points[index + 1].contexts > chart.fits);
  if (last_that_fits && index + 1 < chart.points.size()) return "fits";
  return {};
}

constexpr double svg_width = 640, svg_height = 320, left = 56, right = 56, top = 40, bottom = 44;
constexpr const char* rate_colour = "#1f6feb";
constexpr const char* gap_colour = "#d9730d";

// A scale from 0 to above `highest`, with at most six round steps.
struct Axis {
  explicit Axis(double highest) : max(highest * 1.15) {
    const double raw = max / 6;
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    step = power * 10;
    for (const double unit : {5.0, 2.5, 2.0, 1.0}) {
      if (power * unit >= raw) step = power * unit;
    }
  }
  double y(double value) const { return svg_height - bottom - (svg_height - top - bottom) * value / max; }
  double max;
  double step;
};

class Svg {
 public:
  explicit Svg(const Chart& chart)
      : chart_(chart), rates_(most(chart, &ChartPoint::tokens_per_s)), gaps_(most(chart, &ChartPoint::gap_ms)) {}

  std::string draw() {
    out_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"{}\" height=\"{}\" fill=\"white\"/>\n",
        svg_width, svg_height, svg_width, svg_height);
    out_ += fmt::format("<text x=\"{}\" y=\"22\" font-size=\"14\" fill=\"#222\">{}</text>\n", left,
                        load::markup_text(chart_.title));
    draw_axes();
    draw_mark();
    draw_line(gap_colour, 1.5, gaps_, &ChartPoint::gap_ms, "ms");
    draw_line(rate_colour, 2.5, rates_, &ChartPoint::tokens_per_s, "");
    text((left + svg_width - right) / 2, svg_height - 8, "middle", "#555", "contexts");
    return out_ + "</svg>\n";
  }

 private:
  double x(double contexts) const {
    const double first = std::log2(chart_.points.front().contexts);
    const double last = std::log2(chart_.points.back().contexts);
    const double share = last > first ? (std::log2(contexts) - first) / (last - first) : 0.5;
    return left + 24 + (svg_width - left - right - 48) * share;
  }
  void text(double at_x, double at_y, const char* anchor, const char* colour, std::string_view content) {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" fill=\"{}\">{}</text>\n", at_x, at_y,
                        anchor, colour, content);
  }
  void draw_axes() {
    for (double tick = 0; tick <= rates_.max; tick += rates_.step) {
      out_ += fmt::format("<line x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>\n", left,
                          rates_.y(tick), svg_width - right, rates_.y(tick));
      text(left - 8, rates_.y(tick) + 4, "end", rate_colour, fmt::format("{:g}", tick));
    }
    for (double tick = gaps_.step; tick <= gaps_.max; tick += gaps_.step) {
      text(svg_width - right + 8, gaps_.y(tick) + 4, "start", gap_colour, fmt::format("{:g} ms", tick));
    }
  }
  void draw_mark() {
    out_ += fmt::format(
        "<line x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\" stroke=\"#888\" "
        "stroke-dasharray=\"4 3\"/>\n",
        x(chart_.pays), top, svg_height - bottom);
    text(x(chart_.pays) + 5, svg_height - bottom - 6, "start", "#555", fmt::format("{} pay", chart_.pays));
  }
  void draw_line(const char* colour, double thickness, const Axis& axis, double ChartPoint::*value, const char* unit) {
    std::string path;
    for (const ChartPoint& point : chart_.points) {
      path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "" : " ", x(point.contexts), axis.y(point.*value));
    }
    out_ += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"/>\n", path, colour,
                        thickness);
    if (*unit != '\0') return;
    double label_end = 0;  // labels of neighbours that would overlap are left out
    for (const ChartPoint& point : chart_.points) {
      const double at = x(point.contexts);
      out_ +=
          fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"/>\n", at, axis.y(point.*value), colour);
      if (at - 12 < label_end && point.contexts != chart_.pays) continue;
      label_end = at + 12;
      text(at, axis.y(point.*value) - 10, "middle", "#222", format_count(point.*value));
      text(at, svg_height - bottom + 18, "middle", "#555", fmt::to_string(point.contexts));
    }
  }

  const Chart& chart_;
  const Axis rates_;
  const Axis gaps_;
  std::string out_;
};

}  // namespace

std::string chart_text(const Chart& chart, size_t width, bool plain) {
  // contexts, two numbers, the remark, and blanks between.
  constexpr size_t others = 8 + 2 + 1 + 8 + 2 + 1 + 8 + 2 + 7;
  const size_t bars = std::clamp<size_t>(width, 60, 100) - others;
  const size_t gap_width = bars / 3;
  const size_t rate_width = bars - gap_width;
  const double rate_max = most(chart, &ChartPoint::tokens_per_s);
  const double gap_max = most(chart, &ChartPoint::gap_ms);
  std::string out = fmt::format("contexts  {}   {}\n", std::string(rate_width, ' ') + "tokens/s",
                                std::string(gap_width, ' ') + "ms/token");
  for (size_t index = 0; index < chart.points.size(); ++index) {
    const ChartPoint& point = chart.points[index];
    std::string line =
        fmt::format("{:>8}  {} {:>8}  {} {:>8}  {}", point.contexts,
                    bar(point.tokens_per_s / rate_max, rate_width, plain), format_count(point.tokens_per_s),
                    bar(point.gap_ms / gap_max, gap_width, plain), format_count(point.gap_ms), remark(chart, index));
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string chart_svg(const Chart& chart) { return Svg(chart).draw(); }

}  // namespace quire::cli
