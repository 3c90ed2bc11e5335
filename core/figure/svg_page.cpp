#include "core/figure/svg_page.hpp"

#include <algorithm>
#include <cmath>

#include "core/figure/text.hpp"

namespace thalweg {
namespace {

constexpr double kLegendRow = 18.0;
constexpr double kSwatch = 20.0;
/// Another font than Inter may be wider.
constexpr double kSlack = 1.08;
/// Between the numbers of x: as on the screen.
constexpr double kTickSpacing = 20.0;
constexpr int kMostNoteLines = 3;

/// Text in lines of at most `ems`, broken at spaces; the last of `most` says that there was more.
std::vector<std::string> wrapped(const std::string& text, double ems, int most) {
  std::vector<std::string> out;
  std::string line;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string longer = line + (line.empty() ? "" : " ") + text.substr(begin, end - begin);
    if (!line.empty() && text_ems(longer) > ems) {
      if (static_cast<int>(out.size()) + 1 == most) {
        out.push_back(elided_to(line + " " + text.substr(begin), ems));
        return out;
      }
      out.push_back(elided_to(line, ems));
      line.clear();
      continue;
    }
    line = longer;
    begin = end + 1;
  }
  if (!line.empty()) out.push_back(elided_to(line, ems));
  return out;
}

}  // namespace

double svg_width(std::string_view text, double size) { return kSlack * size * text_ems(text); }
double svg_width(const TickLabel& label, double size) {
  return svg_width(label.text, size) + svg_width(label.exponent, 0.75 * size);
}

SvgPage::SvgPage(const SvgOptions& options, std::string title, const std::string& about,
                 std::string_view identity)
    : style_(options.style),
      width_(std::clamp(options.width, kSmallestFigure, kLargestFigure)),
      height_(std::clamp(options.height, kSmallestFigure, kLargestFigure)),
      title_(std::move(title)) {
  style_.type_scale = std::clamp(style_.type_scale, 0.5, 4.0);
  std::uint64_t hash = 1469598103934665603U;  // FNV-1a
  for (const char c : identity) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  id_ = svg_colour(static_cast<std::uint32_t>(hash ^ (hash >> 32))).replace(0, 1, "t");
  out_.open("svg").set_raw("xmlns", "http://www.w3.org/2000/svg").set("width", width_).set("height", height_);
  out_.set_raw("viewBox", "0 0 " + svg_number(width_) + " " + svg_number(height_));
  out_.set_raw("role", "img").set_raw("aria-labelledby", id_ + "-title " + id_ + "-desc");
  out_.set_raw("font-family", "Inter, 'Helvetica Neue', Arial, sans-serif");
  out_.open("title")
      .set_raw("id", id_ + "-title")
      .text(elided_to(title_.empty() ? "Chart" : title_, 200.0))
      .close();
  out_.open("desc").set_raw("id", id_ + "-desc").text(about).close();
  out_.open("rect").set_raw("width", "100%").set_raw("height", "100%");
  out_.set_raw("fill", svg_colour(style_.background)).close();
}

double SvgPage::heading(double top) {
  const double size = kTitle * k();
  const std::string shown = elided_to(printable(title_), (width_ - 2.0 * margin()) / (kSlack * 1.03 * size));
  out_.open("text")
      .set("class", "title")
      .set("x", margin())
      .set("y", top + 0.8 * size)
      .set("font-size", size);
  out_.set_raw("font-weight", "600").set_raw("fill", svg_colour(style_.text)).text(shown).close();
  return top + 1.5 * size;
}

double SvgPage::legend(double top, std::span<const LegendEntry> entries) {
  if (entries.empty()) return top;
  const double size = kLabel * k(), row = kLegendRow * k(), gap = 16.0 * k();
  const double left = margin(), room = width_ - 2.0 * left;
  const int most_rows = std::max(1, static_cast<int>(0.3 * height_ / row));
  double x = left;
  int line = 0;
  out_.open("g").set("class", "legend").set("font-size", size);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t after = entries.size() - i - 1;
    const std::string more = "and " + std::to_string(after + 1) + " more";
    const std::string name = elided_to(entries[i].name, 0.48 * room / (kSlack * size));
    const double w = (kSwatch + 6.0) * k() + svg_width(name, size);
    // In the last line there must be room to say how many are missing.
    const bool last = line + 1 == most_rows;
    const double needed = last && after > 0 ? w + gap + svg_width(more, size) : w;
    if (x > left && x + needed > left + room) {
      if (last) {
        out_.open("text").set("x", x).set("y", top + 0.5 * row + 0.36 * size);
        out_.set_raw("fill", svg_colour(style_.dim)).text(more).close();
        break;
      }
      x = left;
      ++line;
    }
    swatch(*entries[i].series, x, top + (line + 0.5) * row);
    out_.open("text").set("x", x + (kSwatch + 6.0) * k()).set("y", top + (line + 0.5) * row + 0.36 * size);
    out_.set_raw("fill", svg_colour(style_.text)).text(name).close();
    x += w + gap;
  }
  out_.close();
  return top + (line + 1) * row;
}

void SvgPage::swatch(const Series& s, double x, double y) {
  const double w = kSwatch * k();
  if (!s.low.empty()) {
    out_.open("rect").set("x", x).set("y", y - 5.0 * k()).set("width", w).set("height", 10.0 * k());
    out_.set_raw("fill", series_colour(style_, s)).set("fill-opacity", 0.18).close();
  }
  if (s.line) {
    out_.open("path").set_raw("d", "M" + svg_number(x) + " " + svg_number(y) + "h" + svg_number(w));
    set_stroke(out_, style_, s);
    out_.close();
  }
  if (!s.dots) return;
  out_.open("circle").set("cx", x + 0.5 * w).set("cy", y).set("r", 2.75 * k());
  out_.set_raw("fill", series_colour(style_, s)).set_raw("stroke", svg_colour(style_.background));
  out_.set("stroke-width", k()).close();
}

double SvgPage::notes(double bottom, const std::string& text) {
  if (text.empty()) return bottom;
  const double size = kNote * k();
  const double ems = (width_ - 2.0 * margin()) / (kSlack * size);
  const auto lines = wrapped(text, ems, kMostNoteLines);
  double y = bottom - 1.35 * size * static_cast<double>(lines.size());
  const double begin = y;
  for (const std::string& line : lines) {
    y += 1.35 * size;
    out_.open("text").set("class", "note").set("x", margin()).set("y", y - 0.3 * size).set("font-size", size);
    out_.set_raw("fill", svg_colour(style_.dim)).text(line).close();
  }
  return begin - 4.0 * k();
}

void SvgPage::label(double x, double y, const TickLabel& text, const char* anchor) {
  const double size = kTick * k();
  out_.open("text").set("x", x).set("y", y).set_raw("text-anchor", anchor).text(text.text);
  if (!text.exponent.empty())
    out_.open("tspan").set("dy", -0.4 * size).set("font-size", 0.75 * size).text(text.exponent).close();
  out_.close();
}

void SvgPage::line(double x0, double y0, double x1, double y1, std::uint32_t colour) {
  out_.open("path").set_raw(
      "d", "M" + svg_number(x0) + " " + svg_number(y0) + "L" + svg_number(x1) + " " + svg_number(y1));
  out_.set_raw("stroke", svg_colour(colour)).set("stroke-width", 1.0).close();
}

double SvgPage::crisp(double at) { return std::floor(at) + 0.5; }

void SvgPage::y_axis(const SvgBox& box, const Range& y_range, AxisScale scale, std::span<const Tick> all,
                     bool grid) {
  const double size = kTick * k();
  out_.open("g").set("class", "axis-y").set("font-size", size).set_raw("fill", svg_colour(style_.dim));
  double above = 1e9;
  for (const Tick& tick : all) {
    const double y = crisp(box.bottom() - box.height * to_unit(y_range, scale, tick.value));
    if (!tick.major || !grid)
      line(box.left - (tick.major ? 5.0 : 3.0) * k(), y, box.left, y, grid ? style_.grid : style_.dim);
    if (!tick.major) continue;
    if (grid) line(box.left, y, box.right(), y, style_.grid);
    if (above - y < 1.25 * size) continue;
    label(box.left - 7.0 * k(), y + 0.36 * size, tick.label, "end");
    above = y;
  }
  out_.close();
}

double SvgPage::y_axis_room(std::span<const Tick> all) const {
  double out = 28.0 * k();
  for (const Tick& tick : all)
    if (tick.major) out = std::max(out, svg_width(tick.label, kTick * k()));
  return out + 8.0 * k();
}

void SvgPage::x_axis(const SvgBox& box, const Range& x_range, AxisScale scale, bool labels) {
  const double size = kTick * k();
  double widest = 24.0 * k();
  for (const Tick& tick : ticks(x_range, scale, box.width, 64.0 * k()))
    widest = std::max(widest, svg_width(tick.label, size));
  out_.open("g").set("class", "axis-x").set("font-size", size).set_raw("fill", svg_colour(style_.dim));
  const double bottom = crisp(box.bottom());
  line(box.left, bottom, box.right(), bottom, style_.dim);
  double free_from = -1e9;
  for (const Tick& tick : ticks(x_range, scale, box.width, widest + kTickSpacing * k())) {
    const double x = crisp(box.left + box.width * to_unit(x_range, scale, tick.value));
    line(x, bottom, x, bottom + (tick.major ? 5.0 : 3.0) * k(), style_.dim);
    const double half = 0.5 * svg_width(tick.label, size);
    if (!tick.major || !labels || x - half < free_from) continue;
    label(x, bottom + (9.0 * k() + 0.72 * size), tick.label, "middle");
    free_from = x + half + 6.0 * k();
  }
  out_.close();
}

void SvgPage::y_title(const SvgBox& box, const std::string& name) {
  if (name.empty()) return;
  const double size = kLabel * k();
  const double x = 0.75 * margin() + 0.8 * size, y = box.top + 0.5 * box.height;
  out_.open("text").set("class", "y-title").set("font-size", size).set_raw("text-anchor", "middle");
  out_.set_raw("fill", svg_colour(style_.text));
  out_.set_raw("transform", "translate(" + svg_number(x) + " " + svg_number(y) + ") rotate(-90)");
  out_.text(elided_to(printable(name), (box.height + 0.9 * kBetween * k()) / (kSlack * size))).close();
}

void SvgPage::x_title(const SvgBox& box, const std::string& name) {
  if (name.empty()) return;
  const double size = kLabel * k();
  out_.open("text").set("class", "x-title").set("x", box.left + 0.5 * box.width);
  out_.set("y", box.bottom() + (kTick + 10.0) * k() + 1.05 * size).set("font-size", size);
  out_.set_raw("text-anchor", "middle").set_raw("fill", svg_colour(style_.text));
  out_.text(elided_to(printable(name), box.width / (kSlack * size))).close();
}

std::string SvgPage::finish() {
  out_.close();
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + out_.take() + "\n";
}

}  // namespace thalweg
