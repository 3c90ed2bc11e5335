// Norms and products of vectors, summed in double whatever their numbers are.
#pragma once

#include <cmath>
#include <cstdint>

namespace thalweg {

template <class T>
double dot(const T* a, const T* b, std::int64_t count) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// The Euclidean norm.
template <class T>
double norm(const T* a, std::int64_t count) {
  return std::sqrt(dot(a, a, count));
}

}  // namespace thalweg
