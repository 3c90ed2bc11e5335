#include "core/curvature/operator.hpp"

#include <cmath>
#include <stdexcept>

namespace thalweg {

SymmetricOperator hessian_operator(HessianProduct& product, std::int64_t parameters) {
  return {parameters,
          [&product](std::span<const float> v, std::span<float> out) { product.multiply(v, out); }};
}

SymmetricOperator preconditioned(const SymmetricOperator& op, std::span<const float> diagonal) {
  if (diagonal.size() != static_cast<std::size_t>(op.size))
    throw std::invalid_argument("the diagonal has not as many numbers as the operator has rows");
  std::vector<float> factors;
  factors.reserve(diagonal.size());
  for (const float d : diagonal) factors.push_back(1.0f / std::sqrt(d));
  return {op.size, [&op, factors = std::move(factors), scaled = std::vector<float>(diagonal.size())](
                       std::span<const float> v, std::span<float> out) mutable {
            for (std::size_t i = 0; i < v.size(); ++i) scaled[i] = factors[i] * v[i];
            op.multiply(scaled, out);
            for (std::size_t i = 0; i < out.size(); ++i) out[i] *= factors[i];
          }};
}

}  // namespace thalweg
