#include "core/curvature/power_iteration.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "core/curvature/vectors.hpp"

namespace thalweg {
namespace {

void require(const SymmetricOperator& op, const PowerSettings& settings) {
  if (op.size < 1 || !op.multiply) throw std::invalid_argument("power iteration on an empty operator");
  if (settings.products < 1) throw std::invalid_argument("power iteration without a product");
}

std::vector<float> start_vector(const SymmetricOperator& op, const PowerSettings& settings,
                                std::uint64_t number) {
  std::vector<float> v = curvature::unit_start(settings.start, op.size);
  return v.empty() ? curvature::random_unit(settings.seed, number, op.size) : v;
}

/// Iterates on H − shift·I from the unit vector v; the result is that of H.
PowerResult iterate(const SymmetricOperator& op, double shift, const PowerSettings& settings,
                    std::vector<float> v, int products) {
  PowerResult out;
  std::vector<float> w(v.size());
  double length = 0.0;
  while (out.products < products && !out.converged && !(settings.stop && settings.stop())) {
    if (out.products > 0) {
      std::swap(v, w);
      curvature::scale(1.0 / length, v);
    }
    op.multiply(v, w);
    ++out.products;
    if (shift != 0.0) curvature::add_scaled(-shift, v, w);
    length = curvature::norm(w);
    if (!std::isfinite(length)) return {{}, out.products};
    const double value = curvature::dot(v, w);
    out.value = value + shift;
    out.residual = curvature::residual(w, value, v);
    out.converged = out.residual <= std::max(settings.tolerance * std::abs(out.value),
                                             curvature::kRounding * (length + std::abs(shift)));
  }
  if (out.products > 0) out.vector = std::move(v);
  return out;
}

PowerResult added(PowerResult result, int products_before) {
  result.products += products_before;
  return result;
}

/// The dominant eigenvalue of H within `products`. A start that H sends to 0 says nothing of the rest.
PowerResult dominant(const SymmetricOperator& op, const PowerSettings& settings, int products) {
  PowerResult out = iterate(op, 0.0, settings, start_vector(op, settings, 0), products);
  if (!settings.start.empty() && out.value == 0.0 && out.residual == 0.0 && out.products < products)
    return added(iterate(op, 0.0, settings, curvature::random_unit(settings.seed, 0, op.size),
                         products - out.products),
                 out.products);
  return out;
}

}  // namespace

PowerResult power_iteration(const SymmetricOperator& op, const PowerSettings& settings) {
  require(op, settings);
  return dominant(op, settings, settings.products);
}

PowerResult largest_eigenvalue(const SymmetricOperator& op, const PowerSettings& settings) {
  require(op, settings);
  // The second half is kept for what the first one shows to be needed.
  PowerResult first = dominant(op, settings, (settings.products + 1) / 2);
  const int left = settings.products - first.products;
  const bool positive = first.value >= 0.0 && (first.converged || first.residual < 0.5 * first.value);
  if (std::isnan(first.value) || left < 1 || (settings.stop && settings.stop())) {
    first.converged = first.converged && positive;
    return first;
  }
  if (positive && first.converged) return first;
  if (positive) return added(iterate(op, 0.0, settings, std::move(first.vector), left), first.products);
  // ‖Hv‖ is at most the largest magnitude, and about that by now; with the shift no eigenvalue near the
  // lower end is larger than λmax is.
  const double shift = -std::hypot(first.value, first.residual);
  return added(iterate(op, shift, settings, start_vector(op, settings, 1), left), first.products);
}

}  // namespace thalweg
