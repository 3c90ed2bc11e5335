#include "app/panels/compare_curves.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

const std::vector<std::string> kUnits{"step", "epoch", "time"};

bool usually_log(const ComparePage& page, const std::string& series) {
  // A quantity that is to become small is looked at in powers of ten.
  for (const auto& run : page.data.runs)
    if (const store::SeriesInfo* info = run->find_series(series)) return info->goal == store::Goal::kLowest;
  return false;
}

bool is_log(const ComparePage& page, const std::string& series) {
  const auto& flipped = page.scene().flipped;
  const bool other = std::find(flipped.begin(), flipped.end(), series) != flipped.end();
  return usually_log(page, series) != other;
}

std::string unit_of(const ComparePage& page, const std::string& series) {
  for (const auto& run : page.data.runs)
    if (const store::SeriesInfo* info = run->find_series(series)) return info->unit;
  return {};
}

/// Settings that runs may be grouped by: those that differ between the chosen ones.
std::vector<std::string> groupable(const Comparison& data) {
  std::vector<Facts> settings;
  for (const auto& run : data.runs)
    if (run->found) settings.push_back(run->settings);
  std::vector<std::string> out{kAllButSeed};
  for (std::string& key : differing_keys(settings)) out.push_back(std::move(key));
  return out;
}

}  // namespace

void CompareCurves::ask(const RunsScene& scene, ComparisonRequest& request) const {
  request.curves = true;
  request.series = scene.series;
  const std::string& unit = scene.view.text("x_axis");
  request.unit = unit == "epoch" ? StepUnit::kEpoch : unit == "time" ? StepUnit::kTime : StepUnit::kStep;
  request.smoothing = scene.view.number("smoothing");
  request.group = scene.view.flag("tiles") ? "" : scene.group;
  request.band = scene.view.text("band") == "deviation" ? BandKind::kDeviation : BandKind::kRange;
  // A small move of the view is answered by what is there already.
  const int pixels = std::max(200, static_cast<int>(width_ / 200.0F + 1.0F) * 200);
  request.pixels = pixels;
  if (link_.x && unit == unit_) {
    const double span = std::exp2(std::ceil(std::log2(link_.x->span())));
    const double first = std::floor(link_.x->min / span - 0.5) * span;
    request.range = Range{first, first + 3.0 * span};
    request.pixels = 3 * pixels;
  }
}

void CompareCurves::draw(ComparePage& page, const Rect& area) {
  const ui::Scope scope("curves");
  // Where there is little room all of it scrolls, so that the charts keep theirs.
  if (area.height() >= ui::px(400)) return draw_inside(page, area);
  const float height = ui::px(560);
  ImGui::SetCursorScreenPos(area.min);
  ui::begin_child("page", {area.width(), area.height()});
  const ImVec2 at = ImGui::GetCursorScreenPos();
  draw_inside(page, {at, {at.x + area.width() - ui::px(14), at.y + height}});
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy({1, height});
  ImGui::EndChild();
}

void CompareCurves::draw_inside(ComparePage& page, const Rect& area) {
  // A zoom into steps means nothing in seconds.
  if (unit_ != page.scene().view.text("x_axis")) {
    unit_ = page.scene().view.text("x_axis");
    link_ = {};
    whole_.reset();
  }
  Rect rest = area;
  rest.min.y += controls(page, rest) + ui::px(8);
  rest.min.y += compare_legend(page, rest, std::max(ui::px(20), 0.2F * area.height())) + ui::px(4);
  std::size_t without = 0;
  for (std::size_t i = 0; i < page.data.on_axis.size(); ++i)
    without += !page.data.on_axis[i] && page.data.runs[i]->found;
  if (without > 0) {
    ImGui::SetCursorScreenPos(rest.min);
    const std::string what = unit_ == "epoch" ? "epochs" : "times";
    ui::paragraph(
        (without == page.data.runs.size() ? std::string("No run has ")
                                          : ui::integer(static_cast<std::int64_t>(without)) +
                                                (without == 1 ? " run has no " : " runs have no ")) +
            what + " on record" +
            (without == page.data.runs.size() ? ": choose Step." : " and can't be shown here."),
        ui::theme().warning, ui::Type::kNote);
    rest.min.y += ui::px(20);
  }
  refresh(page);
  for (auto& [id, state] : states_) state.near.clear();
  if (page.scene().view.flag("tiles"))
    tiles(page, rest);
  else
    charts(page, rest);
  for (auto& [id, state] : states_)
    if (!state.near.empty())
      for (std::size_t i = 0; i < page.data.names.size(); ++i)
        if (page.data.names[i] == state.near) page.focus.next = page.data.runs[i]->info.uid;
}

float CompareCurves::controls(ComparePage& page, const Rect& area) {
  const RunsScene& scene = page.scene();
  ImGui::SetCursorScreenPos(area.min);
  FlowRow row(area.width());
  const float height = ui::px(28);
  {
    std::vector<std::string> chosen = page.data.series;
    std::string label;
    for (const std::string& name : chosen) label += (label.empty() ? "" : ", ") + name;
    const float width = std::min(ui::px(210), area.width());
    row.next(width, height);
    if (choose_names(
            "series", label.empty() ? "Choose series" : label, page.data.all_series, chosen, width,
            "Which series are shown, each in a chart of its own. Those of the most runs come first."))
      change_runs(page.frame, [&](RunsScene& runs) { runs.series = chosen; });
  }
  {
    static const std::vector<std::string> words{"Step", "Epoch", "Time"};
    int selected =
        static_cast<int>(std::find(kUnits.begin(), kUnits.end(), scene.view.text("x_axis")) - kUnits.begin());
    float width = 0.0F;
    for (const std::string& word : words) width += ui::text_width(ui::Type::kNormal, word) + ui::px(24);
    row.next(width, height);
    if (ui::segmented("x_axis", words, selected))
      change_runs(page.frame, [&](RunsScene& runs) {
        *runs.view.find("x_axis") = kUnits[static_cast<std::size_t>(selected)];
      });
    ui::tooltip(runs_view_descriptor().find("x_axis")->help);
  }
  {
    const float width = std::min(ui::px(264), area.width());
    row.next(width, height);
    const Parameter& parameter = *runs_view_descriptor().find("smoothing");
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos({at.x, at.y + ui::px(2)});
    ui::begin_child("smoothing", {width, ui::px(26)}, false,
                    ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    Value value = *scene.view.find("smoothing");
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, ui::theme().accent, &edit,
                          {.columns = {.name = 84, .value = 56}}))
      propose(page.frame, edit, "runs_view.smoothing",
              [&](Scene& next) { *next.runs.view.find("smoothing") = value; });
    else if (edit.ended)
      page.frame.editor.end_group();
    ImGui::EndChild();
  }
  {
    std::string group = scene.group;
    const float width = std::min(ui::px(170), area.width());
    row.next(width, height);
    if (choose_text(
            "group", groupable(page.data), "each run by itself", group, width,
            "Runs with an equal value of this setting become one curve, their mean, with a band. \"all but "
            "seed\": runs that differ in nothing else."))
      change_runs(page.frame, [&](RunsScene& runs) { runs.group = group; });
  }
  if (!scene.group.empty()) {
    static const std::vector<std::string> words{"Range", "±σ"};
    int selected = scene.view.text("band") == "deviation" ? 1 : 0;
    row.next(ui::text_width(ui::Type::kNormal, words[0]) + ui::text_width(ui::Type::kNormal, words[1]) +
                 ui::px(48),
             height);
    if (ui::segmented("band", words, selected))
      change_runs(page.frame, [&](RunsScene& runs) {
        *runs.view.find("band") = std::string(selected == 1 ? "deviation" : "range");
      });
    ui::tooltip(runs_view_descriptor().find("band")->help);
  }
  {
    static const std::vector<std::string> words{"Together", "Tiles"};
    int selected = scene.view.flag("tiles") ? 1 : 0;
    row.next(ui::text_width(ui::Type::kNormal, words[0]) + ui::text_width(ui::Type::kNormal, words[1]) +
                 ui::px(48),
             height);
    if (ui::segmented("tiles", words, selected))
      change_runs(page.frame, [&](RunsScene& runs) { *runs.view.find("tiles") = selected == 1 ? 1.0 : 0.0; });
    ui::tooltip(runs_view_descriptor().find("tiles")->help);
  }
  row.end();
  return ImGui::GetCursorScreenPos().y - area.min.y;
}

// What the charts show -------------------------------------------------------------------------------------

void CompareCurves::add_run(Chart& chart, const ComparePage& page, const ComparedCurve& curve,
                            bool faint) const {
  if (curve.raw.x.empty()) return;
  Series raw;
  raw.name = page.data.names[curve.run];
  raw.run = page.data.runs[curve.run]->info.uid;
  raw.colour = page.colour(curve.run);
  raw.visible = page.visible(curve.run);
  raw.run = page.data.runs[curve.run]->info.uid;
  raw.x = curve.raw.x;
  raw.y = curve.raw.y;
  raw.faint = faint || !curve.smooth.x.empty();
  const store::SeriesInfo* info = page.data.runs[curve.run]->find_series(curve.series);
  raw.dots = info && info->count <= 60 && !raw.faint;
  if (curve.smooth.x.empty() || faint) {
    chart.series.push_back(std::move(raw));
    return;
  }
  Series smooth = raw;
  smooth.faint = smooth.dots = false;
  smooth.x = curve.smooth.x;
  smooth.y = curve.smooth.y;
  chart.series.push_back(std::move(raw));
  chart.series.push_back(std::move(smooth));
}

/// @param only  the run of a tile; SIZE_MAX: all of them
Chart CompareCurves::chart_of(const ComparePage& page, const std::string& series, std::size_t only) const {
  Chart chart;
  chart.title = only == SIZE_MAX ? series : page.data.names[only];
  chart.x.label = unit_ == "time" ? "seconds" : unit_;
  chart.y.scale = is_log(page, series) ? AxisScale::kLog : AxisScale::kLinear;
  chart.x.range = whole_;
  chart.y.unit = unit_of(page, series);
  chart.empty =
      page.data.complete && page.data.request.curves ? "None of these runs has " + series : "Reading…";
  std::vector<bool> in_band(page.data.runs.size());
  for (const ComparedBand& band : page.data.bands) {
    if (band.series != series || only != SIZE_MAX) continue;
    const auto& members = page.data.grouping.runs[band.group];
    Series mean;
    const auto shown =
        std::count_if(members.begin(), members.end(), [&](std::size_t i) { return page.visible(i); });
    mean.name = page.data.grouping.names[band.group] + ", mean of " + std::to_string(shown);
    mean.colour = page.colour(members.front());
    mean.x = band.band.x;
    mean.y = band.band.mean;
    mean.low = band.band.low;
    mean.high = band.band.high;
    for (const std::size_t i : members) {
      in_band[i] = true;
      mean.runs.push_back(page.data.runs[i]->info.uid);
    }
    if (!mean.x.empty()) chart.series.push_back(std::move(mean));
  }
  for (const ComparedCurve& curve : page.data.curves)
    if (curve.series == series && (only == SIZE_MAX || curve.run == only)) {
      const std::size_t before = chart.series.size();
      add_run(chart, page, curve, in_band[curve.run]);
      // The runs of one group are drawn as one.
      const std::size_t group = page.data.grouping.of[curve.run];
      for (std::size_t i = before; i < chart.series.size() && in_band[curve.run]; ++i)
        chart.series[i].colour = page.colour(page.data.grouping.runs[group].front());
    }
  if (unit_ == "step")
    for (std::size_t i = 0; i < page.data.runs.size(); ++i) {
      if (page.data.runs.size() > 8 && only == SIZE_MAX) break;
      if ((only != SIZE_MAX && i != only) || !page.visible(i)) continue;
      for (const store::Event& event : page.data.runs[i]->events)
        if (event.kind == "changed")
          chart.marks.push_back({static_cast<double>(event.step), event.key + " → " + event.value});
    }
  return chart;
}

void CompareCurves::refresh(ComparePage& page) {
  if (built_of_ == page.data.number && built_for_ == page.scene() &&
      !charts_.empty() == !page.data.series.empty())
    return;
  built_of_ = page.data.number;
  built_for_ = page.scene();
  charts_.clear();
  tiles_.clear();
  const bool tiled = page.scene().view.flag("tiles");
  // Curves of one chart may end where those of another go on: they have one axis all the same.
  Extent extent;
  for (const ComparedCurve& curve : page.data.curves)
    if (page.visible(curve.run) && !curve.raw.x.empty()) {
      extent.add(curve.raw.x.front());
      extent.add(curve.raw.x.back());
    }
  if (!page.data.request.range)
    whole_ = extent.any_finite ? std::optional(fit({extent.min, extent.max}, AxisScale::kLinear, whole_))
                               : std::nullopt;
  for (const std::string& series : page.data.series) {
    charts_.push_back(chart_of(page, series, SIZE_MAX));
    tiles_.emplace_back();
    if (!tiled) continue;
    for (std::size_t i = 0; i < page.data.runs.size(); ++i)
      if (page.visible(i)) tiles_.back().push_back(chart_of(page, series, i));
  }
}

void CompareCurves::show(ComparePage& page, const std::string& id, Chart& chart, ui::ChartState& state,
                         const Rect& area) {
  state.y_scale.reset();
  state.emphasis.clear();
  for (std::size_t i = 0; i < page.data.names.size(); ++i)
    if (page.data.runs[i]->info.uid == page.focus.meant()) state.emphasis = page.data.names[i];
  if (std::none_of(chart.series.begin(), chart.series.end(),
                   [&](const Series& s) { return s.name == state.emphasis && s.visible; }))
    state.emphasis.clear();
  ImGui::SetCursorScreenPos(area.min);
  ui::chart(
      id, chart, state,
      {.width = area.width(),
       .height = area.height(),
       .foot = true,
       .help =
           "Drag and wheel move and zoom all charts together; a curve under the mouse stands out. Smoothed "
           "curves have the raw ones faint behind them.",
       .link = &link_});
}

void CompareCurves::charts(ComparePage& page, const Rect& area) {
  const std::size_t count = charts_.size();
  if (count == 0) {
    ImGui::SetCursorScreenPos(area.min);
    ui::empty_state("curves", "No curves", "The runs that were chosen have no series on record.");
    return;
  }
  const float gap = ui::px(14);
  const std::size_t across = area.width() > ui::px(760) && count > 1 ? 2 : 1;
  const std::size_t rows = (count + across - 1) / across;
  const float between = ui::px(6), least = ui::px(150);
  const float height = std::max(
      least, std::floor((area.height() - between * static_cast<float>(rows - 1)) / static_cast<float>(rows)));
  const bool scrolls = static_cast<float>(rows) * (height + between) - between > area.height();
  const float inner = area.width() - (scrolls ? ui::px(12) : 0.0F);
  const float width = std::floor((inner - gap * static_cast<float>(across - 1)) / static_cast<float>(across));
  width_ = width;
  ImGui::SetCursorScreenPos(area.min);
  ui::begin_child("charts", {area.width() + ui::px(4), area.height()});
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  for (std::size_t i = 0; i < count; ++i) {
    const float x = origin.x + static_cast<float>(i % across) * (width + gap);
    const float y = origin.y + static_cast<float>(i / across) * (height + between);
    const std::string& series = page.data.series[i];
    ui::ChartState& state = states_[series];
    show(page, "chart." + std::to_string(i), charts_[i], state,
         {{x, y}, {x + width - ui::px(4), y + height}});
    if (state.y_scale && *state.y_scale != charts_[i].y.scale)
      change_runs(page.frame, [&](RunsScene& runs) {
        const auto at = std::find(runs.flipped.begin(), runs.flipped.end(), series);
        if (at == runs.flipped.end())
          runs.flipped.push_back(series);
        else
          runs.flipped.erase(at);
      });
  }
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({1, static_cast<float>(rows) * (height + between) - between});
  ImGui::EndChild();
}

/// One small chart for each run; those of one series have one vertical axis.
void CompareCurves::tiles(ComparePage& page, const Rect& area) {
  ImGui::SetCursorScreenPos(area.min);
  ui::begin_child("tiles", {area.width() + ui::px(4), area.height()});
  const float gap = ui::px(10), width_all = area.width() - ui::px(12);
  const int across = std::max(1, static_cast<int>((width_all + gap) / ui::px(230)));
  const float width =
      std::floor((width_all - gap * static_cast<float>(across - 1)) / static_cast<float>(across));
  const float height = ui::px(150);
  width_ = width;
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  float y = origin.y;
  for (std::size_t s = 0; s < tiles_.size(); ++s) {
    ImGui::SetCursorScreenPos({origin.x, y});
    ui::section(page.data.series[s]);
    y = ImGui::GetCursorScreenPos().y + ui::px(4);
    // The chart of all of them, which is not drawn here, says what range they share.
    Extent extent;
    double least = INFINITY;
    for (const Chart& tile : tiles_[s])
      for (const Series& series : tile.series)
        for (const double value : series.y) {
          extent.add(value);
          if (std::isfinite(value) && value > 0.0) least = std::min(least, value);
        }
    const bool log = charts_[s].y.scale == AxisScale::kLog && std::isfinite(least);
    for (std::size_t i = 0; i < tiles_[s].size(); ++i) {
      Chart& tile = tiles_[s][i];
      tile.y.scale = log ? AxisScale::kLog : AxisScale::kLinear;
      if (extent.any_finite) tile.y.range = fit({log ? least : extent.min, extent.max}, tile.y.scale);
      const auto column = static_cast<int>(i) % across;
      const float x = origin.x + static_cast<float>(column) * (width + gap);
      const float top = y + static_cast<float>(static_cast<int>(i) / across) * (height + gap);
      show(page, "tile." + std::to_string(s) + "." + std::to_string(i), tile,
           states_[page.data.series[s] + "\n" + tile.title], {{x, top}, {x + width, top + height}});
    }
    const int rows = (static_cast<int>(tiles_[s].size()) + across - 1) / across;
    y += static_cast<float>(rows) * (height + gap);
  }
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({1, y - origin.y});
  ImGui::EndChild();
}

}  // namespace thalweg
