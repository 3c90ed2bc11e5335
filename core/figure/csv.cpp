#include "core/figure/csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <vector>

#include "core/figure/fitting.hpp"
#include "core/figure/text.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kShortUid = 8;

/// The points of a series, wherever they are kept.
class Points {
 public:
  explicit Points(const Series& series)
      : series_(series),
        count_(series.from_points() ? std::min(series.x.size(), series.y.size())
                                    : static_cast<std::size_t>(series.table.rows())) {}
  std::size_t count() const { return count_; }
  double x(std::size_t i) const { return series_.from_points() ? series_.x[i] : static_cast<double>(i); }
  double y(std::size_t i) const {
    return series_.from_points() ? series_.y[i]
                                 : series_.table.at(static_cast<std::int64_t>(i), series_.column);
  }
  bool has_band() const { return series_.from_points() && !series_.low.empty() && !series_.high.empty(); }
  double low(std::size_t i) const { return i < series_.low.size() ? series_.low[i] : std::nan(""); }
  double high(std::size_t i) const { return i < series_.high.size() ? series_.high[i] : std::nan(""); }
  const Series& series() const { return series_; }

 private:
  const Series& series_;
  std::size_t count_;
};

std::vector<Points> points_of(const Chart& chart) {
  std::vector<Points> out;
  for (const Series& s : chart.series)
    if (s.visible && has_data(s)) out.emplace_back(s);
  return out;
}

std::string with_unit(const std::string& name, const Axis& axis) {
  return axis.unit.empty() ? name : name + " (" + axis.unit + ")";
}

std::string short_run(const Series& s) { return s.run.substr(0, kShortUid); }

/// A name for each series, no two the same: pandas would rename them.
std::vector<std::string> column_names(const std::vector<Points>& all) {
  std::vector<std::string> out;
  std::set<std::string> taken;
  for (const Points& points : all) {
    const Series& s = points.series();
    const bool again = std::any_of(all.begin(), all.end(), [&](const Points& other) {
      return &other.series() != &s && other.series().name == s.name && other.series().faint != s.faint;
    });
    std::string name = s.name.empty() ? "series" : s.name;
    if (s.faint && again) name += " (raw)";
    if (!s.run.empty()) name += " [" + short_run(s) + "]";
    std::string unique = name;
    for (int n = 2; !taken.insert(unique).second; ++n) unique = name + " (" + std::to_string(n) + ")";
    out.push_back(std::move(unique));
  }
  return out;
}

/// Every x there is, ascending; empty if the series share too little of it for columns, or are in no order.
std::vector<double> shared_x(const std::vector<Points>& all) {
  std::vector<double> together;
  std::size_t longest = 0;
  for (const Points& points : all) {
    std::vector<double> own(points.count());
    for (std::size_t i = 0; i < own.size(); ++i) own[i] = points.x(i);
    const bool finite = std::all_of(own.begin(), own.end(), [](double x) { return std::isfinite(x); });
    if (!finite || !std::is_sorted(own.begin(), own.end())) return {};
    longest = std::max(longest, own.size());
    std::vector<double> merged;
    merged.reserve(together.size() + own.size());
    std::set_union(together.begin(), together.end(), own.begin(), own.end(), std::back_inserter(merged));
    together = std::move(merged);
  }
  if (together.size() > longest + longest / 10 + 1) return {};
  return together;
}

std::string in_columns(const Chart& chart, const std::vector<Points>& all, const std::vector<double>& x) {
  const std::string x_name = x_text(chart);
  std::string out = csv_text(x_name.empty() ? "x" : x_name);
  const auto names = column_names(all);
  for (std::size_t s = 0; s < all.size(); ++s) {
    out += "," + csv_text(with_unit(names[s], chart.y));
    if (!all[s].has_band()) continue;
    out += "," + csv_text(with_unit(names[s] + ", low", chart.y));
    out += "," + csv_text(with_unit(names[s] + ", high", chart.y));
  }
  out += "\n";
  std::vector<std::size_t> next(all.size(), 0);
  for (const double at : x) {
    out += csv_number(at);
    for (std::size_t s = 0; s < all.size(); ++s) {
      const bool here = next[s] < all[s].count() && all[s].x(next[s]) == at;
      out += ",";
      if (here) out += csv_number(all[s].y(next[s]));
      if (all[s].has_band())
        out += here ? "," + csv_number(all[s].low(next[s])) + "," + csv_number(all[s].high(next[s])) : ",,";
      if (here) ++next[s];
    }
    out += "\n";
  }
  return out;
}

bool any_band(const std::vector<Points>& all) {
  return std::any_of(all.begin(), all.end(), [](const Points& points) { return points.has_band(); });
}

/// One line per point, each after `front`.
void append_lines(std::string& out, const std::vector<Points>& all, const std::string& front, bool bands) {
  const auto names = column_names(all);
  for (std::size_t s = 0; s < all.size(); ++s) {
    const Series& series = all[s].series();
    // The run has a column of its own.
    std::string name = names[s];
    if (const std::string tail = " [" + short_run(series) + "]"; !series.run.empty() && name.ends_with(tail))
      name.resize(name.size() - tail.size());
    const std::string begin = front + csv_text(name) + "," + csv_text(series.run) + ",";
    for (std::size_t i = 0; i < all[s].count(); ++i) {
      out += begin + csv_number(all[s].x(i)) + "," + csv_number(all[s].y(i));
      if (bands)
        out += all[s].has_band() ? "," + csv_number(all[s].low(i)) + "," + csv_number(all[s].high(i)) : ",,";
      out += "\n";
    }
  }
}

std::string long_header(const Chart& chart, bool bands, bool one_quantity) {
  const std::string x = x_text(chart);
  const std::string y = chart.y.label.empty() ? with_unit(chart.title, chart.y) : axis_text(chart.y);
  return "series,run," + csv_text(x.empty() ? "x" : x) + "," +
         csv_text(one_quantity && !y.empty() ? y : "value") + (bands ? ",low,high\n" : "\n");
}

}  // namespace

std::string csv_text(std::string_view text) {
  std::string clean = printable(text);
  if (!clean.empty() && std::string_view("=+-@").find(clean[0]) != std::string_view::npos)
    clean.insert(0, "'");
  if (!text.empty() && (text[0] == '\t' || text[0] == '\r')) clean.insert(0, "'");
  if (clean.find_first_of("\",") == std::string::npos) return clean;
  std::string out = "\"";
  for (const char c : clean) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string csv_number(double value) {
  if (std::isnan(value)) return {};
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string to_csv(const Chart& chart) {
  const auto all = points_of(chart);
  const auto x = shared_x(all);
  if (!x.empty() || all.empty()) return in_columns(chart, all, x);
  const bool bands = any_band(all);
  std::string out = long_header(chart, bands, true);
  append_lines(out, all, "", bands);
  return out;
}

std::string to_csv(std::span<const Chart> charts) {
  if (charts.size() == 1) return to_csv(charts[0]);
  if (charts.empty()) return "chart,series,run,x,value\n";
  bool bands = false;
  for (const Chart& chart : charts) bands = bands || any_band(points_of(chart));
  std::string out = "chart," + long_header(charts[0], bands, false);
  for (const Chart& chart : charts)
    append_lines(out, points_of(chart), csv_text(with_unit(chart.title, chart.y)) + ",", bands);
  return out;
}

}  // namespace thalweg
