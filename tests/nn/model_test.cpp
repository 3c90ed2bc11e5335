// Model descriptions: what they mean, and what is refused with which reason.
#include <gtest/gtest.h>

#include "core/nn/model.hpp"

namespace thalweg {
namespace {

std::string refusal(const std::string& text, int inputs = 784, int outputs = 10) {
  const auto model = parse_model(text);
  if (!model) return model.error().text();
  const auto planned = plan(*model, inputs, outputs);
  return planned ? "accepted" : planned.error().text();
}

TEST(Model, WidthsAreLinearLayersWithActivationsBetween) {
  const Model model = parse_model("784-128-64-10", "gelu").value();
  EXPECT_EQ(format_model(model), "linear:units=128; gelu; linear:units=64; gelu; linear:units=10");
  EXPECT_EQ(model.inputs, 784);
  const Plan planned = plan(model, 784, 10).value();
  EXPECT_EQ(planned.parameters, 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10);
  EXPECT_EQ(planned.tensors.front().name, "0.weight");
  EXPECT_EQ(planned.tensors.front().rows, 784);
  EXPECT_EQ(planned.tensors.back().offset, planned.parameters - 10);
}

TEST(Model, AListOfLayersReadsBack) {
  const std::string text =
      "linear:units=128; batch_norm:eps=0.001; leaky_relu:negative_slope=0.2; dropout; linear:units=10";
  const Model model = parse_model(text).value();
  EXPECT_EQ(format_model(model), text);
  EXPECT_EQ(parse_model(format_model(model)).value(), model);
  const Plan planned = plan(model, 784, 10).value();
  EXPECT_EQ(planned.buffers, 256);
  EXPECT_TRUE(planned.needs_two_samples);
}

TEST(Model, RefusesWhatCannotBe) {
  EXPECT_EQ(refusal("784-128-10"), "accepted");
  EXPECT_NE(refusal("100-128-10").find("begins with 100 inputs, but a sample has 784"), std::string::npos);
  EXPECT_NE(refusal("784-128-11").find("ends with 11 outputs, but the data need 10"), std::string::npos);
  EXPECT_NE(refusal("784-0-10").find("no units"), std::string::npos);
  EXPECT_NE(refusal("784-1000000000-10").find("too wide; at most 65536"), std::string::npos);
  EXPECT_NE(refusal("784-65536-65536-10").find("100 million parameters"), std::string::npos);
  EXPECT_NE(refusal("784--10").find("not a width"), std::string::npos);
  EXPECT_NE(refusal("784-1.5-10").find("not a width"), std::string::npos);
  EXPECT_NE(refusal("784-1e400-10").find("not a width"), std::string::npos);
  EXPECT_NE(refusal("784").find("at least inputs and outputs"), std::string::npos);
  EXPECT_NE(refusal("").find("empty"), std::string::npos);
  EXPECT_NE(refusal(" ; ;").find("no linear layer"), std::string::npos);
  EXPECT_NE(refusal("relu").find("no linear layer"), std::string::npos);
  EXPECT_NE(refusal("linear:units=0").find("units"), std::string::npos);
  EXPECT_NE(refusal("linear:units=1000000000").find("65536"), std::string::npos);
  EXPECT_NE(refusal("linera:units=10").find("did you mean 'linear'"), std::string::npos);
  EXPECT_NE(refusal("dropout:p=1; linear:units=10").find("p"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
