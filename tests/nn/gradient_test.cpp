// The reference network's gradient against central differences in double, for every layer and loss.
#include <gtest/gtest.h>

#include "core/nn/initialise.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/networks.hpp"

namespace thalweg {
namespace {

class Gradient : public ::testing::TestWithParam<const char*> {};

void compare(const std::string& model, const std::string& loss) {
  SCOPED_TRACE(model + " with " + loss);
  const NetworkSettings settings = test::network(model, "gd", loss);
  const auto data = test::toy_data();
  const Plan planned = plan(settings.model, data->features, 3).value();
  ReferenceNet<double> net(planned, test::reference_loss(settings.loss), 11);
  // Other than the initial values: a scale of 1 or a shift of 0 hides a factor.
  for (std::size_t i = 0; i < net.parameters.size(); ++i)
    net.parameters[i] = 0.7 * normal_pair(3, RandomStream::kWeights, 9, static_cast<std::uint32_t>(i))[0];
  const std::vector<std::uint32_t> indices = {0, 5, 17, 40, 41, 90, 3};
  const auto batch = test::reference_batch<double>(*data, indices);
  net.forward(batch, true, 4);
  net.backward(batch, 4);
  const auto gradient = net.gradient;
  constexpr double h = 1e-5;
  double largest = 0.0;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double before = net.parameters[i];
    const auto loss_at = [&](double shift) {
      net.parameters[i] = before + shift;
      return net.forward(batch, true, 4);
    };
    // Of fourth order: a unit that varies little over the batch bends the loss behind its normalisation.
    const double expected =
        (8.0 * (loss_at(h) - loss_at(-h)) - (loss_at(2 * h) - loss_at(-2 * h))) / (12.0 * h);
    net.parameters[i] = before;
    EXPECT_TRUE(test::close(gradient[i], expected, 2e-8)) << "parameter " << i;
    largest = std::max(largest, std::abs(gradient[i]));
  }
  EXPECT_GT(largest, 1e-3) << "nothing was compared";
}

TEST_P(Gradient, IsThatOfTheLoss) {
  compare(GetParam(), "cross_entropy");
  compare(GetParam(), "cross_entropy:label_smoothing=0.2");
  compare(GetParam(), "squared_error");
}

INSTANTIATE_TEST_SUITE_P(Networks, Gradient, ::testing::ValuesIn(test::kNetworks));

TEST(Functions, CrossEntropyByHand) {
  const double logits[] = {1.0, 2.0, -1.0};
  double gradient[3];
  const double sum = std::exp(1.0) + std::exp(2.0) + std::exp(-1.0);
  EXPECT_TRUE(test::close(cross_entropy(logits, 3, 0, 0.0, 1.0, gradient), std::log(sum) - 1.0, 1e-14));
  EXPECT_TRUE(test::close(gradient[0], std::exp(1.0) / sum - 1.0, 1e-14));
  // Smoothing 0.3 over three classes: targets 0.8, 0.1, 0.1.
  const double smooth = std::log(sum) - (0.8 * 1.0 + 0.1 * 2.0 - 0.1 * 1.0);
  EXPECT_TRUE(test::close(cross_entropy(logits, 3, 0, 0.3, 1.0, gradient), smooth, 1e-14));
  EXPECT_TRUE(test::close(gradient[1], std::exp(2.0) / sum - 0.1, 1e-14));
}

TEST(Functions, RmsNormByHand) {
  const Plan planned = plan(parse_model("rms_norm:eps=0.5; linear:units=1").value(), 2, 1).value();
  ReferenceNet<double> net(planned, {.cross_entropy = false, .label_smoothing = 0.0}, 1);
  net.parameters[0] = 2.0;  // γ
  net.parameters[1] = -1.0;
  net.forward({.count = 1, .inputs = {3.0, 4.0}, .labels = {}, .targets = {0.0}}, false);
  // The mean of 9 and 16 is 12.5: both are divided by √(12.5 + 0.5).
  EXPECT_TRUE(test::close(net.output_of(0)[0], 6.0 / std::sqrt(13.0), 1e-15));
  EXPECT_TRUE(test::close(net.output_of(0)[1], -4.0 / std::sqrt(13.0), 1e-15));
}

TEST(Functions, HugeLogitsDoNotOverflowAndNanShows) {
  const float huge[] = {1e30f, -1e30f};
  EXPECT_EQ(cross_entropy(huge, 2, 0, 0.0f, 1.0f, static_cast<float*>(nullptr)), 0.0f);
  const float broken[] = {0.0f, std::nanf("")};
  EXPECT_TRUE(std::isnan(cross_entropy(broken, 2, 0, 0.0f, 1.0f, static_cast<float*>(nullptr))));
  EXPECT_EQ(prediction(broken, 2), -1);
  EXPECT_TRUE(std::isnan(activation<LayerKind::kRelu>(std::nanf(""), 0.0f)));
}

TEST(Functions, DropoutKeepsItsShare) {
  for (const double p : {0.0, 0.1, 0.5, 0.9}) {
    int kept = 0;
    for (std::uint32_t block = 0; block < 25'000; ++block) {
      const unsigned bits = dropout_kept(1, 2, 3, block, p);
      for (unsigned i = 0; i < 4; ++i) kept += (bits >> i) & 1u;
    }
    EXPECT_NEAR(kept / 1e5, 1.0 - p, 0.006);
  }
  EXPECT_EQ(dropout_kept(1, 2, 3, 4, 0.0), 15u);
}

}  // namespace
}  // namespace thalweg
