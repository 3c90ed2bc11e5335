#include "app/map/map_figure.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "app/map/map_ground.hpp"
#include "app/map/path_lines.hpp"
#include "core/figure/contours.hpp"
#include "core/figure/csv.hpp"
#include "core/figure/svg_page.hpp"
#include "core/figure/text.hpp"

namespace thalweg {
namespace {

/// Pixels of the picture to a cell of the contours.
constexpr double kContourCell = 2.0;
constexpr std::size_t kShortestLine = 16;
constexpr double kColourBar = 92.0;  ///< room on the right, with its numbers
/// Between paths that run together, as on the screen.
constexpr float kLaneSpacing = 2.6F;

std::uint32_t packed(const MapColour& c) {
  const auto part = [](float v) {
    return static_cast<std::uint32_t>(std::lround(255.0F * std::clamp(v, 0.0F, 1.0F)));
  };
  return part(c.r) << 16 | part(c.g) << 8 | part(c.b);
}

/// A tenth of a pixel is enough for lines that are drawn through thousands of points.
std::string tenth(double value) { return svg_number(std::round(value * 10.0) / 10.0); }

class MapPicture {
 public:
  MapPicture(const MapFigure& map, const SvgOptions& options, const std::vector<Series>& entries)
      : map_(map),
        entries_(entries),
        style_(options.style.dark ? dark_map_style() : light_map_style()),
        page_(options, options.title.empty() ? map.title : options.title, about(map), map.title + map.note),
        titled_(!map.title.empty() || !options.title.empty()) {
    style_.levels = map.levels;
  }

  std::string draw() {
    double top = page_.margin();
    if (titled_) top = page_.heading(top);
    std::vector<LegendEntry> legend;
    for (const Series& s : entries_) legend.push_back({&s, printable(s.name)});
    top = page_.legend(top, legend) + 10.0 * page_.k();
    const double bottom = page_.notes(page_.height() - 0.6 * page_.margin(), footnote());
    place(top, bottom);
    ground();
    axes();
    clip();
    contours();
    paths();
    points();
    page_.out().close();
    colour_bar();
    return page_.finish();
  }

 private:
  static std::string about(const MapFigure& map) {
    std::string out =
        "Map of " + elided_to(map.note.empty() ? map.title : map.note, 200.0) + " with the paths of";
    for (std::size_t i = 0; i < map.paths.size(); ++i)
      out += (i > 0 ? ", " : " ") + elided_to(map.paths[i].name, 60.0) +
             (map.paths[i].run.empty() ? "" : " (run " + elided_to(map.paths[i].run, 40.0) + ")");
    return out + ".";
  }

  std::string footnote() const {
    Chart of_runs;
    of_runs.series = entries_;
    const std::string runs = run_note(std::span(&of_runs, 1), 12);
    return runs + (runs.empty() || map_.note.empty() ? "" : " \u00b7 ") + printable(map_.note);
  }

  double halo_width() const { return width() + 2.0 * page_.k(); }
  double width() const { return page_.style().curve * page_.k(); }

  /// As large as the sheet has room for it, with the same scale along x and y as on the screen.
  void place(double top, double bottom) {
    const double k = page_.k();
    const auto rough = ticks({map_.field.y0, map_.field.y1}, AxisScale::kLinear, bottom - top, 40.0 * k);
    const double left = 0.75 * page_.margin() + (SvgPage::kLabel + 8.0) * k + page_.y_axis_room(rough);
    const double wide = std::max(32.0, page_.width() - left - kColourBar * k - page_.margin());
    const double high = std::max(32.0, bottom - page_.x_axis_room(true) - top);
    const double ratio = static_cast<double>(std::max(1, map_.field.height)) / std::max(1, map_.field.width);
    box_.width = std::round(std::min(wide, high / ratio));
    box_.height = std::round(std::min(high, wide * ratio));
    box_.left = std::round(left);
    box_.top = std::round(top);
    field_ = ground_of(1.0);
  }

  /// The surface at one sample for each `cell` pixels along both sides.
  HeightField ground_of(double cell) const {
    FieldRequest request = map_.field;
    request.width = std::max(2, static_cast<int>(std::lround(box_.width / cell)));
    request.height = std::max(2, static_cast<int>(std::lround(box_.height / cell)));
    return sampled(request, map_.levels);
  }

  double at_x(double x) const {
    return box_.left + box_.width * (x - map_.field.x0) / (map_.field.x1 - map_.field.x0);
  }
  double at_y(double y) const {
    return box_.bottom() - box_.height * (y - map_.field.y0) / (map_.field.y1 - map_.field.y0);
  }
  bool inside(double x, double y) const {
    return x >= box_.left && x <= box_.right() && y >= box_.top && y <= box_.bottom();
  }

  void ground() {
    const std::string png = tinted_png(field_, style_);
    page_.out()
        .open("image")
        .set("x", box_.left)
        .set("y", box_.top)
        .set("width", box_.width)
        .set("height", box_.height);
    page_.out()
        .set_raw("preserveAspectRatio", "none")
        .set_raw("href", "data:image/png;base64," + png)
        .close();
  }

  void axes() {
    const double k = page_.k();
    const Range x{map_.field.x0, map_.field.x1}, y{map_.field.y0, map_.field.y1};
    page_.y_axis(box_, y, AxisScale::kLinear, ticks(y, AxisScale::kLinear, box_.height, 40.0 * k), false);
    page_.x_axis(box_, x, AxisScale::kLinear, true);
    page_.x_title(box_, map_.x_label);
    page_.y_title(box_, map_.y_label);
  }

  void clip() {
    XmlWriter& out = page_.out();
    out.open("clipPath")
        .set_raw("id", page_.id() + "-map")
        .open("rect")
        .set("x", box_.left)
        .set("y", box_.top);
    out.set("width", box_.width).set("height", box_.height).close().close();
    out.open("g").set_raw("clip-path", "url(#" + page_.id() + "-map)");
  }

  void contours() {
    const HeightField coarse = ground_of(kContourCell);
    // Lines and tints must agree, and the range is that of a sample.
    std::vector<float> level(coarse.level.size());
    std::transform(coarse.level.begin(), coarse.level.end(), level.begin(), [&](float v) {
      if (v <= HeightField::kEmpty) return v;
      const double coordinate = static_cast<double>(v) * coarse.contours.spacing + coarse.origin;
      return static_cast<float>((coordinate - field_.origin) / field_.contours.spacing);
    });
    const auto first = field_.contours.first -
                       static_cast<std::int64_t>(std::llround(field_.origin / field_.contours.spacing));
    const auto lines = contour_lines({coarse.width, coarse.height, level, HeightField::kEmpty}, first,
                                     ContourLevels::kMajorEvery);
    for (const bool major : {false, true}) {
      std::string d;
      for (const ContourLine& line : lines) {
        if ((line.level % ContourLevels::kMajorEvery == 0) != major) continue;
        // Crumbs, where a narrow valley lets a line through here and there: the screen fades them out.
        if (!line.closed && line.points.size() < kShortestLine) continue;
        const char* pen = "M";
        for (const ContourPoint& p : line.points) {
          d += pen + tenth(box_.left + (static_cast<double>(p.x) + 0.5) / coarse.width * box_.width) + " " +
               tenth(box_.bottom() - (static_cast<double>(p.y) + 0.5) / coarse.height * box_.height);
          pen = "L";
        }
        if (line.closed) d += "Z";
      }
      if (d.empty()) continue;
      page_.out()
          .open("path")
          .set("class", major ? "contour-major" : "contour")
          .set_raw("d", d)
          .set("fill", "none");
      page_.out().set_raw("stroke", svg_colour(packed(style_.line)));
      page_.out().set("stroke-width",
                      static_cast<double>(major ? style_.major_width : style_.minor_width) * page_.k());
      page_.out()
          .set("stroke-opacity", static_cast<double>(major ? style_.major_alpha : style_.minor_alpha))
          .close();
    }
  }

  std::uint32_t halo() const { return page_.style().dark ? page_.style().background : 0xffffffU; }

  void stroke(const std::string& d, const std::string& colour, double line, double opacity) {
    if (d.empty()) return;
    page_.out()
        .open("path")
        .set("class", "path")
        .set_raw("d", d)
        .set("fill", "none")
        .set_raw("stroke", colour);
    page_.out().set("stroke-width", line).set("stroke-opacity", opacity);
    page_.out().set("stroke-linejoin", "round").set("stroke-linecap", "round").close();
  }

  void paths() {
    const Plane plane{map_.field.x0,
                      map_.field.x1,
                      map_.field.y0,
                      map_.field.y1,
                      static_cast<float>(box_.left),
                      static_cast<float>(box_.top),
                      static_cast<float>(box_.width),
                      static_cast<float>(box_.height)};
    std::vector<PathLine> lines(map_.paths.size());
    std::vector<std::span<const PathPoint>> spans;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const DescentView& lane = map_.paths[i].lane;
      lines[i].update(lane.table, lane.columns.position(map_.field.axis_x),
                      lane.columns.position(map_.field.axis_y), plane);
      spans.push_back(lines[i].points());
    }
    const std::vector<std::vector<Vec2>> places = lanes(spans, plane, kLaneSpacing * static_cast<float>(page_.k()));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string colour = series_colour(page_.style(), entries_[i]);
      std::string before, after;
      for (std::size_t p = 0; p < spans[i].size(); ++p) {
        const Vec2 at = places[i][p];
        const bool later = spans[i][p].row > map_.paths[i].shown;
        std::string& d = later ? after : before;
        const bool lifted = spans[i][p].begins || p == 0 || d.empty();
        d += (lifted ? "M" : "L") + tenth(static_cast<double>(at.x)) + " " + tenth(static_cast<double>(at.y));
      }
      page_.out().open("g").set("class", "series").leaf("title", elided_to(map_.paths[i].name, 200.0));
      stroke(after, colour, page_.k(), 0.35);
      stroke(before, svg_colour(halo()), halo_width(), 0.6);
      stroke(before, colour, width(), 1.0);
      page_.out().close();
    }
  }

  void disc(double x, double y, double r, const std::string& fill, std::uint32_t ring) {
    page_.out().open("circle").set("cx", x).set("cy", y).set("r", r).set_raw("fill", fill);
    page_.out().set_raw("stroke", svg_colour(ring)).set("stroke-width", 2.0 * page_.k()).close();
  }

  /// Text on the ground, with a rim so that it reads anywhere.
  void word(double x, double y, const char* text, const char* anchor) {
    page_.out().open("text").set("x", x).set("y", y).set("font-size", SvgPage::kTick * page_.k());
    page_.out().set_raw("text-anchor", anchor).set_raw("fill", svg_colour(page_.style().text));
    page_.out()
        .set_raw("stroke", svg_colour(halo()))
        .set("stroke-width", 3.0 * page_.k())
        .set("stroke-opacity", 0.7);
    page_.out().set_raw("stroke-linejoin", "round").set_raw("paint-order", "stroke").text(text).close();
  }

  void points() {
    const double k = page_.k();
    XmlWriter& out = page_.out();
    for (const auto& minimum : map_.minima) {
      const double x = at_x(minimum[0]), y = at_y(minimum[1]);
      if (!inside(x, y)) continue;
      const std::string cross = "M" + svg_number(x - 12.0 * k) + " " + svg_number(y) + "h" +
                                svg_number(24.0 * k) + "M" + svg_number(x) + " " + svg_number(y - 12.0 * k) +
                                "v" + svg_number(24.0 * k);
      for (const bool rim : {true, false}) {
        const std::string colour = svg_colour(rim ? halo() : page_.style().text);
        const double line = (rim ? 4.0 : 1.5) * k;
        out.open("circle")
            .set("class", "minimum")
            .set("cx", x)
            .set("cy", y)
            .set("r", 8.0 * k)
            .set("fill", "none");
        out.set_raw("stroke", colour).set("stroke-width", line).close();
        out.open("path")
            .set_raw("d", cross)
            .set("fill", "none")
            .set_raw("stroke", colour)
            .set("stroke-width", line)
            .close();
      }
    }
    if (map_.minima.size() == 1) {
      const double x = at_x(map_.minima[0][0]), y = at_y(map_.minima[0][1]);
      const bool right = x + 80.0 * k < box_.right();
      if (inside(x, y))
        word(x + (right ? 15.0 : -15.0) * k, y + 18.0 * k, "minimum", right ? "start" : "end");
    }
    const double start_x = at_x(map_.start[0]), start_y = at_y(map_.start[1]);
    disc(start_x, start_y, 5.0 * k, svg_colour(page_.style().text), halo());
    const bool left = start_x - 50.0 * k > box_.left;
    word(start_x + (left ? -10.0 : 10.0) * k, start_y + 4.0 * k, "start", left ? "end" : "start");
    for (std::size_t i = 0; i < map_.paths.size(); ++i) {
      const MapPath& path = map_.paths[i];
      if (path.lane.table.rows() == 0) continue;
      const std::int64_t row = std::clamp<std::int64_t>(path.shown, 0, path.lane.table.rows() - 1);
      if (path.lane.outcome == Outcome::kDiverged && row == path.lane.steps()) continue;
      const double x = path.lane.table.at(row, path.lane.columns.position(map_.field.axis_x));
      const double y = path.lane.table.at(row, path.lane.columns.position(map_.field.axis_y));
      if (!std::isfinite(x) || !std::isfinite(y) || !inside(at_x(x), at_y(y))) continue;
      disc(at_x(x), at_y(y), 6.0 * k, series_colour(page_.style(), entries_[i]), halo());
    }
  }

  void colour_bar() {
    const double k = page_.k();
    const SvgBox bar{box_.right() + 16.0 * k, box_.top + 34.0 * k, 12.0 * k,
                     std::min(180.0 * k, box_.height - 40.0 * k)};
    if (bar.height < 40.0 * k) return;
    const MapLegend legend = make_legend(style_, field_.range, field_.contours);
    XmlWriter& out = page_.out();
    const std::string id = page_.id() + "-bar";
    out.open("linearGradient").set_raw("id", id).set("x1", 0.0).set("y1", 1.0).set("x2", 0.0).set("y2", 0.0);
    for (std::size_t i = 0; i < legend.gradient.size(); i += 3)
      out.open("stop")
          .set("offset", static_cast<double>(i) / static_cast<double>(legend.gradient.size() - 1))
          .set_raw("stop-color", svg_colour(packed(legend.gradient[i])))
          .close();
    out.close();
    const double size = SvgPage::kTick * k;
    out.open("g")
        .set("class", "colour-bar")
        .set("font-size", size)
        .set_raw("fill", svg_colour(page_.style().dim));
    out.open("rect").set("x", bar.left).set("y", bar.top).set("width", bar.width).set("height", bar.height);
    out.set_raw("fill", "url(#" + id + ")").close();
    const char* words[2] = {"height over", "minimum"};
    for (int i = 0; i < 2 && legend.log_levels; ++i)
      out.open("text").set("x", bar.left).set("y", box_.top + (10.0 + 13.0 * i) * k).text(words[i]).close();
    if (!legend.log_levels)
      out.open("text").set("x", bar.left).set("y", box_.top + 23.0 * k).text("height f").close();
    const AxisScale scale = legend.log_levels ? AxisScale::kLog : AxisScale::kLinear;
    const Range range = legend.log_levels
                            ? Range{std::pow(10.0, legend.range.low), std::pow(10.0, legend.range.high)}
                            : Range{legend.range.low, legend.range.high};
    for (const Tick& tick : ticks(range, scale, bar.height, 26.0 * k)) {
      if (!tick.major) continue;
      const double y = SvgPage::crisp(bar.bottom() - bar.height * to_unit(range, scale, tick.value));
      page_.line(bar.right(), y, bar.right() + 4.0 * k, y, page_.style().dim);
      page_.label(bar.right() + 8.0 * k, y + 0.36 * size, tick.label, "start");
    }
    out.close();
  }

  const MapFigure& map_;
  const std::vector<Series>& entries_;
  MapStyle style_;
  SvgPage page_;
  bool titled_;
  SvgBox box_;
  HeightField field_;
};

}  // namespace

std::string map_svg(const MapFigure& map, const SvgOptions& options) {
  std::vector<Series> entries;
  for (const MapPath& path : map.paths) {
    Series entry;
    entry.name = path.name;
    entry.colour = path.colour;
    entry.run = path.run;
    entries.push_back(std::move(entry));
  }
  return MapPicture(map, options, entries).draw();
}

std::string map_csv(const MapFigure& map) {
  std::string out = "optimizer,run,step," + csv_text(map.x_label) + "," + csv_text(map.y_label) + ",loss\n";
  for (const MapPath& path : map.paths) {
    const DescentColumns& columns = path.lane.columns;
    const std::string front = csv_text(path.name) + "," + csv_text(path.run) + ",";
    for (std::int64_t row = 0; row < path.lane.table.rows(); ++row) {
      out += front + std::to_string(row);
      for (const int column :
           {columns.position(map.field.axis_x), columns.position(map.field.axis_y), columns.loss()})
        out += "," + csv_number(path.lane.table.at(row, column));
      out += "\n";
    }
  }
  return out;
}

FigureSource figure_of(MapFigure map) {
  FigureSource out;
  out.title = map.title;
  const double ratio = static_cast<double>(std::max(1, map.field.height)) / std::max(1, map.field.width);
  // Axes and colour bar beside the map, title, legend and footnote above and below it.
  out.height = std::clamp(static_cast<int>(std::lround((out.width - 180) * ratio + 136)), 300, 1200);
  const auto kept = std::make_shared<const MapFigure>(std::move(map));
  out.svg = [kept](const SvgOptions& options) { return map_svg(*kept, options); };
  out.csv = [kept] { return map_csv(*kept); };
  return out;
}

}  // namespace thalweg
