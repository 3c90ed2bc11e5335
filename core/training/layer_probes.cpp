// Probes that look at every tensor or layer: gradients, weights and their updates, activations.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/training/probe.hpp"

namespace thalweg {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Names of the form "0.weight: norm", tensor by tensor.
std::vector<std::string> tensor_columns(const Plan& plan, std::initializer_list<const char*> what) {
  std::vector<std::string> out;
  for (const TensorInfo& tensor : plan.tensors)
    for (const char* word : what) out.push_back(tensor.name + ": " + word);
  return out;
}

/// Norms of each tensor's gradient, before clipping: smallest, mean and largest of the updates since the last
/// measurement. Those that are not finite (fp16, before the update was skipped) are left out.
class GradientProbe final : public Probe {
 public:
  explicit GradientProbe(const ProbeContext& context)
      : context_(context), sums_(context.engine.plan().tensors.size()) {}

  std::vector<std::string> columns() const override {
    return tensor_columns(context_.engine.plan(), {"min", "mean", "max"});
  }
  DetailNeed need() const override { return DetailNeed::kNormsAlways; }

  void watch(const ProbeMoment&) override {
    const auto& tensors = context_.detail.tensors;
    for (std::size_t i = 0; i < std::min(tensors.size(), sums_.size()); ++i)
      sums_[i].add(tensors[i].gradient_norm);
  }

  std::optional<std::vector<double>> measure(const ProbeMoment&) override {
    std::vector<double> row;
    bool any = false;
    for (Sum& sum : sums_) {
      any = any || sum.count > 0;
      row.insert(row.end(),
                 {sum.count > 0 ? sum.min : kNan, sum.total / sum.count, sum.count > 0 ? sum.max : kNan});
      sum = {};
    }
    if (!any) return std::nullopt;
    return row;
  }

  ProbeMemory memory() const override {
    ProbeMemory out;
    for (const Sum& sum : sums_)
      out.numbers.insert(out.numbers.end(), {sum.min, sum.max, sum.total, sum.count});
    return out;
  }
  void recall(const ProbeMemory& memory) override {
    if (memory.numbers.size() != 4 * sums_.size()) return;
    const double* next = memory.numbers.data();
    for (Sum& sum : sums_) {
      sum = {next[0], next[1], next[2], next[3]};
      next += 4;
    }
  }

 private:
  struct Sum {
    double min = std::numeric_limits<double>::infinity();
    double max = 0.0;
    double total = 0.0;
    double count = 0.0;

    void add(double norm) {
      if (!std::isfinite(norm)) return;
      min = std::min(min, norm);
      max = std::max(max, norm);
      total += norm;
      count += 1.0;
    }
  };

  const ProbeContext& context_;
  std::vector<Sum> sums_;
};

/// Norm of each tensor's weights after the update, length of the update over it (around 1e-3 is usual),
/// and the mean factor before a gradient; with them the learning rate and momentum in force.
class WeightProbe final : public Probe {
 public:
  explicit WeightProbe(const ProbeContext& context) : context_(context) {}

  std::vector<std::string> columns() const override {
    auto out = tensor_columns(context_.engine.plan(), {"norm", "update ratio", "effective rate"});
    out.insert(out.begin(), {"learning rate", "momentum"});
    return out;
  }
  DetailNeed need() const override { return DetailNeed::kWholeWhenMeasured; }

  std::optional<std::vector<double>> measure(const ProbeMoment& moment) override {
    const auto& tensors = context_.detail.tensors;
    if (tensors.size() != context_.engine.plan().tensors.size()) return std::nullopt;
    std::vector<double> row{moment.learning_rate, momentum(moment.optimizer)};
    for (const TensorStatistics& tensor : tensors) {
      const double ratio = tensor.weight_norm > 0.0 ? tensor.update_norm / tensor.weight_norm : kNan;
      row.insert(row.end(), {tensor.weight_norm, ratio, tensor.effective_rate});
    }
    return row;
  }

 private:
  static double momentum(const Spec& optimizer) {
    for (const char* key : {"momentum", "beta1"})
      if (optimizer.find(key)) return optimizer.number(key);
    return kNan;
  }

  const ProbeContext& context_;
};

/// Mean and standard deviation of each layer's outputs over the probe samples, and of ReLU layers the share
/// of units that are 0 for every one of them.
class ActivationProbe final : public Probe {
 public:
  explicit ActivationProbe(const ProbeContext& context) : context_(context) {}

  std::vector<std::string> columns() const override {
    const Plan& plan = context_.engine.plan();
    const std::vector<std::string> names = layer_names(plan);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < names.size(); ++i) {
      out.insert(out.end(), {names[i] + ": mean", names[i] + ": deviation"});
      if (plan.layers[i].kind == LayerKind::kRelu) out.push_back(names[i] + ": dead");
    }
    return out;
  }

  std::optional<std::vector<double>> measure(const ProbeMoment&) override {
    const Plan& plan = context_.engine.plan();
    const auto* layers = context_.activations();
    if (!layers || layers->size() != plan.layers.size()) return std::nullopt;
    std::vector<double> row;
    for (std::size_t i = 0; i < layers->size(); ++i) {
      row.insert(row.end(), {(*layers)[i].mean, (*layers)[i].deviation});
      if (plan.layers[i].kind == LayerKind::kRelu) row.push_back((*layers)[i].dead);
    }
    return row;
  }

 private:
  const ProbeContext& context_;
};

}  // namespace

std::unique_ptr<Probe> make_gradient_probe(const ProbeContext& context) {
  return std::make_unique<GradientProbe>(context);
}
std::unique_ptr<Probe> make_weight_probe(const ProbeContext& context) {
  return std::make_unique<WeightProbe>(context);
}
std::unique_ptr<Probe> make_activation_probe(const ProbeContext& context) {
  return std::make_unique<ActivationProbe>(context);
}

}  // namespace thalweg
