#include "core/curvature/vectors.hpp"

#include <cmath>

#include "core/optimizer/vectorise.hpp"
#include "core/random/philox.hpp"

namespace thalweg::curvature {
namespace {

constexpr std::size_t kLanes = 8;

/// Σ f(i) in eight running sums, the same whatever the instruction set.
template <class F>
inline double lane_sum(std::size_t count, const F& f) {
  double lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (std::size_t l = 0; l < kLanes; ++l) lanes[l] += f(i + l);
  double sum = 0.0;
  for (std::size_t l = 0; l < kLanes; ++l) sum += lanes[l];
  for (; i < count; ++i) sum += f(i);
  return sum;
}

}  // namespace

double dot(std::span<const float> a_, std::span<const float> b_) {
  double sum = 0.0;
  cpu::vectorised([=, &sum] {
    const float* __restrict a = a_.data();
    const float* __restrict b = b_.data();
    sum = lane_sum(a_.size(),
                   [&](std::size_t i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
  });
  return sum;
}

double norm(std::span<const float> a) { return std::sqrt(dot(a, a)); }

double residual(std::span<const float> w_, double value, std::span<const float> v_) {
  double sum = 0.0;
  cpu::vectorised([=, &sum] {
    const float* __restrict w = w_.data();
    const float* __restrict v = v_.data();
    sum = lane_sum(w_.size(), [&](std::size_t i) {
      const double d = static_cast<double>(w[i]) - value * static_cast<double>(v[i]);
      return d * d;
    });
  });
  return std::sqrt(sum);
}

void add_scaled(double factor, std::span<const float> x_, std::span<float> y_) {
  cpu::vectorised([=] {
    const float* __restrict x = x_.data();
    float* __restrict y = y_.data();
    for (std::size_t i = 0; i < x_.size(); ++i)
      y[i] = static_cast<float>(static_cast<double>(y[i]) + factor * static_cast<double>(x[i]));
  });
}

void scale(double factor, std::span<float> x_) {
  cpu::vectorised([=] {
    float* __restrict x = x_.data();
    for (std::size_t i = 0; i < x_.size(); ++i) x[i] = static_cast<float>(factor * static_cast<double>(x[i]));
  });
}

void fill_normal(std::uint64_t seed, std::uint64_t number, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const auto pair = normal_pair(seed, RandomStream::kCurvature, number, static_cast<std::uint32_t>(i / 2));
    out[i] = static_cast<float>(pair[0]);
    if (i + 1 < out.size()) out[i + 1] = static_cast<float>(pair[1]);
  }
}

void fill_signs(std::uint64_t seed, std::uint64_t number, std::span<float> out) {
  PhiloxBlock words{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 128 == 0)
      words = random_words(seed, RandomStream::kCurvature, number, static_cast<std::uint32_t>(i / 128));
    out[i] = (words[i / 32 % 4] >> (i % 32)) & 1u ? 1.0f : -1.0f;
  }
}

std::vector<float> random_unit(std::uint64_t seed, std::uint64_t number, std::int64_t size) {
  std::vector<float> out(static_cast<std::size_t>(size));
  fill_normal(seed, number, out);
  scale(1.0 / norm(out), out);
  return out;
}

std::vector<float> unit_start(std::span<const float> start, std::int64_t size) {
  if (size < 1 || start.size() != static_cast<std::size_t>(size)) return {};
  const double length = norm(start);
  if (!(length > 0.0) || !std::isfinite(length)) return {};
  std::vector<float> out(start.begin(), start.end());
  scale(1.0 / length, out);
  return out;
}

}  // namespace thalweg::curvature
