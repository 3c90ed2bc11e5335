#include "core/rates/spectrum.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix hessian_at(const Surface& surface, const std::vector<double>& point) {
  const auto n = static_cast<Eigen::Index>(point.size());
  Matrix out(n, n);
  std::vector<double> gradient(point.size());
  surface.hessian(point.data(), gradient.data(), out.data());
  return out;
}

/// Whether the Hessian is what it is at `centre` at points spread over the domain too.
bool is_quadratic(const Surface& surface, const Matrix& hessian) {
  const auto& domain = surface.domain();
  for (const double place : {0.13, 0.41, 0.77}) {
    std::vector<double> point;
    for (std::size_t i = 0; i < domain.size(); ++i) {
      const double share = std::fmod(place + 0.29 * static_cast<double>(i), 1.0);
      point.push_back(domain[i].lower + share * (domain[i].upper - domain[i].lower));
    }
    const Matrix there = hessian_at(surface, point);
    // A NaN is no quadratic.
    if (!((there - hessian).norm() <= 1e-9 * hessian.norm())) return false;
  }
  return true;
}

void decompose(const Matrix& matrix, LocalSpectrum& out) {
  if (!matrix.allFinite()) return;
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(matrix);
  const auto& values = solver.eigenvalues();
  out.eigenvalues.assign(values.begin(), values.end());
  const auto& vectors = solver.eigenvectors();
  for (Eigen::Index k = 0; k < vectors.cols(); ++k)
    for (Eigen::Index i = 0; i < vectors.rows(); ++i) out.directions.push_back(vectors(i, k));
}

}  // namespace

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

LocalSpectrum spectrum_at(const Surface& surface, const std::vector<double>& point) {
  LocalSpectrum out;
  out.centre = point;
  if (surface.dim() > kMostSpectrumDimensions) return out;
  const Matrix hessian = hessian_at(surface, point);
  decompose(hessian, out);
  out.quadratic = !out.eigenvalues.empty() && is_quadratic(surface, hessian);
  return out;
}

LocalSpectrum local_spectrum(const Surface& surface, const std::vector<double>& point) {
  const MarkedPoint* nearest = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (const MarkedPoint& minimum : surface.minima())
    if (const double away = squared_distance(minimum.x, point); away < least)
      least = away, nearest = &minimum;
  LocalSpectrum out = spectrum_at(surface, nearest ? nearest->x : point);
  out.at_minimum = nearest != nullptr;
  return out;
}

LocalSpectrum preconditioned(const Surface& surface, const LocalSpectrum& spectrum,
                             const std::vector<double>& divisor) {
  LocalSpectrum out;
  out.centre = spectrum.centre;
  out.at_minimum = spectrum.at_minimum;
  out.quadratic = spectrum.quadratic;
  if (surface.dim() > kMostSpectrumDimensions) return out;
  const Eigen::Map<const Eigen::VectorXd> d(divisor.data(), static_cast<Eigen::Index>(divisor.size()));
  const Eigen::VectorXd scale = d.cwiseSqrt().cwiseInverse();
  const Matrix scaled = scale.asDiagonal() * hessian_at(surface, spectrum.centre) * scale.asDiagonal();
  decompose(scaled, out);
  return out;
}

}  // namespace thalweg
