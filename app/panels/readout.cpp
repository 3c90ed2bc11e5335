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
  ui::readout(dim == 1 ? "x" : dim == 2 ? "x, y" : "position", joined(at, 3));
  ui::readout("loss f", ui::number(value));
  ui::readout("gradient ∇f", joined(gradient, 3));
  ui::readout("norm ‖∇f‖", ui::number(std::sqrt(squared)));
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
    ui::readout(dim == 1 ? "curvature f″" : "Hessian λ", joined(lambda, 3));
    if (dim > 1)
      ui::readout("condition number κ", smallest > 0.0 ? ui::number(largest / smallest)
                                        : finite       ? std::string(smallest < 0.0 && largest > 0.0 ? "saddle here" : "not convex here")
                                                       : std::string("–"));
    const double limit = largest > 0.0 ? 2.0 / largest : INFINITY;
    // Only plain gradient descent has this limit.
    double rate = 0.0;
    const bool plain = has_lane && scene.optimizers[selected].live.spec.id == "gd";
    if (plain) rate = scene.optimizers[selected].live.at(scene.step).number("lr");
    ui::readout("largest stable η = 2/λmax", std::isfinite(limit) ? ui::number(limit) : std::string("any"));
    if (plain && rate > limit)
      ui::error_line("η = " + ui::number(rate) + " is beyond it: steps along the steepest axis grow here");
  }
  ui::end_card();
}

}  // namespace thalweg
