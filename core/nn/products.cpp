#include "core/nn/products.hpp"

#include <algorithm>
#include <vector>

#include "core/nn/cpu_product.hpp"

namespace thalweg {
namespace {

/// Numbers to multiply, as many as the widest layer needs.
struct Operands {
  Operands(const Plan& plan, int rows)
      : weights(static_cast<std::size_t>(plan.parameters), 0.01f), gradient(weights.size()) {
    int widest = plan.inputs;
    for (const PlannedLayer& layer : plan.layers) widest = std::max(widest, layer.outputs);
    const auto size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(widest);
    x.assign(size, 0.5f);
    y.assign(size, 0.25f);
    d.assign(size, 0.125f);
  }

  void forward(const PlannedLayer& l, int rows) {
    cpu::product('N', 'N', rows, l.outputs, l.inputs, x.data(), l.inputs, weights.data() + l.weight,
                 l.outputs, y.data());
  }
  void weight_gradient(const PlannedLayer& l, int rows) {
    cpu::product('T', 'N', l.inputs, l.outputs, rows, x.data(), l.inputs, d.data(), l.outputs,
                 gradient.data() + l.weight);
  }
  void input_gradient(const PlannedLayer& l, int rows) {
    cpu::product('N', 'T', rows, l.inputs, l.outputs, d.data(), l.outputs, weights.data() + l.weight,
                 l.outputs, y.data());
  }

  std::vector<float> x, y, d, weights, gradient;
};

/// The mean time of round(), after a tenth as many that do not count.
template <class Round>
double mean_time(int rounds, double (*clock)(), const Round& round) {
  for (int i = 0; i < rounds / 10; ++i) round();
  const double begin = clock();
  for (int i = 0; i < rounds; ++i) round();
  return (clock() - begin) / rounds;
}

/// The linear layers, each `forward`, `weight_gradient` and `input_gradient` so many times; the first has but
/// one of the first two and none of the last.
double time_of(const Plan& plan, int rows, int threads, int times, int rounds, double (*clock)()) {
  const cpu::ThreadCount count(threads);
  Operands operands(plan, rows);
  return mean_time(rounds, clock, [&] {
    bool first = true;
    for (const PlannedLayer& layer : plan.layers) {
      if (layer.kind != LayerKind::kLinear) continue;
      for (int i = 0; i < (first ? 1 : times); ++i) {
        operands.forward(layer, rows);
        operands.weight_gradient(layer, rows);
        if (!first) operands.input_gradient(layer, rows);
      }
      first = false;
    }
  });
}

}  // namespace

double time_of_products(const Plan& plan, int batch, int threads, int steps, double (*clock)()) {
  return time_of(plan, batch, threads, 1, steps, clock);
}

double time_of_hessian_products(const Plan& plan, int samples, int threads, int rounds, double (*clock)()) {
  return time_of(plan, samples, threads, 2, rounds, clock);
}

}  // namespace thalweg
