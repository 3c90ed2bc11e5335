// The list of rules and methods as descriptors, and the wrapped ones, which are made when they are asked for.
#include "core/optimizer/optimizer.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "core/optimizer/methods.hpp"
#include "core/optimizer/rule_stepper.hpp"
#include "core/optimizer/rules.hpp"
#include "core/optimizer/updater.hpp"

namespace thalweg {
namespace {

template <class R>
OptimizerDescriptor begun() {
  OptimizerDescriptor out;
  static_cast<Descriptor&>(out) = R::describe();
  if constexpr (requires { R::kTraining; }) out.training = R::kTraining;
  if constexpr (requires { R::kNotStochastic; }) out.not_stochastic = R::kNotStochastic;
  return out;
}

template <UpdateRule R>
OptimizerDescriptor described() {
  OptimizerDescriptor descriptor = begun<R>();
  descriptor.make = [](const Spec& spec, const Layout& layout) -> std::unique_ptr<Stepper> {
    return std::make_unique<RuleStepper<R>>(spec, static_cast<int>(size_of(layout)));
  };
  descriptor.make_float = [id = descriptor.id](Spec spec, const Layout& layout) {
    spec.id = id;  // a wrapped one hands its own on
    return cpu::make_array_stepper(spec, size_of(layout));
  };
  descriptor.torch = R::torch;
  return descriptor;
}

template <Method M>
OptimizerDescriptor described() {
  OptimizerDescriptor descriptor = begun<M>();
  descriptor.make = [](const Spec& spec, const Layout& layout) -> std::unique_ptr<Stepper> {
    return std::make_unique<typename M::template At<double>>(spec, layout);
  };
  descriptor.make_float = [](const Spec& spec, const Layout& layout) -> std::unique_ptr<FloatStepper> {
    return std::make_unique<typename M::template At<float>>(spec, layout);
  };
  descriptor.asks_more = M::kAsksMore;
  if constexpr (requires { M::kNeedsSquares; }) descriptor.needs_squares = M::kNeedsSquares;
  if constexpr (requires { M::pseudocode(); }) descriptor.pseudocode = M::pseudocode();
  if constexpr (requires { M::not_on_surfaces(); }) descriptor.not_on_surfaces = M::not_on_surfaces();
  if constexpr (requires { M::not_on_networks(); }) descriptor.not_on_networks = M::not_on_networks();
  if constexpr (requires(const Spec& spec) { M::torch(spec, false); }) descriptor.torch = M::torch;
  return descriptor;
}

template <class... Rule, class... Other>
std::vector<OptimizerDescriptor> described_all(std::type_identity<std::tuple<Rule...>>,
                                               std::type_identity<std::tuple<Other...>>) {
  return {described<Rule>()..., described<Other>()...};
}

struct WrapperEntry {
  Descriptor descriptor;
  std::vector<std::string> pseudocode;
  bool asks_more = false;
  std::function<std::unique_ptr<Stepper>(const Spec&, const Layout&, const MakeBase<double>&)> make;
  std::function<std::unique_ptr<FloatStepper>(const Spec&, const Layout&, const MakeBase<float>&)> make_float;
};

template <Wrapper W>
WrapperEntry wrapper() {
  return {
      W::describe(), W::pseudocode(), W::kAsksMore,
      [](const Spec& spec, const Layout& layout, const MakeBase<double>& make) -> std::unique_ptr<Stepper> {
        return std::make_unique<typename W::template At<double>>(spec, layout, make);
      },
      [](const Spec& spec, const Layout& layout,
         const MakeBase<float>& make) -> std::unique_ptr<FloatStepper> {
        return std::make_unique<typename W::template At<float>>(spec, layout, make);
      }};
}

template <class... W>
std::vector<WrapperEntry> wrappers_of(std::type_identity<std::tuple<W...>>) {
  return {wrapper<W>()...};
}

const std::vector<WrapperEntry>& wrappers() {
  static const std::vector<WrapperEntry> list = wrappers_of(std::type_identity<Wrappers>{});
  return list;
}

const OptimizerDescriptor* find_plain(std::string_view id) {
  const auto& list = optimizers();
  const auto it = std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.id == id; });
  return it == list.end() ? nullptr : &*it;
}

/// `outer` around `base`. The whole Spec is handed to both: their keys are different ones.
OptimizerDescriptor wrapped(const WrapperEntry& outer, const OptimizerDescriptor& base) {
  OptimizerDescriptor out;
  out.id = outer.descriptor.id + "+" + base.id;
  out.label = outer.descriptor.label + " + " + base.label;
  out.summary = outer.descriptor.summary;
  out.formula = outer.descriptor.formula + "  around  " + base.formula;
  out.reference = outer.descriptor.reference + "; " + base.reference;
  out.parameters = base.parameters;
  for (Parameter parameter : outer.descriptor.parameters) {
    parameter.label = parameter.label + " (" + outer.descriptor.label + ")";
    out.parameters.push_back(std::move(parameter));
  }
  out.make = [&outer, &base](const Spec& spec, const Layout& layout) {
    return outer.make(spec, layout, [&] { return base.make(spec, layout); });
  };
  out.make_float = [&outer, &base](const Spec& spec, const Layout& layout) {
    return outer.make_float(spec, layout, [&] { return base.make_float(spec, layout); });
  };
  out.training = base.training;
  out.not_stochastic = base.not_stochastic;
  out.not_on_surfaces = base.not_on_surfaces;
  out.not_on_networks = base.not_on_networks;
  out.needs_squares = base.needs_squares;
  out.asks_more = outer.asks_more || base.asks_more;
  out.pseudocode = outer.pseudocode;
  return out;
}

/// Made when it is first asked for; there are only so many.
const OptimizerDescriptor* find_wrapped(std::string_view id) {
  const auto plus = id.find('+');
  if (plus == std::string_view::npos) return find_plain(id);
  if (std::count(id.begin(), id.end(), '+') > kMostWrappers || id.size() > 200) return nullptr;
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const OptimizerDescriptor>, std::less<>> made;
  {
    const std::scoped_lock lock(mutex);
    if (const auto it = made.find(id); it != made.end()) return it->second.get();
  }
  const std::string_view first = id.substr(0, plus), rest = id.substr(plus + 1);
  const auto outer = std::find_if(wrappers().begin(), wrappers().end(),
                                  [&](const WrapperEntry& entry) { return entry.descriptor.id == first; });
  const OptimizerDescriptor* base = outer == wrappers().end() ? nullptr : find_wrapped(rest);
  // Twice the same would have every setting twice.
  if (!base || ("+" + base->id).find("+" + std::string(first) + "+") != std::string::npos) return nullptr;
  const std::scoped_lock lock(mutex);
  auto& entry = made[std::string(id)];
  if (!entry) entry = std::make_unique<const OptimizerDescriptor>(wrapped(*outer, *base));
  return entry.get();
}

const OptimizerDescriptor& descriptor_of(const Spec& spec, std::int64_t dim) {
  const OptimizerDescriptor* descriptor = find_optimizer(spec.id);
  if (!descriptor || dim < 1) throw std::logic_error("no stepper for '" + spec.id + "'");
  return *descriptor;
}

}  // namespace

const std::vector<OptimizerDescriptor>& optimizers() {
  // Rules stand first, in their own order: rule_index() relies on it.
  static const std::vector<OptimizerDescriptor> list =
      described_all(std::type_identity<Rules>{}, std::type_identity<Methods>{});
  return list;
}

const std::vector<Descriptor>& optimizer_wrappers() {
  static const std::vector<Descriptor> list = [] {
    std::vector<Descriptor> out;
    for (const WrapperEntry& entry : wrappers()) out.push_back(entry.descriptor);
    return out;
  }();
  return list;
}

std::optional<Spec> with_wrapper_turned(const Spec& spec, std::string_view wrapper) {
  const std::string name = std::string(wrapper) + "+";
  std::string id = "+" + spec.id;
  if (const auto at = id.find("+" + name); at != std::string::npos)
    id.erase(at + 1, name.size());
  else
    id.insert(1, name);
  const OptimizerDescriptor* descriptor = find_optimizer(std::string_view(id).substr(1));
  if (!descriptor) return {};
  Spec out = default_spec(*descriptor);
  for (const Parameter& parameter : descriptor->parameters)
    if (const Value* value = spec.find(parameter.key)) *out.find(parameter.key) = *value;
  return out;
}

const OptimizerDescriptor* find_optimizer(std::string_view id) { return find_wrapped(id); }

const Family& optimizer_family() {
  static const Family family = [] {
    Family out{"optimizer", {}, [](std::string_view id) -> const Descriptor* { return find_wrapped(id); }};
    for (const auto& entry : optimizers()) out.members.push_back(&entry);
    return out;
  }();
  return family;
}

Spec training_spec(const OptimizerDescriptor& optimizer) {
  const auto spec = parse_spec(optimizer.id + ":" + optimizer.training, optimizer);
  if (!spec) throw std::logic_error(spec.error().text());
  return *spec;
}

std::unique_ptr<Stepper> make_stepper(const Spec& spec, const Layout& layout) {
  return descriptor_of(spec, size_of(layout)).make(spec, layout);
}

std::unique_ptr<Stepper> make_stepper(const Spec& spec, int dim) {
  return make_stepper(spec, vector_layout(dim));
}

std::unique_ptr<FloatStepper> make_float_stepper(const Spec& spec, const Layout& layout) {
  return descriptor_of(spec, size_of(layout)).make_float(spec, layout);
}

int rule_index(std::string_view id) {
  const OptimizerDescriptor* descriptor = find_plain(id);
  if (!descriptor) return -1;
  const auto index = descriptor - optimizers().data();
  return index < static_cast<std::ptrdiff_t>(std::tuple_size_v<Rules>) ? static_cast<int>(index) : -1;
}

}  // namespace thalweg
