// The Scene: everything that a person can set, as one plain value.
//
// A slider edits it, the command line builds one, a file stores one, a screenshot is one drawn. What
// comes out of it (positions, losses) is never in it. Nearly all of it is specs, so that one
// definition serves sliders, files and messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/descent/race.hpp"
#include "core/scene/runs_scene.hpp"
#include "core/scene/schedule_scene.hpp"
#include "core/scene/training_scene.hpp"

namespace thalweg {

struct Scene {
  Spec surface;
  std::vector<double> start;
  std::vector<SceneOptimizer> optimizers;
  LiveSpec gradient;
  Spec schedule;
  Drives drives = {};  ///< what else follows a schedule on the surface
  Spec run;
  Spec view;        ///< what is drawn: layout, levels, arrows (view_descriptor)
  Spec camera;      ///< from where (camera_descriptor)
  Spec appearance;  ///< theme and scale (appearance_descriptor)
  std::int64_t step = 0;  ///< the moment that is shown
  TrainingScene training = default_training_scene();
  RunsScene runs = default_runs_scene();
  ScheduleScene schedules = default_schedule_scene();

  bool operator==(const Scene&) const = default;

  RaceSettings race() const;
};

const Descriptor& view_descriptor();
const Descriptor& camera_descriptor();
const Descriptor& appearance_descriptor();

/// The Scene that a newcomer sees: five optimizers on Rosenbrock, and four waiting to train on MNIST.
Scene default_scene();

/// Puts `surface` into the Scene with its own start and a camera that shows its whole domain.
/// Nothing changes if the surface can't be built.
std::optional<Error> set_surface(Scene& scene, const Spec& surface);

/// A colour that no optimizer of the Scene has yet, as far as there are any.
int free_colour(const Scene& scene, int palette_size = 8);

/// Every value against its bounds, and that the parts fit each other.
std::optional<Error> check(const Scene& scene);

/// JSON text (UTF-8), with a version; reading it back gives an equal Scene.
std::string to_json(const Scene& scene);

/// Reads it. Unknown keys, wrong types, values out of bounds and other versions are errors that name
/// the key. Text of more than 4 MiB is refused.
Result<Scene> scene_from_json(std::string_view text);

}  // namespace thalweg
