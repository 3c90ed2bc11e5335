#include "core/curvature/lanczos.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/curvature/lanczos_process.hpp"
#include "core/curvature/vectors.hpp"

namespace thalweg {
namespace {

using curvature::kRounding;
using curvature::LanczosProcess;
using curvature::Ritz;

/// Share of a random direction that is mixed into a start given from outside, which may itself lie in an
/// invariant space without the vectors that are wanted.
constexpr double kStartNoise = 1e-2;

void require(const SymmetricOperator& op, const LanczosSettings& settings) {
  if (op.size < 1 || !op.multiply) throw std::invalid_argument("Lanczos on an empty operator");
  if (settings.largest < 0 || settings.smallest < 0)
    throw std::invalid_argument("Lanczos for a negative number of eigenvalues");
  if (settings.products < 1) throw std::invalid_argument("Lanczos without a product");
}

std::vector<float> start_vector(const SymmetricOperator& op, const LanczosSettings& settings) {
  std::vector<float> out = curvature::random_unit(settings.seed, 0, op.size);
  const std::vector<float> given = curvature::unit_start(settings.start, op.size);
  if (given.empty()) return out;
  curvature::scale(kStartNoise, out);
  curvature::add_scaled(1.0, given, out);
  curvature::scale(1.0 / curvature::norm(out), out);
  return out;
}

/// Which Ritz pairs are wanted: the places of the largest, from above, then of the smallest, from below.
std::vector<std::size_t> wanted(std::size_t held, int largest, int smallest) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < std::min(held, static_cast<std::size_t>(largest)); ++i)
    out.push_back(held - 1 - i);
  for (std::size_t i = 0; i < std::min(held, static_cast<std::size_t>(smallest)); ++i) out.push_back(i);
  return out;
}

bool within(const Ritz& ritz, std::size_t i, double tolerance, double scale) {
  return ritz.residual[i] <= std::max(tolerance * std::abs(ritz.values[i]), kRounding * scale);
}

/// Whether all that are wanted are there, as far as the operator has as many, and good enough.
bool finished(const SymmetricOperator& op, const LanczosSettings& settings, const Ritz& ritz, double scale) {
  const std::int64_t needed = std::min<std::int64_t>(op.size, std::max(settings.largest, settings.smallest));
  return std::ssize(ritz.values) >= needed &&
         std::ranges::all_of(wanted(ritz.values.size(), settings.largest, settings.smallest),
                             [&](std::size_t i) { return within(ritz, i, settings.tolerance, scale); });
}

Eigenpair pair_of(const LanczosProcess& process, const Ritz& ritz, std::size_t i, double tolerance) {
  Eigenpair out;
  out.value = ritz.values[i];
  out.residual = std::max(ritz.residual[i], 0x1p-23 * process.scale());
  out.vector = process.combine(ritz.vectors.data() + i * ritz.values.size());
  out.converged = within(ritz, i, tolerance, process.scale());
  return out;
}

}  // namespace

LanczosResult lanczos(const SymmetricOperator& op, const LanczosSettings& settings) {
  require(op, settings);
  LanczosResult out;
  LanczosProcess process(op, start_vector(op, settings));
  Ritz ritz;
  int next_check = 1;
  bool full = false;
  while (out.products < settings.products && !out.converged && !full && !(settings.stop && settings.stop())) {
    ++out.products;
    if (!process.advance()) return {{}, {}, out.products};
    // The small eigenproblem costs the cube of its size, so it is not solved after every product.
    if (process.size() >= next_check || process.closed()) {
      ritz = process.ritz();
      out.converged = finished(op, settings, ritz, process.scale());
      next_check = process.size() + 1 + process.size() / 10;
    }
    if (process.closed() && !out.converged)
      full = !process.reopen(
          curvature::random_unit(settings.seed, static_cast<std::uint64_t>(out.products) + 1, op.size));
  }
  if (std::ssize(ritz.values) < process.size()) {
    ritz = process.ritz();
    out.converged = finished(op, settings, ritz, process.scale());
  }
  const auto held = ritz.values.size();
  for (const std::size_t i : wanted(held, settings.largest, 0))
    out.largest.push_back(pair_of(process, ritz, i, settings.tolerance));
  for (const std::size_t i : wanted(held, 0, settings.smallest))
    out.smallest.push_back(pair_of(process, ritz, i, settings.tolerance));
  return out;
}

}  // namespace thalweg
