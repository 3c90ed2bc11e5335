// The gradient noise scale while a network trains, from fresh samples each time: an average over time
// of the same samples would keep their error.
#include <cmath>

#include "core/random/philox.hpp"
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
    const auto noise = measure_noise(context_.engine, draw(moment.step, context_.samples.size()));
    if (!noise || !std::isfinite(noise->squared_gradient) || !std::isfinite(noise->trace))
      return std::nullopt;
    scale_.add(*noise);
    return std::vector{noise->squared_gradient, noise->trace, scale_.value()};
  }

  ProbeMemory memory() const override { return {scale_.save(), {}}; }
  void recall(const ProbeMemory& memory) override { scale_.load(memory.numbers); }

 private:
  /// So many different samples, each as likely as the others: the beginning of a shuffle.
  std::span<const std::uint32_t> draw(std::int64_t step, std::size_t count) {
    order_ = context_.split.train;
    for (std::size_t i = 0; i < count; ++i) {
      const PhiloxBlock words = random_words(context_.seed, RandomStream::kProbeSamples,
                                             static_cast<std::uint64_t>(step), static_cast<std::uint32_t>(i));
      const auto left = static_cast<std::uint32_t>(order_.size() - i);
      std::swap(order_[i], order_[i + uniform_below(left, words[0], words[1])]);
    }
    return std::span(order_).first(count);
  }

  const ProbeContext& context_;
  std::vector<std::uint32_t> order_;
  NoiseScale scale_;
};

}  // namespace

std::unique_ptr<Probe> make_noise_probe(const ProbeContext& context) {
  return std::make_unique<NoiseProbe>(context);
}

}  // namespace thalweg
