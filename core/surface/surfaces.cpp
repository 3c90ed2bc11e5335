// The list of all surfaces, in the order of the menu. Adding one: its formula in formulas.hpp, its
// descriptor beside its relatives, its line here.
#include "core/surface/descriptors.hpp"

namespace thalweg {

const std::vector<SurfaceDescriptor>& surfaces() {
  static const std::vector<SurfaceDescriptor> list = {
      // clang-format off: one a line
      quadratic_surface(),      rosenbrock_surface(),
      beale_surface(),          booth_surface(),
      matyas_surface(),         logistic_surface(),
      himmelblau_surface(),     goldstein_price_surface(),
      mccormick_surface(),      three_hump_camel_surface(),
      six_hump_camel_surface(), styblinski_tang_surface(),
      rastrigin_surface(),      ackley_surface(),
      griewank_surface(),       levy13_surface(),
      easom_surface(),          saddle_surface(),
      bounded_saddle_surface(), monkey_saddle_surface(),
      plateau_surface(),        sharp_flat_surface(),
      parabola_surface(),       shifted_parabola_surface(),
      quartic_surface(),        tilted_double_well_surface(),
      washboard_surface(),      huber_surface(),
      sharp_flat_1d_surface(),  expression_surface(),
      // clang-format on
  };
  return list;
}

const SurfaceDescriptor* find_surface(std::string_view id) {
  for (const SurfaceDescriptor& surface : surfaces())
    if (surface.id == id) return &surface;
  return nullptr;
}

const Family& surface_family() {
  static const Family family = [] {
    Family out{"surface", {}};
    for (const SurfaceDescriptor& surface : surfaces()) out.members.push_back(&surface);
    return out;
  }();
  return family;
}

Result<std::shared_ptr<const Surface>> make_surface(const Spec& spec) {
  const SurfaceDescriptor* descriptor = find_surface(spec.id);
  if (!descriptor) return Error{ErrorCode::kNotFound, "there is no surface '" + spec.id + "'"};
  if (auto error = check(spec, *descriptor)) return *error;
  return descriptor->make(spec);
}

}  // namespace thalweg
