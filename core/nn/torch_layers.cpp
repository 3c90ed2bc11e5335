#include "core/nn/torch_layers.hpp"

#include <stdexcept>

namespace thalweg {
namespace {

TorchCall::Argument width_argument(int width) { return {"", std::to_string(width)}; }

TorchCall linear_torch(const Spec& spec, int inputs) {
  return {"nn.Linear", {width_argument(inputs), {"", python_number(spec.number("units"))}}};
}

TorchCall leaky_relu_torch(const Spec& spec, int) {
  return {"nn.LeakyReLU", {torch_argument("negative_slope", spec.number("negative_slope"))}};
}

TorchCall dropout_torch(const Spec& spec, int) {
  return {"nn.Dropout", {torch_argument("p", spec.number("p"))}};
}

TorchCall norm_torch(const char* module, const Spec& spec, int inputs) {
  return {module, {width_argument(inputs), torch_argument("eps", spec.number("eps"), 1e-5)}};
}

TorchCall batch_norm_torch(const Spec& spec, int inputs) {
  TorchCall call = norm_torch("nn.BatchNorm1d", spec, inputs);
  call.arguments.push_back(torch_argument("momentum", spec.number("momentum"), 0.1));
  return call;
}

TorchCall group_norm_torch(const Spec& spec, int inputs) {
  TorchCall call = norm_torch("nn.GroupNorm", spec, inputs);
  call.arguments.insert(call.arguments.begin(), {"", python_number(spec.number("groups"))});
  return call;
}

TorchCall rms_norm_torch(const Spec& spec, int inputs) {
  TorchCall call = norm_torch("RMSNorm", spec, inputs);
  call.definition = R"(class RMSNorm(nn.Module):
    """nn.RMSNorm, which PyTorch has from 2.4 on."""

    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return self.weight * x / torch.sqrt((x**2).mean(dim=1, keepdim=True) + self.eps)
)";
  return call;
}

/// Its inner layers, so that one definition serves blocks of all kinds.
TorchCall residual_torch(const Spec& spec, int inputs) {
  const auto layer = [](const std::string& id) { return default_spec(*find_layer(id)); };
  const int units = static_cast<int>(spec.number_or("units", inputs));
  TorchCall call{"Residual",
                 {{"", "nn.Linear(" + std::to_string(inputs) + ", " + std::to_string(units) + ")"}}};
  call.arguments.push_back({"", torch_layer(layer(spec.text("activation")), units).text("")});
  call.arguments.push_back({"", "nn.Linear(" + std::to_string(units) + ", " + std::to_string(inputs) + ")"});
  if (spec.text("norm") != "none") {
    Spec norm = layer(spec.text("norm"));
    if (Value* groups = norm.find("groups")) *groups = spec.number("groups");
    const TorchCall inner = torch_layer(norm, inputs);
    if (!inner.definition.empty()) call.definition = inner.definition + "\n\n";
    call.arguments.push_back({"norm", inner.text("")});
    if (!spec.flag("norm_first")) call.arguments.push_back({"norm_first", "False"});
  }
  call.arguments.push_back(torch_argument("dropout", spec.number("p"), 0.0));
  call.definition += R"(class Residual(nn.Module):
    """Adds to its input what two linear layers make of it, normalised before or after."""

    def __init__(self, linear1, activation, linear2, norm=None, norm_first=True, dropout=0.0):
        super().__init__()
        # Registered in the order in which the initial weights are drawn.
        before, after = (norm, None) if norm_first else (None, norm)
        self.before = before or nn.Identity()
        self.branch = nn.Sequential(linear1, activation, linear2, nn.Dropout(dropout))
        self.after = after or nn.Identity()

    def forward(self, x):
        return self.after(x + self.branch(self.before(x)))
)";
  return call;
}

}  // namespace

TorchCall torch_layer(const Spec& layer, int inputs) {
  switch (find_layer(layer.id)->kind) {
    case LayerKind::kLinear:
      return linear_torch(layer, inputs);
    case LayerKind::kRelu:
      return {"nn.ReLU", {}};
    case LayerKind::kLeakyRelu:
      return leaky_relu_torch(layer, inputs);
    case LayerKind::kGelu:
      return {"nn.GELU", {}};
    case LayerKind::kSilu:
      return {"nn.SiLU", {}};
    case LayerKind::kTanh:
      return {"nn.Tanh", {}};
    case LayerKind::kSigmoid:
      return {"nn.Sigmoid", {}};
    case LayerKind::kBatchNorm:
      return batch_norm_torch(layer, inputs);
    case LayerKind::kLayerNorm:
      return norm_torch("nn.LayerNorm", layer, inputs);
    case LayerKind::kDropout:
      return dropout_torch(layer, inputs);
    case LayerKind::kRmsNorm:
      return rms_norm_torch(layer, inputs);
    case LayerKind::kGroupNorm:
      return group_norm_torch(layer, inputs);
    case LayerKind::kAdd:
      return residual_torch(layer, inputs);
  }
  throw std::logic_error("no PyTorch for the layer '" + layer.id + "'");
}

}  // namespace thalweg
