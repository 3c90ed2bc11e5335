// Builds ImGui's font atlas: Inter, with DejaVu Sans for the mathematics Inter lacks.
// Only theme.cpp calls this; everyone else asks font(Type).
#pragma once

namespace thalweg::ui {

/// True if the atlas was built anew: the scale, the folders or the ImGui context changed.
bool build_fonts(float scale);

}  // namespace thalweg::ui
