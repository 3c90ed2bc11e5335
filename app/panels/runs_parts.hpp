// Small things that the parts of the list of runs draw alike.
#pragma once

#include <string>
#include <string_view>

#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"
#include "app/view.hpp"

namespace thalweg {

/// A chip that is on or off. True when clicked.
bool toggle_chip(std::string_view id, std::string_view label, bool on, std::string_view tip);
float chip_width(std::string_view label);

/// Chips one after the other, in as many lines as they need.
class ChipFlow {
 public:
  ChipFlow(ImVec2 at, float right) : left_(at.x), right_(right), at_(at) {}
  /// Puts ImGui's cursor where something of this width goes.
  void next(float width);
  /// Below the last line.
  float bottom() const { return at_.y + ui::px(24); }

 private:
  float left_;
  float right_;
  ImVec2 at_;
  bool first_ = true;
};

void draw_star(ImDrawList* list, ImVec2 centre, float radius, ui::Colour colour, bool filled);

/// The sign of an outcome and its colour.
struct OutcomeSign {
  ui::Icon icon;
  ui::Colour colour;
};
OutcomeSign outcome_sign(const std::string& outcome);

/// A tag in a small frame with its middle left at (x, middle). Returns its width.
float draw_tag(ImDrawList* list, float x, float middle, std::string_view tag, float most);

/// In the middle of a cell's height, `pad` pixels from its left or right side, cut with "…" if need be.
void text_in(ImDrawList* list, const Rect& cell, float pad, const std::string& text, ui::Colour colour,
             bool right, ui::Type type = ui::Type::kNormal);

/// Seconds since 1970.
std::int64_t now_seconds();

/// A line of text that keeps the keyboard while it is typed. True when Enter ended it; `left`: something
/// else did.
struct LineEdit {
  bool enter = false;
  bool left = false;
};
LineEdit line_edit(std::string_view id, std::string& text, float width, std::string_view hint, bool focus,
                   float height = 28.0F);

}  // namespace thalweg
