#include "core/nn/products.hpp"

#include <dnnl.h>
#include <omp.h>

#include <algorithm>
#include <stdexcept>

namespace thalweg {

double time_of_products(const Plan& plan, int batch, int threads, int steps, double (*clock)()) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(threads);
  int widest = plan.inputs;
  for (const PlannedLayer& layer : plan.layers) widest = std::max(widest, layer.outputs);
  const auto size = static_cast<std::size_t>(batch) * static_cast<std::size_t>(widest);
  std::vector<float> x(size, 0.5f), y(size, 0.25f), d(size, 0.125f);
  std::vector<float> weights(static_cast<std::size_t>(plan.parameters), 0.01f), gradient(weights.size());
  const auto product = [&](char a, char b, int m, int n, int k, const float* p, int lda, const float* q,
                           int ldb, float* out) {
    if (dnnl_sgemm(a, b, m, n, k, 1.0f, p, lda, q, ldb, 0.0f, out, n) != dnnl_success)
      throw std::runtime_error("oneDNN refused a matrix product");
  };
  double begin = clock();
  for (int step = -steps / 10; step < steps; ++step) {
    if (step == 0) begin = clock();
    bool first = true;
    for (const PlannedLayer& layer : plan.layers) {
      if (layer.kind != LayerKind::kLinear) continue;
      const int in = layer.inputs, out = layer.outputs;
      const float* w = weights.data() + layer.weight;
      product('N', 'N', batch, out, in, x.data(), in, w, out, y.data());
      product('T', 'N', in, out, batch, x.data(), in, d.data(), out, gradient.data() + layer.weight);
      if (!first) product('N', 'T', batch, in, out, d.data(), out, w, out, y.data());
      first = false;
    }
  }
  const double seconds = (clock() - begin) / steps;
  omp_set_num_threads(before);
  return seconds;
}

}  // namespace thalweg
