#include "core/scene/scene.hpp"

#include <algorithm>
#include <array>

namespace thalweg {

RaceSettings Scene::race() const {
  RaceSettings out{surface, start, {}, gradient, schedule, run, drives};
  for (const SceneOptimizer& optimizer : optimizers) out.optimizers.push_back(optimizer.live);
  return out;
}

const Descriptor& view_descriptor() {
  static const Descriptor descriptor{
      .id = "view",
      .label = "View",
      .summary = "What is drawn of the surface and the runs.",
      .formula = "",
      .reference = "",
      .parameters = {
          {.key = "layout", .label = "layout", .kind = Kind::kChoice, .default_value = std::string("map"),
           .help = "The surface from above, in three dimensions, or both; or the curves in its place.",
           .choices = {"map", "3d", "both", "curves"}},
          {.key = "page", .label = "page", .kind = Kind::kChoice, .default_value = std::string("curves"),
           .help = "Beside the map: curves of all optimizers, or of the chosen one its state or its rates.",
           .choices = {"curves", "state", "rates"}},
          {.key = "levels", .label = "levels", .kind = Kind::kChoice, .default_value = std::string("log"),
           .help = "Contour lines and tints by the logarithm of the height above the minimum, or by the height.",
           .choices = {"log", "linear"}},
          {.key = "arrows", .label = "gradient arrows", .kind = Kind::kBoolean, .default_value = 0.0,
           .help = "Arrows along −∇f, the direction of steepest descent."},
          {.key = "ellipse", .label = "Hessian ellipse", .kind = Kind::kBoolean, .default_value = 0.0,
           .help = "At the cursor: the axes of the Hessian; long where the surface is flat, red where it curves down."},
          {.key = "x_axis", .label = "horizontal axis", .kind = Kind::kInteger, .default_value = 1.0, .min = 1.0,
           .max = 1000.0, .soft_min = 1.0, .soft_max = 8.0,
           .help = "Which coordinate runs to the right, on surfaces of more than two."},
          {.key = "y_axis", .label = "vertical axis", .kind = Kind::kInteger, .default_value = 2.0, .min = 1.0,
           .max = 1000.0, .soft_min = 1.0, .soft_max = 8.0,
           .help = "Which coordinate runs upward, on surfaces of more than two."},
          {.key = "speed", .label = "speed", .default_value = 200.0, .min = 1.0, .max = 1e9, .soft_min = 1.0,
           .soft_max = 1e5, .scale = Scale::kLog, .unit = "steps/s",
           .help = "Updates a second while playing; max: as fast as the machine can.", .live = true, .off_word = "max"},
          {.key = "loss_scale", .label = "loss axis", .kind = Kind::kChoice, .default_value = std::string("log"),
           .help = "Scale of the loss chart.", .choices = {"log", "linear"}},
          {.key = "gradient_scale", .label = "gradient axis", .kind = Kind::kChoice,
           .default_value = std::string("log"), .help = "Scale of the gradient-norm chart.",
           .choices = {"log", "linear"}},
          {.key = "length_scale", .label = "step axis", .kind = Kind::kChoice, .default_value = std::string("log"),
           .help = "Scale of the step-length chart.", .choices = {"log", "linear"}},
          {.key = "rate_scale", .label = "rate axis", .kind = Kind::kChoice, .default_value = std::string("log"),
           .help = "Scale of the effective-rate chart.", .choices = {"log", "linear"}},
      }};
  return descriptor;
}

const Descriptor& camera_descriptor() {
  static const Descriptor descriptor{
      .id = "camera",
      .label = "Camera",
      .summary = "Which part of the surface is seen, and from where.",
      .formula = "",
      .reference = "",
      .parameters = {
          {.key = "x", .label = "centre x", .default_value = Value{}, .min = -1e12, .max = 1e12,
           .help = "Centre of the map.", .off_word = "auto"},
          {.key = "y", .label = "centre y", .default_value = Value{}, .min = -1e12, .max = 1e12,
           .help = "Centre of the map.", .off_word = "auto"},
          {.key = "width", .label = "width", .default_value = Value{}, .min = 1e-9, .max = 1e12,
           .help = "Width of the map in units of the surface.", .off_word = "auto"},
          {.key = "yaw", .label = "yaw", .default_value = -20.0, .min = -360.0, .max = 360.0, .unit = "°",
           .help = "Turn of the 3D view."},
          {.key = "pitch", .label = "pitch", .default_value = 52.0, .min = 5.0, .max = 90.0, .unit = "°",
           .help = "Height of the eye over the horizon."},
          {.key = "zoom", .label = "zoom", .default_value = 1.05, .min = 0.25, .max = 5.0,
           .help = "Magnification of the 3D view."},
      }};
  return descriptor;
}

const Descriptor& appearance_descriptor() {
  static const Descriptor descriptor{
      .id = "appearance",
      .label = "Appearance",
      .summary = "Theme and size of everything on screen.",
      .formula = "",
      .reference = "",
      .parameters = {
          {.key = "theme", .label = "theme", .kind = Kind::kChoice, .default_value = std::string("dark"),
           .help = "Dark, light, or light with larger type and heavier lines for a projector.",
           .choices = {"dark", "light", "projector"}},
          {.key = "scale", .label = "scale", .default_value = 1.0, .min = 1.0, .max = 3.0, .soft_min = 1.0,
           .soft_max = 3.0, .unit = "×", .help = "Size of text and controls."},
      }};
  return descriptor;
}

Scene default_scene() {
  Scene scene;
  scene.gradient.spec = default_spec(gradient_descriptor());
  scene.schedule = default_spec(schedules().front());
  scene.run = default_spec(run_descriptor());
  scene.view = default_spec(view_descriptor());
  scene.camera = default_spec(camera_descriptor());
  scene.appearance = default_spec(appearance_descriptor());
  set_surface(scene, default_spec(*find_surface("rosenbrock")));
  scene.start = {-1.35, 1.55};
  *scene.run.find("tol") = 1e-6;
  constexpr std::array<const char*, 5> kFirst{"gd:lr=0.001", "momentum:lr=0.0002", "rmsprop:lr=0.005,alpha=0.9",
                                              "adam:lr=0.02", "adagrad:lr=0.5"};
  for (std::size_t i = 0; i < kFirst.size(); ++i) {
    SceneOptimizer optimizer;
    optimizer.live.spec = parse_spec(kFirst[i], optimizer_family()).value();
    optimizer.colour = static_cast<int>(i);
    scene.optimizers.push_back(std::move(optimizer));
  }
  return scene;
}

std::optional<Error> set_surface(Scene& scene, const Spec& surface) {
  auto made = make_surface(surface);
  if (!made) return made.error();
  const bool same_kind = scene.surface.id == surface.id && static_cast<int>(scene.start.size()) == (*made)->dim();
  scene.surface = surface;
  if (same_kind) return std::nullopt;
  scene.start = (*made)->start();
  for (const char* key : {"x", "y", "width"}) *scene.camera.find(key) = Value{};
  *scene.view.find("x_axis") = 1.0;
  *scene.view.find("y_axis") = 2.0;
  return std::nullopt;
}

int free_colour(const Scene& scene, int palette_size) { return free_colour(scene.optimizers, palette_size); }

std::optional<Error> check(const Scene& scene) {
  const SurfaceDescriptor* descriptor = find_surface(scene.surface.id);
  if (!descriptor) return bad_input("there is no surface '" + scene.surface.id + "'");
  if (auto error = check(scene.surface, *descriptor)) return error;
  auto surface = make_surface(scene.surface);
  if (!surface) return surface.error();
  if (scene.optimizers.size() > kMostOptimizers)
    return bad_input("at most " + std::to_string(kMostOptimizers) + " are possible", "optimizers");
  const RaceSettings race = scene.race();
  if (auto error = check_drives(race)) return error;
  for (std::size_t i = 0; i < race.optimizers.size(); ++i)
    if (auto error = check(race.lane(i), **surface)) return error;
  if (race.optimizers.empty()) {
    // The rest of a lane's settings is checked with any optimizer at all.
    DescentSettings lane{race.surface, race.start, {default_spec(optimizers().front()), {}}, race.gradient,
                         race.schedule, race.run};
    lane.drives = drives_of(race.drives, optimizers().front());
    if (auto error = check(lane, **surface)) return error;
  }
  for (const SceneOptimizer& optimizer : scene.optimizers)
    if (optimizer.colour < 0 || optimizer.colour > 63) return bad_input("must be at least 0 and at most 63", "colour");
  if (auto error = check(scene.view, view_descriptor())) return error;
  if (auto error = check(scene.camera, camera_descriptor())) return error;
  if (auto error = check(scene.appearance, appearance_descriptor())) return error;
  const int dim = (*surface)->dim();
  for (const char* key : {"x_axis", "y_axis"})
    if (scene.view.number(key) > std::max(dim, 2))
      return bad_input("the surface has only " + std::to_string(dim) + " coordinates", std::string("view: ") + key);
  if (dim > 1 && scene.view.number("x_axis") == scene.view.number("y_axis"))
    return bad_input("x_axis and y_axis must differ", "view");
  if (scene.step < 0) return bad_input("must be at least 0", "step");
  if (auto error = check(scene.training)) {
    error->context = error->context.empty() ? "training" : "training: " + error->context;
    return error;
  }
  if (auto error = check(scene.runs)) {
    error->context = error->context.empty() ? "runs" : "runs: " + error->context;
    return error;
  }
  if (auto error = check(scene.schedules)) {
    error->context = error->context.empty() ? "schedules" : "schedules: " + error->context;
    return error;
  }
  return std::nullopt;
}

}  // namespace thalweg
