#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "app/panels/charts_panel.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

/// Beyond this many variables eigenvalues are not worked out in every frame.
constexpr int kMostDimensions = 24;

std::string joined(const std::vector<double>& values, std::size_t most = 4) {
  std::string out;
  for (std::size_t i = 0; i < std::min(values.size(), most); ++i) out += (i > 0 ? ",  " : "") + ui::number(values[i]);
  return values.size() > most ? out + ", …" : out;
}

}  // namespace

void draw_readouts(const std::vector<std::pair<std::string, std::string>>& rows) {
  const float gap = ui::px(32);
  const float room = ui::available();
  const auto columns = static_cast<std::size_t>(std::clamp((room + gap) / (ui::px(270) + gap), 1.0F, 3.0F));
  const float width = (room - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns);
  const std::size_t each = (rows.size() + columns - 1) / columns;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  float bottom = at.y;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float x = at.x + static_cast<float>(i / each) * (width + gap);
    ImGui::SetCursorScreenPos({x, i % each == 0 ? at.y : ImGui::GetCursorScreenPos().y});
    ui::readout(rows[i].first, rows[i].second, {}, width);
    bottom = std::max(bottom, ImGui::GetCursorScreenPos().y);
  }
  ImGui::SetCursorScreenPos({at.x, bottom});
}

void draw_readout(Frame& frame, const Session& session) {
  const ui::Scope scope("readout");
  const std::shared_ptr<const Surface> surface = frame.run->race.surface;
  const Scene& scene = frame.scene();
  if (!surface) return;
  const auto selected = static_cast<std::size_t>(std::max(0, session.selected));
  const bool has_lane = selected < frame.run->race.lanes.size() && selected < scene.optimizers.size();
  std::vector<double> at;
  std::string title;
  if (session.cursor && static_cast<int>(session.cursor->size()) == surface->dim()) {
    at = *session.cursor;
    title = "At the mouse";
  } else if (has_lane) {
    const DescentView& lane = frame.run->race.lanes[selected];
    if (lane.columns.dim != surface->dim()) return;
    const std::int64_t row = shown_row(scene, lane);
    for (int axis = 0; axis < lane.columns.dim; ++axis) at.push_back(lane.table.at(row, axis));
    title = find_optimizer(scene.optimizers[selected].live.spec.id)->label + ", step " + ui::integer(row);
  } else {
    return;
  }
  const auto dim = static_cast<std::size_t>(surface->dim());
  std::vector<double> gradient(dim), hessian(dim * dim);
  const double value = surface->hessian(at.data(), gradient.data(), hessian.data());
  double squared = 0.0;
  for (const double g : gradient) squared += g * g;

  ui::begin_card("card");
  ui::section(title);
  std::vector<std::pair<std::string, std::string>> rows;
  rows.emplace_back(dim == 1 ? "x" : dim == 2 ? "x, y" : "position", joined(at, 3));
  rows.emplace_back("loss f", ui::number(value));
  rows.emplace_back("gradient ∇f", joined(gradient, 3));
  rows.emplace_back("norm ‖∇f‖", ui::number(std::sqrt(squared)));
  std::string warning;
  if (surface->dim() <= kMostDimensions) {
    using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const Matrix> h(hessian.data(), surface->dim(), surface->dim());
    const bool finite = h.allFinite();
    std::vector<double> lambda(dim, NAN);
    if (finite) {
      const Eigen::SelfAdjointEigenSolver<Matrix> solver(h, Eigen::EigenvaluesOnly);
      for (std::size_t i = 0; i < dim; ++i) lambda[i] = solver.eigenvalues()(static_cast<Eigen::Index>(i));
    }
    const double smallest = lambda.front(), largest = lambda.back();
    rows.emplace_back(dim == 1 ? "curvature f″" : "Hessian λ", joined(lambda, 3));
    if (dim > 1)
      rows.emplace_back("condition number κ", smallest > 0.0 ? ui::number(largest / smallest)
                                        : finite       ? std::string(smallest < 0.0 && largest > 0.0 ? "saddle here" : "not convex here")
                                                       : std::string("–"));
    const double limit = largest > 0.0 ? 2.0 / largest : INFINITY;
    // Only plain gradient descent has this limit.
    double rate = 0.0;
    const bool plain = has_lane && scene.optimizers[selected].live.spec.id == "gd";
    if (plain) rate = scene.optimizers[selected].live.at(scene.step).number("lr");
    rows.emplace_back("largest stable η = 2/λmax", std::isfinite(limit) ? ui::number(limit) : std::string("any"));
    if (plain && rate > limit)
      warning = "η = " + ui::number(rate) + " is beyond it: steps along the steepest axis grow here";
  }
  draw_readouts(rows);
  if (!warning.empty()) ui::error_line(warning);
  ui::end_card();
}

}  // namespace thalweg
