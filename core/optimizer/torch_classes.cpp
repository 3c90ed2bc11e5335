#include "core/optimizer/torch_classes.hpp"

namespace thalweg {

std::string velocity_class(const std::string& name, const std::string& says, const std::string& velocity,
                           const std::string& move) {
  return "class " + name + R"((torch.optim.Optimizer):
    """)" +
         says + R"("""

    def __init__(self, params, lr, momentum=0, weight_decay=0):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, mu = group["lr"], group["momentum"]
            for p in group["params"]:
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                g = p.grad + group["weight_decay"] * p
                )" +
         velocity + "\n                " + move + "\n";
}

std::string element_class(const std::string& name, const std::string& says, const std::string& options,
                          const std::string& names, const std::vector<std::string>& slots,
                          const std::vector<std::string>& body) {
  std::string made;
  for (const std::string& slot : slots) made += (made.empty() ? "" : ", ") + slot + "=torch.zeros_like(p)";
  std::string out =
      "class " + name + "(torch.optim.Optimizer):\n    \"\"\"" + says +
      "\"\"\"\n\n    def __init__(self, params, lr, " + options +
      "):\n        super().__init__(params, dict(lr=lr, " + names +
      "))\n\n    @torch.no_grad()\n    def step(self):\n        for group in self.param_groups:\n"
      "            lr = group[\"lr\"]\n            for p in group[\"params\"]:\n"
      "                s, g = self.state[p], p.grad\n                if not s:\n"
      "                    s.update(t=0, " +
      made + ")\n                s[\"t\"] += 1\n                t = s[\"t\"]\n";
  for (const std::string& line : body) out += "                " + line + "\n";
  return out;
}

const char* const kStoppingMomentum = R"(class Momentum(torch.optim.Optimizer):
    """torch.optim.SGD, but for a velocity that follows the gradient while the momentum is 0."""

    def __init__(self, params, lr, momentum=0, dampening=0, weight_decay=0):
        super().__init__(params, dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            mu = group["momentum"]
            for p in group["params"]:
                g = p.grad + group["weight_decay"] * p
                v = self.state[p].get("v")
                if v is None or mu == 0:
                    v = g
                else:
                    v = mu * v + (1 - group["dampening"]) * g
                p -= group["lr"] * v
                self.state[p]["v"] = v
)";

}  // namespace thalweg
