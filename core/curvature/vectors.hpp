// Arithmetic on long vectors of floats, with sums in double and in one fixed order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg::curvature {

/// Relative error to be expected of a product in single precision: no residual gets smaller than this times
/// the size of the operator.
inline constexpr double kRounding = 1e-6;

double dot(std::span<const float> a, std::span<const float> b);
double norm(std::span<const float> a);
/// ‖w − value·v‖.
double residual(std::span<const float> w, double value, std::span<const float> v);
/// y += factor · x.
void add_scaled(double factor, std::span<const float> x, std::span<float> y);
void scale(double factor, std::span<float> x);

/// Independent standard normal numbers, or signs ±1: vector `number` of this seed.
void fill_normal(std::uint64_t seed, std::uint64_t number, std::span<float> out);
void fill_signs(std::uint64_t seed, std::uint64_t number, std::span<float> out);
/// A uniformly random direction of length 1.
std::vector<float> random_unit(std::uint64_t seed, std::uint64_t number, std::int64_t size);

/// `start` scaled to length 1; empty if it is not `size` finite numbers of which one is not 0.
std::vector<float> unit_start(std::span<const float> start, std::int64_t size);

}  // namespace thalweg::curvature
