// An engine that passes everything on to another, for tests of what goes wrong or takes time in between.
#pragma once

#include "core/nn/engine.hpp"

namespace thalweg::test {

class WrappedEngine : public TrainingEngine {
 public:
  explicit WrappedEngine(std::unique_ptr<TrainingEngine> engine) : engine_(std::move(engine)) {}

  std::optional<Error> load(std::shared_ptr<const Dataset> data) override {
    return inner().load(std::move(data));
  }
  std::optional<Error> build(const NetworkSettings& settings, std::uint64_t seed) override {
    return inner().build(settings, seed);
  }
  Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates,
                          StepDetail* detail) override {
    return inner().step(batch, rates, detail);
  }
  Result<Evaluation> evaluate(DataPart part, std::optional<std::span<const std::uint32_t>> indices,
                              const std::function<bool()>& stop, Weights weights) override {
    return inner().evaluate(part, indices, stop, weights);
  }
  Result<std::vector<float>> outputs(const Samples& samples,
                                     std::optional<std::span<const std::uint32_t>> indices,
                                     Weights weights) override {
    return inner().outputs(samples, indices, weights);
  }
  Result<std::vector<LayerActivations>> activations(DataPart part, std::span<const std::uint32_t> indices,
                                                    int bins) override {
    return inner().activations(part, indices, bins);
  }
  std::optional<Error> loss_gradient(std::span<const std::uint32_t> samples, std::span<float> out) override {
    return inner().loss_gradient(samples, out);
  }
  Result<std::unique_ptr<HessianProduct>> hessian(std::span<const std::uint32_t> samples) override {
    return inner().hessian(samples);
  }
  std::optional<Error> set_optimizer(const Spec& optimizer) override {
    return inner().set_optimizer(optimizer);
  }
  EngineState state() const override { return inner().state(); }
  std::optional<Error> restore(const EngineState& state) override { return inner().restore(state); }
  const Plan& plan() const override { return engine_->plan(); }
  std::span<const float> parameters() const override { return inner().parameters(); }
  std::span<const float> gradient() const override { return inner().gradient(); }

 protected:
  /// Asked before every call but plan().
  virtual TrainingEngine& inner() const { return *engine_; }

  std::unique_ptr<TrainingEngine> engine_;
};

}  // namespace thalweg::test
