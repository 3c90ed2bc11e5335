#include "app/panels/charts_panel.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

/// One of the four charts: what it shows and the key of its scale in the Scene's view.
struct Quantity {
  const char* title;
  const char* scale_key;
  int (DescentColumns::*column)() const;
  const char* help;
};

constexpr std::array<Quantity, 4> kQuantities{{
    {"Loss", "loss_scale", &DescentColumns::loss,
     "f at each step; on a log axis its height above the lowest minimum. There a straight line means that every "
     "step takes away the same share of what is left."},
    {"Gradient norm ‖∇f‖", "gradient_scale", &DescentColumns::gradient_norm,
     "How steep the surface is at each step: near 0 at a minimum, and also at a saddle and on a plain."},
    {"Step length ‖Δθ‖", "length_scale", &DescentColumns::step_length,
     "How far each update moves the point."},
    {"Effective rate ‖Δθ‖ / ‖∇f‖", "rate_scale", &DescentColumns::effective_rate,
     "Length of each step over length of the gradient: the rate that plain gradient descent would need for a "
     "step as long. Constant for gradient descent; what momentum and adaptive rules add or hold back shows here."},
}};

}  // namespace

void ChartsPanel::draw(Frame& frame, Session& session, const Rect& area) {
  ImGui::SetCursorScreenPos(area.min);
  ui::begin_child("charts", {area.width(), area.height()});
  const float pad = ui::px(14);
  const float inner = area.width() - 2 * pad;
  const float gap = ui::px(8);
  // Wide enough, two beside each other.
  const int across = inner > ui::px(640) ? 2 : 1;
  const float width = std::floor((inner - static_cast<float>(across - 1) * 2 * gap) / static_cast<float>(across));
  const float rows = static_cast<float>(4 / across);
  // One row of numbers below a column serves all its charts: they share the stretch of steps.
  const float foot = ui::px(15);
  const float room = area.height() - 2 * ui::px(10) - readout_height_ - rows * gap - foot;
  const float height = std::max(ui::px(84), std::floor(room / rows));
  const Scene& scene = frame.scene();
  const std::size_t count = std::min(frame.run->race.lanes.size(), scene.optimizers.size());

  float y = area.min.y + ui::px(10) - ImGui::GetScrollY();
  // On a log axis the loss is measured from the lowest minimum, where one is known.
  const bool from_minimum = frame.run->race.surface && !frame.run->race.surface->minima().empty();
  for (std::size_t q = 0; q < kQuantities.size(); ++q) {
    const Quantity& quantity = kQuantities[q];
    Chart chart;
    const bool excess = q == 0 && from_minimum && scene.view.text(quantity.scale_key) == "log";
    chart.title = excess ? "Loss above the minimum" : quantity.title;
    chart.x.label = "step";
    chart.note = format_spec(scene.surface, *find_surface(scene.surface.id));
    chart.y.scale = scene.view.text(quantity.scale_key) == "log" ? AxisScale::kLog : AxisScale::kLinear;
    for (std::size_t i = 0; i < count; ++i) {
      const DescentView& lane = frame.run->race.lanes[i];
      Series series;
      series.name = find_optimizer(scene.optimizers[i].live.spec.id)->label;
      series.colour = scene.optimizers[i].colour;
      series.table = lane.table;
      series.column = excess ? lane.columns.excess() : (lane.columns.*quantity.column)();
      series.visible = scene.optimizers[i].visible;
      if (i < frame.run->runs.size()) series.run = frame.run->runs[i].uid;
      chart.series.push_back(std::move(series));
      for (const Change& change : scene.optimizers[i].live.changes)
        chart.marks.push_back({static_cast<double>(change.step), change.key});
    }
    chart.cursor = static_cast<double>(scene.step);
    ui::ChartState& state = states_[q];
    state.y_scale.reset();
    const auto place = static_cast<int>(q) % across;
    ImGui::SetCursorScreenPos({area.min.x + pad + static_cast<float>(place) * (width + 2 * gap), y});
    const bool last = static_cast<int>(q) / across == 4 / across - 1;
    ui::chart(quantity.scale_key, chart, state,
              {.width = width, .height = last ? height + foot : height, .foot = last, .help = quantity.help, .link = &link_});
    if (state.y_scale && *state.y_scale != chart.y.scale)
      propose(frame, {}, {}, [&](Scene& next) {
        *next.view.find(quantity.scale_key) = std::string(*state.y_scale == AxisScale::kLog ? "log" : "linear");
      });
    if (place == across - 1) y += (last ? height + foot : height) + gap;
  }
  ImGui::SetCursorScreenPos({area.min.x + pad, y});
  const float height_before = readout_height_ > 0.0F ? readout_height_ : ui::px(200);
  ui::begin_child("readout-box", {inner, height_before + ui::px(4)}, false, ImGuiWindowFlags_NoScrollbar);
  const float before = ImGui::GetCursorScreenPos().y;
  draw_readout(frame, session);
  readout_height_ = ImGui::GetCursorScreenPos().y - before;
  ImGui::EndChild();
  ImGui::EndChild();
}

}  // namespace thalweg
