// The gradient noise scale while a network trains, from fresh samples each time: an average over time
// of the same samples would keep their error.
#include <cmath>

#include "core/data/order.hpp"
#include "core/training/noise_scale.hpp"
#include "core/training/probe.hpp"

namespace thalweg {
namespace {

class NoiseProbe final : public Probe {
 public:
  explicit NoiseProbe(const ProbeContext& context) : context_(context) {}

  std::vector<std::string> columns() const override {
    return {"squared gradient", "trace of covariance", "noise scale"};
  }

  std::optional<std::vector<double>> measure(const ProbeMoment& moment) override {
    order_ = context_.split.train;
    shuffle(order_, context_.seed, RandomStream::kProbeSamples, static_cast<std::uint64_t>(moment.step));
    const auto noise = measure_noise(
        context_.engine, std::span(order_).first(std::min(order_.size(), context_.samples.size())));
    if (!noise || !std::isfinite(noise->squared_gradient) || !std::isfinite(noise->trace))
      return std::nullopt;
    scale_.add(*noise);
    return std::vector{noise->squared_gradient, noise->trace, scale_.value()};
  }

 private:
  const ProbeContext& context_;
  std::vector<std::uint32_t> order_;
  NoiseScale scale_;
};

}  // namespace

std::unique_ptr<Probe> make_noise_probe(const ProbeContext& context) {
  return std::make_unique<NoiseProbe>(context);
}

}  // namespace thalweg
