// Probes of the Hessian of the mean loss over the probe samples.
#include <cmath>
#include <limits>

#include "core/curvature/lanczos.hpp"
#include "core/curvature/power_iteration.hpp"
#include "core/curvature/stability.hpp"
#include "core/curvature/trace.hpp"
#include "core/training/probe.hpp"

namespace thalweg {
namespace {

/// The error of an eigenvalue is of the order of its squared residual over the gap to the next one, so that a
/// few per cent of residual leave a few tenths of a per cent of error.
constexpr double kTolerance = 0.05;

class HessianProbe : public Probe {
 public:
  explicit HessianProbe(const ProbeContext& context) : context_(context) {}

  std::optional<std::vector<double>> measure(const ProbeMoment& moment) final {
    const auto hessian = context_.engine.hessian(context_.samples);
    if (!hessian) return std::nullopt;
    return measure(hessian_operator(**hessian, context_.engine.plan().parameters), moment);
  }

 protected:
  virtual std::optional<std::vector<double>> measure(const SymmetricOperator& op,
                                                     const ProbeMoment& moment) = 0;
  const ProbeContext& context() const { return context_; }
  /// A vector in mind, for those that have one.
  void take_vector(const ProbeMemory& memory, std::vector<float>& vector) const {
    if (memory.vector.size() == static_cast<std::size_t>(context_.engine.plan().parameters))
      vector = memory.vector;
  }

 private:
  const ProbeContext& context_;
};

/// λmax, started from the vector found last time, next to what the learning rate allows.
class CurvatureProbe final : public HessianProbe {
 public:
  using HessianProbe::HessianProbe;
  std::vector<std::string> columns() const override {
    return {"largest eigenvalue", "residual", "stability limit", "products"};
  }
  ProbeMemory memory() const override { return {{}, vector_}; }
  void recall(const ProbeMemory& memory) override { take_vector(memory, vector_); }

 protected:
  std::optional<std::vector<double>> measure(const SymmetricOperator& op,
                                             const ProbeMoment& moment) override {
    PowerResult result = largest_eigenvalue(op, {.tolerance = kTolerance,
                                                 .products = vector_.empty() ? 100 : 30,
                                                 .seed = context().seed,
                                                 .start = vector_,
                                                 .stop = moment.stop});
    if (!std::isfinite(result.value)) return std::nullopt;
    vector_ = std::move(result.vector);
    const double limit = stability_threshold(moment.optimizer, moment.learning_rate)
                             .value_or(std::numeric_limits<double>::quiet_NaN());
    return std::vector{result.value, result.residual, limit, static_cast<double>(result.products)};
  }

 private:
  std::vector<float> vector_;
};

/// The k largest eigenvalues; NaN where there are fewer.
class SpectrumProbe final : public HessianProbe {
 public:
  explicit SpectrumProbe(const ProbeContext& context)
      : HessianProbe(context), count_(static_cast<int>(context.settings.number("eigenvalues"))) {}

  std::vector<std::string> columns() const override {
    std::vector<std::string> out;
    for (int k = 1; k <= count_; ++k) out.push_back("λ" + std::to_string(k));
    out.emplace_back("largest residual");
    return out;
  }
  ProbeMemory memory() const override { return {{}, start_}; }
  void recall(const ProbeMemory& memory) override { take_vector(memory, start_); }

 protected:
  std::optional<std::vector<double>> measure(const SymmetricOperator& op,
                                             const ProbeMoment& moment) override {
    const LanczosResult result = lanczos(op, {.largest = count_,
                                              .tolerance = kTolerance,
                                              .products = 20 + 4 * count_,
                                              .seed = context().seed,
                                              .start = start_,
                                              .stop = moment.stop});
    if (result.largest.empty()) return std::nullopt;
    std::vector<double> row;
    double residual = 0.0;
    start_.assign(static_cast<std::size_t>(op.size), 0.0f);
    for (const Eigenpair& pair : result.largest) {
      row.push_back(pair.value);
      residual = std::max(residual, pair.residual);
      for (std::size_t i = 0; i < pair.vector.size(); ++i) start_[i] += pair.vector[i];
    }
    row.resize(static_cast<std::size_t>(count_), std::numeric_limits<double>::quiet_NaN());
    row.push_back(residual);
    return row;
  }

 private:
  int count_;
  std::vector<float> start_;  ///< the sum of the vectors found before
};

class TraceProbe final : public HessianProbe {
 public:
  using HessianProbe::HessianProbe;
  std::vector<std::string> columns() const override { return {"trace", "standard error"}; }

 protected:
  std::optional<std::vector<double>> measure(const SymmetricOperator& op,
                                             const ProbeMoment& moment) override {
    // Other random vectors each time: an average over time is then better than one of them.
    const TraceEstimate trace =
        hutchinson_trace(op, {.probes = 16,
                              .seed = context().seed + static_cast<std::uint64_t>(moment.step),
                              .stop = moment.stop});
    if (!std::isfinite(trace.mean)) return std::nullopt;
    return std::vector{trace.mean, trace.standard_error};
  }
};

}  // namespace

std::unique_ptr<Probe> make_curvature_probe(const ProbeContext& context) {
  return std::make_unique<CurvatureProbe>(context);
}
std::unique_ptr<Probe> make_spectrum_probe(const ProbeContext& context) {
  return std::make_unique<SpectrumProbe>(context);
}
std::unique_ptr<Probe> make_trace_probe(const ProbeContext& context) {
  return std::make_unique<TraceProbe>(context);
}

}  // namespace thalweg
