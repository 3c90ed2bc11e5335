#include "core/figure/svg.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/figure/fitting.hpp"
#include "core/figure/svg_page.hpp"
#include "core/figure/text.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kRunsInNote = 12;
constexpr std::size_t kShortUid = 8;

/// Uids of what is visible, in order, each once.
std::vector<std::string> runs_of(std::span<const Chart> charts) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& run) {
    if (!run.empty() && std::find(out.begin(), out.end(), run) == out.end()) out.push_back(run);
  };
  for (const Chart& chart : charts)
    for (const Series& s : chart.series) {
      if (!s.visible) continue;
      add(s.run);
      for (const std::string& run : s.runs) add(run);
    }
  return out;
}

std::vector<LegendEntry> legend_of(std::span<const Chart> charts) {
  std::vector<LegendEntry> out;
  const auto same = [](const Series& a, const Series& b) {
    return a.name == b.name && a.colour == b.colour && (a.dashed == b.dashed || a.faint || b.faint);
  };
  // First what is meant to be read; what stands faint behind it needs no name of its own.
  for (const bool faint : {false, true})
    for (const Chart& chart : charts)
      for (const Series& s : chart.series) {
        if (!s.visible || s.faint != faint || s.name.empty() || !has_data(s)) continue;
        if (std::none_of(out.begin(), out.end(), [&](const LegendEntry& e) { return same(*e.series, s); }))
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

/// What the picture says of itself to those who can't see it.
std::string described(const Chart& chart) {
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

std::string about(std::span<const Chart> charts) {
  std::string out;
  for (const Chart& chart : charts) out += (out.empty() ? "" : " ") + described(chart);
  const auto runs = runs_of(charts);
  if (!runs.empty()) out += runs.size() == 1 ? " Run: " : " Runs: ";
  for (std::size_t i = 0; i < runs.size(); ++i) out += (i > 0 ? ", " : "") + elided_to(runs[i], 40.0);
  return out;
}

/// All that tells one picture from another, as far as it matters for the names within.
std::string identity(std::span<const Chart> charts, const std::string& title) {
  std::string out = title;
  for (const Chart& chart : charts) {
    out += chart.title;
    for (const Series& s : chart.series) out += s.name + s.run;
  }
  return out;
}

std::string footnote(std::span<const Chart> charts) {
  std::string out = run_note(charts, kRunsInNote);
  std::set<std::string> said;
  for (const Chart& chart : charts)
    if (!chart.note.empty() && said.insert(chart.note).second)
      out += (out.empty() ? "" : " \u00b7 ") + printable(chart.note);
  return out;
}

std::string title_of(std::span<const Chart> charts, const SvgOptions& options) {
  return options.title.empty() && charts.size() == 1 ? charts[0].title : options.title;
}

class Picture {
 public:
  Picture(std::span<const Chart> charts, const SvgOptions& options)
      : charts_(charts),
        title_(title_of(charts, options)),
        page_(options, title_, about(charts), identity(charts, title_)) {}

  std::string draw() {
    range_x();
    double top = page_.margin();
    if (!title_.empty()) top = page_.heading(top);
    top = page_.legend(top, legend_of(charts_));
    const double bottom = page_.notes(page_.height() - 0.6 * page_.margin(), footnote(charts_));
    place(top + 12.0 * page_.k(), bottom);
    for (std::size_t i = 0; i < panels_.size(); ++i) panel(i);
    if (!panels_.empty()) page_.x_title(panels_.back().box, x_name());
    return page_.finish();
  }

 private:
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

  void place(double top, double bottom) {
    const double between = SvgPage::kBetween * page_.k();
    const double x_axis = page_.x_axis_room(!x_name().empty());
    const double count = static_cast<double>(std::max<std::size_t>(charts_.size(), 1));
    const double room = std::max(bottom - x_axis - top - between * (count - 1.0), 8.0 * count);
    const double each = room / count;
    double y = top;
    double gutter = 0.0;
    for (const Chart& chart : charts_) {
      Panel panel{&chart, {}, {}, {}, {0.0, y, 0.0, each}, true};
      measure(panel);
      gutter = std::max(gutter, page_.y_axis_room(panel.y_ticks));
      panels_.push_back(std::move(panel));
      y += each + between;
    }
    const double left = 0.75 * page_.margin() + (SvgPage::kLabel + 8.0) * page_.k() + gutter;
    for (Panel& panel : panels_) {
      panel.box.left = std::round(left);
      panel.box.top = std::round(panel.box.top);
      panel.box.width = std::max(16.0, page_.width() - panel.box.left - 1.5 * page_.margin());
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
      panel.columns[i] = columns_of(chart.series[i], x_, chart.x.scale, 2 * static_cast<int>(page_.width()));
      spans[i] = panel.columns[i];
      panel.empty = false;
    }
    panel.y = fitted_y(chart, none, chart.y.scale, spans, x_)
                  .value_or(chart.y.scale == AxisScale::kLog ? Range{1e-3, 1.0} : Range{0.0, 1.0});
    panel.y_ticks = ticks(panel.y, chart.y.scale, panel.box.height, SvgPage::kTickSpacingY * page_.k());
  }

  void panel(std::size_t index) {
    const Panel& p = panels_[index];
    const Chart& chart = *p.chart;
    const SvgPlot plot(chart, page_.style(), p.box, x_, p.y);
    XmlWriter& out = page_.out();
    out.open("g").set("class", "chart");
    if (p.empty) {
      nothing(p);
    } else {
      const std::string clip = page_.id() + "-" + std::to_string(index);
      out.open("clipPath").set_raw("id", clip).open("rect").set("x", p.box.left).set("y", p.box.top - 1.0);
      out.set("width", p.box.width + 1.0).set("height", p.box.height + 2.0).close().close();
      page_.y_axis(p.box, p.y, chart.y.scale, p.y_ticks, true);
      page_.x_axis(p.box, x_, chart.x.scale, index + 1 == panels_.size());
      out.open("g").set_raw("clip-path", "url(#" + clip + ")");
      plot.draw(out, p.columns);
      out.close();
      plot.draw_dots(out);
    }
    page_.y_title(p.box, chart.y.label.empty() ? chart.title : axis_text(chart.y));
    out.close();
  }

  void nothing(const Panel& p) {
    const double size = SvgPage::kLabel * page_.k();
    const double bottom = SvgPage::crisp(p.box.bottom());
    page_.line(p.box.left, bottom, p.box.right(), bottom, page_.style().grid);
    std::string why = p.chart->empty.empty() ? "No data" : printable(p.chart->empty);
    XmlWriter& out = page_.out();
    out.open("text").set("x", p.box.left + 0.5 * p.box.width).set("y", p.box.top + 0.5 * p.box.height);
    out.set("font-size", size).set_raw("text-anchor", "middle");
    out.set_raw("fill", svg_colour(page_.style().dim))
        .text(elided_to(why, p.box.width / (1.1 * size)))
        .close();
  }

  std::string x_name() const {
    for (const Chart& chart : charts_)
      if (const std::string name = x_text(chart); !name.empty()) return name;
    return {};
  }

  std::span<const Chart> charts_;
  std::string title_;
  SvgPage page_;
  Range x_;
  std::vector<Panel> panels_;
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
