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

TEST(Model, EveryLayerWithOtherThanItsDefaultsReadsBack) {
  std::string text;
  for (const LayerDescriptor& layer : layers()) {
    Spec spec = default_spec(layer);
    for (std::size_t i = 0; i < layer.parameters.size(); ++i) {
      const Parameter& parameter = layer.parameters[i];
      Value& value = spec.values[i].second;
      if (parameter.kind == Kind::kChoice)
        value = parameter.choices.back();
      else if (parameter.kind == Kind::kBoolean)
        value = 1.0 - std::get<double>(parameter.default_value);
      else
        value = parameter.kind == Kind::kInteger ? 7.0 : 0.25;
    }
    const Model model{.layers = {spec, default_spec(layer)}};
    EXPECT_EQ(parse_model(format_model(model)).value(), model) << format_model(model);
  }
}

TEST(Model, AResidualBlockIsPlannedAsItsParts) {
  const Plan before =
      plan(parse_model("linear:units=6; residual:units=4,p=0.1,norm=rms_norm; linear:units=10").value(), 9,
           10)
          .value();
  const auto kinds = [](const Plan& planned) {
    std::vector<LayerKind> out;
    for (const PlannedLayer& layer : planned.layers) out.push_back(layer.kind);
    return out;
  };
  using enum LayerKind;
  EXPECT_EQ(kinds(before),
            (std::vector{kLinear, kRmsNorm, kLinear, kRelu, kLinear, kDropout, kAdd, kLinear}));
  EXPECT_EQ(before.layers[6].from, 1);
  EXPECT_EQ(before.layers[6].place, 1);
  EXPECT_EQ(before.layers[1].bias, -1);
  std::vector<std::string> names;
  for (const TensorInfo& tensor : before.tensors) names.push_back(tensor.name);
  EXPECT_EQ(names, (std::vector<std::string>{"0.weight", "0.bias", "1.norm.weight", "1.linear1.weight",
                                             "1.linear1.bias", "1.linear2.weight", "1.linear2.bias",
                                             "2.weight", "2.bias"}));
  EXPECT_EQ(before.tensors[3].rows, 6);
  EXPECT_EQ(before.tensors[3].columns, 4);

  const Plan after =
      plan(parse_model("residual:norm=batch_norm,norm_first=0,activation=gelu; linear:units=10").value(), 9,
           10)
          .value();
  EXPECT_EQ(kinds(after), (std::vector{kLinear, kGelu, kLinear, kAdd, kBatchNorm, kLinear}));
  EXPECT_EQ(after.layers[3].from, 0);
  EXPECT_EQ(after.layers[0].outputs, 9) << "auto: as wide as the input";
  EXPECT_TRUE(after.needs_two_samples);
}

TEST(Model, RefusesWhatCannotBe) {
  EXPECT_NE(refusal("group_norm:groups=5; linear:units=10")
                .find("layer 1 (group_norm): its 784 units cannot be divided into 5 groups"),
            std::string::npos);
  EXPECT_NE(refusal("linear:units=10; residual:norm=group_norm,groups=3").find("10 units"),
            std::string::npos);
  EXPECT_NE(refusal("residual:units=65536; linear:units=10").find("100 million parameters"),
            std::string::npos);
  EXPECT_NE(refusal("residual:norm=norm; linear:units=10").find("norm"), std::string::npos);
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
