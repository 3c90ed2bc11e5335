#include "app/panels/setup_panel.hpp"

#include <algorithm>

#include "app/panels/optimizer_cards.hpp"
#include "app/panels/spec_rows.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/surface/expression.hpp"

namespace thalweg {
namespace {

void note(std::string_view text) {
  if (!text.empty()) ui::paragraph(text, ui::theme().dim, ui::Type::kNote);
}

}  // namespace

void SetupPanel::draw(Frame& frame, Session& session) {
  surface(frame);
  ui::gap(12);
  OptimizerCards().draw(frame, surface_cards(frame), session.selected);
  ui::gap(12);
  gradient(frame);
  ui::gap(12);
  schedule(frame);
  ui::gap(12);
  draw_drive_rows(frame, Place::kSurface);
  ui::gap(12);
  settings(frame, run_descriptor(), &Scene::run);
  ui::gap(12);
  view(frame);
  ui::gap(16);
}

void SetupPanel::surface(Frame& frame) {
  const ui::Scope scope("surface");
  ui::section("Surface");
  static const std::vector<ui::ComboItem> items = items_of(surfaces());
  int selected = index_in(surfaces(), frame.scene().surface.id);
  if (ui::combo("id", items, selected)) {
    Scene next = frame.scene();
    if (auto error = set_surface(next, default_spec(surfaces()[static_cast<std::size_t>(selected)]))) {
      frame.say(*error);
    } else {
      next.step = 0;
      frame.editor.apply(std::move(next));
      frame.player.reset();
      frame.player.play();
      draft_.reset();
    }
  }
  const SurfaceDescriptor& descriptor = *find_surface(frame.scene().surface.id);
  ui::gap(4);
  const std::size_t dim = frame.scene().start.size();
  if (descriptor.leading_text.empty())
    note((dim == 1 ? "f(x) = " : dim == 2 ? "f(x, y) = " : "f(x) = ") + descriptor.formula);
  ui::gap(4);
  const ui::RowColumns columns = ui::row_columns(descriptor.parameters);
  for (const Parameter& parameter : descriptor.parameters) {
    const Spec spec = frame.scene().surface;
    if (descriptor.relevant && !descriptor.relevant(spec, parameter.key)) continue;
    if (parameter.key == descriptor.leading_text) {
      formula(frame, parameter, columns);
      continue;
    }
    Value value = *spec.find(parameter.key);
    ui::Edit edit;
    const bool changed = ui::parameter_row(parameter, value, ui::theme().accent, &edit, {.columns = columns});
    if (changed) {
      propose(frame, edit, "surface." + parameter.key, [&](Scene& scene) {
        Spec next = scene.surface;
        *next.find(parameter.key) = value;
        if (auto error = set_surface(scene, next)) frame.say(*error);
      });
    } else if (edit.ended) {
      frame.editor.end_group();
    }
  }
  start(frame);
}

void SetupPanel::formula(Frame& frame, const Parameter& parameter, const ui::RowColumns& columns) {
  const std::string current = frame.scene().surface.text(parameter.key);
  // Undo, or a Scene that was opened, ends what was being typed.
  if (draft_ && draft_of_ != current) draft_.reset();
  Value value = draft_.value_or(current);
  ui::Edit edit;
  const bool changed = ui::parameter_row(parameter, value, ui::theme().accent, &edit,
                                         {.columns = columns, .error = draft_ ? &draft_error_ : nullptr});
  if (edit.ended) frame.editor.end_group();
  if (!changed) return;
  const std::string typed = std::get<std::string>(value);
  ExpressionError where;
  if (!parse_expression(typed, &where)) {
    draft_ = typed;
    draft_of_ = current;
    draft_error_ = {where.message, static_cast<int>(where.offset)};
    return;
  }
  draft_.reset();
  propose(frame, edit, "surface.formula", [&](Scene& scene) {
    Spec next = scene.surface;
    *next.find(parameter.key) = typed;
    if (auto error = set_surface(scene, next)) frame.say(*error);
  });
}

void SetupPanel::start(Frame& frame) {
  static const Parameter parameter{.key = "start",
                                   .label = "start",
                                   .kind = Kind::kRealList,
                                   .default_value = std::vector<double>{},
                                   .min = -1e12,
                                   .max = 1e12,
                                   .help = "Where every optimizer begins. Drag it on the map, or type coordinates."};
  Parameter here = parameter;
  if (frame.run->race.surface) here.default_value = frame.run->race.surface->start();
  Value value = frame.scene().start;
  ui::Edit edit;
  if (!ui::parameter_row(here, value, ui::theme().accent, &edit, {.columns = {52.0F, 0.0F}})) {
    if (edit.ended) frame.editor.end_group();
    return;
  }
  const auto& typed = std::get<std::vector<double>>(value);
  if (typed.size() != frame.scene().start.size()) {
    frame.say(bad_input("needs " + std::to_string(frame.scene().start.size()) + " coordinates", "start"));
    return;
  }
  propose(frame, edit, "start", [&](Scene& scene) { scene.start = typed; });
}

void SetupPanel::gradient(Frame& frame) {
  const ui::Scope scope("gradient");
  ui::section("Gradient");
  const Spec now = frame.scene().gradient.at(frame.scene().step);
  rows(
      frame, gradient_descriptor(), now,
      [&](Scene& scene, const Parameter& parameter, const Value& value) {
        set_live(frame, scene, scene.gradient, parameter, value);
      },
      [&](const Parameter& parameter) {
        draw_driven_note(frame.scene(), Place::kSurface, parameter, now, gradient_descriptor(), frame.scene().step);
      });
}

void SetupPanel::schedule(Frame& frame) {
  const ui::Scope scope("schedule");
  ui::section("Learning-rate schedule");
  static const std::vector<ui::ComboItem> items = items_of(rate_schedules());
  int selected = index_in(rate_schedules(), frame.scene().schedule.id);
  if (ui::combo("id", items, selected))
    propose(frame, {}, {}, [&](Scene& scene) {
      scene.schedule = default_spec(rate_schedules()[static_cast<std::size_t>(selected)]);
    });
  const ScheduleDescriptor& descriptor = *find_schedule(frame.scene().schedule.id);
  ui::gap(4);
  rows(frame, descriptor, frame.scene().schedule, [](Scene& scene, const Parameter& parameter, const Value& value) {
    *scene.schedule.find(parameter.key) = value;
  });
}

void SetupPanel::settings(Frame& frame, const Descriptor& descriptor, Spec Scene::* member) {
  const ui::Scope scope(descriptor.id);
  ui::section(descriptor.label);
  rows(frame, descriptor, frame.scene().*member, [&](Scene& scene, const Parameter& parameter, const Value& value) {
    *(scene.*member).find(parameter.key) = value;
  });
}

void SetupPanel::view(Frame& frame) {
  const ui::Scope scope("view");
  ui::section("View");
  const Descriptor& descriptor = view_descriptor();
  const int dim = static_cast<int>(frame.scene().start.size());
  for (const char* key : {"levels", "arrows", "ellipse", "x_axis", "y_axis"}) {
    Parameter parameter = *descriptor.find(key);
    if (parameter.kind == Kind::kInteger) {
      if (dim <= 2) continue;
      parameter.max = parameter.soft_max = dim;
    } else if (dim < 2) {
      continue;
    }
    Value value = *frame.scene().view.find(key);
    ui::Edit edit;
    if (!ui::parameter_row(parameter, value, ui::theme().accent, &edit, {.columns = {128.0F, 40.0F}})) continue;
    propose(frame, edit, std::string("view.") + key, [&](Scene& scene) {
      const Value before = *scene.view.find(key);
      *scene.view.find(key) = value;
      // Two axes that would be the same change places.
      const char* other = parameter.key == "x_axis" ? "y_axis" : "x_axis";
      if (parameter.kind == Kind::kInteger && *scene.view.find(other) == value) *scene.view.find(other) = before;
    });
  }
}

}  // namespace thalweg
