#include "core/optimizer/lbfgs.hpp"

namespace thalweg {
namespace {

Parameter tolerance(std::string key, std::string symbol, std::string label, std::string help) {
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .default_value = 0.0,
          .min = 0.0,
          .max = 1e3,
          .soft_min = 1e-12,
          .soft_max = 1e-2,
          .scale = Scale::kLog,
          .help = std::move(help),
          .live = true};
}

Parameter count(std::string key, std::string symbol, std::string label, Value fallback, double most,
                std::string help) {
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .kind = Kind::kInteger,
          .default_value = std::move(fallback),
          .min = 1.0,
          .max = most,
          .soft_min = 1.0,
          .soft_max = std::min(most, 100.0),
          .help = std::move(help)};
}

}  // namespace

Descriptor Lbfgs::describe() {
  Parameter max_eval =
      count("max_eval", "", "evaluations per step", Value{}, 1e6,
            "A step of several iterations ends when so many evaluations were made; auto: 5/4 of "
            "the iterations.");
  max_eval.off_word = "auto";
  return {
      .id = "lbfgs",
      .label = "L-BFGS",
      .summary = "A Newton step with the curvature that the last few steps have shown, and a line search.",
      .formula = "θ ← θ + t d,  d = −H g,  H fitted to the last m pairs (Δθ, Δg)",
      .reference = "Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithms 7.4, 7.5 and 3.5",
      .parameters = {
          learning_rate_parameter(1.0, 0.01, 2.0),
          count("max_iter", "", "iterations per step", 1.0, 1e4, "How often one step moves."),
          max_eval,
          tolerance("tolerance_grad", "ε_g", "gradient tolerance",
                    "It stays where it is where no component of the gradient is larger."),
          tolerance("tolerance_change", "ε_θ", "change tolerance",
                    "It stays where it is where the slope along the direction is smaller."),
          count("history_size", "m", "pairs kept", 10.0, 100.0,
                "How many of the last steps tell the curvature; each costs the memory of two gradients."),
          {.key = "line_search_fn",
           .symbol = "",
           .label = "line search",
           .kind = Kind::kChoice,
           .default_value = std::string("strong_wolfe"),
           .help = "strong_wolfe: goes as far as the loss falls well; none: goes the learning rate's share.",
           .choices = {"none", "strong_wolfe"}}}};
}

TorchCall Lbfgs::torch(const Spec& spec, bool) {
  TorchCall call{.callee = "torch.optim.LBFGS",
                 .arguments = {torch_argument("lr", spec.number("lr"))},
                 .notes = {"Meant for the whole data set or large batches."},
                 .closure = true};
  call.arguments.push_back(torch_argument("max_iter", spec.number("max_iter"), 20.0));
  if (!spec.is_off("max_eval")) call.arguments.push_back(torch_argument("max_eval", spec.number("max_eval")));
  call.arguments.push_back(torch_argument("tolerance_grad", spec.number("tolerance_grad"), 1e-7));
  call.arguments.push_back(torch_argument("tolerance_change", spec.number("tolerance_change"), 1e-9));
  call.arguments.push_back(torch_argument("history_size", spec.number("history_size"), 100.0));
  const bool searches = spec.text("line_search_fn") == "strong_wolfe";
  call.arguments.push_back({"line_search_fn", searches ? "\"strong_wolfe\"" : "None", !searches});
  return call;
}

}  // namespace thalweg
