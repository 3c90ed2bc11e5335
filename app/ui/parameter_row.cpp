// One parameter, one row: what kind of control it gets, dragging and typing. How a slider spreads its
// range is in slider_scale.cpp.
#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/parts.hpp"
#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"

namespace thalweg::ui {
namespace {

constexpr double kErrorSeconds = 5.0;
constexpr float kKnob = 12.0f;
constexpr float kLeastSlider = 48.0f;  ///< points; below this the name goes above the slider

/// What lasts while a value is dragged or typed. There is one mouse and one keyboard.
struct Typing {
  ImGuiID row = 0;
  bool focus = false;
  bool was_active = false;
  std::string text;
  std::optional<FieldError> error;  ///< shown after Enter on something that is refused
};
struct Refused {
  ImGuiID row = 0;
  FieldError error;
  double until = 0.0;
};
struct Drag {
  ImGuiID row = 0;
  Value before;         ///< of the press, to undo the first half of a double-click
  float offset = 0.0f;  ///< mouse to knob, so that a press on the knob moves nothing
  bool moves = false;
  bool held = false;  ///< the mouse is still down
};
struct RowState {
  Typing typing;
  Refused refused;
  Drag drag;
  ImGuiID under_mouse = 0;  ///< the row that was hovered when the mouse went down
};
RowState& row_state() {
  static RowState value;
  return value;
}

struct Row {
  const Parameter& parameter;
  Value& value;
  Colour colour;
  const RowOptions& options;
  ImGuiID id;
  ImVec2 min;
  float width;
  float height;
  float control_left;  ///< of slider, switch, choice or field
  float control_right;
  float value_right;
  float middle;
  bool stacked;  ///< name above the control
  bool hovered;
  Edit edit = {};
};

bool dragged(const Row& row) { return row_state().drag.held && row_state().drag.row == row.id; }
bool is_number(const Parameter& p) { return p.kind == Kind::kReal || p.kind == Kind::kInteger; }
bool is_off(const Value& value) { return std::holds_alternative<std::monostate>(value); }

double held_number(const Parameter& p, const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* fallback = std::get_if<double>(&p.default_value)) return *fallback;
  return p.soft_min;
}

bool default_of(const Parameter& p, const Value& value) { return value == p.default_value; }

void assign(Row& row, Value value) {
  if (row.value == value || check(row.parameter, value)) return;
  row.value = std::move(value);
  row.edit.changed = true;
}

void assign_at_once(Row& row, Value value) {
  const Value before = row.value;
  assign(row, std::move(value));
  if (row.value != before) row.edit.set_at_once();
}

void begin_typing(const Row& row) {
  const std::string text =
      is_off(row.value) ? row.parameter.off_word : format_value(row.value, row.parameter);
  row_state().typing = {row.id, true, false, text, std::nullopt};
  row_state().refused = {};
}

std::string message_of(const Error& error) { return error.message; }

/// The field in the place of the value. Enter takes it, Escape and leaving it with an error do not.
void draw_typing(Row& row, float left, float width) {
  Typing& typing = row_state().typing;
  const float height = px(22.0f);
  ImGui::SetCursorScreenPos(ImVec2(left, std::round(row.middle - 0.5f * height)));
  const bool focus = typing.focus;
  const auto result =
      detail::entry("##typed", typing.text, width, height, true, focus, typing.error.has_value());
  mark(row.parameter.key + ".entry", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  typing.focus = false;
  typing.was_active = typing.was_active || result.active;
  if (result.changed && typing.error) {
    const auto again = parse_value(row.parameter, typing.text);
    typing.error = again ? std::nullopt : std::optional(FieldError{message_of(again.error()), -1});
  }
  const bool escape = key_pressed(ImGuiKey_Escape);
  const bool left_it = typing.was_active && !result.active;
  if (!result.enter && !left_it) return;
  if (escape) {
    typing = {};
    return;
  }
  auto parsed = parse_value(row.parameter, typing.text);
  if (parsed) {
    assign_at_once(row, std::move(*parsed));
    typing = {};
  } else if (result.enter) {
    typing.error = FieldError{message_of(parsed.error()), -1};
    typing.focus = true;
    typing.was_active = false;
  } else {
    row_state().refused = {row.id, {message_of(parsed.error()), -1}, ImGui::GetTime() + kErrorSeconds};
    typing = {};
  }
}

void draw_slider(Row& row) {
  const Parameter& p = row.parameter;
  const float knob = px(kKnob);
  // At its ends half the knob stands over the gaps beside the slider.
  const float left = row.control_left;
  const float right = row.control_right;
  const float y = row.middle;
  ImGui::SetCursorScreenPos(ImVec2(left - 0.5f * knob, row.middle - 0.5f * px(kRow)));
  ImGui::InvisibleButton("##slider", ImVec2(std::max(1.0f, right - left + knob), px(kRow)));
  mark(p.key, ImVec2(left, y - 0.5f * knob), ImVec2(right, y + 0.5f * knob));
  const bool hovered = ImGui::IsItemHovered();
  const bool active = ImGui::IsItemActive() && !row.options.locked;
  Drag& drag = row_state().drag;
  const float mouse = ImGui::GetIO().MousePos.x;
  const double here = slider_unit(p, held_number(p, row.value));
  const float knob_x = left + static_cast<float>(std::clamp(here, 0.0, 1.0)) * (right - left);

  if (ImGui::IsItemActivated() && !row.options.locked) {
    if (ImGui::IsMouseDoubleClicked(0) && drag.row == row.id) {
      // The first click may have moved the knob; what was meant is to type.
      assign(row, drag.before);
      begin_typing(row);
    } else {
      const bool on_knob = !is_off(row.value) && std::abs(mouse - knob_x) <= 0.5f * knob + px(2.0f);
      drag = {row.id, row.value, on_knob ? mouse - knob_x : 0.0f, !on_knob, true};
    }
    row.edit.began = true;
  }
  if (active && drag.row == row.id && row_state().typing.row != row.id) {
    if (ImGui::IsMouseDragging(0, 1.0f)) drag.moves = true;
    if (drag.moves) {
      const double unit = std::clamp((mouse - drag.offset - left) / std::max(right - left, 1.0f), 0.0f, 1.0f);
      assign(row, Value{slider_value(p, unit)});
    }
  }
  if (ImGui::IsItemDeactivated() && !row.options.locked) {
    row.edit.ended = true;
    drag.held = false;
  }

  const bool on = !is_off(row.value);
  const double unit = slider_unit(p, held_number(p, row.value));
  detail::draw_track(ImGui::GetWindowDrawList(), {left, right, y, px(4.0f), knob}, unit,
                     row.options.locked ? theme().faint : row.colour, on, hovered || active,
                     detail::ground());
}

/// A small round button in the value column, seen only while the row is hovered.
bool small_button(const Row& row, const char* what, Icon icon, float& right) {
  const float size = px(18.0f);
  ImGui::SetCursorScreenPos(ImVec2(right - size, std::round(row.middle - 0.5f * size)));
  ImGui::PushID(what);
  const bool clicked = ImGui::InvisibleButton("##small", ImVec2(size, size));
  ImGui::PopID();
  const ImVec2 min = ImGui::GetItemRectMin();
  mark(row.parameter.key + "." + what, min, ImGui::GetItemRectMax());
  draw_icon(ImGui::GetWindowDrawList(), icon, ImVec2(min.x + 0.5f * size, min.y + 0.5f * size), px(11.0f),
            ImGui::IsItemHovered() ? theme().text : theme().dim);
  right -= size;
  return clicked;
}

void draw_value(Row& row) {
  const Parameter& p = row.parameter;
  const Theme& t = theme();
  const float left = row.value_right - px(row.options.columns.value);
  if (row_state().typing.row == row.id) {
    const float more = px(14.0f);  // as much again as the frame takes
    return draw_typing(row, left - more, row.value_right - left + more);
  }
  const std::string shown = value_text(p, row.value);
  const float unit_width = p.unit.empty() ? 0.0f : text_width(Type::kNote, p.unit) + px(3.0f);
  const float width = text_width(Type::kNormal, shown) + unit_width;
  const float text_left = row.value_right - width;

  // The buttons lie left of the value; they come first so that they win the mouse.
  float right = text_left - px(2.0f);
  if (row.hovered && !row.options.locked && !dragged(row)) {
    const float room = right - row.control_right;
    const bool can_reset = !default_of(p, row.value);
    const bool can_off = !p.off_word.empty() && !is_off(row.value);
    if (can_off && room >= px(18.0f) && small_button(row, "off", Icon::kClose, right))
      assign_at_once(row, Value{});
    if (can_reset && right - row.control_right >= px(18.0f) &&
        small_button(row, "reset", Icon::kReset, right))
      assign_at_once(row, p.default_value);
  }
  ImGui::SetCursorScreenPos(ImVec2(text_left - px(2.0f), row.middle - 0.5f * px(kRow)));
  const bool clicked = ImGui::InvisibleButton("##value", ImVec2(width + px(4.0f), px(kRow)));
  const bool over = ImGui::IsItemHovered() && !row.options.locked;
  mark(p.key + ".value", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  if (clicked && !row.options.locked) begin_typing(row);

  ImDrawList* list = ImGui::GetWindowDrawList();
  const float base = baseline(Type::kNormal, row.middle);
  if (over)
    list->AddRectFilled(ImVec2(text_left - px(4.0f), row.middle - px(10.0f)),
                        ImVec2(row.value_right + px(4.0f), row.middle + px(10.0f)), t.hover, px(4.0f));
  draw_on_baseline(list, Type::kNormal, row.value_right - unit_width, base,
                   is_off(row.value) ? t.dim : t.text, shown, 1.0f);
  if (!p.unit.empty()) draw_on_baseline(list, Type::kNote, row.value_right, base, t.dim, p.unit, 1.0f);
}

void draw_boolean(Row& row) {
  bool on = held_number(row.parameter, row.value) != 0.0;
  const float width = px(28.0f);
  ImGui::SetCursorScreenPos(ImVec2(row.value_right - width, std::round(row.middle - px(8.0f))));
  if (toggle(row.parameter.key, on, row.colour) && !row.options.locked)
    assign_at_once(row, Value{on ? 1.0 : 0.0});
}

void draw_choice(Row& row) {
  const Parameter& p = row.parameter;
  const auto* name = std::get_if<std::string>(&row.value);
  std::vector<std::string> words = p.choices;
  if (!p.off_word.empty()) words.insert(words.begin(), p.off_word);
  const std::string held = name ? *name : p.off_word;
  int selected = static_cast<int>(std::find(words.begin(), words.end(), held) - words.begin());
  const float room = row.value_right - row.control_left;
  float natural = 0.0f;
  for (const auto& word : words) natural += text_width(Type::kNormal, word) + px(16.0f);
  bool changed = false;
  if (words.size() <= 4 && natural <= room) {
    ImGui::SetCursorScreenPos(ImVec2(row.control_left, std::round(row.middle - px(14.0f))));
    changed = segmented(p.key, words, selected, room);
  } else {
    std::vector<ComboItem> items;
    for (const auto& word : words) items.push_back({word, {}});
    ImGui::SetCursorScreenPos(ImVec2(row.control_left, std::round(row.middle - px(14.0f))));
    changed = combo(p.key, items, selected, room, 28.0f);
  }
  if (!changed || row.options.locked) return;
  const std::string& word = words[static_cast<std::size_t>(selected)];
  assign_at_once(row, !p.off_word.empty() && selected == 0 ? Value{} : Value{word});
}

/// A list as people write it, and back: numbers apart by commas, where a spec string has strokes.
std::string field_text(const Parameter& p, const Value& value) {
  std::string text = format_value(value, p);
  if (p.kind != Kind::kRealList) return text;
  for (std::size_t at = 0; (at = text.find('/', at)) != std::string::npos; at += 2) text.replace(at, 1, ", ");
  return text;
}
std::string spec_text(const Parameter& p, std::string text) {
  if (p.kind != Kind::kRealList) return text;
  std::erase(text, ' ');
  std::replace(text.begin(), text.end(), ',', '/');
  return text;
}

/// Lists and texts. A list is taken as soon as it reads; a text with every key.
void draw_field(Row& row) {
  const Parameter& p = row.parameter;
  Typing& typing = row_state().typing;
  std::string text = typing.row == row.id ? typing.text : field_text(p, row.value);
  const float left = row.control_left;
  ImGui::SetCursorScreenPos(ImVec2(left, std::round(row.middle - px(14.0f))));
  const bool wrong = row.options.error || (typing.row == row.id && typing.error);
  const auto result = detail::entry("##text", text, row.value_right - left, px(28.0f), false, false, wrong);
  mark(p.key, ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  if (result.activated) {
    typing = {row.id, false, true, text, std::nullopt};
    row_state().refused = {};
    row.edit.began = true;
  }
  if (typing.row != row.id) return;
  typing.text = text;
  if (result.changed && !row.options.locked) {
    auto parsed = parse_value(p, spec_text(p, text));
    typing.error = parsed ? std::nullopt : std::optional(FieldError{message_of(parsed.error()), -1});
    if (parsed) assign(row, std::move(*parsed));
  }
  if (result.deactivated) {
    row.edit.ended = true;
    if (typing.error) row_state().refused = {row.id, *typing.error, ImGui::GetTime() + kErrorSeconds};
    typing = {};
  }
}

void draw_name(const Row& row, float width) {
  const Parameter& p = row.parameter;
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = row.stacked ? row.min.y + 0.5f * px(20.0f) : row.middle;
  const float base = baseline(Type::kNormal, middle);
  float x = row.min.x;
  if (!p.symbol.empty()) x += draw_on_baseline(list, Type::kStrong, x, base, t.text, p.symbol) + px(6.0f);
  if (!p.label.empty() && p.label != p.symbol) {
    const Colour colour = p.symbol.empty() ? t.text : t.dim;
    draw_on_baseline(list, Type::kNormal, x, base, colour,
                     elided(Type::kNormal, p.label, row.min.x + width - x + 1.0f));
  }
}

float name_width(const Parameter& p) {
  float width = p.symbol.empty() ? 0.0f : text_width(Type::kStrong, p.symbol) + px(6.0f);
  if (!p.label.empty() && p.label != p.symbol) width += text_width(Type::kNormal, p.label);
  return width;
}

void draw_tip(const Row& row) {
  const Parameter& p = row.parameter;
  const Theme& t = theme();
  const float mouse = ImGui::GetIO().MousePos.x;
  const MarkRect place{row.min, ImVec2(row.min.x + row.width, row.min.y + row.height)};
  const bool wanted = row.hovered && mouse < row.control_right && row_state().typing.row != row.id;
  if (!begin_tooltip(row.id, wanted, &place)) return;
  const float wrap = px(280.0f);
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + wrap);
  const auto say = [](Type type, Colour colour, const std::string& text) {
    ImGui::PushFont(font(type));
    ImGui::PushStyleColor(ImGuiCol_Text, colour);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopStyleColor();
    ImGui::PopFont();
  };
  say(Type::kStrong, t.text, p.symbol.empty() || p.symbol == p.label ? p.label : p.symbol + "  " + p.label);
  if (!p.help.empty()) say(Type::kNote, t.text, p.help);
  std::string facts;
  if (is_number(p) || p.kind == Kind::kRealList) facts = "Range: " + bounds_text(p);
  if (is_number(p) && !p.unit.empty()) facts += " " + p.unit;
  if (!p.off_word.empty()) facts += (facts.empty() ? "May be \u2018" : ", or \u2018") + p.off_word + "\u2019";
  if (!facts.empty()) say(Type::kNote, t.dim, facts + ".");
  std::string last = "Default: " + value_text(p, p.default_value) + ".";
  if (is_number(p)) last += " Double-click to type.";
  say(Type::kNote, t.dim, last);
  ImGui::PopTextWrapPos();
  end_tooltip();
}

void draw_menu(Row& row) {
  const Parameter& p = row.parameter;
  if (row.hovered && ImGui::IsMouseReleased(1) && !row.options.locked) ImGui::OpenPopup("##menu");
  if (!begin_popup("##menu")) return;
  if (ImGui::MenuItem(("Reset to " + value_text(p, p.default_value)).c_str(), nullptr, false,
                      !default_of(p, row.value)))
    assign_at_once(row, p.default_value);
  mark(p.key + ".menu.reset", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  if (is_number(p) && ImGui::MenuItem("Type a value\u2026")) begin_typing(row);
  if (!p.off_word.empty()) {
    if (is_off(row.value)) {
      const Value on = is_off(p.default_value) ? Value{slider_value(p, 0.5)} : p.default_value;
      if (is_number(p) && ImGui::MenuItem("Switch on")) assign_at_once(row, on);
    } else if (ImGui::MenuItem(("Set to \u2018" + p.off_word + "\u2019").c_str())) {
      assign_at_once(row, Value{});
    }
  }
  ImGui::EndPopup();
}

void draw_error(const Row& row) {
  RowState& s = row_state();
  const FieldError* error = row.options.error;
  if (s.typing.row == row.id && s.typing.error) error = &*s.typing.error;
  if (s.refused.row == row.id) {
    if (ImGui::GetTime() >= s.refused.until)
      s.refused = {};
    else {
      error = &s.refused.error;
      detail::want_frame(s.refused.until - ImGui::GetTime());
    }
  }
  if (!error) return;
  const bool field = row.parameter.kind == Kind::kText || row.parameter.kind == Kind::kRealList;
  const std::string text = field ? format_value(row.value, row.parameter) : std::string();
  detail::error_below(*error, text, row.control_left + px(6.0f), row.min.x, row.width);
  mark(row.parameter.key + ".error", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
}

}  // namespace

RowColumns row_columns(std::span<const Parameter> parameters) {
  RowColumns out;
  for (const Parameter& p : parameters) out.name = std::max(out.name, std::ceil(name_width(p) / scale()));
  return out;
}

bool parameter_row(const Parameter& parameter, Value& value, Colour colour, Edit* edit,
                   const RowOptions& options) {
  ImGui::PushID(parameter.key.c_str());
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = std::floor(available());
  const bool slider = is_number(parameter);
  const bool field = parameter.kind == Kind::kText || parameter.kind == Kind::kRealList;
  const bool tall = field || parameter.kind == Kind::kChoice;
  const float needed = name_width(parameter);
  // Half a knob stands before its slider: a name that is longer than its column keeps clear of it.
  const float column = std::max(px(options.columns.name), needed + (slider ? px(kKnob / 2) : 0.0f));
  const float value_width = slider ? px(options.columns.value + kGap) : 0.0f;
  const float least = slider ? px(kLeastSlider) : tall ? px(112.0f) : px(28.0f);
  const bool stacked = column + px(kGap) + least + value_width > width;
  const float control_row = tall ? px(34.0f) : px(kRow);

  Row row{parameter, value, colour,  options, ImGui::GetID("row"), at, width, control_row, 0, 0,
          0,         0,     stacked, false};
  if (stacked) row.height += px(20.0f);
  row.middle = std::round(at.y + row.height - 0.5f * control_row);
  row.control_left = stacked ? at.x : at.x + column + px(kGap);
  row.value_right = at.x + width;
  row.control_right = row.value_right - value_width;
  const ImVec2 max(at.x + width, at.y + row.height);
  const bool inside = ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem) &&
                      ImGui::IsMouseHoveringRect(at, max);
  if (inside && !ImGui::IsMouseDown(0)) row_state().under_mouse = row.id;
  // A drag that passes over other rows does not wake them.
  row.hovered = inside && (!ImGui::IsMouseDown(0) || row_state().under_mouse == row.id);
  mark(parameter.key + ".row", at, max);

  draw_name(row, stacked ? width : column);
  if (slider) {
    draw_slider(row);
    draw_value(row);
  } else if (parameter.kind == Kind::kBoolean) {
    draw_boolean(row);
  } else if (parameter.kind == Kind::kChoice) {
    draw_choice(row);
  } else {
    draw_field(row);
  }
  draw_menu(row);
  draw_tip(row);

  // Claims the room in one piece, whatever was put in it.
  ImGui::SetCursorScreenPos(at);
  const ImVec2 spacing = ImGui::GetStyle().ItemSpacing;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(spacing.x, 0.0f));
  ImGui::Dummy(ImVec2(width, row.height));
  draw_error(row);
  ImGui::PopStyleVar();
  ImGui::PopID();
  if (edit) *edit = row.edit;
  return row.edit.changed;
}

}  // namespace thalweg::ui
