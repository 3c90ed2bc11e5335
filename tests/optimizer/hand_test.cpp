// First and third steps worked out by hand for one coordinate: θ₀ = 2 and the gradients 0.5, −0.2, 0.8
// whatever θ is, with every option of the rule at work. Where no root is involved the numbers are
// exact decimals; else the arithmetic stands here step by step.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/golden/close.hpp"
#include "tests/optimizer/problems.hpp"

namespace thalweg::test {
namespace {

/// Positions after each of the three gradients.
std::vector<double> three_steps(const std::string& spec, double lr) {
  const auto stepper = stepper_of(spec, 1);
  std::vector<double> out;
  double theta = 2.0;
  for (double g : {0.5, -0.2, 0.8}) {
    stepper->step(&theta, &g, lr);
    out.push_back(theta);
  }
  return out;
}

/// One step from `theta` with gradient `g`.
double one_step(const std::string& spec, double theta, double g, double lr) {
  stepper_of(spec, 1)->step(&theta, &g, lr);
  return theta;
}

constexpr double kTight = 1e-14;

TEST(ByHand, GradientDescent) {
  // g₁ = 0.5 + 0.1·2 = 0.7;  g₂ = −0.2 + 0.193 = −0.007;  g₃ = 0.8 + 0.19307 = 0.99307.
  const auto theta = three_steps("gd:weight_decay=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], 1.93, kTight));
  EXPECT_TRUE(close(theta[1], 1.9307, kTight));
  EXPECT_TRUE(close(theta[2], 1.831393, kTight));
}

TEST(ByHand, MomentumPytorch) {
  // v₁ = 0.7 (no dampening yet);  v₂ = 0.63 + 0.5·(−0.2 + 0.193) = 0.6265;  θ₂ = 1.86735;
  // v₃ = 0.56385 + 0.5·(0.8 + 0.186735) = 1.0572175.
  const auto theta = three_steps("momentum:momentum=0.9,dampening=0.5,weight_decay=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], 1.93, kTight));
  EXPECT_TRUE(close(theta[1], 1.86735, kTight));
  EXPECT_TRUE(close(theta[2], 1.76162825, kTight));
}

TEST(ByHand, MomentumClassical) {
  // v₁ = −0.07;  v₂ = −0.063 + 0.0007 = −0.0623, θ₂ = 1.8677;  v₃ = −0.05607 − 0.1·(0.8 + 0.18677).
  const auto theta = three_steps("momentum:form=classical,momentum=0.9,weight_decay=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], 1.93, kTight));
  EXPECT_TRUE(close(theta[1], 1.8677, kTight));
  EXPECT_TRUE(close(theta[2], 1.712953, kTight));
}

TEST(ByHand, MomentumPolyak) {
  // θ₃ = 1.8677 − 0.098677 + 0.9·(1.8677 − 1.93): the classical path, written without a velocity.
  const auto theta = three_steps("momentum:form=polyak,momentum=0.9,weight_decay=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], 1.93, kTight));
  EXPECT_TRUE(close(theta[1], 1.8677, kTight));
  EXPECT_TRUE(close(theta[2], 1.712953, kTight));
}

TEST(ByHand, MomentumEma) {
  // v₁ = 0.07, θ₁ = 1.993;  v₂ = 0.063 − 0.00007 = 0.06293, θ₂ = 1.986707;
  // v₃ = 0.056637 + 0.1·(0.8 + 0.1986707) = 0.15650407.
  const auto theta = three_steps("momentum:form=ema,momentum=0.9,weight_decay=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], 1.993, kTight));
  EXPECT_TRUE(close(theta[1], 1.986707, kTight));
  EXPECT_TRUE(close(theta[2], 1.971056593, kTight));
}

TEST(ByHand, Nesterov) {
  // v₁ = 0.7, step 0.7 + 0.63 = 1.33, θ₁ = 1.867;  g₂ = −0.0133, v₂ = 0.6167, step 0.54173;
  // θ₂ = 1.812827;  g₃ = 0.9812827, v₃ = 0.55503 + 0.9812827 = 1.5363127, step 2.36396413.
  const auto theta = three_steps("nesterov:momentum=0.9,weight_decay=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], 1.867, kTight));
  EXPECT_TRUE(close(theta[1], 1.812827, kTight));
  EXPECT_TRUE(close(theta[2], 1.576430587, kTight));
}

TEST(ByHand, Adagrad) {
  const double t1 = 2 - 0.5 * 0.7 / (std::sqrt(0.25 + 0.49) + 0.1);
  const double g2 = -0.2 + 0.1 * t1;
  const double t2 = t1 - 0.5 / 1.1 * g2 / (std::sqrt(0.74 + g2 * g2) + 0.1);
  const double g3 = 0.8 + 0.1 * t2;
  const double t3 = t2 - 0.5 / 1.2 * g3 / (std::sqrt(0.74 + g2 * g2 + g3 * g3) + 0.1);
  const auto theta =
      three_steps("adagrad:lr_decay=0.1,initial_accumulator_value=0.25,eps=0.1,weight_decay=0.1", 0.5);
  EXPECT_TRUE(close(theta[0], t1, kTight));
  EXPECT_TRUE(close(theta[1], t2, kTight));
  EXPECT_TRUE(close(theta[2], t3, kTight));
}

TEST(ByHand, Rmsprop) {
  // s₁ = 0.1·0.49 = 0.049.
  const double v1 = 0.7 / (std::sqrt(0.049) + 0.1);
  const double t1 = 2 - 0.1 * v1;
  const double g2 = -0.2 + 0.1 * t1;
  const double s2 = 0.9 * 0.049 + 0.1 * g2 * g2;
  const double v2 = 0.5 * v1 + g2 / (std::sqrt(s2) + 0.1);
  const double t2 = t1 - 0.1 * v2;
  const double g3 = 0.8 + 0.1 * t2;
  const double s3 = 0.9 * s2 + 0.1 * g3 * g3;
  const double v3 = 0.5 * v2 + g3 / (std::sqrt(s3) + 0.1);
  const auto theta = three_steps("rmsprop:alpha=0.9,eps=0.1,momentum=0.5,weight_decay=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], t1, kTight));
  EXPECT_TRUE(close(theta[1], t2, kTight));
  EXPECT_TRUE(close(theta[2], t2 - 0.1 * v3, kTight));
}

TEST(ByHand, RmspropCentered) {
  // s₁ = 0.049, mean 0.07, spread 0.049 − 0.0049 = 0.0441 = 0.21².
  const double v1 = 0.7 / (0.21 + 0.1);
  const double t1 = 2 - 0.1 * v1;
  const double g2 = -0.2 + 0.1 * t1;
  const double s2 = 0.0441 + 0.1 * g2 * g2;
  const double m2 = 0.063 + 0.1 * g2;
  const double v2 = 0.5 * v1 + g2 / (std::sqrt(s2 - m2 * m2) + 0.1);
  const double t2 = t1 - 0.1 * v2;
  const double g3 = 0.8 + 0.1 * t2;
  const double s3 = 0.9 * s2 + 0.1 * g3 * g3;
  const double m3 = 0.9 * m2 + 0.1 * g3;
  const double v3 = 0.5 * v2 + g3 / (std::sqrt(s3 - m3 * m3) + 0.1);
  const auto theta =
      three_steps("rmsprop:alpha=0.9,eps=0.1,momentum=0.5,weight_decay=0.1,centered=true", 0.1);
  EXPECT_TRUE(close(theta[0], t1, kTight));
  EXPECT_TRUE(close(theta[1], t2, kTight));
  EXPECT_TRUE(close(theta[2], t2 - 0.1 * v3, kTight));
}

TEST(ByHand, Adam) {
  // m: 0.05, 0.025, 0.1025;  v: 0.0025, 0.002875, 0.00924625;
  // 1 − β₁ᵗ: 0.1, 0.19, 0.271;  1 − β₂ᵗ: 0.01, 0.0199, 0.029701.
  const double t1 = 2 - 0.1 * 0.5 / (0.5 + 0.1);
  const double t2 = t1 - 0.1 * (0.025 / 0.19) / (std::sqrt(0.002875 / 0.0199) + 0.1);
  const double t3 = t2 - 0.1 * (0.1025 / 0.271) / (std::sqrt(0.00924625 / 0.029701) + 0.1);
  const auto theta = three_steps("adam:beta1=0.9,beta2=0.99,eps=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], t1, kTight));
  EXPECT_TRUE(close(theta[1], t2, kTight));
  EXPECT_TRUE(close(theta[2], t3, kTight));
}

TEST(ByHand, AdamW) {
  // The moments of Adam above; θ shrinks by 1 − 0.1·0.5 = 0.95 before each step.
  const double t1 = 0.95 * 2 - 0.1 * 0.5 / (0.5 + 0.1);
  const double t2 = 0.95 * t1 - 0.1 * (0.025 / 0.19) / (std::sqrt(0.002875 / 0.0199) + 0.1);
  const double t3 = 0.95 * t2 - 0.1 * (0.1025 / 0.271) / (std::sqrt(0.00924625 / 0.029701) + 0.1);
  const auto theta = three_steps("adamw:beta1=0.9,beta2=0.99,eps=0.1,weight_decay=0.5", 0.1);
  EXPECT_TRUE(close(theta[0], t1, kTight));
  EXPECT_TRUE(close(theta[1], t2, kTight));
  EXPECT_TRUE(close(theta[2], t3, kTight));
}

TEST(ByHand, AdamL2) {
  // g₁ = 0.7: m = 0.07, v = 0.0049, both corrected to 0.7 and 0.49.
  const double t1 = 2 - 0.1 * 0.7 / (0.7 + 0.1);
  const double g2 = -0.2 + 0.1 * t1;
  const double m2 = 0.063 + 0.1 * g2;
  const double v2 = 0.99 * 0.0049 + 0.01 * g2 * g2;
  const double t2 = t1 - 0.1 * (m2 / 0.19) / (std::sqrt(v2 / 0.0199) + 0.1);
  const double g3 = 0.8 + 0.1 * t2;
  const double m3 = 0.9 * m2 + 0.1 * g3;
  const double v3 = 0.99 * v2 + 0.01 * g3 * g3;
  const double t3 = t2 - 0.1 * (m3 / 0.271) / (std::sqrt(v3 / 0.029701) + 0.1);
  const auto theta = three_steps("adam_l2:beta1=0.9,beta2=0.99,eps=0.1,weight_decay=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], t1, kTight));
  EXPECT_TRUE(close(theta[1], t2, kTight));
  EXPECT_TRUE(close(theta[2], t3, kTight));
}

TEST(ByHand, AmsGrad) {
  // β₂ = 0.5 lets v fall at the second step, where the largest one, 0.5·0.49 = 0.245, stays.
  const double t1 = 2 - 0.1 * 0.7 / (0.7 + 0.1);
  const double g2 = -0.2 + 0.1 * t1;
  const double m2 = 0.063 + 0.1 * g2;
  const double v2 = 0.1225 + 0.5 * g2 * g2;
  ASSERT_LT(v2, 0.245);
  const double t2 = t1 - 0.1 * (m2 / 0.19) / (std::sqrt(0.245 / 0.75) + 0.1);
  const double g3 = 0.8 + 0.1 * t2;
  const double m3 = 0.9 * m2 + 0.1 * g3;
  const double v3 = 0.5 * v2 + 0.5 * g3 * g3;
  ASSERT_GT(v3, 0.245);
  const double t3 = t2 - 0.1 * (m3 / 0.271) / (std::sqrt(v3 / 0.875) + 0.1);
  const auto theta = three_steps("amsgrad:beta1=0.9,beta2=0.5,eps=0.1,weight_decay=0.1", 0.1);
  EXPECT_TRUE(close(theta[0], t1, kTight));
  EXPECT_TRUE(close(theta[1], t2, kTight));
  EXPECT_TRUE(close(theta[2], t3, kTight));
}

TEST(Conventions, AdamWIsNotAdamWithL2) {
  EXPECT_TRUE(close(one_step("adamw:weight_decay=0.01", 2, 0.5, 1e-3), 1.99898000002, 1e-13));
  EXPECT_TRUE(close(one_step("adam_l2:weight_decay=0.01", 2, 0.5, 1e-3), 1.9990000000192, 1e-13));
  // Without a gradient Adam with L2 makes its full step whatever λ, AdamW the decay alone.
  for (const char* decay : {"0.01", "0.5"})
    EXPECT_TRUE(close(1 - one_step(std::string("adam_l2:weight_decay=") + decay, 1, 0, 1e-3), 1e-3, 2e-9));
  EXPECT_TRUE(close(1 - one_step("adamw:weight_decay=0.01", 1, 0, 1e-3), 1e-5, 1e-15));
}

/// ε under the root would give steps ten thousand times smaller; before the bias correction, others too.
TEST(Conventions, EpsilonStandsOutsideTheRootAndAfterTheCorrection) {
  const double outside = 1e-9 / (1e-9 + 1e-8);  // 0.0909 of a full step
  for (const char* spec : {"adam:eps=1e-8", "amsgrad:eps=1e-8", "adam_l2:eps=1e-8,weight_decay=0",
                           "adamw:eps=1e-8,weight_decay=0", "adagrad:eps=1e-8"})
    EXPECT_TRUE(close(-one_step(spec, 0, 1e-9, 0.01), 0.01 * outside, 1e-14)) << spec;
  // RMSprop has no correction: √s = 1e-10.
  EXPECT_TRUE(close(-one_step("rmsprop:eps=1e-8,alpha=0.99", 0, 1e-9, 0.01), 0.01 * 1e-9 / 1.01e-8, 1e-14));
}

/// f = w² from 10, μ = 0.9, η = 0.1 and then 0.01: the old velocity feels the new η in one form and
/// not in the other.
TEST(Conventions, FormsOfMomentumPartWhenTheRateChanges) {
  const auto two_steps = [](const std::string& form) {
    const auto stepper = stepper_of("momentum:momentum=0.9,form=" + form, 1);
    double w = 10.0;
    for (const double lr : {0.1, 0.01}) {
      double g = 2.0 * w;
      stepper->step(&w, &g, lr);
    }
    return w;
  };
  EXPECT_TRUE(close(two_steps("pytorch"), 7.66, 1e-14));    // v = 0.9·20 + 16 = 34;  8 − 0.34
  EXPECT_TRUE(close(two_steps("classical"), 6.04, 1e-14));  // v = −0.9·2 − 0.16 = −1.96
  EXPECT_TRUE(close(two_steps("polyak"), 6.04, 1e-14));
  EXPECT_TRUE(close(two_steps("ema"), 9.7624, 1e-14));  // v = 2 and 1.8 + 1.96 = 3.76;  9.8 − 0.0376
}

/// f = w² from 10 with η = 0.1: no bias correction, so the first step of RMSprop is 10 η.
TEST(Conventions, RmspropHasNoBiasCorrection) {
  const auto stepper = stepper_of("rmsprop:alpha=0.99", 1);
  double w = 10.0;
  for (const double expected : {9.000000005, 8.329179614, 7.799822654}) {
    double g = 2.0 * w;
    stepper->step(&w, &g, 0.1);
    EXPECT_TRUE(close(w, expected, 1e-9));
  }
}

TEST(Conventions, AdamOnASquare) {
  const auto stepper = stepper_of("adam", 1);
  double w = 10.0;
  for (const double expected : {9.90000000005, 9.800027459, 9.700100992}) {
    double g = 2.0 * w;
    stepper->step(&w, &g, 0.1);
    EXPECT_TRUE(close(w, expected, 1e-9));
  }
}

/// A constant gradient has no spread; rounding must not make the variance negative and the root NaN.
TEST(Conventions, CenteredRmspropSurvivesAConstantGradient) {
  for (const double gradient : {0.1, 0.3, 0.7, 1.1, 3.7}) {
    const auto stepper = stepper_of("rmsprop:centered=true,alpha=0.9,eps=1e-3", 1);
    double theta = 0.0;
    for (int i = 0; i < 2000; ++i) {
      double g = gradient;
      stepper->step(&theta, &g, 1e-6);
      ASSERT_TRUE(std::isfinite(theta)) << gradient << ", step " << i;
    }
    EXPECT_LT(theta, 0.0);
  }
}

}  // namespace
}  // namespace thalweg::test
