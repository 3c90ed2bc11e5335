#include "core/nn/model.hpp"

#include <algorithm>
#include <optional>
#include <utility>

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

/// Lays out layer after layer. A residual block becomes the layers it is made of.
class Planner {
 public:
  explicit Planner(int inputs) : width_(inputs) { plan_.inputs = inputs; }

  std::optional<Error> add(const Spec& spec, std::size_t place) {
    place_ = static_cast<int>(place);
    return spec.id == "residual" ? add_residual(spec) : add_layer(spec, "");
  }

  bool any_linear() const { return any_linear_; }

  Plan finish() {
    plan_.outputs = width_;
    return std::move(plan_);
  }

 private:
  /// `part`: its name inside its block, with a dot, or nothing.
  std::optional<Error> add_layer(const Spec& spec, const std::string& part) {
    PlannedLayer layer{
        .kind = find_layer(spec.id)->kind, .inputs = width_, .outputs = width_, .place = place_};
    switch (layer.kind) {
      case LayerKind::kLinear:
        layer.outputs = static_cast<int>(spec.number("units"));
        layer.weight = tensor(part + "weight", layer.inputs, layer.outputs);
        layer.bias = tensor(part + "bias", 1, layer.outputs);
        any_linear_ = true;
        break;
      case LayerKind::kBatchNorm:
        layer.momentum = spec.number("momentum");
        layer.buffer = plan_.buffers;
        plan_.buffers += 2 * std::int64_t{width_};
        plan_.needs_two_samples = true;
        break;
      case LayerKind::kGroupNorm:
        layer.groups = static_cast<int>(spec.number("groups"));
        if (width_ % layer.groups != 0)
          return bad_input("its " + std::to_string(width_) + " units cannot be divided into " +
                           std::to_string(layer.groups) + " groups of equal size");
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
    if (is_normalisation(layer.kind)) {
      layer.setting = spec.number("eps");
      layer.weight = tensor(part + "weight", 1, width_);
      if (layer.kind != LayerKind::kRmsNorm) layer.bias = tensor(part + "bias", 1, width_);
    }
    width_ = layer.outputs;
    plan_.layers.push_back(layer);
    if (plan_.parameters > kMostParameters)
      return bad_input("has more than " + std::to_string(kMostParameters / 1'000'000) +
                       " million parameters up to here");
    return {};
  }

  std::optional<Error> add_residual(const Spec& block) {
    const int from = static_cast<int>(plan_.layers.size());
    const int width = width_;
    std::vector<std::pair<std::string, Spec>> parts = {
        {"linear1.", linear(block.number_or("units", width))},
        {"", default_spec(*find_layer(block.text("activation")))},
        {"linear2.", linear(width)}};
    if (block.number("p") > 0.0) {
      parts.emplace_back("", default_spec(*find_layer("dropout")));
      *parts.back().second.find("p") = block.number("p");
    }
    std::optional<std::pair<std::string, Spec>> norm;
    if (block.text("norm") != "none") {
      norm.emplace("norm.", default_spec(*find_layer(block.text("norm"))));
      if (Value* groups = norm->second.find("groups")) *groups = block.number("groups");
    }
    if (norm && block.flag("norm_first")) parts.insert(parts.begin(), *norm);
    for (const auto& [name, spec] : parts)
      if (auto error = add_layer(spec, name)) return error;
    plan_.layers.push_back(
        {.kind = LayerKind::kAdd, .inputs = width, .outputs = width, .from = from, .place = place_});
    if (norm && !block.flag("norm_first")) return add_layer(norm->second, norm->first);
    return {};
  }

  std::int64_t tensor(const std::string& name, int rows, int columns) {
    const std::int64_t offset = plan_.parameters;
    plan_.tensors.push_back({.name = std::to_string(place_) + "." + name,
                             .layer = static_cast<int>(plan_.layers.size()),
                             .offset = offset,
                             .rows = rows,
                             .columns = columns});
    plan_.parameters += std::int64_t{rows} * columns;
    return offset;
  }

  Plan plan_;
  int width_;
  int place_ = 0;
  bool any_linear_ = false;
};

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
  Planner planner(inputs);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Spec& spec = model.layers[i];
    const LayerDescriptor* descriptor = find_layer(spec.id);
    if (!descriptor) return bad_input("there is no layer '" + spec.id + "'", "model");
    auto error = check(spec, *descriptor);
    if (!error) error = planner.add(spec, i);
    if (!error) continue;
    error->context = layer_place(i, spec) + (error->context.empty() ? "" : ", " + error->context);
    return *error;
  }
  if (!planner.any_linear())
    return bad_input("has no linear layer, so nothing connects inputs and outputs", "model");
  Plan out = planner.finish();
  if (out.outputs != outputs)
    return bad_input(
        "ends with " + std::to_string(out.outputs) + " outputs, but the data need " + std::to_string(outputs),
        "model");
  return out;
}

Layout layout_of(const Plan& plan) {
  int last = 0;
  for (const TensorInfo& tensor : plan.tensors)
    if (plan.layers[static_cast<std::size_t>(tensor.layer)].kind == LayerKind::kLinear)
      last = std::max(last, tensor.layer);
  Layout out;
  for (const TensorInfo& tensor : plan.tensors) {
    const PlannedLayer& layer = plan.layers[static_cast<std::size_t>(tensor.layer)];
    out.push_back({.offset = tensor.offset,
                   .rows = tensor.rows,
                   .columns = tensor.columns,
                   .matrix = layer.kind == LayerKind::kLinear && tensor.offset == layer.weight,
                   .output = tensor.layer == last});
  }
  return out;
}

}  // namespace thalweg
