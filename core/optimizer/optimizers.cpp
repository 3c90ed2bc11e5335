#include <algorithm>
#include <stdexcept>

#include "core/optimizer/optimizer.hpp"
#include "core/optimizer/rule_stepper.hpp"
#include "core/optimizer/rules.hpp"

namespace thalweg {
namespace {

template <UpdateRule R>
OptimizerDescriptor described() {
  OptimizerDescriptor descriptor;
  static_cast<Descriptor&>(descriptor) = R::describe();
  descriptor.make = [](const Spec& spec, int dim) -> std::unique_ptr<Stepper> {
    return std::make_unique<RuleStepper<R>>(spec, dim);
  };
  descriptor.torch = R::torch;
  return descriptor;
}

template <class... Rule>
std::vector<OptimizerDescriptor> described_all(std::type_identity<std::tuple<Rule...>>) {
  return {described<Rule>()...};
}

}  // namespace

const std::vector<OptimizerDescriptor>& optimizers() {
  // Rules stand first, in their own order: rule_index() relies on it.
  static const std::vector<OptimizerDescriptor> list = described_all(std::type_identity<Rules>{});
  return list;
}

const OptimizerDescriptor* find_optimizer(std::string_view id) {
  const auto& list = optimizers();
  const auto it = std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.id == id; });
  return it == list.end() ? nullptr : &*it;
}

const Family& optimizer_family() {
  static const Family family = [] {
    Family out{"optimizer", {}};
    for (const auto& entry : optimizers()) out.members.push_back(&entry);
    return out;
  }();
  return family;
}

std::unique_ptr<Stepper> make_stepper(const Spec& spec, int dim) {
  const OptimizerDescriptor* descriptor = find_optimizer(spec.id);
  if (!descriptor || dim < 1) throw std::logic_error("no stepper for '" + spec.id + "'");
  return descriptor->make(spec, dim);
}

int rule_index(std::string_view id) {
  const OptimizerDescriptor* descriptor = find_optimizer(id);
  if (!descriptor) return -1;
  const auto index = descriptor - optimizers().data();
  return index < static_cast<std::ptrdiff_t>(std::tuple_size_v<Rules>) ? static_cast<int>(index) : -1;
}

}  // namespace thalweg
