// Numbers written for people, and text drawn where it belongs: on one baseline, right-aligned, elided,
// letter-spaced. Digits have one width (see fonts.cpp), so right-aligned numbers stand in columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/ui/theme.hpp"
#include "core/figure/axis.hpp"
#include "core/spec/parameter.hpp"

namespace thalweg::ui {

/// `digits` significant digits: "0.3461", "268.3", "1 240", "−2.5×10⁻⁷", "NaN", "∞". Plain from
/// 0.001 (0.0001 with three digits or fewer) up to a million.
std::string number(double value, int digits = 4);
/// Whole numbers with thin spaces: "1 240 000".
std::string integer(std::int64_t value);
/// As its row shows it: three or four digits, as many nines as a decay rate has, "off" where off.
std::string value_text(const Parameter& parameter, const Value& value);
/// "⁻⁷"
std::string superscript(int exponent);

/// The height of a line of this type.
float line_height(Type type);
float text_width(Type type, std::string_view text);

/// `pos` is the left top of the line box. Returns the width drawn.
float draw_text(ImDrawList* list, Type type, ImVec2 pos, Colour colour, std::string_view text);
/// Left, middle or right of `x` with the capitals centred on `middle_y`: the way to put text in a row
/// with controls. `align` 0, 0.5 or 1. Texts of one `middle_y` and different type share no baseline;
/// use draw_on_baseline for that.
float draw_centred(ImDrawList* list, Type type, float x, float middle_y, Colour colour, std::string_view text,
                   float align = 0.0f);
/// The baseline that centres capitals of `type` on `middle_y`, in whole pixels.
float baseline(Type type, float middle_y);
float draw_on_baseline(ImDrawList* list, Type type, float x, float base_y, Colour colour,
                       std::string_view text, float align = 0.0f);
/// An axis label with its exponent raised.
float draw_label(ImDrawList* list, float x, float middle_y, Colour colour, const TickLabel& label,
                 float align);
float label_width(const TickLabel& label);

/// The longest beginning that fits with "…", or all of it.
std::string elided(Type type, std::string_view text, float width);

/// Small capitals with letter spacing; what stands between ‖ and ‖ keeps its case.
std::string capitals(std::string_view text);
float draw_spaced(ImDrawList* list, Type type, ImVec2 pos, Colour colour, std::string_view text,
                  float spacing);
float spaced_width(Type type, std::string_view text, float spacing);

}  // namespace thalweg::ui
