#include "core/scene/schedule_scene.hpp"

#include <algorithm>

#include "core/scene/training_scene.hpp"
#include "core/scene/view_parameters.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg {

using scene_parameters::choice;
using scene_parameters::flag;
using scene_parameters::smoothing;

namespace {

Parameter count(std::string key, std::string label, double value, double max, double soft_max,
                std::string unit, std::string help) {
  return {.key = std::move(key),
          .symbol = "",
          .label = std::move(label),
          .kind = Kind::kInteger,
          .default_value = value,
          .min = 1.0,
          .max = max,
          .soft_min = 1.0,
          .soft_max = soft_max,
          .scale = unit.empty() ? Scale::kLinear : Scale::kLog,
          .unit = std::move(unit),
          .help = std::move(help)};
}

Descriptor make_view() {
  Parameter steps = count("steps", "horizon", 1000.0, static_cast<double>(kMostScheduleSteps), 1e6, "steps",
                          "How many updates are shown and added up: t = 0 to T − 1.");
  steps.symbol = "T";
  steps.soft_min = 10.0;
  constexpr auto kMost = static_cast<double>(kMostOptimizers);
  return {
      .id = "schedule_view",
      .label = "View",
      .summary = "How schedules are compared.",
      .formula = "",
      .reference = "",
      .parameters = {
          steps,
          {.key = "base",
           .symbol = "η",
           .label = "base rate",
           .default_value = Value{},
           .min = 0.0,
           .max = 1e6,
           .min_open = true,
           .soft_min = 1e-5,
           .soft_max = 1.0,
           .scale = Scale::kLog,
           .help = "The optimizer's own learning rate, which a schedule whose peak is auto takes. Auto: that "
                   "of the "
                   "optimizer chosen beside the plot.",
           .off_word = "auto"},
          choice("scale", "rate axis", {"linear", "log"}, "Scale of the learning-rate chart."),
          flag("momentum", "momentum", true, "Below the plot: the momentum of schedules that move it."),
          flag("effective", "effective step", false,
               "Below the plot: η/(1−β), the step that momentum adds up to, of schedules that move it."),
          flag("table", "table", true, "Below the plot: what each schedule adds up to."),
          choice("beside", "beside", {"surface", "network", "nothing"},
                 "What the schedules do: to an optimizer on the surface, or to one that trains the network."),
          choice("part", "narrow window", {"schedules", "effect"},
                 "Where there is no room for both: the schedules, or what they do."),
          count("optimizer", "optimizer", 1.0, kMost, kMost, "",
                "Which of the optimizers on the surface goes down it with these schedules."),
          count("trained", "trained optimizer", 1.0, kMost, kMost, "",
                "Which of the optimizers in training trains the network with these schedules."),
          choice("surface_scale", "loss axis", {"log", "linear"}, "Scale of the loss on the surface."),
          choice("network_scale", "network's loss axis", {"linear", "log"},
                 "Scale of the losses of the network."),
          smoothing(0.95),
      }};
}

std::vector<SchedulePreset> make_presets() {
  const std::vector<SchedulePreset> all{
      {"warmup",
       "Warm-up conventions",
       "The first update at zero, or one part of the way up: t/w and (t+1)/w.",
       {"warmup:warmup=10,convention=from_zero", "warmup:warmup=10,convention=from_one"},
       20},
      {"decay",
       "Cosine, linear, step",
       "Three ways down from the same rate, and how much each adds up to.",
       {"cosine:total=1000", "linear:start_factor=1,end_factor=0,total=1000", "step:step_size=250,gamma=0.3"},
       1000},
      {"one_cycle",
       "One cycle",
       "Up and down once, momentum the other way; in two phases and in three, beside warm-up with cosine.",
       {"one_cycle:total=1000", "one_cycle:total=1000,three_phase=true",
        "cosine_warmup:warmup=300,total=1000"},
       1000},
      {"sgdr",
       "Warm restarts",
       "SGDR: cycles of one length, and cycles that double.",
       {"sgdr:T_0=100,T_mult=1", "sgdr:T_0=100,T_mult=2"},
       700},
      {"gpt3",
       "GPT-3",
       "Warm-up over 375 million tokens, cosine over 260 billion, while the batch grows.",
       {"tokens:peak=6e-5"},
       100'000},
      {"wsd",
       "Warm-up, stable, decay",
       "A plateau that can be left at any time, beside a cosine of the same length.",
       {"wsd:warmup=100,decay=200,total=1000", "cosine_warmup:warmup=100,total=1000"},
       1000},
      {"cyclic",
       "Cyclic rates",
       "Triangles, triangles of half the height each time, and triangles under an exponential.",
       {"cyclic:mode=triangular", "cyclic:mode=triangular2", "cyclic:mode=exp_range"},
       1000},
      {"composed",
       "Composed",
       "Schedules one after the other, multiplied, and drawn by hand.",
       {"sequence:warmup:warmup=100@100|cosine:total=400@500|exponential:gamma=0.99",
        "product:warmup:warmup=100|exponential:gamma=0.997", "drawn"},
       1000},
  };
  std::vector<SchedulePreset> out;
  for (const SchedulePreset& preset : all)
    if (std::all_of(preset.schedules.begin(), preset.schedules.end(),
                    [](const std::string& text) { return parse_spec(text, schedule_family()).ok(); }))
      out.push_back(preset);
  return out;
}

}  // namespace

const SceneSchedule* ScheduleScene::chosen() const {
  if (schedules.empty()) return nullptr;
  return &schedules[static_cast<std::size_t>(
      std::clamp(selected, 0, static_cast<int>(schedules.size()) - 1))];
}

int ScheduleScene::free_colour(int palette_size) const {
  for (int colour = 0; colour < palette_size; ++colour)
    if (std::none_of(schedules.begin(), schedules.end(),
                     [&](const auto& one) { return one.colour == colour; }))
      return colour;
  return static_cast<int>(schedules.size()) % palette_size;
}

const Descriptor& schedule_view_descriptor() {
  static const Descriptor descriptor = make_view();
  return descriptor;
}

const std::vector<SchedulePreset>& schedule_presets() {
  static const std::vector<SchedulePreset> presets = make_presets();
  return presets;
}

void set_preset(ScheduleScene& scene, const SchedulePreset& preset) {
  scene.schedules.clear();
  for (const std::string& text : preset.schedules)
    scene.schedules.push_back({parse_spec(text, schedule_family()).value(), scene.free_colour(), true});
  scene.selected = 0;
  *scene.view.find("steps") = static_cast<double>(preset.steps);
  *scene.view.find("base") = preset.base > 0.0 ? Value{preset.base} : Value{};
  *scene.view.find("scale") = std::string(preset.log ? "log" : "linear");
}

ScheduleScene default_schedule_scene() {
  ScheduleScene out;
  out.view = default_spec(schedule_view_descriptor());
  // Of the optimizers that a newcomer sees, those that get somewhere within the horizon.
  for (const char* key : {"optimizer", "trained"}) *out.view.find(key) = 4.0;
  for (const char* text : {"cosine_warmup:warmup=100,total=1000",
                           "linear:start_factor=1,end_factor=0,total=1000", "step:step_size=250,gamma=0.3"})
    out.schedules.push_back({parse_spec(text, schedule_family()).value(), out.free_colour(), true});
  return out;
}

std::optional<Error> check(const ScheduleScene& scene) {
  if (scene.schedules.size() > kMostSchedules)
    return bad_input("at most " + std::to_string(kMostSchedules) + " are possible", "list");
  for (const SceneSchedule& schedule : scene.schedules) {
    if (schedule.colour < 0 || schedule.colour > 63)
      return bad_input("must be at least 0 and at most 63", "colour");
    if (auto error = check_schedule(schedule.spec)) return error;
  }
  if (scene.selected < 0) return bad_input("must be at least 0", "selected");
  return check(scene.view, schedule_view_descriptor());
}

}  // namespace thalweg
