#include "app/panels/training_lab.hpp"

#include <algorithm>
#include <cmath>

#include "app/panels/training_transport.hpp"
#include "app/ui/compat.hpp"

namespace thalweg {

void TrainingLab::draw(Frame& frame, const Rect& area) {
  session_.synchronise(frame);
  const float points = area.width() / ui::scale();
  const float left_width = ui::px(points >= 1160 ? 324 : points >= 700 ? 272 : 232);
  const float bottom_height = ui::px(52);
  const Rect left{area.min, {area.min.x + left_width, area.max.y - bottom_height}};
  // Narrow: curves and network take turns.
  const float right_width = ui::px(points >= 1400 ? 364 : points >= 1100 ? 332 : 0);
  const Rect right{{area.max.x - right_width, area.min.y}, {area.max.x, area.max.y - bottom_height}};
  const Rect centre{{left.max.x, area.min.y}, {right.min.x, area.max.y - bottom_height}};
  const Rect bottom{{area.min.x, area.max.y - bottom_height}, area.max};

  ImGui::SetCursorScreenPos(left.min);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(14), ui::px(12)});
  ui::begin_child("setup", {left.width(), left.height()}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
  setup_.draw(frame, session_);
  ImGui::EndChild();
  ImGui::PopStyleVar();
  const auto inner = [](Rect rect) {
    return Rect{{rect.min.x + ui::px(14), rect.min.y + ui::px(10)},
                {rect.max.x - ui::px(14), rect.max.y - ui::px(10)}};
  };
  if (right_width > 0) {
    middle(frame, inner(centre));
    network_.draw(frame, session_, inner(right));
  } else {
    Rect rest = inner(centre);
    ImGui::SetCursorScreenPos(rest.min);
    static const std::vector<std::string> words{"Curves", "Network"};
    int part = frame.scene().training.view.text("part") == "network" ? 1 : 0;
    if (ui::segmented("part", words, part))
      propose(frame, {}, {}, [&](Scene& scene) {
        *scene.training.view.find("part") = std::string(part == 1 ? "network" : "curves");
      });
    rest.min.y += ui::px(36);
    if (part == 1)
      network_.draw(frame, session_, rest);
    else
      middle(frame, rest);
  }

  ImDrawList* list = ImGui::GetWindowDrawList();
  const ui::Colour line = ui::theme().hairline;
  const float rule = ui::line_width(1);
  list->AddLine({left.max.x, left.min.y}, left.max, line, rule);
  if (right_width > 0) list->AddLine(right.min, {right.min.x, right.max.y}, line, rule);
  list->AddLine(bottom.min, {bottom.max.x, bottom.min.y}, line, rule);
  draw_training_transport(frame, session_, bottom);
  session_.synchronise(frame);
}

void TrainingLab::middle(Frame& frame, const Rect& inner) {
  const TrainingSnapshot& run = session_.run();
  if (run.error && run.lanes.empty()) {
    ImGui::SetCursorScreenPos(inner.min);
    ui::begin_child("trouble", {inner.width(), inner.height()});
    if (ui::empty_state("trouble", "This can't be trained yet", run.error->text(), "Try again"))
      session_.restart(frame);
    ImGui::EndChild();
    ui::mark("trouble", inner.min, inner.max);
    return;
  }
  const float half = std::floor(0.44F * inner.height());
  curves_.draw(frame, session_, {inner.min, {inner.max.x, inner.min.y + half}});
  page(frame, {{inner.min.x, inner.min.y + half + ui::px(10)}, inner.max});
}

void TrainingLab::page(Frame& frame, const Rect& area) {
  static const std::vector<std::string> words{"Layers", "Histograms", "Curvature", "Rate", "Experiments"};
  static const std::vector<ui::ComboItem> items{
      {"Layers"}, {"Histograms"}, {"Curvature"}, {"Rate"}, {"Experiments"}};
  const std::vector<std::string>& pages = training_view_descriptor().find("page")->choices;
  const std::string& shown = frame.scene().training.view.text("page");
  int selected = static_cast<int>(std::find(pages.begin(), pages.end(), shown) - pages.begin());
  ImGui::SetCursorScreenPos(area.min);
  const bool changed = area.width() > ui::px(460) ? ui::segmented("page", words, selected)
                                                  : ui::combo("page", items, selected, area.width(), 28);
  if (changed)
    propose(frame, {}, {}, [&](Scene& scene) {
      *scene.training.view.find("page") = pages[static_cast<std::size_t>(selected)];
    });
  const Rect rest{{area.min.x, area.min.y + ui::px(36)}, area.max};
  ImGui::SetCursorScreenPos(rest.min);
  ui::begin_child("probes", {rest.width(), rest.height()});
  const float width = std::floor(ImGui::GetContentRegionAvail().x - ui::px(2));
  open_page(frame, selected,
            {ImGui::GetCursorScreenPos(), {ImGui::GetCursorScreenPos().x + width, rest.max.y}});
  ImGui::EndChild();
}

void TrainingLab::open_page(Frame& frame, int page, const Rect& area) {
  const ui::Scope scope("probe");
  switch (page) {
    case 0:
      return probes_.layers(frame, session_, area.width());
    case 1:
      return probes_.histograms(frame, session_, area.width());
    case 2:
      return probes_.curvature(frame, session_, area.width());
    case 4:
      return experiments_.draw(frame, session_, area.width());
    default:
      curves_.draw_rate(frame, session_, {area.min, {area.max.x, area.min.y + ui::px(200)}});
      ui::gap(8);
      probes_.effective_rates(frame, session_, area.width());
  }
}

void TrainingLab::open(Editor& editor, OpenedTraining opened, std::optional<std::int64_t> step, bool go_on) {
  session_.open(editor, std::move(opened), step);
  if (go_on && !step) session_.train();
}

void TrainingLab::key(Frame& frame, const KeyPress& press) {
  const TrainingSnapshot::Lane* lane = session_.selected_lane();
  const std::int64_t many = press.shift && lane ? std::max<std::int64_t>(1, lane->view.steps_per_epoch) : 1;
  switch (press.key) {
    case Key::kSpace:
      session_.toggle(frame);
      break;
    case Key::kRight:
      session_.step(many);
      break;
    case Key::kLeft:
      session_.step(-many);
      break;
    case Key::kHome:
      session_.scrub(0);
      break;
    case Key::kEnd:
      session_.show_front();
      break;
    case Key::kR:
      session_.restart(frame);
      session_.train();
      break;
    default:
      break;
  }
}

}  // namespace thalweg
