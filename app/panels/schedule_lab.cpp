#include "app/panels/schedule_lab.hpp"

#include <algorithm>

#include "app/panels/schedule_table.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

constexpr float kLeastEffect = 290.0F;  ///< of what the schedules do, points

Rect inner(const Rect& rect) {
  return {{rect.min.x + ui::px(14), rect.min.y + ui::px(10)},
          {rect.max.x - ui::px(14), rect.max.y - ui::px(10)}};
}

void choose(Frame& frame, const char* key, const std::string& value) {
  propose(frame, {}, {}, [&](Scene& scene) { *scene.schedules.view.find(key) = value; });
}

/// The optimizers of a list, with what tells them apart.
std::vector<ui::ComboItem> optimizer_items(const std::vector<SceneOptimizer>& all) {
  std::vector<ui::ComboItem> out;
  for (const SceneOptimizer& optimizer : all) {
    const OptimizerDescriptor& descriptor = *find_optimizer(optimizer.live.spec.id);
    const Value* rate = optimizer.live.spec.find("lr");
    out.push_back(
        {descriptor.label, rate ? "η " + ui::value_text(*descriptor.find("lr"), *rate) : std::string()});
  }
  return out;
}

}  // namespace

void ScheduleLab::draw(Frame& frame, const Rect& area) {
  session_.synchronise(frame);
  const float points = area.width() / ui::scale();
  const float left_width = ui::px(points >= 1160 ? 324 : points >= 700 ? 288 : 232);
  const bool effect = frame.scene().schedules.view.text("beside") != "nothing";
  // Narrow: the schedules and what they do take turns.
  const bool turns = effect && points < 1100;
  const float right_width = effect && !turns ? ui::px(points >= 1600   ? 460
                                                      : points >= 1400 ? 380
                                                                       : 340)
                                             : 0.0F;
  const Rect left{area.min, {area.min.x + left_width, area.max.y}};
  const Rect right{{area.max.x - right_width, area.min.y}, area.max};
  const Rect centre{{left.max.x, area.min.y}, {right.min.x, area.max.y}};

  ImGui::SetCursorScreenPos(left.min);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(14), ui::px(12)});
  ui::begin_child("schedules", {left.width(), left.height()}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
  cards_.draw(frame, session_);
  ImGui::EndChild();
  ImGui::PopStyleVar();

  Rect rest = inner(centre);
  bool other = false;
  if (turns) {
    ImGui::SetCursorScreenPos(rest.min);
    static const std::vector<std::string> long_words{"Schedules", "What they do"};
    static const std::vector<std::string> short_words{"Plot", "Effect"};
    const std::vector<std::string>& words = rest.width() > ui::px(220) ? long_words : short_words;
    int part = frame.scene().schedules.view.text("part") == "effect" ? 1 : 0;
    if (ui::segmented("part", words, part)) choose(frame, "part", part == 1 ? "effect" : "schedules");
    other = part == 1;
    rest.min.y += ui::px(36);
  }
  if (other)
    beside(frame, rest);
  else
    middle(frame, rest);
  if (right_width > 0) beside(frame, inner(right));

  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddLine({left.max.x, left.min.y}, left.max, ui::theme().hairline, ui::line_width(1));
  if (right_width > 0)
    list->AddLine(right.min, {right.min.x, right.max.y}, ui::theme().hairline, ui::line_width(1));
  session_.synchronise(frame);
}

void ScheduleLab::middle(Frame& frame, const Rect& area) {
  const float gap = ui::px(10);
  const float table = frame.scene().schedules.view.flag("table")
                          ? schedule_table_height(frame.scene(), session_, area.width())
                          : 0.0F;
  const float room = area.height() - (table > 0.0F ? table + gap : 0.0F);
  // A long table leaves the curves half of the view, and is scrolled to.
  const float least = std::floor(0.55F * area.height());
  const bool scrolls = room < least;
  // Handles at the edge of the plot stand out over it.
  const float edge = ui::px(8);
  ImGui::SetCursorScreenPos(area.min);
  ui::begin_child("curves", {area.width() + edge, area.height()}, false,
                  scrolls ? 0 : ImGuiWindowFlags_NoScrollbar);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = area.width() - (scrolls ? ui::px(6) : 0.0F);
  const float tall = plot_.draw(frame, session_, width, std::max(room, least));
  ImGui::SetCursorScreenPos({at.x, at.y + tall + gap});
  if (table > 0.0F) draw_schedule_table(frame, session_, width);
  ImGui::EndChild();
}

void ScheduleLab::choose_optimizer(Frame& frame, bool network, float width) {
  const auto& all = trial_optimizers(frame.scene(), network);
  const char* key = network ? "trained" : "optimizer";
  if (all.empty()) {
    ui::paragraph(network ? "There is no optimizer in the Training view: add one there."
                          : "There is no optimizer on the surface: add one there.",
                  ui::theme().dim);
    return;
  }
  const std::vector<ui::ComboItem> items = optimizer_items(all);
  int chosen =
      std::min(static_cast<int>(frame.scene().schedules.view.number(key)), static_cast<int>(all.size())) - 1;
  if (ui::combo("optimizer", items, chosen, width))
    propose(frame, {}, {},
            [&](Scene& scene) { *scene.schedules.view.find(key) = static_cast<double>(chosen + 1); });
  ui::tooltip(schedule_view_descriptor().find(key)->help);
}

void ScheduleLab::beside(Frame& frame, const Rect& area) {
  const ui::Scope scope("effect");
  const bool network = frame.scene().schedules.view.text("beside") == "network";
  ImGui::SetCursorScreenPos(area.min);
  static const std::vector<std::string> long_words{"On the surface", "On the network"};
  static const std::vector<std::string> short_words{"Surface", "Network"};
  const std::vector<std::string>& words = area.width() > ui::px(250) ? long_words : short_words;
  int page = network ? 1 : 0;
  if (ui::segmented("page", words, page, area.width()))
    choose(frame, "beside", page == 1 ? "network" : "surface");
  ImGui::SetCursorScreenPos({area.min.x, area.min.y + ui::px(36)});
  choose_optimizer(frame, network, area.width());
  const Rect rest{{area.min.x, ImGui::GetCursorScreenPos().y + ui::px(8)}, area.max};
  // Where there is no room for map and curves they are scrolled through.
  const bool scrolls = rest.height() < ui::px(kLeastEffect);
  ImGui::SetCursorScreenPos(rest.min);
  ui::begin_child("beside", {rest.width() + (scrolls ? ui::px(10) : 0.0F), rest.height()}, false,
                  scrolls ? 0 : ImGuiWindowFlags_NoScrollbar);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Rect inside{at, {at.x + rest.width(), at.y + std::max(rest.height(), ui::px(kLeastEffect))}};
  if (network)
    network_.draw(frame, inside);
  else
    surface_.draw(frame, session_, inside);
  ImGui::EndChild();
  if (!network && network_.going()) network_.stop();
}

void ScheduleLab::key(Frame& frame, const KeyPress& press) {
  const int count = static_cast<int>(frame.scene().schedules.schedules.size());
  const auto select = [&](int by) {
    if (count == 0) return;
    const int now = std::clamp(frame.scene().schedules.selected, 0, count - 1);
    propose(frame, {}, {}, [&](Scene& scene) { scene.schedules.selected = (now + by + count) % count; });
  };
  switch (press.key) {
    case Key::kSpace:
      if (frame.scene().schedules.view.text("beside") == "network") network_.toggle();
      break;
    case Key::kUp:
      select(-1);
      break;
    case Key::kDown:
      select(1);
      break;
    case Key::kHome:
      session_.link.x.reset();
      break;
    default:
      break;
  }
}

}  // namespace thalweg
