// Icons, drawn with lines and fills so that they are sharp at every scale and need no font.
#pragma once

#include <imgui.h>

#include "app/ui/theme.hpp"

namespace thalweg::ui {

enum class Icon {
  kPlay,
  kPause,
  kStep,      ///< one step on
  kStepBack,  ///< one step back
  kRewind,    ///< to the start
  kPlus,
  kMinus,
  kTrash,
  kEye,
  kEyeOff,
  kDuplicate,
  kReset,
  kClose,
  kChevron,  ///< down
  kCheck,
  kMore,
  kExpand,
  kSave,
  kStop,
};

/// Fits in a square of `size` pixels about `centre`.
void draw_icon(ImDrawList* list, Icon icon, ImVec2 centre, float size, Colour colour);

}  // namespace thalweg::ui
