#include "core/nn/products.hpp"

#include <algorithm>
#include <vector>

#include "core/nn/cpu_product.hpp"

namespace thalweg {

double time_of_products(const Plan& plan, int batch, int threads, int steps, double (*clock)()) {
  const cpu::ThreadCount count(threads);
  int widest = plan.inputs;
  for (const PlannedLayer& layer : plan.layers) widest = std::max(widest, layer.outputs);
  const auto size = static_cast<std::size_t>(batch) * static_cast<std::size_t>(widest);
  std::vector<float> x(size, 0.5f), y(size, 0.25f), d(size, 0.125f);
  std::vector<float> weights(static_cast<std::size_t>(plan.parameters), 0.01f), gradient(weights.size());
  double begin = clock();
  for (int step = -steps / 10; step < steps; ++step) {
    if (step == 0) begin = clock();
    bool first = true;
    for (const PlannedLayer& layer : plan.layers) {
      if (layer.kind != LayerKind::kLinear) continue;
      const int in = layer.inputs, out = layer.outputs;
      const float* w = weights.data() + layer.weight;
      cpu::product('N', 'N', batch, out, in, x.data(), in, w, out, y.data());
      cpu::product('T', 'N', in, out, batch, x.data(), in, d.data(), out, gradient.data() + layer.weight);
      if (!first) cpu::product('N', 'T', batch, in, out, d.data(), out, w, out, y.data());
      first = false;
    }
  }
  return (clock() - begin) / steps;
}

}  // namespace thalweg
