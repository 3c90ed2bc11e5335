#include "app/panels/schedule_session.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

constexpr double kBase = 0.1;          ///< where there is no optimizer to have one
constexpr std::size_t kMostNamed = 3;  ///< settings in a name

/// "T 1 000, γ 0.5": what `spec` has otherwise than one of the others of its kind.
std::string differences(const ScheduleScene& scene, std::size_t index) {
  const Spec& spec = scene.schedules[index].spec;
  std::string out;
  std::size_t count = 0;
  for (const Parameter& parameter : find_schedule(spec.id)->parameters) {
    const bool differs =
        std::any_of(scene.schedules.begin(), scene.schedules.end(), [&](const SceneSchedule& other) {
          return other.spec.id == spec.id && *other.spec.find(parameter.key) != *spec.find(parameter.key);
        });
    if (!differs || count++ == kMostNamed) continue;
    const std::string name = parameter.symbol.empty() ? parameter.label : parameter.symbol;
    const Value& value = *spec.find(parameter.key);
    std::string text = ui::value_text(parameter, value);
    text = parameter.kind == Kind::kBoolean ? (std::get<double>(value) != 0.0 ? name : "no " + name)
                                            : name + " " + text;
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

}  // namespace

std::vector<std::string> schedule_names(const ScheduleScene& scene) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < scene.schedules.size(); ++i) {
    std::string name = find_schedule(scene.schedules[i].spec.id)->label;
    if (const std::string more = differences(scene, i); !more.empty()) name += " (" + more + ")";
    // The same twice: by number.
    const auto same = std::count(out.begin(), out.end(), name);
    out.push_back(same > 0 ? name + " " + std::to_string(same + 1) : name);
  }
  return out;
}

const std::vector<SceneOptimizer>& trial_optimizers(const Scene& scene, bool network) {
  return network ? scene.training.optimizers : scene.optimizers;
}

namespace {

/// As it stands in the Scene.
const Spec* chosen_optimizer(const Scene& scene, bool network) {
  const auto& all = trial_optimizers(scene, network);
  if (all.empty()) return nullptr;
  const auto wanted =
      static_cast<std::size_t>(scene.schedules.view.number(network ? "trained" : "optimizer")) - 1;
  return &all[std::min(wanted, all.size() - 1)].live.spec;
}

}  // namespace

double base_rate(const Scene& scene) {
  const Spec& view = scene.schedules.view;
  if (!view.is_off("base")) return view.number("base");
  const Spec* optimizer = chosen_optimizer(scene, view.text("beside") == "network");
  return optimizer && optimizer->find("lr") ? optimizer->number_or("lr", kBase) : kBase;
}

double base_of(const Scene& scene, const Spec& schedule) {
  if (find_schedule(schedule.id)->role == ScheduleRole::kBatchSize)
    return scene.training.training.spec.number("batch");
  return base_rate(scene);
}

std::optional<LiveSpec> trial_optimizer(const Scene& scene, bool network) {
  const Spec* optimizer = chosen_optimizer(scene, network);
  if (!optimizer) return std::nullopt;
  LiveSpec out{*optimizer, {}};
  if (Value* rate = out.spec.find("lr"); rate && !scene.schedules.view.is_off("base")) {
    const Parameter& parameter = *find_optimizer(optimizer->id)->find("lr");
    *rate = std::clamp(base_rate(scene), parameter.min, parameter.max);
  }
  return out;
}

bool is_tried(const ScheduleScene& scene, std::size_t index) {
  const SceneSchedule& schedule = scene.schedules[index];
  return schedule.visible && find_schedule(schedule.spec.id)->role == ScheduleRole::kLearningRate;
}

ui::RowColumns columns_for(std::span<const Parameter> parameters, const Spec& spec) {
  ui::RowColumns out = ui::row_columns(parameters);
  for (const Parameter& parameter : parameters) {
    const Value* value = spec.find(parameter.key);
    const bool slider = parameter.kind == Kind::kReal || parameter.kind == Kind::kInteger;
    if (!value || !slider) continue;
    float width = ui::text_width(ui::Type::kNormal, ui::value_text(parameter, *value));
    if (!parameter.unit.empty()) width += ui::text_width(ui::Type::kNote, parameter.unit) + ui::px(6);
    out.value = std::max(out.value, std::ceil(width / ui::scale()) + 2.0F);
  }
  return out;
}

void ScheduleSession::synchronise(Frame& frame) {
  const Scene& scene = frame.scene();
  ScheduleRequest request;
  for (const SceneSchedule& schedule : scene.schedules.schedules)
    request.schedules.push_back({schedule.spec, base_of(scene, schedule.spec)});
  request.steps = scene.schedules.steps();
  if (link.x) {
    const auto last = static_cast<double>(request.steps);
    request.window =
        StepRange{static_cast<std::int64_t>(std::clamp(std::floor(link.x->min), 0.0, last)),
                   static_cast<std::int64_t>(std::clamp(std::ceil(link.x->max) + 1.0, 0.0, last))};
  }
  reader_.request(request);
  if (frame.synchronous) reader_.wait();
  curves_ = reader_.snapshot();
}

const ScheduleCurve* ScheduleSession::curve(std::size_t index) const {
  return index < curves_->curves.size() ? curves_->curves[index].get() : nullptr;
}

bool ScheduleSession::settled(const Scene& scene, std::size_t index) const {
  const ScheduleCurve* found = curve(index);
  return found && found->sums && found->spec == scene.schedules.schedules[index].spec &&
         found->steps == scene.schedules.steps() && found->base == base_of(scene, found->spec);
}

void set_schedule(Frame& frame, const ui::Edit& edit, std::string_view group, std::size_t index,
                  const Spec& spec) {
  if (auto error = check_schedule(spec)) return frame.say(*error);
  propose(frame, edit, group, [&](Scene& scene) { scene.schedules.schedules[index].spec = spec; });
}

}  // namespace thalweg
