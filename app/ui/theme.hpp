// Colours, type and measures of the window, in three themes, and handing them to ImGui.
// Nothing here draws.
#pragma once

#include <imgui.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace thalweg::ui {

using Colour = ImU32;  ///< as ImGui packs it: IM_COL32

/// The map's colour at a height: stops by log10 of the height above the minimum.
struct TintStop {
  float level = 0.0f;
  Colour colour = 0;
};

struct Theme {
  std::string_view id;
  bool dark = false;

  Colour ground = 0;    ///< behind everything
  Colour panel = 0;     ///< side panels and bars
  Colour card = 0;      ///< on a panel
  Colour hover = 0;     ///< under the mouse, laid over what is there
  Colour hairline = 0;  ///< every border and grid line
  Colour text = 0;
  Colour dim = 0;    ///< what is secondary
  Colour faint = 0;  ///< what is off
  Colour track = 0;  ///< of sliders
  Colour accent = 0;
  Colour on_accent = 0;
  Colour warning = 0;
  Colour error = 0;
  std::array<Colour, 8> path{};  ///< one per optimizer; see path_colour()

  std::array<TintStop, 6> tint{};
  Colour contour = 0;
  Colour halo = 0;  ///< round paths and markers on the map

  float type_scale = 1.0f;  ///< of everything
  // Widths in points. Whole pixels are much faster on a software renderer: use line_width().
  float curve = 2.0f;
  float path_width = 2.0f;
  float rule = 1.0f;
};

const Theme& light_theme();
const Theme& dark_theme();
const Theme& projector_theme();
/// By id ("light", "dark", "projector"); the dark one if there is no such theme.
const Theme& theme_by_id(std::string_view id);

/// Makes `theme` current and sets ImGui's style. Between frames, with a context. Builds the font
/// atlas when `scale` (clamped to 1..3) or the type size changed; returns true then, and the caller
/// gives the new atlas to the renderer (compat.hpp: the back end's font texture).
bool apply(const Theme& theme, float scale);

/// The current theme; the dark one before the first apply().
const Theme& theme();
/// Pixels per point: the scale of the window times the theme's type scale.
float scale();
/// Points to whole pixels; never less than one for something that is there.
float px(float points);
/// A stroke of `points` in whole pixels.
float line_width(float points);
/// The colour of optimizer number `index`, in every view the same.
Colour path_colour(int index);

Colour with_alpha(Colour colour, float alpha);
Colour mix(Colour a, Colour b, float t);
/// 0xrrggbb
constexpr Colour rgb(std::uint32_t hex) {
  return IM_COL32((hex >> 16) & 0xff, (hex >> 8) & 0xff, hex & 0xff, 0xff);
}

// Measures in points, all of them steps of the spacing scale.
inline constexpr float kGap = 8.0f;
inline constexpr float kHalfGap = 4.0f;
inline constexpr float kRadius = 6.0f;
inline constexpr float kRow = 24.0f;      ///< a parameter row
inline constexpr float kControl = 32.0f;  ///< a combo, a text field
inline constexpr float kPad = 12.0f;      ///< inside cards and panels

/// The sizes of type. kRaised is for exponents beside kSmall.
enum class Type { kRaised, kSmall, kNote, kNormal, kStrong, kTitle };
inline constexpr int kTypes = 6;

/// The font of a size. ImGui's own where no font file was found; never null after apply().
ImFont* font(Type type);
/// The em size of a type in points.
float points_of(Type type);
/// Whether Inter (or at least DejaVu Sans) was found.
bool fonts_found();

/// Where font files are looked for, instead of the usual folders; for tests. Takes effect with the
/// next apply(), which then rebuilds the atlas.
void set_font_folders(std::vector<std::filesystem::path> folders);

}  // namespace thalweg::ui
