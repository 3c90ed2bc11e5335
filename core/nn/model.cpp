#include "core/nn/model.hpp"

#include <algorithm>

namespace thalweg {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Spec linear(double units) {
  Spec spec = default_spec(*find_layer("linear"));
  *spec.find("units") = units;
  return spec;
}

/// A width written in "784-128-10".
Result<int> parse_width(std::string_view word) {
  const auto value = parse_number(word);
  const std::string written(word.substr(0, 24));
  if (!value || *value != static_cast<double>(static_cast<std::int64_t>(std::clamp(*value, -1e15, 1e15))))
    return bad_input(
        "is a list of widths such as 784-128-10, or of layers such as linear:units=128; relu; "
        "linear:units=10; '" +
            written + "' is not a width",
        "model");
  if (*value < 1)
    return bad_input("a layer of width " + written + " has no units; at least 1 is needed", "model");
  if (*value > kWidestLayer)
    return bad_input("a layer of width " + written + " is too wide; at most " + std::to_string(kWidestLayer) +
                         " is possible",
                     "model");
  return static_cast<int>(*value);
}

Result<Model> parse_widths(std::string_view text, std::string_view activation) {
  auto between = parse_spec(activation, layer_family());
  if (!between) return between.error();
  Model model;
  bool first = true;
  while (true) {
    const auto dash = text.find('-');
    const auto width = parse_width(trimmed(text.substr(0, dash)));
    if (!width) return width.error();
    if (first) {
      model.inputs = *width;
    } else {
      if (!model.layers.empty()) model.layers.push_back(*between);
      model.layers.push_back(linear(*width));
    }
    if (dash == std::string_view::npos) break;
    text.remove_prefix(dash + 1);
    first = false;
  }
  if (model.layers.empty()) return bad_input("needs at least inputs and outputs, such as 784-10", "model");
  return model;
}

std::string layer_place(std::size_t index, const Spec& spec) {
  return "model, layer " + std::to_string(index + 1) + " (" + spec.id + ")";
}

}  // namespace

Result<Model> parse_model(std::string_view text, std::string_view activation) {
  constexpr std::size_t kLongest = 16 * 1024;
  text = trimmed(text);
  if (text.size() > kLongest)
    return bad_input("is longer than " + std::to_string(kLongest) + " characters", "model");
  if (text.empty()) return bad_input("is empty; write 784-128-10 or linear:units=10", "model");
  if (text.find_first_not_of("0123456789-+.eE \t") == std::string_view::npos)
    return parse_widths(text, activation);
  Model model;
  while (!text.empty()) {
    const auto end = text.find(';');
    const std::string_view word = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (word.empty()) continue;
    auto layer = parse_spec(word, layer_family());
    if (!layer) return layer.error();
    model.layers.push_back(std::move(*layer));
  }
  return model;
}

std::string format_model(const Model& model) {
  std::string out;
  for (const Spec& layer : model.layers) {
    const LayerDescriptor* descriptor = find_layer(layer.id);
    if (!descriptor) continue;
    // The width of a layer is said even where it is the default.
    const std::string text = layer.id == "linear" ? "linear:units=" + format_number(layer.number("units"))
                                                  : format_spec(layer, *descriptor);
    out += (out.empty() ? "" : "; ") + text;
  }
  return out;
}

Result<Plan> plan(const Model& model, int inputs, int outputs) {
  constexpr std::size_t kMostLayers = 1000;
  if (inputs < 1 || outputs < 1) return bad_input("the data have no inputs or no outputs", "model");
  if (model.inputs != 0 && model.inputs != inputs)
    return bad_input(
        "begins with " + std::to_string(model.inputs) + " inputs, but a sample has " + std::to_string(inputs),
        "model");
  if (model.layers.size() > kMostLayers)
    return bad_input("has more than " + std::to_string(kMostLayers) + " layers", "model");
  Plan out;
  out.inputs = inputs;
  int width = inputs;
  const auto tensor = [&](std::size_t layer, const char* name, int rows, int columns) {
    const std::int64_t offset = out.parameters;
    out.tensors.push_back({.name = std::to_string(layer) + "." + name,
                           .layer = static_cast<int>(out.layers.size()),
                           .offset = offset,
                           .rows = rows,
                           .columns = columns});
    out.parameters += std::int64_t{rows} * columns;
    return offset;
  };
  bool any_linear = false;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Spec& spec = model.layers[i];
    const LayerDescriptor* descriptor = find_layer(spec.id);
    if (!descriptor) return bad_input("there is no layer '" + spec.id + "'", "model");
    if (auto error = check(spec, *descriptor)) {
      error->context = layer_place(i, spec) + (error->context.empty() ? "" : ", " + error->context);
      return *error;
    }
    PlannedLayer layer{
        .kind = descriptor->kind, .inputs = width, .outputs = width, .place = static_cast<int>(i)};
    switch (descriptor->kind) {
      case LayerKind::kLinear:
        layer.outputs = static_cast<int>(spec.number("units"));
        layer.weight = tensor(i, "weight", width, layer.outputs);
        layer.bias = tensor(i, "bias", 1, layer.outputs);
        any_linear = true;
        break;
      case LayerKind::kBatchNorm:
        layer.momentum = spec.number("momentum");
        layer.buffer = out.buffers;
        out.buffers += 2 * std::int64_t{width};
        out.needs_two_samples = true;
        [[fallthrough]];
      case LayerKind::kLayerNorm:
        layer.setting = spec.number("eps");
        layer.weight = tensor(i, "weight", 1, width);
        layer.bias = tensor(i, "bias", 1, width);
        break;
      case LayerKind::kLeakyRelu:
        layer.setting = spec.number("negative_slope");
        break;
      case LayerKind::kDropout:
        layer.setting = spec.number("p");
        break;
      default:
        break;
    }
    if (out.parameters > kMostParameters)
      return bad_input(
          "has more than " + std::to_string(kMostParameters / 1'000'000) + " million parameters up to here",
          layer_place(i, spec));
    width = layer.outputs;
    out.layers.push_back(layer);
  }
  if (!any_linear) return bad_input("has no linear layer, so nothing connects inputs and outputs", "model");
  if (width != outputs)
    return bad_input(
        "ends with " + std::to_string(width) + " outputs, but the data need " + std::to_string(outputs),
        "model");
  out.outputs = width;
  return out;
}

}  // namespace thalweg
