#include "app/panels/compare_parallel.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "app/panels/compare_scatter.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kUsualSettings = 6;
/// Beyond so many lines they are thin, and without soft edges.
constexpr std::size_t kMostSoft = 400;

/// Whether two runs have different values: that some have none says little.
bool varies(const ListedColumn& column) {
  std::set<std::string> texts;
  for (const Fact& fact : column.facts)
    if (!fact.text.empty() && texts.insert(fact.text).second && texts.size() > 1) return true;
  return false;
}

void replace_axes(ComparePage& page, std::vector<RunsAxis> axes, std::string_view group = {}) {
  // Those that are hidden stay known, at the end.
  for (const RunsAxis& old : page.scene().axes) {
    const bool there =
        std::any_of(axes.begin(), axes.end(), [&](const RunsAxis& axis) { return axis.key == old.key; });
    if (!there) {
      axes.push_back(old);
      axes.back().hidden = true;
    }
  }
  propose(page.frame, {}, group, [&](Scene& scene) { scene.runs.axes = axes; });
}

}  // namespace

std::vector<RunsAxis> shown_axes(const RunsScene& scene, const ListedRuns& runs) {
  std::vector<RunsAxis> out;
  for (const RunsAxis& axis : scene.axes)
    if (!axis.hidden && runs.find(axis.key)) out.push_back(axis);
  if (!scene.axes.empty()) return out;
  const auto add = [&](const std::string& key) {
    const ListedColumn* column = runs.find(key);
    const bool known =
        std::any_of(out.begin(), out.end(), [&](const RunsAxis& axis) { return axis.key == key; });
    if (column && !column->result && !known && varies(*column) && out.size() < kUsualSettings)
      out.push_back({.key = key});
  };
  for (const char* key : {"optimizer", "lr", "batch", "model", "surface"}) add(key);
  for (const ListedColumn& column : runs.columns) add(column.key);
  std::size_t results = 0;
  for (const ListedColumn& column : runs.columns)
    if (column.result && column.key.starts_with("best(") && results++ < 2) out.push_back({.key = column.key});
  return out;
}

void CompareParallel::ask(const RunsScene& scene, ComparisonRequest& request) const {
  request.listed = true;
  request.filter = scene.filter;
  for (const RunsAxis& axis : scene.axes)
    if (!axis.hidden) request.columns.push_back(axis.key);
}

void CompareParallel::draw(ComparePage& page, const Rect& area) {
  const ui::Scope scope("parallel");
  ImGui::SetCursorScreenPos(area.min);
  if (!listed_or_why_not(page)) return;
  const ListedRuns& runs = *page.data.listed;
  const std::vector<RunsAxis> shown = shown_axes(page.scene(), runs);
  std::vector<std::string> keys;
  for (const RunsAxis& axis : shown) keys.push_back(axis.key);
  FlowRow row(area.width());
  row.next(std::min(ui::px(200), area.width()), ui::px(28));
  std::vector<std::string> chosen = keys;
  if (choose_names("axes", std::to_string(keys.size()) + (keys.size() == 1 ? " axis" : " axes"),
                   axis_keys(runs), chosen, std::min(ui::px(200), area.width()),
                   "Which settings and results have an axis.")) {
    std::vector<RunsAxis> axes;
    for (const std::string& key : chosen) {
      const auto old =
          std::find_if(shown.begin(), shown.end(), [&](const RunsAxis& axis) { return axis.key == key; });
      axes.push_back(old == shown.end() ? RunsAxis{.key = key} : *old);
    }
    replace_axes(page, std::move(axes));
  }
  const bool any_brush =
      std::any_of(shown.begin(), shown.end(), [](const RunsAxis& axis) { return axis.brushed; });
  if (any_brush) {
    row.next(ui::text_width(ui::Type::kNote, "Clear brushes") + ui::px(18), ui::px(28));
    if (ui::chip("clear", "Clear brushes", "Let all runs stand out again")) {
      std::vector<RunsAxis> axes = shown;
      for (RunsAxis& axis : axes) axis.brushed = false;
      replace_axes(page, std::move(axes));
    }
  }
  row.end();
  Rect rest = area;
  rest.min.y = ImGui::GetCursorScreenPos().y + ui::px(10);
  ImGui::SetCursorScreenPos(rest.min);
  if (runs.uids.empty() || shown.size() < 2) {
    ui::empty_state("none", runs.uids.empty() ? "No runs" : "Too few axes",
                    runs.uids.empty() ? "No run passes the filter of the list."
                                      : "Choose at least two settings or results that the runs have.");
    return;
  }
  if (built_of_ != page.data.number || built_keys_ != keys) {
    built_of_ = page.data.number;
    built_keys_ = keys;
    units_.clear();
    values_.clear();
    for (const std::string& key : keys) {
      const ListedColumn& column = *runs.find(key);
      values_.push_back(
          make_value_axis(key, column.facts, column.result ? std::nullopt : scale_of_setting(key)));
      units_.emplace_back();
      for (const Fact& fact : column.facts) units_.back().push_back(values_.back().unit(fact));
    }
  }
  // Narrow windows scroll sideways rather than let names run into each other.
  const float least = ui::px(110);
  const float width = std::max(rest.width(), least * static_cast<float>(shown.size()));
  ui::begin_child("plot", {rest.width(), rest.height()}, false, ImGuiWindowFlags_HorizontalScrollbar);
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const float column_width = std::floor(width / static_cast<float>(shown.size()));
  const float scrollbar = width > rest.width() ? ui::px(12) : 0.0F;
  const float top = origin.y + ui::px(40), bottom = rest.max.y - ui::px(14) - scrollbar;
  std::vector<Drawn> axes;
  for (std::size_t i = 0; i < shown.size(); ++i)
    axes.push_back({shown[i], values_[i], runs.find(shown[i].key),
                    origin.x + (static_cast<float>(i) + 0.5F) * column_width});
  lines(page, runs, axes, top, bottom);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    draw_axis(axes[i], top, bottom, column_width);
    head(page, axes, i, axes[i].x - 0.5F * column_width, axes[i].x + 0.5F * column_width, origin.y);
    brush(page, axes, i, top, bottom);
  }
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({width - ui::px(2), bottom - origin.y});
  ImGui::EndChild();
}

void CompareParallel::lines(ComparePage& page, const ListedRuns& runs, const std::vector<Drawn>& axes,
                            float top, float bottom) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  std::vector<std::optional<Brush>> brushes;
  for (const Drawn& drawn : axes)
    brushes.push_back(drawn.axis.brushed ? std::optional(Brush{drawn.axis.low, drawn.axis.high})
                                         : std::nullopt);
  const bool any_brush =
      std::any_of(brushes.begin(), brushes.end(), [](const auto& b) { return b.has_value(); });
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool hovered = ImGui::IsWindowHovered() && mouse.y > top && mouse.y < bottom;
  std::vector<double> units(axes.size());
  std::size_t near = SIZE_MAX, inside = 0;
  float reach = ui::px(7);
  struct Line {
    std::size_t run;
    bool in;
  };
  std::vector<Line> chosen;
  const bool soft = runs.uids.size() <= kMostSoft;
  const ImDrawListFlags flags = list->Flags;
  if (!soft) list->Flags &= ~ImDrawListFlags_AntiAliasedLines;
  const auto y_of = [&](double unit) { return bottom + static_cast<float>(unit) * (top - bottom); };
  const auto draw_line = [&](std::size_t run, ui::Colour colour, float width) {
    for (std::size_t i = 1; i < axes.size(); ++i) {
      const double a = units_[i - 1][run], b = units_[i][run];
      if (std::isfinite(a) && std::isfinite(b))
        list->AddLine({axes[i - 1].x, y_of(a)}, {axes[i].x, y_of(b)}, colour, width);
    }
  };
  for (std::size_t run = 0; run < runs.uids.size(); ++run) {
    for (std::size_t i = 0; i < axes.size(); ++i) units[i] = units_[i][run];
    const bool in = brushed(units, brushes);
    inside += in;
    for (std::size_t i = 1; hovered && i < axes.size(); ++i) {
      if (mouse.x < axes[i - 1].x || mouse.x > axes[i].x || !std::isfinite(units[i - 1] + units[i])) continue;
      const auto share = static_cast<double>((mouse.x - axes[i - 1].x) / (axes[i].x - axes[i - 1].x));
      const float away = std::abs(y_of(units[i - 1] + share * (units[i] - units[i - 1])) - mouse.y);
      if (away < reach && (in || !any_brush)) {
        reach = away;
        near = run;
      }
    }
    if (page.scene().find(runs.uids[run])) {
      chosen.push_back({run, in});
      continue;
    }
    const float alpha = in ? (soft ? 0.55F : 0.25F) : 0.08F;
    draw_line(run, ui::with_alpha(any_brush && in ? t.accent : t.dim, alpha), ui::line_width(1));
  }
  list->Flags = flags;
  for (const Line& line : chosen) {
    const ui::Colour colour = ui::path_colour(page.scene().find(runs.uids[line.run])->colour);
    draw_line(line.run, ui::with_alpha(colour, line.in ? 1.0F : 0.2F), ui::line_width(2));
  }
  std::size_t meant = near;
  for (std::size_t run = 0; meant == SIZE_MAX && run < runs.uids.size(); ++run)
    if (runs.uids[run] == page.focus.meant()) meant = run;
  if (meant != SIZE_MAX) {
    draw_line(meant, ui::with_alpha(t.panel, 0.8F), ui::line_width(6));
    const SelectedRun* selected = page.scene().find(runs.uids[meant]);
    draw_line(meant, selected ? ui::path_colour(selected->colour) : t.text, ui::line_width(3));
  }
  if (near != SIZE_MAX) {
    page.focus.next = runs.uids[near];
    if (ImGui::IsMouseClicked(0) && !ImGui::IsAnyItemHovered()) page.focus.chosen = runs.uids[near];
    if (ui::begin_tooltip(ImGui::GetID("line"), true)) {
      ImGui::PushFont(ui::font(ui::Type::kNote));
      ImGui::TextUnformatted(runs.names[near].c_str());
      ImGui::PushStyleColor(ImGuiCol_Text, t.dim);
      for (const Drawn& drawn : axes)
        ImGui::TextUnformatted((drawn.axis.key + " " + value_words(drawn.column->facts[near])).c_str());
      ImGui::PopStyleColor();
      ImGui::PopFont();
      ui::end_tooltip();
    }
  }
  if (any_brush)
    ui::draw_centred(list, ui::Type::kSmall, axes.front().x, bottom + ui::px(8), t.dim,
                     ui::integer(static_cast<std::int64_t>(inside)) + " of " +
                         ui::integer(static_cast<std::int64_t>(runs.uids.size())) + " runs");
}

void CompareParallel::draw_axis(const Drawn& drawn, float top, float bottom, float room) const {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float rule = ui::line_width(1);
  list->AddRectFilled({drawn.x, top}, {drawn.x + rule, bottom}, t.dim);
  const auto label = [&](float y, float width, auto draw) {
    // On a ground of its own, since lines run below it.
    list->AddRectFilled({drawn.x + ui::px(5), y - ui::px(7)}, {drawn.x + ui::px(9) + width, y + ui::px(7)},
                        ui::with_alpha(t.panel, 0.75F), ui::px(3));
    list->AddRectFilled({drawn.x - ui::px(3), y}, {drawn.x + ui::px(4), y + rule}, t.dim);
    draw(drawn.x + ui::px(7), y);
  };
  float last = 1e9F;
  if (drawn.values.words.empty()) {
    for (const Tick& tick : ticks(drawn.values.range, drawn.values.scale, bottom - top, ui::px(34))) {
      const float y = std::round(
          bottom +
          static_cast<float>(to_unit(drawn.values.range, drawn.values.scale, tick.value)) * (top - bottom));
      if (!tick.major || last - y < ui::px(16)) continue;
      last = y;
      label(y, ui::label_width(tick.label),
            [&](float x, float at) { ui::draw_label(list, x, at, t.text, tick.label, 0.0F); });
    }
    return;
  }
  for (std::size_t i = 0; i < drawn.values.words.size(); ++i) {
    const float y = std::round(
        bottom + static_cast<float>(to_unit(drawn.values.range, drawn.values.scale, static_cast<double>(i))) *
                     (top - bottom));
    if (last - y < ui::px(16)) continue;
    last = y;
    const std::string word =
        ui::elided(ui::Type::kSmall, drawn.values.words[i], std::max(ui::px(40), room - ui::px(24)));
    label(y, ui::text_width(ui::Type::kSmall, word),
          [&](float x, float at) { ui::draw_centred(list, ui::Type::kSmall, x, at, t.text, word); });
  }
}

void CompareParallel::head(ComparePage& page, const std::vector<Drawn>& axes, std::size_t index, float left,
                           float right, float y) {
  const ui::Theme& t = ui::theme();
  const ui::Scope scope("axis." + std::to_string(index));
  const float width = right - left - ui::px(6);
  ImGui::SetCursorScreenPos({left + ui::px(3), y});
  const bool clicked = ImGui::InvisibleButton("head", {width, ui::px(26)});
  ui::mark("head", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  const bool hovered = ImGui::IsItemHovered();
  ui::tooltip(axes[index].axis.key + ". Click to move or hide it; drag along the axis to pick a range.");
  ui::draw_centred(ImGui::GetWindowDrawList(), ui::Type::kNote, 0.5F * (left + right), y + ui::px(13),
                   hovered ? t.accent : t.text, ui::elided(ui::Type::kNote, axes[index].axis.key, width),
                   0.5F);
  if (clicked) ImGui::OpenPopup("menu");
  ImGui::SetNextWindowPos({left, y + ui::px(28)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(8), ui::px(8)});
  if (ui::begin_popup("menu")) {
    std::vector<RunsAxis> next;
    for (const Drawn& drawn : axes) next.push_back(drawn.axis);
    const auto at = next.begin() + static_cast<std::ptrdiff_t>(index);
    bool done = false;
    if (ui::button("left", "Move left", false, index > 0)) std::iter_swap(at, at - 1), done = true;
    if (ui::button("right", "Move right", false, index + 1 < axes.size()))
      std::iter_swap(at, at + 1), done = true;
    if (ui::button("hide", "Hide", false, axes.size() > 2)) at->hidden = true, done = true;
    if (at->brushed && ui::button("clear", "Clear its brush")) at->brushed = false, done = true;
    if (done) {
      replace_axes(page, std::move(next));
      ImGui::CloseCurrentPopup();
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
}

void CompareParallel::brush(ComparePage& page, const std::vector<Drawn>& axes, std::size_t index, float top,
                            float bottom) {
  const ui::Theme& t = ui::theme();
  const Drawn& drawn = axes[index];
  const ui::Scope scope("axis." + std::to_string(index));
  ImDrawList* list = ImGui::GetWindowDrawList();
  const auto y_of = [&](double unit) { return bottom + static_cast<float>(unit) * (top - bottom); };
  if (drawn.axis.brushed) {
    const ImVec2 a{drawn.x - ui::px(6), y_of(drawn.axis.high)},
        b{drawn.x + ui::px(6) + 1, y_of(drawn.axis.low)};
    list->AddRectFilled(a, b, ui::with_alpha(t.accent, 0.28F), ui::px(3));
    list->AddRect(a, b, t.accent, ui::px(3), 0, ui::line_width(1));
  }
  ImGui::SetCursorScreenPos({drawn.x - ui::px(9), top});
  ImGui::InvisibleButton("range", {ui::px(18), bottom - top});
  ui::mark("range", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeNS);
  const double unit =
      std::clamp(static_cast<double>((ImGui::GetIO().MousePos.y - bottom) / (top - bottom)), 0.0, 1.0);
  if (ImGui::IsItemActivated()) grab_ = unit;
  const bool far = std::abs(unit - grab_) * static_cast<double>(bottom - top) > 3.0;
  std::vector<RunsAxis> next;
  for (const Drawn& one : axes) next.push_back(one.axis);
  if (ImGui::IsItemActive() && far) {
    next[index].brushed = true;
    next[index].low = std::min(unit, grab_);
    next[index].high = std::max(unit, grab_);
    if (next[index] != drawn.axis) replace_axes(page, std::move(next), "runs.brush");
  } else if (ImGui::IsItemDeactivated()) {
    if (!far && drawn.axis.brushed) {
      next[index].brushed = false;
      replace_axes(page, std::move(next));
    }
    page.frame.editor.end_group();
  }
}

}  // namespace thalweg
