// The controls of the window. All sizes are in points and follow the theme's scale; each control marks
// its place under its id (marks.hpp). State that must last is the caller's; what lasts only while the
// mouse is down or a text is being typed is kept here, once, since there is one mouse and one keyboard.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/ui/icons.hpp"
#include "app/ui/marks.hpp"
#include "app/ui/theme.hpp"
#include "core/spec/parameter.hpp"

namespace thalweg::ui {

/// What an editing control did in this frame. A drag is one edit: began once, changed many times,
/// ended once. A click or a typed value begins, changes and ends in the same frame.
struct Edit {
  bool changed = false;
  bool began = false;
  bool ended = false;

  void add(const Edit& other);
  void set_at_once() { changed = began = ended = true; }
};

// --- Layout ------------------------------------------------------------------------------------

/// Room to the right of the cursor, within the innermost card.
float available();
/// Moves the cursor down.
void gap(float points = kGap);

/// A flat panel with a border, as wide as there is room. Everything between begin and end is in it.
/// Cards may be nested in any container, not drawn across several ImGui columns.
struct CardOptions {
  float pad = 10.0f;
  bool selected = false;
};
void begin_card(std::string_view id, const CardOptions& options = {});
/// True if the empty part of the card was clicked.
bool end_card();

/// A head in small capitals; with `action` ("+ add") on the right, true when that was clicked. The
/// action's mark is "<id>.action".
bool section(std::string_view title, std::string_view action = {}, std::string_view id = {});

// --- Parameters --------------------------------------------------------------------------------

/// An error in a text, with the byte it stands at where that is known.
struct FieldError {
  std::string message;
  int position = -1;
};

/// The measures that the rows of one card share, so that their sliders stand below each other.
struct RowColumns {
  float name = 96.0f;  ///< points
  float value = 66.0f;
};
RowColumns row_columns(std::span<const Parameter> parameters);

struct RowOptions {
  RowColumns columns = {};
  const FieldError* error = nullptr;  ///< what the caller found wrong with the value, shown below
  bool locked = false;                ///< shown, not to be changed now
};

/// One parameter: symbol, name, slider (or switch, choice, field) and value. True while it changes.
/// Marks: "<key>" the control, "<key>.row", "<key>.value", "<key>.reset", "<key>.off", "<key>.error".
/// Typed values are checked: what is refused shows why and leaves `value` alone.
bool parameter_row(const Parameter& parameter, Value& value, Colour colour, Edit* edit = nullptr,
                   const RowOptions& options = {});

/// Where on its slider (0..1) a value stands, and the value there, rounded to what a hand can aim at.
double slider_unit(const Parameter& parameter, double value);
double slider_value(const Parameter& parameter, double unit);

// --- Controls ----------------------------------------------------------------------------------

struct ButtonOptions {
  float size = 28.0f;  ///< points, a square
  float icon = 14.0f;
  bool primary = false;  ///< filled and round: the one main action
  bool active = false;   ///< pressed in
  bool enabled = true;
  std::string_view tooltip = {};
};
bool icon_button(std::string_view id, Icon icon, const ButtonOptions& options = {});
/// A button with a word on it.
bool button(std::string_view id, std::string_view label, bool primary = false, bool enabled = true);
/// A label in a thin frame, in the top bar. True when clicked.
bool chip(std::string_view id, std::string_view label, std::string_view tooltip = {});
/// One item of the tab bar; put the next after ImGui::SameLine(). True when clicked.
bool tab(std::string_view id, std::string_view label, bool selected);
bool toggle(std::string_view id, bool& on, Colour colour);
/// One of a few words. Each is marked "<id>.<index>". `width` in pixels, 0: as wide as the words.
bool segmented(std::string_view id, std::span<const std::string> words, int& selected, float width = 0.0f);
/// Drops down a list. `note` is drawn dim beside an item. Items are marked "<id>.<index>".
struct ComboItem {
  std::string label;
  std::string note = {};
  std::string unfit = {};  ///< not empty: it can't be chosen, and its tooltip says why
};
bool combo(std::string_view id, std::span<const ComboItem> items, int& selected, float width = 0.0f,
           float height_points = kControl);

struct TextOptions {
  std::string_view hint = {};
  float width = 0.0f;  ///< pixels; 0: all the room
  const FieldError* error = nullptr;
};
/// One line of text. The error is below it, with a caret under the place. True while it changes.
bool text_field(std::string_view id, std::string& text, Edit* edit = nullptr,
                const TextOptions& options = {});

struct TimelineEvent {
  double at = 0.0;
  std::string text = {};
};
/// Scrubs through [0, total]; `computed` is how far the run has come. `width` in pixels.
bool timeline(std::string_view id, double& position, double computed, double total,
              std::span<const TimelineEvent> events, float width, Edit* edit = nullptr);

// --- Words -------------------------------------------------------------------------------------

/// A tooltip for the item just drawn, once the mouse rested on it.
void tooltip(std::string_view text);
/// The same for any place: true when it is due, then draw inside it and call end_tooltip(). Stands at the
/// mouse, or below `beside` without covering it.
bool begin_tooltip(ImGuiID id, bool hovered, const MarkRect* beside = nullptr);
void end_tooltip();

/// Text in the current column, wrapped; `dim` for what is secondary.
void paragraph(std::string_view text, Colour colour, Type type = Type::kNormal);
/// What is wrong and the way out, beside what caused it.
void error_line(std::string_view text);
/// Nothing here yet, and what to do about it. True if its button (if there is one) was clicked.
bool empty_state(std::string_view id, std::string_view title, std::string_view what_to_do,
                 std::string_view action = {});
/// "label   value unit": the label dim, the value right-aligned at `right` (pixels from here; 0: the room).
void readout(std::string_view label, std::string_view value, std::string_view unit = {}, float right = 0.0f);

/// Messages that come and go in a corner and stop nobody.
class Toasts {
 public:
  enum class Kind { kNote, kError };
  /// The same text again only renews it.
  void push(std::string text, Kind kind = Kind::kError);
  /// Over everything, above the bottom edge at `bottom_y`, in the middle of [left, right] (pixels).
  void draw(float left, float right, float bottom_y);
  bool empty() const { return items_.empty(); }

 private:
  struct Item {
    std::string text;
    Kind kind;
    double until;
  };
  std::vector<Item> items_;
};

/// Seconds until something here wants another frame without input (a tooltip that is due, a message
/// that goes, the caret in a text field); infinity if nothing does. For a loop that sleeps on events.
double next_frame_in();

}  // namespace thalweg::ui
