#include "core/figure/svg_plot.hpp"

#include <algorithm>
#include <cmath>

#include "core/figure/text.hpp"

namespace thalweg {
namespace {

/// Of the columns of a curve, per pixel: enough for a print in twice the size.
constexpr double kColumnsPerPixel = 2.0;
/// Less than this, in pixels, is no height.
constexpr double kFlat = 0.1;

/// The pieces of a curve as one path: "M12 3L13 4V9".
class PathText {
 public:
  void line_to(double x, double y) {
    const std::string now_x = svg_number(x);
    const std::string now_y = svg_number(y);
    if (!begun_) {
      text_ += "M" + now_x + " " + now_y;
    } else if (now_x == x_) {
      if (now_y == y_) return;
      text_ += "V" + now_y;
    } else if (now_y == y_) {
      text_ += "H" + now_x;
    } else {
      text_ += "L" + now_x + " " + now_y;
    }
    begun_ = true;
    x_ = now_x;
    y_ = now_y;
  }
  void lift() { begun_ = false; }
  void close() {
    text_ += "Z";
    begun_ = false;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_, x_, y_;
  bool begun_ = false;
};

}  // namespace

std::string series_colour(const FigureStyle& style, const Series& series) {
  const int count = static_cast<int>(style.palette.size());
  if (count == 0) return svg_colour(style.text);
  return svg_colour(style.palette[static_cast<std::size_t>(((series.colour % count) + count) % count)]);
}

void set_stroke(XmlWriter& out, const FigureStyle& style, const Series& series) {
  // What stands behind is a fine line: noise as wide as the curve would be a wall.
  const double width = style.curve * style.type_scale * (series.faint ? 0.5 : 1.0);
  out.set("fill", "none").set_raw("stroke", series_colour(style, series)).set("stroke-width", width);
  out.set("stroke-linejoin", "round");
  if (series.dashed) {
    out.set_raw("stroke-dasharray", svg_number(2.5 * width) + " " + svg_number(2.0 * width));
  } else {
    out.set("stroke-linecap", "round");
  }
  if (series.faint) out.set("stroke-opacity", 0.35);
}

double SvgPlot::at_x(double value) const {
  const double unit = to_unit(x_, chart_.x.scale, value);
  return box_.left + box_.width * std::clamp(unit, -4.0, 5.0);
}

double SvgPlot::at_y(double value) const {
  const double unit = to_unit(y_, chart_.y.scale, value);
  return box_.bottom() - box_.height * std::clamp(unit, -20.0, 20.0);
}

/// Spans where the curve has no finite value are shaded, and a cross ends the curve before them.
void SvgPlot::gaps(XmlWriter& out, std::span<const ColumnExtent> columns, const std::string& colour) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].gap) continue;
    std::size_t end = i;
    while (end + 1 < columns.size() && columns[end + 1].gap) ++end;
    const double left = at_x(columns[i].x);
    out.open("rect").set("class", "gap").set("x", left).set("y", box_.top);
    out.set("width", std::max(2.0, at_x(columns[end].x) - left)).set("height", box_.height);
    out.set_raw("fill", colour).set("fill-opacity", 0.1).close();
    const ColumnExtent* before = columns[i].any                ? &columns[i]
                                 : i > 0 && columns[i - 1].any ? &columns[i - 1]
                                                               : nullptr;
    if (before) {
      const double r = 3.5 * style_.type_scale;
      const double x = at_x(before->x);
      const double value = std::isfinite(before->last) ? before->last : before->max;
      const double y = std::clamp(at_y(value), box_.top + 1.5 * r, box_.bottom() - 1.5 * r);
      PathText cross;
      cross.line_to(x - r, y - r);
      cross.line_to(x + r, y + r);
      cross.lift();
      cross.line_to(x - r, y + r);
      cross.line_to(x + r, y - r);
      out.open("path")
          .set("class", "gap")
          .set_raw("d", cross.text())
          .set("fill", "none")
          .set_raw("stroke", colour);
      out.set("stroke-width", style_.curve * style_.type_scale).close();
    }
    i = end;
  }
}

void SvgPlot::band(XmlWriter& out, const Series& s) const {
  const std::size_t count = std::min({s.x.size(), s.low.size(), s.high.size()});
  if (count < 2) return;
  // The same x, and so the same columns in both.
  const int pixels = static_cast<int>(kColumnsPerPixel * box_.width);
  const std::span<const double> x(s.x.data(), count);
  const auto low = decimate(x, {s.low.data(), count}, x_.min, x_.max, pixels, chart_.x.scale);
  const auto high = decimate(x, {s.high.data(), count}, x_.min, x_.max, pixels, chart_.x.scale);
  PathText path;
  std::size_t begin = 0;
  const auto usable = [&](std::size_t i) { return low[i].any && high[i].any; };
  for (std::size_t i = 0; i <= low.size(); ++i) {
    if (i < low.size() && usable(i)) continue;
    if (i > begin + 1) {
      for (std::size_t k = begin; k < i; ++k) path.line_to(at_x(high[k].x), at_y(high[k].max));
      for (std::size_t k = i; k-- > begin;) path.line_to(at_x(low[k].x), at_y(low[k].min));
      path.close();
    }
    begin = i + 1;
  }
  if (path.text().empty()) return;
  out.open("path").set("class", "band").set_raw("d", path.text()).set_raw("fill", series_colour(style_, s));
  out.set("fill-opacity", s.faint ? 0.1 : 0.18).close();
}

void SvgPlot::curve(XmlWriter& out, std::span<const ColumnExtent> columns, const Series& s) const {
  PathText path;
  std::vector<const ColumnExtent*> piece;
  std::vector<const ColumnExtent*> alone;
  const auto flush = [&] {
    if (piece.size() == 1 && at_y(piece[0]->min) - at_y(piece[0]->max) < kFlat) alone.push_back(piece[0]);
    for (const ColumnExtent* c : piece) {
      const double x = at_x(c->x);
      const double top = at_y(c->max), bottom = at_y(c->min);
      if (bottom - top < kFlat) {
        path.line_to(x, 0.5 * (top + bottom));
        continue;
      }
      const double first = std::isfinite(c->first) ? at_y(c->first) : top;
      const double last = std::isfinite(c->last) ? at_y(c->last) : bottom;
      path.line_to(x, first);
      // Up or down first does not show: the column is narrower than the line.
      const bool down = bottom - first < first - top;
      path.line_to(x, down ? bottom : top);
      path.line_to(x, down ? top : bottom);
      path.line_to(x, last);
    }
    path.lift();
    piece.clear();
  };
  for (const ColumnExtent& c : columns) {
    if (!c.any) {
      flush();
      continue;
    }
    piece.push_back(&c);
    if (c.gap) flush();
  }
  flush();
  if (path.text().empty()) return;
  out.open("path").set("class", "curve").set_raw("d", path.text());
  set_stroke(out, style_, s);
  out.close();
  for (const ColumnExtent* c : alone) {
    out.open("circle").set("class", "curve").set("cx", at_x(c->x)).set("cy", at_y(c->max));
    out.set("r", 0.75 * style_.curve * style_.type_scale).set_raw("fill", series_colour(style_, s)).close();
  }
}

void SvgPlot::dots(XmlWriter& out, const Series& s) const {
  // Where they would touch each other, the line alone says it.
  if (s.line && s.x.size() > 1 && box_.width / static_cast<double>(s.x.size()) < 5.0 * style_.type_scale) return;
  const double r = 2.75 * style_.type_scale;
  for (std::size_t i = 0; i < std::min(s.x.size(), s.y.size()); ++i) {
    if (!std::isfinite(s.y[i]) || !(s.x[i] >= x_.min && s.x[i] <= x_.max)) continue;
    const double y = at_y(s.y[i]);
    if (y < box_.top - 0.5 || y > box_.bottom() + 0.5) continue;
    out.open("circle").set("class", "dot").set("cx", at_x(s.x[i])).set("cy", y).set("r", r);
    out.set_raw("fill", series_colour(style_, s)).set_raw("stroke", svg_colour(style_.background));
    out.set("stroke-width", style_.type_scale).close();
  }
}

/// Lines across at events of the run, with what happened where there is room for it.
void SvgPlot::marks(XmlWriter& out) const {
  const double k = style_.type_scale;
  const double size = 9.5 * k;
  double free_from = box_.left;
  std::vector<Mark> ordered = chart_.marks;
  std::stable_sort(ordered.begin(), ordered.end(), [](const Mark& a, const Mark& b) { return a.x < b.x; });
  for (const Mark& mark : ordered) {
    if (!(mark.x >= x_.min && mark.x <= x_.max)) continue;
    const double x = std::round(at_x(mark.x)) + 0.5;
    out.open("g").set("class", "mark");
    if (!mark.text.empty()) out.leaf("title", elided_to(mark.text, 200.0));
    out.open("path").set_raw(
        "d", "M" + svg_number(x) + " " + svg_number(box_.top) + "V" + svg_number(box_.bottom()));
    out.set("fill", "none").set_raw("stroke", svg_colour(style_.warning)).set("stroke-opacity", 0.55);
    out.set("stroke-width", 1.0).close();
    PathText flag;
    flag.line_to(x - 3.5 * k, box_.top);
    flag.line_to(x + 3.5 * k, box_.top);
    flag.line_to(x, box_.top + 5.0 * k);
    flag.close();
    out.open("path").set_raw("d", flag.text()).set_raw("fill", svg_colour(style_.warning)).close();
    const std::string text = elided_to(printable(mark.text), 16.0);
    const double width = 1.1 * size * text_ems(text);
    if (!text.empty() && x > free_from && x + 6.0 * k + width < box_.right()) {
      out.open("text").set("x", x + 5.0 * k).set("y", box_.top + 8.0 * k).set("font-size", size);
      out.set_raw("fill", svg_colour(style_.warning)).text(text).close();
      free_from = x + 10.0 * k + width;
    }
    out.close();
  }
}

void SvgPlot::draw(XmlWriter& out, std::span<const std::vector<ColumnExtent>> columns) const {
  for (std::size_t i = 0; i < columns.size(); ++i)
    gaps(out, columns[i], series_colour(style_, chart_.series[i]));
  for (const Series& s : chart_.series)
    if (s.visible) band(out, s);
  for (const bool faint : {true, false})
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Series& s = chart_.series[i];
      if (s.faint != faint || !s.visible) continue;
      out.open("g").set("class", "series");
      if (!s.name.empty()) out.leaf("title", elided_to(s.name, 200.0));
      if (s.line) curve(out, columns[i], s);
      out.close();
    }
  marks(out);
}

void SvgPlot::draw_dots(XmlWriter& out) const {
  for (const Series& s : chart_.series)
    if (s.visible && s.dots) dots(out, s);
}

}  // namespace thalweg
