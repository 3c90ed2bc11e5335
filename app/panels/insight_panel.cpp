#include "app/panels/insight_panel.hpp"

#include <algorithm>
#include <array>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

const std::array<std::string, 3> kPages{"curves", "state", "rates"};

}  // namespace

void InsightPanel::draw(Frame& frame, Session& session, const Rect& area, float beside) {
  static const std::array<std::string, 3> kWords{"Curves", "State", "Rates"};
  const std::string& page = frame.scene().view.text("page");
  int selected = static_cast<int>(std::find(kPages.begin(), kPages.end(), page) - kPages.begin());
  const float width = std::min(ui::px(232), area.width() - ui::px(28) - beside);
  ImGui::SetCursorScreenPos({area.min.x + ui::px(14), area.min.y + ui::px(12)});
  if (width > ui::px(120) && ui::segmented("page", kWords, selected, width))
    propose(frame, {}, {},
            [&](Scene& scene) { *scene.view.find("page") = kPages[static_cast<std::size_t>(selected)]; });
  const Rect below{{area.min.x, area.min.y + ui::px(44)}, area.max};
  if (page == "curves") {
    charts_.draw(frame, session, below);
    return;
  }
  ImGui::SetCursorScreenPos(below.min);
  ui::begin_child("insight", {below.width(), below.height()});
  draw_insight(frame, session, below, page == "state" ? InsightPage::kState : InsightPage::kRates);
  ImGui::EndChild();
}

std::shared_ptr<const LaneInsight> InsightPanel::ask(Frame& frame, std::size_t lane, InsightPage page) {
  const RunSnapshot& run = *frame.run;
  InsightRequest request;
  request.page = page;
  request.settings = run.settings.lane(lane);
  request.surface = run.race.surface;
  request.run = run.race.lanes[lane];
  request.step = shown_row(frame.scene(), request.run);
  reader_.request(request);
  if (frame.synchronous) reader_.wait();
  auto insight = reader_.insight();
  // Of another optimizer, surface or page it says nothing about this one; a moment ago's will do.
  if (!insight || insight->of.page != page || insight->of.surface != request.surface ||
      insight->of.settings.optimizer.spec.id != request.settings.optimizer.spec.id)
    return nullptr;
  return insight;
}

void InsightPanel::draw_insight(Frame& frame, const Session& session, const Rect& area, InsightPage page) {
  const Scene& scene = frame.scene();
  const RunSnapshot& run = *frame.run;
  ImGui::SetCursorScreenPos({area.min.x + ui::px(14), area.min.y});
  if (scene.optimizers.empty()) {
    ui::empty_state("insight", "No optimizer", "Add one on the left: this page looks into it.");
    return;
  }
  const auto lane =
      std::min(static_cast<std::size_t>(std::max(0, session.selected)), scene.optimizers.size() - 1);
  const bool fits = run.race.surface && run.race.surface->dim() == static_cast<int>(scene.start.size()) &&
                    lane < run.race.lanes.size() && lane < run.settings.optimizers.size() &&
                    run.race.lanes[lane].columns.dim == run.race.surface->dim() &&
                    run.settings.optimizers[lane].spec.id == scene.optimizers[lane].live.spec.id;
  if (!fits) return;  // a snapshot from before the last edit; the next one fits
  const auto insight = ask(frame, lane, page);
  if (!insight) return;
  if (page == InsightPage::kRates)
    rates_.draw(frame, area, *insight, lane);
  else
    state_.draw(frame, area, *insight, lane);
}

}  // namespace thalweg
