// Norms and products of vectors, summed in double whatever their numbers are.
#pragma once

#include <cmath>
#include <cstdint>

namespace thalweg {

/// In sixteen running sums, so that the compiler can use vectors and long sums lose less; always in that order.
template <class T>
double dot(const T* a, const T* b, std::int64_t count) {
  constexpr int kSums = 16;
  double sums[kSums] = {};
  std::int64_t i = 0;
  for (; i + kSums <= count; i += kSums)
    for (int k = 0; k < kSums; ++k) sums[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
  double sum = 0.0;
  if (count >= kSums)
    for (const double part : sums) sum += part;
  for (; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// The Euclidean norm.
template <class T>
double norm(const T* a, std::int64_t count) {
  return std::sqrt(dot(a, a, count));
}

}  // namespace thalweg
