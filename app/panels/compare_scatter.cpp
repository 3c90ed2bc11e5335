#include "app/panels/compare_scatter.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/ui/chart_export.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/data/dataset.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg {
namespace {

/// Beyond so many a point is a small square.
constexpr std::size_t kMostDots = 1500;

ValueAxis axis_of(const ListedColumn& column) {
  return make_value_axis(column.key, column.facts,
                         column.result ? std::nullopt : scale_of_setting(column.key));
}

const ListedColumn* first_of(const ListedRuns& runs, bool result, const std::vector<std::string>& preferred) {
  for (const std::string& key : preferred)
    if (const ListedColumn* column = runs.find(key); column && column->result == result) return column;
  for (const ListedColumn& column : runs.columns)
    if (column.result == result) return &column;
  return nullptr;
}

}  // namespace

struct CompareScatter::Axes {
  const ListedColumn* across = nullptr;
  const ListedColumn* upward = nullptr;
  const ListedColumn* shade = nullptr;
};

std::optional<AxisScale> scale_of_setting(const std::string& key) {
  const auto in = [&](const Descriptor& descriptor) -> std::optional<AxisScale> {
    const Parameter* parameter = descriptor.find(key);
    if (!parameter) return std::nullopt;
    return parameter->scale == Scale::kLog ? AxisScale::kLog : AxisScale::kLinear;
  };
  for (const auto& optimizer : optimizers())
    if (const auto found = in(optimizer)) return found;
  for (const auto& schedule : schedules())
    if (const auto found = in(schedule)) return found;
  for (const Descriptor* descriptor : {&training_descriptor(), &run_descriptor(), &gradient_descriptor()})
    if (const auto found = in(*descriptor)) return found;
  return std::nullopt;
}

std::vector<std::string> axis_keys(const ListedRuns& runs) {
  std::vector<std::string> out;
  for (const ListedColumn& column : runs.columns) out.push_back(column.key);
  for (const std::string& key : runs.results) {
    if (key.find('/') != std::string::npos) continue;
    for (const std::string& name : {key, "best(" + key + ")"})
      if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  return out;
}

std::string value_words(const Fact& fact) {
  if (!fact.text.empty()) return fact.text;
  return std::isfinite(fact.number) ? ui::number(fact.number) : "–";
}

ImU32 ramp_colour(double unit) {
  // Viridis (Smith and van der Walt 2015), at five places.
  constexpr std::array<std::uint32_t, 5> kStops{0x440154, 0x3b528b, 0x21918c, 0x5ec962, 0xfde725};
  // Its dark end is not seen on a dark ground, nor the light one on paper.
  const double from = ui::theme().dark ? 0.18 : 0.0, to = ui::theme().dark ? 1.0 : 0.88;
  const double at = 4.0 * (from + (to - from) * std::clamp(unit, 0.0, 1.0));
  const auto i = static_cast<std::size_t>(std::min(at, 3.0));
  return ui::mix(ui::rgb(kStops[i]), ui::rgb(kStops[i + 1]), static_cast<float>(at - static_cast<double>(i)));
}

Chart scatter_chart(const RunsScene& scene, const ListedRuns& runs, const ListedColumn& across,
                    const ListedColumn& upward) {
  const ValueAxis x = axis_of(across), y = axis_of(upward);
  Chart chart;
  chart.title = upward.key + " against " + across.key;
  chart.x = {.label = across.key, .scale = x.scale, .range = x.range};
  chart.y = {.label = upward.key, .scale = y.scale, .range = y.range};
  Series others{.name = "other runs", .colour = 4, .faint = true, .dots = true, .line = false};
  std::vector<std::pair<double, double>> points;
  for (std::size_t i = 0; i < runs.uids.size(); ++i) {
    const double at = x.place(across.facts[i]), up = y.place(upward.facts[i]);
    if (!std::isfinite(at) || !std::isfinite(up)) continue;
    const SelectedRun* selected = scene.find(runs.uids[i]);
    if (!selected) {
      points.emplace_back(at, up);
      continue;
    }
    Series own{.name = runs.names[i], .colour = selected->colour, .dots = true, .line = false};
    own.x = {at};
    own.y = {up};
    own.run = runs.uids[i];
    chart.series.push_back(std::move(own));
  }
  std::sort(points.begin(), points.end());
  for (const auto& [at, up] : points) {
    others.x.push_back(at);
    others.y.push_back(up);
  }
  if (!others.x.empty()) chart.series.insert(chart.series.begin(), std::move(others));
  return chart;
}

void CompareScatter::ask(const RunsScene& scene, ComparisonRequest& request) const {
  request.listed = true;
  request.filter = scene.filter;
  for (const std::string* key : {&scene.across, &scene.upward, &scene.shade})
    if (!key->empty()) request.columns.push_back(*key);
}

void CompareScatter::controls(ComparePage& page, const ListedRuns& runs, const Axes& axes, float width) {
  const std::vector<std::string> keys = axis_keys(runs);
  FlowRow row(width);
  const float each = std::min(ui::px(190), width);
  const float height = ui::px(28);
  const auto choose = [&](const char* id, const char* label, std::string RunsScene::*member,
                          const ListedColumn* shown, const char* none, const char* tip) {
    const float word = ui::text_width(ui::Type::kNote, label) + ui::px(6);
    row.next(word + each, height);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ui::draw_centred(ImGui::GetWindowDrawList(), ui::Type::kNote, at.x, at.y + 0.5F * height, ui::theme().dim,
                     label);
    ImGui::SetCursorScreenPos({at.x + word, at.y});
    std::string key = page.scene().*member;
    const std::string usual = key.empty() && shown ? shown->key : none;
    if (choose_text(id, keys, usual, key, each, tip))
      change_runs(page.frame, [&](RunsScene& scene) { scene.*member = key; });
  };
  choose("across", "across", &RunsScene::across, axes.across, "–",
         "What the horizontal axis shows: a setting that is not the same in all runs, or a result.");
  choose("upward", "upward", &RunsScene::upward, axes.upward, "–", "What the vertical axis shows.");
  choose("shade", "colour", &RunsScene::shade, axes.shade, "of the run",
         "The colour of a point: that of the chosen run, or a third value from dark to light.");
  row.end();
}

void CompareScatter::draw(ComparePage& page, const Rect& area) {
  const ui::Scope scope("scatter");
  ImGui::SetCursorScreenPos(area.min);
  if (!listed_or_why_not(page)) return;
  const ListedRuns& runs = *page.data.listed;
  const RunsScene& scene = page.scene();
  Axes axes;
  axes.across = runs.find(scene.across);
  axes.upward = runs.find(scene.upward);
  axes.shade = scene.shade.empty() ? nullptr : runs.find(scene.shade);
  if (!axes.across && scene.across.empty()) axes.across = first_of(runs, false, {"lr", "batch"});
  if (!axes.upward && scene.upward.empty())
    axes.upward = first_of(
        runs, true, {"best(test_accuracy)", "best(validation_accuracy)", "best(test_loss)", "best(loss)"});
  controls(page, runs, axes, area.width());
  Rect rest = area;
  rest.min.y = ImGui::GetCursorScreenPos().y + ui::px(10);
  ImGui::SetCursorScreenPos(rest.min);
  if (!axes.across || !axes.upward) {
    ui::empty_state(
        "none", runs.uids.empty() ? "No runs" : "Nothing to draw against each other",
        runs.uids.empty()
            ? "No run passes the filter of the list."
            : "These runs have no such value, or all the same settings. Choose what each axis shows.");
    return;
  }
  plot(page, runs, axes, rest);
}

void CompareScatter::plot(ComparePage& page, const ListedRuns& runs, const Axes& axes, const Rect& area) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ValueAxis across = axis_of(*axes.across), upward = axis_of(*axes.upward);
  std::optional<ValueAxis> shade;
  if (axes.shade) shade = axis_of(*axes.shade);

  // Numbers or words along both axes.
  const float bar = shade ? ui::px(74) : 0.0F;
  float gutter = ui::px(44);
  const auto up_ticks = ticks(upward.range, upward.scale, area.height(), ui::px(28));
  for (const Tick& tick : up_ticks)
    if (upward.words.empty() && tick.major)
      gutter = std::max(gutter, ui::label_width(tick.label) + ui::px(14));
  for (const std::string& word : upward.words)
    gutter = std::max(gutter, std::min(ui::px(110), ui::text_width(ui::Type::kSmall, word) + ui::px(14)));
  const ImVec2 min{area.min.x + gutter, area.min.y + ui::px(34)};
  const ImVec2 max{area.max.x - ui::px(8) - bar, area.max.y - ui::px(42)};
  if (max.x - min.x < ui::px(60) || max.y - min.y < ui::px(40)) return;
  const auto at = [&](double x, double y) {
    return ImVec2{min.x + static_cast<float>(x) * (max.x - min.x),
                  max.y - static_cast<float>(y) * (max.y - min.y)};
  };
  const float rule = ui::line_width(t.rule);
  ui::draw_centred(list, ui::Type::kSmall, area.min.x, area.min.y + ui::px(7), t.dim,
                   ui::elided(ui::Type::kSmall, upward.key, area.width()));
  if (upward.words.empty()) {
    for (const Tick& tick : up_ticks) {
      if (!tick.major) continue;
      const float y = std::round(at(0, to_unit(upward.range, upward.scale, tick.value)).y);
      list->AddRectFilled({min.x, y}, {max.x, y + rule}, t.hairline);
      ui::draw_label(list, min.x - ui::px(6), y, t.dim, tick.label, 1.0F);
    }
  } else {
    float last = 1e9F;
    for (std::size_t i = 0; i < upward.words.size(); ++i) {
      const float y = std::round(at(0, to_unit(upward.range, upward.scale, static_cast<double>(i))).y);
      list->AddRectFilled({min.x, y}, {max.x, y + rule}, t.hairline);
      if (last - y < ui::px(14)) continue;
      last = y;
      ui::draw_centred(list, ui::Type::kSmall, min.x - ui::px(6), y, t.dim,
                       ui::elided(ui::Type::kSmall, upward.words[i], gutter - ui::px(10)), 1.0F);
    }
  }
  float right = -1e9F;
  const auto label_below = [&](double unit, float width, auto draw) {
    const float x = at(unit, 0).x;
    list->AddRectFilled({std::round(x), max.y - ui::px(3)}, {std::round(x) + rule, max.y}, t.hairline);
    const float left = std::clamp(x - 0.5F * width, area.min.x, max.x + ui::px(8) - width);
    if (left < right + ui::px(8)) return;
    draw(left);
    right = left + width;
  };
  if (across.words.empty()) {
    for (const Tick& tick : ticks(across.range, across.scale, max.x - min.x, ui::px(72)))
      if (tick.major)
        label_below(to_unit(across.range, across.scale, tick.value), ui::label_width(tick.label),
                    [&](float x) { ui::draw_label(list, x, max.y + ui::px(11), t.dim, tick.label, 0.0F); });
  } else {
    const float room = (max.x - min.x) / static_cast<float>(across.words.size()) - ui::px(8);
    for (std::size_t i = 0; i < across.words.size(); ++i) {
      const std::string word = ui::elided(ui::Type::kSmall, across.words[i], std::max(room, ui::px(24)));
      label_below(
          to_unit(across.range, across.scale, static_cast<double>(i)), ui::text_width(ui::Type::kSmall, word),
          [&](float x) { ui::draw_centred(list, ui::Type::kSmall, x, max.y + ui::px(11), t.dim, word); });
    }
  }
  ui::draw_centred(list, ui::Type::kSmall, 0.5F * (min.x + max.x), max.y + ui::px(29), t.dim,
                   ui::elided(ui::Type::kSmall, across.key, max.x - min.x), 0.5F);

  // Points lie on its edges too, and must be reached there.
  const float rim = ui::px(8);
  ImGui::SetCursorScreenPos({min.x - rim, min.y - rim});
  ImGui::InvisibleButton("plot", {max.x - min.x + 2 * rim, max.y - min.y + 2 * rim});
  ui::mark("plot", min, max);
  const bool hovered = ImGui::IsItemHovered(), clicked = ImGui::IsItemClicked();
  if (ImGui::IsItemClicked(1)) ui::open_export_menu();
  ui::offer_export("plot", hovered, [&] {
    return figure_of({scatter_chart(page.scene(), runs, *axes.across, *axes.upward)});
  });
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  std::size_t near = SIZE_MAX, best = SIZE_MAX, meant = SIZE_MAX, without = 0;
  float reach = ui::px(12);
  std::vector<std::pair<std::size_t, ImVec2>> chosen;
  const bool many = runs.uids.size() > kMostDots;
  const store::Goal goal = axes.upward->goal;
  for (std::size_t i = 0; i < runs.uids.size(); ++i) {
    const double x = across.unit(axes.across->facts[i]), y = upward.unit(axes.upward->facts[i]);
    if (!std::isfinite(x) || !std::isfinite(y)) {
      ++without;
      continue;
    }
    const ImVec2 p = at(x, y);
    if (goal != store::Goal::kNone) {
      const double value = axes.upward->facts[i].number;
      const double known = best == SIZE_MAX ? NAN : axes.upward->facts[best].number;
      if (best == SIZE_MAX || (goal == store::Goal::kLowest ? value < known : value > known)) best = i;
    }
    if (const float away = std::hypot(p.x - mouse.x, p.y - mouse.y); hovered && away < reach) {
      reach = away;
      near = i;
    }
    if (runs.uids[i] == page.focus.meant()) meant = i;
    const bool selected = page.scene().find(runs.uids[i]) != nullptr;
    if (selected) chosen.emplace_back(i, p);
    const double unit = shade ? shade->unit(axes.shade->facts[i]) : NAN;
    const ui::Colour colour = std::isfinite(unit) ? ramp_colour(unit) : t.faint;
    if (many)
      list->AddRectFilled({p.x - ui::px(1.5F), p.y - ui::px(1.5F)}, {p.x + ui::px(1.5F), p.y + ui::px(1.5F)},
                          colour);
    else if (!selected)
      list->AddCircleFilled(p, ui::px(3.5F), colour, 12);
  }
  for (const auto& [i, p] : chosen) {
    const SelectedRun& run = *page.scene().find(runs.uids[i]);
    const double unit = shade ? shade->unit(axes.shade->facts[i]) : NAN;
    list->AddCircleFilled(p, ui::px(6.5F), t.panel, 20);
    list->AddCircleFilled(p, ui::px(5), std::isfinite(unit) ? ramp_colour(unit) : ui::path_colour(run.colour),
                          20);
    if (std::isfinite(unit))
      list->AddCircle(p, ui::px(6), ui::path_colour(run.colour), 20, ui::line_width(2));
  }
  const auto place = [&](std::size_t i) {
    return at(across.unit(axes.across->facts[i]), upward.unit(axes.upward->facts[i]));
  };
  if (best != SIZE_MAX) {
    const ImVec2 p = place(best);
    list->AddCircle(p, ui::px(9), t.accent, 24, ui::line_width(2));
    const bool left = p.x > max.x - ui::px(60);
    ui::draw_centred(list, ui::Type::kNote, left ? p.x - ui::px(13) : p.x + ui::px(13), p.y, t.accent, "best",
                     left ? 1.0F : 0.0F);
    ui::mark("best", {p.x - 2, p.y - 2}, {p.x + 2, p.y + 2});
  }
  if (near != SIZE_MAX) meant = near;
  if (meant != SIZE_MAX) list->AddCircle(place(meant), ui::px(8), t.text, 24, ui::line_width(2));
  if (near != SIZE_MAX) {
    page.focus.next = runs.uids[near];
    if (clicked) page.focus.chosen = runs.uids[near];
    std::string text = runs.names[near] + "\n" + across.key + " " + value_words(axes.across->facts[near]) +
                       "\n" + upward.key + " " + value_words(axes.upward->facts[near]);
    if (shade) text += "\n" + shade->key + " " + value_words(axes.shade->facts[near]);
    ui::tooltip(text);
  }
  if (without > 0)
    ui::draw_centred(list, ui::Type::kSmall, area.max.x - ui::px(26), area.min.y + ui::px(7), t.faint,
                     ui::integer(static_cast<std::int64_t>(without)) + " of " +
                         ui::integer(static_cast<std::int64_t>(runs.uids.size())) + " without these values",
                     1.0F);
  const float button = ui::px(18);
  if (ui::export_button("plot", {area.max.x - button, area.min.y - ui::px(2)}, button, hovered))
    ui::open_export_menu();
  if (!shade) return;
  // What the colours mean.
  const float x = max.x + ui::px(20), top = min.y + ui::px(20), bottom = std::min(max.y, top + ui::px(160));
  ui::draw_centred(list, ui::Type::kSmall, x, min.y + ui::px(6), t.dim,
                   ui::elided(ui::Type::kSmall, shade->key, bar));
  for (int i = 0; i < 32; ++i) {
    const float y0 = bottom + (top - bottom) * static_cast<float>(i) / 32.0F,
                y1 = bottom + (top - bottom) * static_cast<float>(i + 1) / 32.0F;
    list->AddRectFilled({x, y1}, {x + ui::px(10), y0}, ramp_colour((i + 0.5) / 32.0));
  }
  if (shade->words.empty()) {
    for (const Tick& tick : ticks(shade->range, shade->scale, bottom - top, ui::px(28)))
      if (tick.major)
        ui::draw_label(
            list, x + ui::px(14),
            bottom + (top - bottom) * static_cast<float>(to_unit(shade->range, shade->scale, tick.value)),
            t.dim, tick.label, 0.0F);
  } else {
    for (std::size_t i = 0; i < std::min<std::size_t>(shade->words.size(), 10); ++i)
      ui::draw_centred(list, ui::Type::kSmall, x + ui::px(14),
                       bottom + (top - bottom) * static_cast<float>(to_unit(shade->range, shade->scale,
                                                                            static_cast<double>(i))),
                       t.dim, ui::elided(ui::Type::kSmall, shade->words[i], bar - ui::px(34)));
  }
}

}  // namespace thalweg
