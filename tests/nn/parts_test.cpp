// Batches worked through in parts, and the moving average of the weights.
#include <gtest/gtest.h>

#include <cmath>

#include "core/nn/cpu_kernels.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/engines.hpp"

namespace thalweg {
namespace {

TEST(Parts, GiveTheMeanOverAllSamplesAndTheMasksOfTheWholeBatch) {
  const auto data = test::toy_data();
  // Widths that are no multiple of 4, so that parts begin in the middle of a block of masks.
  NetworkSettings settings = test::network(
      "dropout:p=0.2; linear:units=17; relu; dropout:p=0.4; residual:units=5,p=0.3; linear:units=3");
  const auto whole = test::built(settings, data);
  for (const int part : {5, 16, 31}) {
    SCOPED_TRACE(part);
    settings.micro_batch = part;
    const auto parts = test::built(settings, data);
    ASSERT_FALSE(parts->restore(whole->state()));
    const EngineState before = whole->state();
    const auto batch = test::batch_of(32, 7);
    const auto a = whole->step(batch, {0.1}), b = parts->step(batch, {0.1});
    ASSERT_TRUE(a && b);
    EXPECT_TRUE(test::close(b->loss, a->loss, 1e-6));
    EXPECT_EQ(b->correct, a->correct);
    for (std::size_t i = 0; i < whole->gradient().size(); ++i)
      ASSERT_TRUE(test::close(parts->gradient()[i], whole->gradient()[i], 1e-6)) << i;
    ASSERT_FALSE(whole->restore(before));
  }
}

TEST(Parts, AsLargeAsTheBatchAreTheBatch) {
  const auto data = test::toy_data();
  NetworkSettings settings =
      test::network("linear:units=9; batch_norm; gelu; dropout; linear:units=3", "adam");
  const auto whole = test::built(settings, data);
  settings.micro_batch = 32;
  const auto parts = test::built(settings, data);
  for (const int size : {32, 20}) {
    ASSERT_TRUE(whole->step(test::batch_of(size), {0.01}));
    ASSERT_TRUE(parts->step(test::batch_of(size), {0.01}));
  }
  EXPECT_EQ(whole->state(), parts->state());
}

TEST(Parts, AreWhatBatchNormalisationSees) {
  const auto data = test::toy_data();
  NetworkSettings settings = test::network("linear:units=6; batch_norm; tanh; linear:units=3; batch_norm");
  settings.micro_batch = 12;
  const auto engine = test::built(settings, data);
  ReferenceNet<double> net(engine->plan(), test::reference_loss(settings.loss), 7);
  std::ranges::copy(engine->parameters(), net.parameters.begin());
  std::ranges::copy(engine->state().buffers, net.buffers.begin());
  const auto batch = test::batch_of(32, 3);
  std::vector<double> gradient(net.gradient.size(), 0.0);
  double loss = 0.0;
  for (const auto& [first, size] : {std::pair{0, 12}, {12, 12}, {24, 8}}) {
    const auto part = test::reference_batch<double>(
        *data, std::span(batch).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size)));
    loss += net.forward(part, true, 0, true) * size / 32.0;
    net.backward(part);
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += net.gradient[i] * size / 32.0;
  }
  const auto result = engine->step(batch, {0.1});
  ASSERT_TRUE(result);
  EXPECT_TRUE(test::close(result->loss, loss, 2e-6));
  for (std::size_t i = 0; i < gradient.size(); ++i)
    ASSERT_TRUE(test::close(engine->gradient()[i], gradient[i], 5e-6)) << i;
  const auto buffers = engine->state().buffers;
  for (std::size_t i = 0; i < buffers.size(); ++i)
    ASSERT_TRUE(test::close(buffers[i], net.buffers[i], 1e-6)) << i;
}

TEST(Parts, OfASingleSampleAreRefusedUnderBatchNormalisation) {
  const auto data = test::toy_data();
  for (const int part : {1, 4, 32}) {
    NetworkSettings settings = test::network("linear:units=5; batch_norm; linear:units=3", "momentum");
    settings.micro_batch = part;
    const auto engine = test::built(settings, data);
    const EngineState before = engine->state();
    const auto refused = engine->step(test::batch_of(33), {0.1});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text().find("at least two"), std::string::npos) << refused.error().text();
    EXPECT_EQ(engine->state(), before);
    if (part > 1) {
      EXPECT_TRUE(engine->step(test::batch_of(34), {0.1}));
    }
    settings.model = parse_model("8-5-3").value();  // without it one sample is as good as two
    EXPECT_TRUE(test::built(settings, data)->step(test::batch_of(33), {0.1}));
  }
}

TEST(Dropout, KernelDrawsTheMasksOfTheFormula) {
  for (const std::int64_t first : {0, 3, 64, 85, 1000})
    for (const int count : {1, 4, 63, 64, 200})
      for (const double p : {0.0, 0.3, 0.9}) {
        std::vector<float> x(static_cast<std::size_t>(count), 3.0f);
        cpu::dropout(0x123456789ull, 0x500000007ull, 3, p, first, x.data(), count);
        for (int i = 0; i < count; ++i) {
          const std::int64_t e = first + i;
          const unsigned kept =
              dropout_kept(0x123456789ull, 0x500000007ull, 3, static_cast<std::uint32_t>(e / 4), p);
          const float wanted = (kept >> (e % 4)) & 1u ? 3.0f * static_cast<float>(1.0 / (1.0 - p)) : 0.0f;
          ASSERT_EQ(x[static_cast<std::size_t>(i)], wanted) << first << " + " << i;
        }
      }
}

TEST(Average, FollowsWeightsAndRunningStatistics) {
  const auto data = test::toy_data();
  NetworkSettings settings = test::network("linear:units=9; batch_norm; relu; linear:units=3", "momentum");
  settings.ema_decay = 0.7;
  const auto engine = test::built(settings, data);
  const auto all = [&] {
    std::vector<double> out(engine->parameters().begin(), engine->parameters().end());
    const auto buffers = engine->state().buffers;
    out.insert(out.end(), buffers.begin(), buffers.end());
    return out;
  };
  std::vector<double> average = all();
  for (int step = 0; step < 6; ++step) {
    ASSERT_TRUE(engine->step(test::batch_of(24, static_cast<std::uint32_t>(step * 9)), {0.1}));
    const auto now = all();
    for (std::size_t i = 0; i < now.size(); ++i) average[i] = 0.7 * average[i] + 0.3 * now[i];
  }
  const auto kept = engine->state().average;
  ASSERT_EQ(kept.size(), average.size());
  for (std::size_t i = 0; i < kept.size(); ++i) ASSERT_TRUE(test::close(kept[i], average[i], 1e-6)) << i;

  // Evaluated, it is a network with those weights, and the current ones are as they were.
  const EngineState before = engine->state();
  const auto averaged = engine->evaluate(DataPart::kTest, {}, {}, Weights::kAverage);
  const auto outputs = engine->outputs(data->test, {}, Weights::kAverage);
  ASSERT_TRUE(averaged && outputs);
  EXPECT_EQ(engine->state(), before);
  const auto current = engine->evaluate(DataPart::kTest);
  EngineState moved = before;
  const auto middle = kept.begin() + static_cast<std::ptrdiff_t>(moved.parameters.size());
  moved.parameters.assign(kept.begin(), middle);
  moved.buffers.assign(middle, kept.end());
  ASSERT_FALSE(engine->restore(moved));
  EXPECT_EQ(averaged->loss, engine->evaluate(DataPart::kTest)->loss);
  EXPECT_EQ(*outputs, *engine->outputs(data->test));
  EXPECT_NE(averaged->loss, current->loss);
}

TEST(Average, IsRefusedWhereNoneIsKept) {
  const auto data = test::toy_data();
  const auto engine = test::built(test::network("8-3"), data);
  const auto refused = engine->evaluate(DataPart::kTest, {}, {}, Weights::kAverage);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text().find("ema_decay"), std::string::npos);
  EXPECT_FALSE(engine->outputs(data->test, {}, Weights::kAverage));
}

}  // namespace
}  // namespace thalweg
