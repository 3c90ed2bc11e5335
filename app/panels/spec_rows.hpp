// What the panels of settings share: menus of descriptors and rows for the parameters of a spec.
#pragma once

#include <string>
#include <vector>

#include "app/panels/session.hpp"

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

/// A row for each parameter of a plain spec of the Scene.
template <class Change>
void rows(Frame& frame, const Descriptor& descriptor, const Spec& spec, Change change) {
  const ui::RowColumns columns = ui::row_columns(descriptor.parameters);
  for (const Parameter& parameter : descriptor.parameters) {
    Value value = *spec.find(parameter.key);
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, ui::theme().accent, &edit, {.columns = columns}))
      propose(frame, edit, descriptor.id + "." + parameter.key,
              [&](Scene& scene) { change(scene, parameter, value); });
    else if (edit.ended)
      frame.editor.end_group();
  }
}

}  // namespace thalweg
