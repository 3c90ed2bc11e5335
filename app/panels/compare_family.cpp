#include "app/panels/compare_family.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

constexpr float kRowHeight = 52.0F;

ui::Colour outcome_colour(const std::string& outcome) {
  const ui::Theme& t = ui::theme();
  if (outcome == "diverged") return t.error;
  if (outcome == "interrupted") return t.warning;
  return outcome == "running" ? t.accent : t.dim;
}

}  // namespace

void CompareFamily::draw(ComparePage& page, const Rect& area) {
  const ui::Scope scope("family");
  const ui::Theme& t = ui::theme();
  ImGui::SetCursorScreenPos(area.min);
  const auto& family = page.data.family;
  if (family.empty()) {
    if (page.data.complete && page.data.request.family)
      ui::empty_state("none", "No runs", "The runs that were chosen are not in the file any more.");
    else
      ui::paragraph("Reading…", t.dim);
    return;
  }
  const bool forks = std::any_of(page.data.branches.begin(), page.data.branches.end(),
                                 [](const FamilyBranch& b) { return b.parent.has_value(); });
  ui::paragraph(forks ? "Each line is a run along its steps; it begins where it left its parent. Click marks "
                        "a run, a double click opens it."
                      : "None of these runs was forked, and none has forks. Go back in a run, change "
                        "something and let it go on: that is a fork.",
                t.dim, ui::Type::kNote);
  const Rect rest{{area.min.x, ImGui::GetCursorScreenPos().y + ui::px(8)}, area.max};
  ImGui::SetCursorScreenPos(rest.min);
  ui::begin_child("tree", {rest.width(), rest.height()});
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  std::int64_t longest = 1;
  for (const FamilyBranch& branch : page.data.branches) longest = std::max(longest, branch.last);
  const float tip_room = std::min(ui::px(240), 0.42F * rest.width());
  const float left = origin.x + ui::px(8), right = origin.x + rest.width() - tip_room - ui::px(16);
  const float row = ui::px(kRowHeight), foot = ui::px(26);
  const auto x_of = [&](std::int64_t step) {
    return left +
           static_cast<float>(static_cast<double>(step) / static_cast<double>(longest)) * (right - left);
  };
  const auto y_of = [&](int at) { return origin.y + (static_cast<float>(at) + 0.62F) * row; };
  const float bottom = origin.y + row * static_cast<float>(page.data.branches.size());
  // Steps below, with thin lines up.
  float last_right = -1e9F;
  for (const Tick& tick : ticks({0.0, static_cast<double>(longest)}, AxisScale::kLinear,
                                static_cast<double>(right - left), static_cast<double>(ui::px(80)))) {
    if (!tick.major) continue;
    const float x = std::round(x_of(static_cast<std::int64_t>(tick.value)));
    list->AddRectFilled({x, origin.y}, {x + ui::line_width(1), bottom}, ui::with_alpha(t.hairline, 0.6F));
    const float w = ui::label_width(tick.label), at = std::max(origin.x, x - 0.5F * w);
    if (at < last_right + ui::px(8)) continue;
    ui::draw_label(list, at, bottom + ui::px(12), t.dim, tick.label, 0.0F);
    last_right = at + w;
  }
  ui::draw_centred(list, ui::Type::kSmall, std::max(last_right + ui::px(12), right - ui::px(20)),
                   bottom + ui::px(12), t.dim, "step");
  std::vector<int> row_of(family.size());
  for (const FamilyBranch& branch : page.data.branches) row_of[branch.member] = branch.row;
  for (const FamilyBranch& branch : page.data.branches) {
    const FamilyRun& run = family[branch.member];
    const SelectedRun* selected = page.scene().find(run.info.uid);
    const bool meant = page.focus.meant() == run.info.uid;
    const ui::Colour colour = selected ? ui::path_colour(selected->colour) : meant ? t.text : t.dim;
    const float y = std::round(y_of(branch.row)), x0 = std::round(x_of(branch.first)),
                x1 = std::round(x_of(branch.last));
    const float width = ui::line_width(meant ? 4 : selected ? 3 : 2);
    const float top = origin.y + static_cast<float>(branch.row) * row;
    if (meant)
      list->AddRectFilled({origin.x, top + ui::px(4)}, {origin.x + rest.width() - ui::px(12), top + row},
                          t.hover, ui::px(ui::kRadius));
    if (branch.parent) {
      const float from = std::round(y_of(row_of[*branch.parent]));
      list->AddLine({x0, from}, {x0, y}, ui::with_alpha(colour, 0.8F), ui::line_width(1));
      list->AddCircleFilled({x0, from}, ui::px(3), colour, 12);
    }
    list->AddLine({x0, y}, {std::max(x1, x0 + 1), y}, colour, width);
    list->AddCircleFilled({x1, y}, ui::px(5), t.panel, 16);
    list->AddCircleFilled({x1, y}, ui::px(4), colour, 16);
    const float text_x = x1 + ui::px(10), room = origin.x + rest.width() - ui::px(16) - text_x;
    ui::draw_centred(list, ui::Type::kNormal, text_x, y - ui::px(8), t.text,
                     ui::elided(ui::Type::kNormal,
                                run.info.name.empty() ? run.info.uid.substr(0, 8) : run.info.name, room));
    const float said = ui::draw_centred(list, ui::Type::kNote, text_x, y + ui::px(8),
                                        outcome_colour(run.info.outcome), run.info.outcome);
    ui::draw_centred(list, ui::Type::kNote, text_x + said + ui::px(8), y + ui::px(8), t.dim,
                     ui::elided(ui::Type::kNote, run.outcome, room - said - ui::px(8)));
    if (!run.difference.empty()) {
      // On its own branch: to the name at the tip, or over the line.
      const float space = std::max(ui::px(60), x1 - x0 - ui::px(12));
      const bool beside = ui::text_width(ui::Type::kNote, run.difference) <= space;
      ui::draw_centred(list, ui::Type::kNote, x0 + ui::px(6), y - ui::px(beside ? 9 : 24), t.accent,
                       ui::elided(ui::Type::kNote, run.difference,
                                  beside ? space : origin.x + rest.width() - ui::px(20) - x0));
    }
    ImGui::SetCursorScreenPos({origin.x, top});
    ImGui::PushID(branch.row);
    ImGui::InvisibleButton("run", {rest.width() - ui::px(12), row});
    ImGui::PopID();
    if (ui::marks_enabled())
      ui::mark("run." + std::to_string(branch.row), ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
    if (ImGui::IsItemHovered()) {
      page.focus.next = run.info.uid;
      if (ImGui::IsMouseDoubleClicked(0) && page.frame.open_run)
        page.frame.open_run(run.info.uid, std::nullopt);
    }
    if (ImGui::IsItemClicked()) page.focus.chosen = run.info.uid;
    std::string tip = run.info.name + "\n" + ui::integer(run.info.steps) + " steps, " + run.info.outcome;
    if (!run.difference.empty())
      tip += "\nleft its parent at step " + ui::integer(branch.first) + ": " + run.difference;
    ui::tooltip(tip);
  }
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({1, bottom - origin.y + foot});
  ImGui::EndChild();
}

}  // namespace thalweg
