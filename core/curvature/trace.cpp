#include "core/curvature/trace.hpp"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "core/curvature/vectors.hpp"

namespace thalweg {

TraceEstimate hutchinson_trace(const SymmetricOperator& op, const TraceSettings& settings) {
  if (op.size < 1 || !op.multiply) throw std::invalid_argument("the trace of an empty operator");
  if (settings.probes < 1) throw std::invalid_argument("a trace without probes");
  std::vector<float> z(static_cast<std::size_t>(op.size)), w(z.size());
  int made = 0;
  double mean = 0.0, squares = 0.0;  // Welford's running mean and sum of squared deviations
  while (made < settings.probes && !(settings.stop && settings.stop())) {
    curvature::fill_signs(settings.seed, static_cast<std::uint64_t>(made), z);
    op.multiply(z, w);
    const double value = curvature::dot(z, w);
    ++made;
    const double before = value - mean;
    mean += before / made;
    squares += before * (value - mean);
  }
  TraceEstimate out{.probes = made};
  if (made == 0 || !std::isfinite(mean)) return out;
  out.mean = mean;
  if (made > 1) out.standard_error = std::sqrt(squares / (made - 1) / made);
  return out;
}

}  // namespace thalweg
