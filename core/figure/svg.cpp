#include "core/figure/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/figure/fitting.hpp"
#include "core/figure/svg_plot.hpp"
#include "core/figure/text.hpp"

namespace thalweg {
namespace {

// Measures at type_scale 1.
constexpr double kMargin = 16.0;
constexpr double kTitle = 15.0;
constexpr double kLabel = 12.0;  ///< of axes and legend
constexpr double kTick = 11.0;
constexpr double kNote = 9.5;
constexpr double kLegendRow = 18.0;
constexpr double kSwatch = 20.0;
constexpr double kBetween = 18.0;  ///< from one chart to the next
/// Another font than Inter may be wider.
constexpr double kSlack = 1.08;
/// The least distance of tick labels: as on the screen.
constexpr double kTickSpacingY = 26.0;
constexpr double kTickSpacingX = 20.0;
constexpr int kMostNoteLines = 3;
constexpr std::size_t kRunsInNote = 12;
constexpr std::size_t kShortUid = 8;

double width_of(std::string_view text, double size) { return kSlack * size * text_ems(text); }
double width_of(const TickLabel& label, double size) {
  return width_of(label.text, size) + width_of(label.exponent, 0.75 * size);
}

/// Uids of what is visible, in order, each once.
std::vector<std::string> runs_of(std::span<const Chart> charts) {
  std::vector<std::string> out;
  for (const Chart& chart : charts)
    for (const Series& s : chart.series)
      if (s.visible && !s.run.empty() && std::find(out.begin(), out.end(), s.run) == out.end())
        out.push_back(s.run);
  return out;
}

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

/// What one line of the legend stands for.
struct Entry {
  const Series* series;
  std::string name;
};

std::vector<Entry> legend_of(std::span<const Chart> charts) {
  std::vector<Entry> out;
  const auto same = [](const Series& a, const Series& b) {
    return a.name == b.name && a.colour == b.colour && (a.dashed == b.dashed || a.faint || b.faint);
  };
  // First what is meant to be read; what stands faint behind it needs no name of its own.
  for (const bool faint : {false, true})
    for (const Chart& chart : charts)
      for (const Series& s : chart.series) {
        if (!s.visible || s.faint != faint || s.name.empty() || !has_data(s)) continue;
        if (std::none_of(out.begin(), out.end(), [&](const Entry& e) { return same(*e.series, s); }))
          out.push_back({&s, printable(s.name)});
      }
  return out;
}

/// One chart with all that must be known before it is placed.
struct Panel {
  const Chart* chart;
  std::vector<std::vector<ColumnExtent>> columns;
  Range y;
  std::vector<Tick> y_ticks;
  SvgBox box;
  bool empty = true;
};

class Picture {
 public:
  Picture(std::span<const Chart> charts, const SvgOptions& options)
      : charts_(charts),
        options_(options),
        style_(options.style),
        k_(std::clamp(options.style.type_scale, 0.5, 4.0)),
        width_(std::clamp(options.width, kSmallestFigure, kLargestFigure)),
        height_(std::clamp(options.height, kSmallestFigure, kLargestFigure)) {
    style_.type_scale = k_;
  }

  std::string draw() {
    title_ = options_.title.empty() && charts_.size() == 1 ? charts_[0].title : options_.title;
    range_x();
    begin();
    double top = margin();
    if (!title_.empty()) top = heading(top);
    top = legend(top);
    const double bottom = notes(height_ - 0.6 * margin());
    place(top + 12.0 * k_, bottom);
    for (std::size_t i = 0; i < panels_.size(); ++i) panel(i);
    x_title();
    out_.close();
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + out_.take() + "\n";
  }

 private:
  double margin() const { return kMargin * k_; }

  void range_x() {
    const std::vector<bool> none;
    std::optional<Range> all;
    for (const Chart& chart : charts_) {
      if (chart.x.range) {
        x_ = valid(*chart.x.range, chart.x.scale);
        return;
      }
      if (std::none_of(chart.series.begin(), chart.series.end(),
                       [](const Series& s) { return s.visible && has_data(s); }))
        continue;
      std::optional<Range> held;
      const Range own = fitted_x(chart, none, held);
      all = all ? Range{std::min(all->min, own.min), std::max(all->max, own.max)} : own;
    }
    const AxisScale scale = charts_.empty() ? AxisScale::kLinear : charts_[0].x.scale;
    x_ = all.value_or(scale == AxisScale::kLog ? Range{1.0, 1000.0} : Range{0.0, 1000.0});
  }

  void begin() {
    // Several pictures on one web page must not share names.
    std::uint64_t hash = 1469598103934665603U;  // FNV-1a
    const auto add = [&](const std::string& text) {
      for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    };
    add(title_);
    std::string about;
    for (const Chart& chart : charts_) {
      add(chart.title);
      about += (about.empty() ? "" : " ") + described(chart);
      for (const Series& s : chart.series) add(s.name + s.run);
    }
    const auto runs = runs_of(charts_);
    if (!runs.empty()) about += runs.size() == 1 ? " Run: " : " Runs: ";
    for (std::size_t i = 0; i < runs.size(); ++i) about += (i > 0 ? ", " : "") + elided_to(runs[i], 40.0);
    id_ = svg_colour(static_cast<std::uint32_t>(hash ^ (hash >> 32))).replace(0, 1, "t");

    out_.open("svg")
        .set_raw("xmlns", "http://www.w3.org/2000/svg")
        .set("width", width_)
        .set("height", height_);
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

  static std::string described(const Chart& chart) {
    const std::string y = chart.y.label.empty() ? chart.title : axis_text(chart.y);
    std::string out = elided_to(y.empty() ? "Values" : y, 100.0);
    if (const std::string x = x_text(chart); !x.empty()) out += " over " + elided_to(x, 100.0);
    if (chart.y.scale == AxisScale::kLog) out += ", logarithmic";
    std::string names;
    std::size_t count = 0;
    for (const Series& s : chart.series) {
      if (!s.visible || s.faint || s.name.empty() || ++count > 50) continue;
      names += (names.empty() ? ": " : ", ") + elided_to(s.name, 60.0);
    }
    return out + names + (count > 50 ? " and " + std::to_string(count - 50) + " more." : ".");
  }

  double heading(double top) {
    const double size = kTitle * k_;
    const std::string shown =
        elided_to(printable(title_), (width_ - 2.0 * margin()) / (kSlack * 1.03 * size));
    out_.open("text")
        .set("class", "title")
        .set("x", margin())
        .set("y", top + 0.8 * size)
        .set("font-size", size);
    out_.set_raw("font-weight", "600").set_raw("fill", svg_colour(style_.text)).text(shown).close();
    return top + 1.5 * size;
  }

  double legend(double top) {
    const auto entries = legend_of(charts_);
    if (entries.empty()) return top;
    const double size = kLabel * k_, row = kLegendRow * k_, gap = 16.0 * k_;
    const double left = margin(), room = width_ - 2.0 * left;
    const int most_rows = std::max(1, static_cast<int>(0.3 * height_ / row));
    double x = left;
    int line = 0;
    out_.open("g").set("class", "legend").set("font-size", size);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::size_t after = entries.size() - i - 1;
      const std::string more = "and " + std::to_string(after + 1) + " more";
      const std::string name = elided_to(entries[i].name, 0.48 * room / (kSlack * size));
      const double w = (kSwatch + 6.0) * k_ + width_of(name, size);
      // In the last line there must be room to say how many are missing.
      const bool last = line + 1 == most_rows;
      const double needed = last && after > 0 ? w + gap + width_of(more, size) : w;
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
      out_.open("text").set("x", x + (kSwatch + 6.0) * k_).set("y", top + (line + 0.5) * row + 0.36 * size);
      out_.set_raw("fill", svg_colour(style_.text)).text(name).close();
      x += w + gap;
    }
    out_.close();
    return top + (line + 1) * row;
  }

  void swatch(const Series& s, double x, double y) {
    const double w = kSwatch * k_;
    if (!s.low.empty()) {
      out_.open("rect").set("x", x).set("y", y - 5.0 * k_).set("width", w).set("height", 10.0 * k_);
      out_.set_raw("fill", series_colour(style_, s)).set("fill-opacity", 0.18).close();
    }
    if (s.line) {
      out_.open("path").set_raw("d", "M" + svg_number(x) + " " + svg_number(y) + "h" + svg_number(w));
      set_stroke(out_, style_, s);
      out_.close();
    }
    if (!s.dots) return;
    out_.open("circle").set("cx", x + 0.5 * w).set("cy", y).set("r", 2.75 * k_);
    out_.set_raw("fill", series_colour(style_, s)).set_raw("stroke", svg_colour(style_.background));
    out_.set("stroke-width", k_).close();
  }

  /// @return where they begin
  double notes(double bottom) {
    std::vector<std::string> lines;
    const double size = kNote * k_;
    const double ems = (width_ - 2.0 * margin()) / (kSlack * size);
    std::set<std::string> said;
    std::string all = run_note(charts_, kRunsInNote);
    for (const Chart& chart : charts_)
      if (!chart.note.empty() && said.insert(chart.note).second)
        all += (all.empty() ? "" : " \u00b7 ") + printable(chart.note);
    if (all.empty()) return bottom;
    lines = wrapped(all, ems, kMostNoteLines);
    double y = bottom - 1.35 * size * static_cast<double>(lines.size());
    const double begin = y;
    for (const std::string& line : lines) {
      y += 1.35 * size;
      out_.open("text")
          .set("class", "note")
          .set("x", margin())
          .set("y", y - 0.3 * size)
          .set("font-size", size);
      out_.set_raw("fill", svg_colour(style_.dim)).text(line).close();
    }
    return begin - 4.0 * k_;
  }

  void place(double top, double bottom) {
    const double x_axis = (kTick + 10.0) * k_ + (x_name().empty() ? 0.0 : (kLabel + 6.0) * k_);
    const double count = static_cast<double>(std::max<std::size_t>(charts_.size(), 1));
    const double room = std::max(bottom - x_axis - top - kBetween * k_ * (count - 1.0), 8.0 * count);
    const double each = room / count;
    double y = top;
    double gutter = 28.0 * k_;
    for (const Chart& chart : charts_) {
      Panel panel{&chart, {}, {}, {}, {0.0, y, 0.0, each}, true};
      measure(panel);
      for (const Tick& tick : panel.y_ticks)
        if (tick.major) gutter = std::max(gutter, width_of(tick.label, kTick * k_));
      panels_.push_back(std::move(panel));
      y += each + kBetween * k_;
    }
    const double left = 0.75 * margin() + (kLabel + 8.0) * k_ + gutter + 8.0 * k_;
    for (Panel& panel : panels_) {
      panel.box.left = std::round(left);
      panel.box.top = std::round(panel.box.top);
      panel.box.width = std::max(16.0, width_ - panel.box.left - 1.5 * margin());
      panel.box.height = std::round(panel.box.height);
    }
  }

  void measure(Panel& panel) const {
    const Chart& chart = *panel.chart;
    const std::vector<bool> none;
    panel.columns.resize(chart.series.size());
    std::vector<std::span<const ColumnExtent>> spans(chart.series.size());
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      if (!is_shown(chart, none, i) || !has_data(chart.series[i])) continue;
      panel.columns[i] = columns_of(chart.series[i], x_, chart.x.scale, 2 * static_cast<int>(width_));
      spans[i] = panel.columns[i];
      panel.empty = false;
    }
    panel.y = fitted_y(chart, none, chart.y.scale, spans, x_)
                  .value_or(chart.y.scale == AxisScale::kLog ? Range{1e-3, 1.0} : Range{0.0, 1.0});
    panel.y_ticks = ticks(panel.y, chart.y.scale, panel.box.height, kTickSpacingY * k_);
  }

  /// A tick's label with its exponent raised; `anchor` as in SVG.
  void label(double x, double y, const TickLabel& text, const char* anchor) {
    const double size = kTick * k_;
    out_.open("text").set("x", x).set("y", y).set_raw("text-anchor", anchor).text(text.text);
    if (!text.exponent.empty())
      out_.open("tspan").set("dy", -0.4 * size).set("font-size", 0.75 * size).text(text.exponent).close();
    out_.close();
  }

  void line(double x0, double y0, double x1, double y1, std::uint32_t colour) {
    out_.open("path").set_raw(
        "d", "M" + svg_number(x0) + " " + svg_number(y0) + "L" + svg_number(x1) + " " + svg_number(y1));
    out_.set_raw("stroke", svg_colour(colour)).set("stroke-width", 1.0).close();
  }

  /// Whole pixels and a half: a line of one pixel is sharp there.
  static double crisp(double at) { return std::floor(at) + 0.5; }

  void panel(std::size_t index) {
    Panel& p = panels_[index];
    const Chart& chart = *p.chart;
    const SvgPlot plot(chart, style_, p.box, x_, p.y);
    const std::string clip = id_ + "-" + std::to_string(index);
    out_.open("g").set("class", "chart");
    if (p.empty) {
      line(p.box.left, crisp(p.box.bottom()), p.box.right(), crisp(p.box.bottom()), style_.grid);
      const std::string why = chart.empty.empty() ? "No data" : printable(chart.empty);
      out_.open("text").set("x", p.box.left + 0.5 * p.box.width).set("y", p.box.top + 0.5 * p.box.height);
      out_.set("font-size", kLabel * k_)
          .set_raw("text-anchor", "middle")
          .set_raw("fill", svg_colour(style_.dim));
      out_.text(elided_to(why, p.box.width / (kSlack * kLabel * k_))).close();
    } else {
      out_.open("clipPath").set_raw("id", clip).open("rect").set("x", p.box.left).set("y", p.box.top - 1.0);
      out_.set("width", p.box.width + 1.0).set("height", p.box.height + 2.0).close().close();
      y_axis(p, plot);
      x_axis(p, plot, index + 1 == panels_.size());
      out_.open("g").set_raw("clip-path", "url(#" + clip + ")");
      plot.draw(out_, p.columns);
      out_.close();
      plot.draw_dots(out_);
    }
    y_title(p);
    out_.close();
  }

  void y_axis(const Panel& p, const SvgPlot& plot) {
    const double size = kTick * k_;
    out_.open("g").set("class", "axis-y").set("font-size", size).set_raw("fill", svg_colour(style_.dim));
    double above = 1e9;
    for (const Tick& tick : p.y_ticks) {
      const double y = crisp(plot.at_y(tick.value));
      if (!tick.major) {
        line(p.box.left - 3.0 * k_, y, p.box.left, y, style_.grid);
        continue;
      }
      line(p.box.left, y, p.box.right(), y, style_.grid);
      if (above - y < 1.25 * size) continue;
      label(p.box.left - 7.0 * k_, y + 0.36 * size, tick.label, "end");
      above = y;
    }
    out_.close();
  }

  void x_axis(const Panel& p, const SvgPlot& plot, bool labels) {
    const double size = kTick * k_;
    const AxisScale scale = p.chart->x.scale;
    double widest = 24.0 * k_;
    for (const Tick& tick : ticks(x_, scale, p.box.width, 64.0 * k_))
      widest = std::max(widest, width_of(tick.label, size));
    out_.open("g").set("class", "axis-x").set("font-size", size).set_raw("fill", svg_colour(style_.dim));
    const double bottom = crisp(p.box.bottom());
    line(p.box.left, bottom, p.box.right(), bottom, style_.dim);
    double free_from = -1e9;
    for (const Tick& tick : ticks(x_, scale, p.box.width, widest + kTickSpacingX * k_)) {
      const double x = crisp(plot.at_x(tick.value));
      line(x, bottom, x, bottom + (tick.major ? 5.0 : 3.0) * k_, style_.dim);
      const double half = 0.5 * width_of(tick.label, size);
      if (!tick.major || !labels || x - half < free_from) continue;
      label(x, bottom + (9.0 * k_ + 0.72 * size), tick.label, "middle");
      free_from = x + half + 6.0 * k_;
    }
    out_.close();
  }

  void y_title(const Panel& p) {
    const std::string text = p.chart->y.label.empty() ? p.chart->title : axis_text(p.chart->y);
    if (text.empty()) return;
    const double size = kLabel * k_;
    const double x = 0.75 * margin() + 0.8 * size, y = p.box.top + 0.5 * p.box.height;
    out_.open("text").set("class", "y-title").set("font-size", size).set_raw("text-anchor", "middle");
    out_.set_raw("fill", svg_colour(style_.text));
    out_.set_raw("transform", "translate(" + svg_number(x) + " " + svg_number(y) + ") rotate(-90)");
    out_.text(elided_to(printable(text), (p.box.height + 0.9 * kBetween * k_) / (kSlack * size))).close();
  }

  std::string x_name() const {
    for (const Chart& chart : charts_)
      if (const std::string name = x_text(chart); !name.empty()) return name;
    return {};
  }

  void x_title() {
    const std::string name = x_name();
    if (name.empty() || panels_.empty()) return;
    const SvgBox& box = panels_.back().box;
    const double size = kLabel * k_;
    out_.open("text").set("class", "x-title").set("x", box.left + 0.5 * box.width);
    out_.set("y", box.bottom() + (kTick + 10.0) * k_ + 1.05 * size).set("font-size", size);
    out_.set_raw("text-anchor", "middle").set_raw("fill", svg_colour(style_.text));
    out_.text(elided_to(printable(name), box.width / (kSlack * size))).close();
  }

  std::span<const Chart> charts_;
  const SvgOptions& options_;
  FigureStyle style_;
  double k_;
  double width_, height_;
  std::string title_, id_;
  Range x_;
  std::vector<Panel> panels_;
  XmlWriter out_;
};

}  // namespace

std::string to_svg(const Chart& chart, const SvgOptions& options) {
  return to_svg(std::span(&chart, 1), options);
}

std::string to_svg(std::span<const Chart> charts, const SvgOptions& options) {
  return Picture(charts, options).draw();
}

std::string run_note(std::span<const Chart> charts, std::size_t most) {
  const auto runs = runs_of(charts);
  if (runs.empty()) return {};
  std::string out = runs.size() == 1 ? "Run " : "Runs ";
  const std::size_t shown = std::min(runs.size(), std::max<std::size_t>(most, 1));
  for (std::size_t i = 0; i < shown; ++i)
    out += (i > 0 ? ", " : "") + printable(runs[i].substr(0, kShortUid));
  if (shown < runs.size()) out += " and " + std::to_string(runs.size() - shown) + " more";
  return out;
}

}  // namespace thalweg
