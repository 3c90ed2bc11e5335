// What the panels of settings share: menus of descriptors and rows for the parameters of a spec.
#pragma once

#include <string>
#include <vector>

#include "app/panels/session.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg {

/// The families are short lists made once; a combo wants their words.
template <class Descriptors>
std::vector<ui::ComboItem> items_of(const Descriptors& descriptors) {
  std::vector<ui::ComboItem> items;
  for (const auto& descriptor : descriptors) items.push_back({descriptor.label, {}});
  return items;
}

template <class Descriptors>
int index_in(const Descriptors& descriptors, const std::string& id) {
  for (std::size_t i = 0; i < descriptors.size(); ++i)
    if (descriptors[i].id == id) return static_cast<int>(i);
  return 0;
}

/// What a run's learning rate can follow: schedules of other things are left out.
inline const std::vector<ScheduleDescriptor>& rate_schedules() {
  static const std::vector<ScheduleDescriptor> list = [] {
    std::vector<ScheduleDescriptor> out;
    for (const ScheduleDescriptor& schedule : schedules())
      if (schedule.role == ScheduleRole::kLearningRate) out.push_back(schedule);
    return out;
  }();
  return list;
}

/// A row for each parameter of a plain spec of the Scene, and what `below` draws under it.
template <class Change, class Below>
void rows(Frame& frame, const Descriptor& descriptor, const Spec& spec, Change change, Below below) {
  const ui::RowColumns columns = ui::row_columns(descriptor.parameters);
  for (const Parameter& parameter : descriptor.parameters) {
    Value value = *spec.find(parameter.key);
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, ui::theme().accent, &edit, {.columns = columns}))
      propose(frame, edit, descriptor.id + "." + parameter.key,
              [&](Scene& scene) { change(scene, parameter, value); });
    else if (edit.ended)
      frame.editor.end_group();
    below(parameter);
  }
}

template <class Change>
void rows(Frame& frame, const Descriptor& descriptor, const Spec& spec, Change change) {
  rows(frame, descriptor, spec, change, [](const Parameter&) {});
}

}  // namespace thalweg
