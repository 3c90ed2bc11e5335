// Looks into a network beside its training: activations and the gradient in evaluation mode.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/nn/cpu_probe.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/engines.hpp"

namespace thalweg {
namespace {

class Probe : public ::testing::TestWithParam<const char*> {
 protected:
  /// An engine a few steps on, and the reference with its weights.
  void SetUp() override {
    settings_ = test::network(GetParam());
    engine_ = test::built(settings_, data_);
    for (int step = 0; step < 3; ++step)
      ASSERT_TRUE(engine_->step(test::batch_of(32, static_cast<std::uint32_t>(step)), {0.1}));
    net_.emplace(engine_->plan(), test::reference_loss(settings_.loss), 7);
    std::ranges::copy(engine_->parameters(), net_->parameters.begin());
    std::ranges::copy(engine_->state().buffers, net_->buffers.begin());
  }

  std::shared_ptr<const Dataset> data_ = test::toy_data(300);  // more than go through at once
  NetworkSettings settings_;
  std::unique_ptr<TrainingEngine> engine_;
  std::optional<ReferenceNet<double>> net_;
};

TEST_P(Probe, ActivationsAreThoseOfEveryLayer) {
  const auto samples = test::batch_of(290, 5);
  const auto measured = engine_->activations(DataPart::kTrain, samples, 10);
  ASSERT_TRUE(measured);
  ASSERT_EQ(measured->size(), engine_->plan().layers.size());
  net_->forward(test::reference_batch<double>(*data_, samples), false);
  for (std::size_t i = 0; i < measured->size(); ++i) {
    SCOPED_TRACE(i);
    const LayerActivations& layer = (*measured)[i];
    const PlannedLayer& planned = engine_->plan().layers[i];
    const std::vector<double>& values = net_->output_of(i);
    const auto n = static_cast<double>(values.size());
    double mean = 0.0, squares = 0.0;
    for (const double v : values) mean += v / n;
    for (const double v : values) squares += (v - mean) * (v - mean) / n;
    EXPECT_EQ(layer.layer, static_cast<int>(i));
    EXPECT_TRUE(test::close(layer.mean, mean, 2e-5));
    EXPECT_TRUE(test::close(layer.deviation, std::sqrt(squares), 2e-5));
    const auto [low, high] = std::ranges::minmax_element(values);
    EXPECT_TRUE(test::close(layer.histogram.low, *low, 1e-4));
    EXPECT_TRUE(test::close(layer.histogram.high, *high, 1e-4));
    EXPECT_EQ(layer.histogram.not_finite, 0);
    std::int64_t counted = 0;
    double from_bins = 0.0;  // mean of the bins' middles: no more than half a bin off
    const double width = (layer.histogram.high - layer.histogram.low) / 10;
    ASSERT_EQ(layer.histogram.counts.size(), 10u);
    for (std::size_t b = 0; b < 10; ++b) {
      counted += layer.histogram.counts[b];
      from_bins += static_cast<double>(layer.histogram.counts[b]) / n *
                   (layer.histogram.low + (static_cast<double>(b) + 0.5) * width);
    }
    EXPECT_EQ(counted, static_cast<std::int64_t>(values.size()));
    EXPECT_LE(std::abs(from_bins - mean), 0.5 * width + 1e-5);
    EXPECT_GE(layer.histogram.counts.front(), 1);
    EXPECT_GE(layer.histogram.counts.back(), 1);
    EXPECT_EQ(std::isnan(layer.dead), planned.kind != LayerKind::kRelu);
  }
}

TEST_P(Probe, LossGradientIsThatOfTheEvaluation) {
  const auto samples = test::batch_of(290, 5);
  const EngineState before = engine_->state();
  const std::vector<float> last(engine_->gradient().begin(), engine_->gradient().end());
  std::vector<float> gradient(engine_->parameters().size());
  ASSERT_FALSE(engine_->loss_gradient(samples, gradient));
  EXPECT_EQ(engine_->state(), before);
  EXPECT_TRUE(std::ranges::equal(engine_->gradient(), last));
  const auto inputs = test::reference_batch<double>(*data_, samples);
  constexpr double h = 1e-7;  // small: a kink of a ReLU lies between two samples more rarely
  for (std::size_t i = 0; i < gradient.size(); i += 3) {  // every third: they are many
    const double held = net_->parameters[i];
    net_->parameters[i] = held + h;
    const double above = net_->forward(inputs, false);
    net_->parameters[i] = held - h;
    const double below = net_->forward(inputs, false);
    net_->parameters[i] = held;
    ASSERT_TRUE(test::close(gradient[i], (above - below) / (2 * h), 1e-5)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Probe, ::testing::ValuesIn(test::kNetworks));

TEST(Activations, CountDeadUnitsAndNumbersThatAreNone) {
  const auto data = test::toy_data(300);
  const auto engine = test::built(test::network("linear:units=8; relu; linear:units=3"), data);
  EngineState state = engine->state();
  const auto bias = static_cast<std::size_t>(engine->plan().tensors[1].offset);
  for (const std::size_t unit : {1u, 4u, 6u}) state.parameters[bias + unit] = -1000.0f;
  ASSERT_FALSE(engine->restore(state));
  const auto all = test::batch_of(300);
  EXPECT_EQ((*engine->activations(DataPart::kTrain, all, 4))[1].dead, 3.0 / 8.0);
  // Alive in a single one of the samples is alive.
  state.parameters[bias + 1] = 0.0f;
  const auto one = engine->activations(DataPart::kTrain, std::vector<std::uint32_t>(300, 2), 4);
  EXPECT_GE((*one)[1].dead, 3.0 / 8.0);

  state.parameters[bias + 2] = std::nanf("");
  state.parameters[bias + 3] = INFINITY;
  ASSERT_FALSE(engine->restore(state));
  const auto broken = (*engine->activations(DataPart::kTrain, all, 4))[0];
  EXPECT_EQ(broken.histogram.not_finite, 600);
  EXPECT_TRUE(std::isnan(broken.mean));
  EXPECT_TRUE(std::isfinite(broken.histogram.low) && std::isfinite(broken.histogram.high));
}

TEST(Activations, AreTheSameWhetherOutputsAreKeptOrComputedTwice) {
  const auto data = test::toy_data(300);
  const auto engine = test::built(test::network("linear:units=8; relu; dropout; linear:units=3; gelu"), data);
  CpuNetwork network(engine->plan(), default_spec(losses().front()), data, 7, 1);
  network.bind(engine->parameters().data(), nullptr);
  const auto all = test::batch_of(300);
  const auto kept = cpu::activations(network, data->train, all, 6);
  const auto twice = cpu::activations(network, data->train, all, 6, 0);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(kept[i].mean, twice[i].mean);
    EXPECT_EQ(kept[i].deviation, twice[i].deviation);
    EXPECT_EQ(kept[i].histogram.counts, twice[i].histogram.counts);
  }
  EXPECT_EQ(kept[1].dead, twice[1].dead);
}

TEST(Activations, OfAConstantFallIntoOneBin) {
  const auto data = test::toy_data();
  const auto engine = test::built(test::network("linear:units=3"), data);
  EngineState state = engine->state();
  std::ranges::fill(state.parameters, 0.0f);
  ASSERT_FALSE(engine->restore(state));
  const auto flat = (*engine->activations(DataPart::kTest, test::batch_of(31), 5))[0];
  EXPECT_EQ(flat.histogram.counts, (std::vector<std::int64_t>{93, 0, 0, 0, 0}));
  EXPECT_EQ(flat.deviation, 0.0);
}

TEST(Probes, RefuseWhatIsNotThere) {
  const auto data = test::toy_data();
  const auto engine = test::built(test::network("8-3"), data);
  std::vector<float> out(engine->parameters().size());
  EXPECT_FALSE(engine->activations(DataPart::kTest, {}, 4));
  EXPECT_FALSE(engine->activations(DataPart::kTest, test::batch_of(32), 4));
  EXPECT_FALSE(engine->activations(DataPart::kTest, test::batch_of(31), 0));
  EXPECT_TRUE(engine->loss_gradient({}, out));
  EXPECT_TRUE(engine->loss_gradient(test::batch_of(97), out));
  EXPECT_TRUE(engine->loss_gradient(test::batch_of(96), std::span(out).first(3)));
  EXPECT_FALSE(engine->loss_gradient(test::batch_of(96), out));
}

}  // namespace
}  // namespace thalweg
