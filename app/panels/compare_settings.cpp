#include "app/panels/compare_settings.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

constexpr float kRowHeight = 24.0F;

std::string changed_value(const ComparedRun& run, const std::string& key, const std::string& value) {
  std::vector<ChangedValue> changes;
  for (const store::Event& event : run.events) {
    if (event.kind != "changed") continue;
    // An event names the parameter alone; it belongs to the first setting of that name.
    const Fact* fact = find_fact(run.settings, event.key);
    if (fact && fact->key == key) changes.push_back({event.step, event.value});
  }
  return with_changes(value, changes);
}

}  // namespace

std::vector<CompareRow> setting_rows(const Comparison& data, bool all) {
  std::vector<Facts> settings;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < data.runs.size(); ++i) {
    if (!data.runs[i]->found) continue;
    Facts facts = data.runs[i]->settings;
    for (Fact& fact : facts) fact.text = changed_value(*data.runs[i], fact.key, fact.text);
    settings.push_back(std::move(facts));
    places.push_back(i);
  }
  std::vector<CompareRow> out;
  for (const std::string& key : differing_keys(settings, all)) {
    CompareRow row{key, std::vector<std::string>(data.runs.size()), {}};
    for (std::size_t k = 0; k < settings.size(); ++k) {
      const auto fact =
          std::find_if(settings[k].begin(), settings[k].end(), [&](const Fact& f) { return f.key == key; });
      if (fact != settings[k].end()) row.values[places[k]] = fact->text;
    }
    out.push_back(std::move(row));
  }
  return out;
}

std::vector<CompareRow> result_rows(const Comparison& data, bool all) {
  std::vector<std::string> keys;
  for (const std::string& series : data.all_series) keys.push_back(series);
  for (const auto& run : data.runs)
    for (const store::RunResult& result : run->results)
      if (std::find(keys.begin(), keys.end(), result.key) == keys.end()) keys.push_back(result.key);
  std::vector<CompareRow> out;
  const auto number = [](double value) {
    if (std::abs(value) >= 10.0 && std::abs(value) < 1e15 && value == std::floor(value))
      return ui::integer(static_cast<std::int64_t>(value));
    return std::isnan(value) ? std::string("–") : ui::number(value);
  };
  for (const std::string& key : keys) {
    store::Goal goal = store::Goal::kNone;
    for (const auto& run : data.runs)
      if (const store::SeriesInfo* series = run->find_series(key)) goal = series->goal;
    // What probes measured, and what has no good direction, only if everything is asked for.
    const bool coordinate = key == "x" || key == "y";
    if (!all && (key.find('/') != std::string::npos || coordinate)) continue;
    CompareRow row{goal == store::Goal::kNone ? key : "best " + key,
                   std::vector<std::string>(data.runs.size()), std::vector<bool>(data.runs.size())};
    double best = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> values(data.runs.size(), best);
    bool any = false;
    for (std::size_t i = 0; i < data.runs.size(); ++i) {
      const store::RunResult* result = data.runs[i]->result(key);
      if (!result) continue;
      any = true;
      values[i] = goal == store::Goal::kNone ? result->last : result->best;
      row.values[i] = number(values[i]);
      if (goal != store::Goal::kNone && result->best_step)
        row.values[i] += " at " + std::to_string(*result->best_step);
      if (goal == store::Goal::kNone || std::isnan(values[i])) continue;
      if (std::isnan(best) || (goal == store::Goal::kLowest ? values[i] < best : values[i] > best))
        best = values[i];
    }
    // Where all are as good nothing stands out.
    const bool differs =
        std::any_of(values.begin(), values.end(), [&](double value) { return value != best; });
    for (std::size_t i = 0; i < values.size(); ++i)
      row.best[i] = values[i] == best && (differs || values.size() == 1);
    if (any) out.push_back(std::move(row));
  }
  const auto add = [&](const char* key, auto value_of) {
    CompareRow row{key, {}, {}};
    for (const auto& run : data.runs) row.values.push_back(run->found ? value_of(run->info) : std::string());
    out.push_back(std::move(row));
  };
  add("outcome", [](const store::RunInfo& info) { return info.outcome; });
  add("steps", [](const store::RunInfo& info) { return ui::integer(info.steps); });
  add("duration (s)", [](const store::RunInfo& info) { return ui::number(info.duration); });
  return out;
}

float CompareSettings::table(ComparePage& page, const char* title, const std::vector<CompareRow>& rows,
                             ImVec2 at, float name_width, float column, std::size_t first,
                             std::size_t count) const {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImGui::SetCursorScreenPos(at);
  ui::section(title);
  float y = ImGui::GetCursorScreenPos().y + ui::px(2);
  const float height = ui::px(kRowHeight);
  std::vector<std::string> keys;
  for (const CompareRow& row : rows) keys.push_back(row.key);
  const float right = at.x + name_width + static_cast<float>(count) * column;
  for (const CompareRow& row : rows) {
    list->AddRectFilled({at.x, y + height - ui::line_width(1)}, {right, y + height}, t.hairline);
    const std::string name = short_key(row.key, keys);
    ui::draw_centred(list, ui::Type::kNormal, at.x, y + 0.5F * height, t.dim,
                     ui::elided(ui::Type::kNormal, name, name_width - ui::px(12)));
    ImGui::SetCursorScreenPos({at.x, y});
    ImGui::PushID(row.key.c_str());
    ImGui::InvisibleButton("key", {name_width, height});
    ui::tooltip(row.key);
    for (std::size_t k = 0; k < count && first + k < row.values.size(); ++k) {
      const std::size_t i = first + k;
      const float x = at.x + name_width + static_cast<float>(k) * column;
      const bool best = i < row.best.size() && row.best[i];
      const bool meant = page.focus.meant() == page.data.runs[i]->info.uid;
      if (meant) list->AddRectFilled({x, y}, {x + column, y + height}, t.hover);
      const std::string text = row.values[i].empty() ? "–" : row.values[i];
      const ui::Type type = best ? ui::Type::kStrong : ui::Type::kNormal;
      const std::string shown = ui::elided(type, text, column - ui::px(best ? 30 : 16));
      float text_x = x + ui::px(8);
      if (best) {
        ui::draw_icon(list, ui::Icon::kCheck, {text_x + ui::px(6), y + 0.5F * height}, ui::px(11), t.accent);
        text_x += ui::px(16);
      }
      ui::draw_centred(list, type, text_x, y + 0.5F * height, row.values[i].empty() ? t.faint : t.text,
                       shown);
      ImGui::SetCursorScreenPos({x, y});
      ImGui::PushID(static_cast<int>(i));
      ImGui::InvisibleButton("value", {column, height});
      ImGui::PopID();
      if (ImGui::IsItemHovered()) page.focus.next = page.data.runs[i]->info.uid;
      if (best)
        ui::tooltip("The best of these runs: " + text);
      else if (shown != text)
        ui::tooltip(text);
    }
    ImGui::PopID();
    y += height;
  }
  return y;
}

void CompareSettings::draw(ComparePage& page, const Rect& area) {
  const ui::Scope scope("settings");
  const ui::Theme& t = ui::theme();
  ImGui::SetCursorScreenPos(area.min);
  static const std::vector<std::string> words{"What differs", "Everything"};
  const bool all = page.scene().view.flag("all_settings");
  int selected = all ? 1 : 0;
  if (ui::segmented("all", words, selected))
    change_runs(page.frame,
                [&](RunsScene& runs) { *runs.view.find("all_settings") = selected == 1 ? 1.0 : 0.0; });
  ui::tooltip(
      "Only settings that are not the same in all runs, or all of them; with all, also what probes "
      "measured.");
  const Rect rest{{area.min.x, area.min.y + ui::px(36)}, area.max};
  ImGui::SetCursorScreenPos(rest.min);
  ui::begin_child("table", {rest.width(), rest.height()}, false, ImGuiWindowFlags_HorizontalScrollbar);
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const float name_width = ui::px(150);
  const std::size_t count = page.data.runs.size();
  const float column = std::max(
      ui::px(150), std::min(ui::px(260), std::floor((rest.width() - name_width - ui::px(16)) /
                                                    static_cast<float>(std::max<std::size_t>(count, 1)))));
  ImDrawList* list = ImGui::GetWindowDrawList();
  // Names over the columns, in as many lines as they take.
  for (std::size_t i = 0; i < count; ++i) {
    const float x = origin.x + name_width + static_cast<float>(i) * column;
    run_dot(list, {x + ui::px(12), origin.y + ui::px(12)}, page.colour(i), page.visible(i));
    const bool meant = page.focus.meant() == page.data.runs[i]->info.uid;
    ui::draw_centred(list, ui::Type::kStrong, x + ui::px(22), origin.y + ui::px(12),
                     meant ? t.accent : t.text,
                     ui::elided(ui::Type::kStrong, page.data.names[i], column - ui::px(28)));
    ImGui::SetCursorScreenPos({x, origin.y});
    ImGui::PushID(static_cast<int>(i));
    const bool clicked = ImGui::InvisibleButton("run", {column, ui::px(24)});
    ImGui::PopID();
    if (ui::marks_enabled())
      ui::mark("run." + std::to_string(i), ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
    ui::tooltip(page.data.names[i] + ". Click to keep it marked.");
    if (ImGui::IsItemHovered()) page.focus.next = page.data.runs[i]->info.uid;
    if (clicked) page.focus.chosen = page.data.runs[i]->info.uid;
  }
  float y = origin.y + ui::px(32);
  const std::vector<CompareRow> settings = setting_rows(page.data, all);
  if (settings.empty()) {
    ImGui::SetCursorScreenPos({origin.x, y});
    ui::section("Settings");
    ui::paragraph(
        count == 1 ? "Choose another run to see what differs." : "These runs have the same settings.", t.dim);
    y = ImGui::GetCursorScreenPos().y + ui::px(12);
  } else {
    y = table(page, "Settings", settings, {origin.x, y}, name_width, column, 0, count) + ui::px(16);
  }
  y = table(page, "Results", result_rows(page.data, all), {origin.x, y}, name_width, column, 0, count);
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({name_width + static_cast<float>(count) * column, y - origin.y});
  ImGui::EndChild();
}

}  // namespace thalweg
