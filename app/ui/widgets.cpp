#include "app/ui/widgets.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/parts.hpp"
#include "app/ui/text.hpp"

namespace thalweg::ui {
namespace {

struct CardFrame {
  ImDrawListSplitter* splitter;
  ImVec2 min;
  float width;
  float pad;
  bool selected;
  std::string id;
};

struct State {
  std::vector<CardFrame> cards;
  std::vector<ImDrawListSplitter> splitters;  ///< reused, one per depth
};
State& state() {
  static State value;
  return value;
}

/// An item without looks. Returns true when clicked.
bool hit(std::string_view id, ImVec2 size, ImGuiButtonFlags flags = 0) {
  ImGui::PushID(id.data(), id.data() + id.size());
  const bool clicked =
      ImGui::InvisibleButton("##hit", ImVec2(std::max(size.x, 1.0f), std::max(size.y, 1.0f)), flags);
  ImGui::PopID();
  mark(id, ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  return clicked;
}

float middle(ImVec2 min, ImVec2 max) { return 0.5f * (min.y + max.y); }

}  // namespace

namespace detail {

void frame_rect(ImDrawList* list, ImVec2 min, ImVec2 max, Colour fill, Colour border) {
  const float round = px(kRadius);
  list->AddRectFilled(min, max, fill, round);
  list->AddRect(min, max, border, round, 0, line_width(1.0f));
}

Colour ground() { return state().cards.empty() ? theme().panel : theme().card; }

}  // namespace detail

void Edit::add(const Edit& other) {
  changed = changed || other.changed;
  began = began || other.began;
  ended = ended || other.ended;
}

// --- Layout ------------------------------------------------------------------------------------

float available() {
  const auto& cards = state().cards;
  if (cards.empty()) return ImGui::GetContentRegionAvail().x;
  const CardFrame& card = cards.back();
  return card.min.x + card.width - card.pad - ImGui::GetCursorScreenPos().x;
}

void gap(float points) {
  const ImVec2 spacing = ImGui::GetStyle().ItemSpacing;
  // The item before has moved the cursor by the spacing already.
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(spacing.x, 0.0f));
  ImGui::Dummy(ImVec2(1.0f, std::max(0.0f, px(points) - spacing.y)));
  ImGui::PopStyleVar();
}

void begin_card(std::string_view id, const CardOptions& options) {
  State& s = state();
  const float width = std::floor(available());
  if (s.splitters.size() < s.cards.size() + 1) {
    s.splitters.reserve(16);  // open cards point into it
    s.splitters.resize(s.cards.size() + 1);
  }
  CardFrame card{&s.splitters[s.cards.size()],
                 ImGui::GetCursorScreenPos(),
                 width,
                 px(options.pad),
                 options.selected,
                 std::string(id)};
  ImGui::PushID(id.data(), id.data() + id.size());
  card.splitter->Split(ImGui::GetWindowDrawList(), 2);
  card.splitter->SetCurrentChannel(ImGui::GetWindowDrawList(), 1);
  ImGui::SetCursorScreenPos(ImVec2(card.min.x + card.pad, card.min.y + px(kGap)));
  s.cards.push_back(std::move(card));
  ImGui::BeginGroup();
}

bool end_card() {
  State& s = state();
  const CardFrame card = s.cards.back();
  s.cards.pop_back();
  ImGui::EndGroup();
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 max(card.min.x + card.width, ImGui::GetItemRectMax().y + px(kGap));
  card.splitter->SetCurrentChannel(list, 0);
  detail::frame_rect(list, card.min, max, t.card, card.selected ? t.accent : t.hairline);
  card.splitter->Merge(list);
  ImGui::PopID();
  mark(card.id, card.min, max);
  const bool inside = ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(card.min, max);
  const bool clicked = inside && ImGui::IsMouseClicked(0) && !ImGui::IsAnyItemHovered();
  ImGui::SetCursorScreenPos(card.min);
  ImGui::Dummy(ImVec2(card.width, max.y - card.min.y));
  return clicked;
}

bool section(std::string_view title, std::string_view action, std::string_view id) {
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = available();
  const float height = px(20.0f);
  const float spacing = px(0.6f);
  const float top = baseline(Type::kSmall, at.y + 0.5f * height) - std::round(font(Type::kSmall)->Ascent);
  const std::string head = capitals(title);
  draw_spaced(list, Type::kSmall, ImVec2(at.x, top), t.dim, head, spacing);
  bool clicked = false;
  if (!action.empty()) {
    const std::string word = capitals(action);
    const float w = spaced_width(Type::kSmall, word, spacing);
    ImGui::SetCursorScreenPos(ImVec2(at.x + width - w - px(6.0f), at.y));
    std::string name(id.empty() ? title : id);
    clicked = hit(name + ".action", ImVec2(w + px(6.0f), height));
    const bool hovered = ImGui::IsItemHovered();
    draw_spaced(list, Type::kSmall, ImVec2(at.x + width - w, top), hovered ? t.text : t.dim, word, spacing);
    ImGui::SetCursorScreenPos(at);
  }
  ImGui::Dummy(ImVec2(width, height));
  return clicked;
}

// --- Controls ----------------------------------------------------------------------------------

bool icon_button(std::string_view id, Icon icon, const ButtonOptions& options) {
  const Theme& t = theme();
  const float size = px(options.size);
  const bool clicked = hit(id, ImVec2(size, size)) && options.enabled;
  const bool hovered = ImGui::IsItemHovered() && options.enabled;
  const bool held = ImGui::IsItemActive() && options.enabled;
  const ImVec2 min = ImGui::GetItemRectMin();
  const ImVec2 centre(min.x + 0.5f * size, min.y + 0.5f * size);
  ImDrawList* list = ImGui::GetWindowDrawList();
  Colour ink = options.enabled ? (hovered || options.active ? t.text : t.dim) : t.faint;
  if (options.primary) {
    const Colour fill = !options.enabled ? t.track
                        : held           ? mix(t.accent, t.text, 0.2f)
                        : hovered        ? mix(t.accent, t.text, 0.1f)
                                         : t.accent;
    list->AddCircleFilled(centre, 0.5f * size, fill, 48);
    ink = options.enabled ? t.on_accent : t.faint;
  } else if (hovered || options.active) {
    list->AddRectFilled(min, ImGui::GetItemRectMax(), t.hover, px(kRadius));
  }
  draw_icon(list, icon, centre, std::round(options.icon * scale()), ink);
  if (!options.tooltip.empty()) tooltip(options.tooltip);
  return clicked;
}

bool button(std::string_view id, std::string_view label, bool primary, bool enabled) {
  const Theme& t = theme();
  const Type type = primary ? Type::kStrong : Type::kNormal;
  const ImVec2 size(text_width(type, label) + px(28.0f), px(kControl - 2.0f));
  const bool clicked = hit(id, size) && enabled;
  const bool hovered = ImGui::IsItemHovered() && enabled;
  const ImVec2 min = ImGui::GetItemRectMin();
  const ImVec2 max = ImGui::GetItemRectMax();
  ImDrawList* list = ImGui::GetWindowDrawList();
  Colour fill = primary && enabled ? t.accent : t.card;
  if (hovered) fill = mix(fill, primary ? t.text : t.hairline, primary ? 0.1f : 0.5f);
  detail::frame_rect(list, min, max, fill, primary && enabled ? fill : t.hairline);
  draw_centred(list, type, 0.5f * (min.x + max.x), middle(min, max),
               !enabled  ? t.faint
               : primary ? t.on_accent
                         : t.text,
               label, 0.5f);
  return clicked;
}

bool chip(std::string_view id, std::string_view label, std::string_view tip) {
  const Theme& t = theme();
  const bool clicked = hit(id, ImVec2(text_width(Type::kNote, label) + px(18.0f), px(24.0f)));
  const ImVec2 min = ImGui::GetItemRectMin();
  const ImVec2 max = ImGui::GetItemRectMax();
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList* list = ImGui::GetWindowDrawList();
  detail::frame_rect(list, min, max, hovered ? t.hover : 0, t.hairline);
  draw_centred(list, Type::kNote, 0.5f * (min.x + max.x), middle(min, max), hovered ? t.text : t.dim, label,
               0.5f);
  if (!tip.empty()) tooltip(tip);
  return clicked;
}

bool tab(std::string_view id, std::string_view label, bool selected) {
  const Theme& t = theme();
  const bool clicked = hit(id, ImVec2(text_width(Type::kNormal, label) + px(24.0f), px(28.0f)));
  const ImVec2 min = ImGui::GetItemRectMin();
  const ImVec2 max = ImGui::GetItemRectMax();
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (selected) detail::frame_rect(list, min, max, t.card, t.hairline);
  if (hovered && !selected) list->AddRectFilled(min, max, t.hover, px(kRadius));
  draw_centred(list, Type::kNormal, 0.5f * (min.x + max.x), middle(min, max),
               selected || hovered ? t.text : t.dim, label, 0.5f);
  return clicked;
}

bool toggle(std::string_view id, bool& on, Colour colour) {
  const Theme& t = theme();
  const ImVec2 size(px(28.0f), px(16.0f));
  const bool clicked = hit(id, size);
  if (clicked) on = !on;
  const ImVec2 min = ImGui::GetItemRectMin();
  const float r = 0.5f * size.y;
  ImDrawList* list = ImGui::GetWindowDrawList();
  detail::pill(list, min, ImGui::GetItemRectMax(), on ? colour : t.track);
  const ImVec2 knob(on ? min.x + size.x - r : min.x + r, min.y + r);
  list->AddCircleFilled(knob, r - px(2.0f), on ? detail::ground() : (ImGui::IsItemHovered() ? t.text : t.dim),
                        24);
  return clicked;
}

bool segmented(std::string_view id, std::span<const std::string> words, int& selected, float width) {
  const Theme& t = theme();
  const float pad = px(12.0f);
  const float height = px(28.0f);
  std::vector<float> widths;
  float natural = 0.0f;
  for (const auto& word : words)
    natural += widths.emplace_back(std::round(text_width(Type::kNormal, word) + 2.0f * pad));
  if (width > 0.0f)
    for (float& w : widths) w = std::floor(w + (width - natural) / static_cast<float>(words.size()));
  float total = 0.0f;
  for (const float w : widths) total += w;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  detail::frame_rect(list, at, ImVec2(at.x + total, at.y + height), t.panel, t.hairline);
  mark(id, at, ImVec2(at.x + total, at.y + height));
  ImGui::PushID(id.data(), id.data() + id.size());
  bool changed = false;
  float x = at.x;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const int index = static_cast<int>(i);
    ImGui::SetCursorScreenPos(ImVec2(x, at.y));
    ImGui::PushID(index);
    const bool clicked = ImGui::InvisibleButton("##word", ImVec2(std::max(widths[i], 1.0f), height));
    ImGui::PopID();
    const ImVec2 min = ImGui::GetItemRectMin();
    const ImVec2 max = ImGui::GetItemRectMax();
    if (clicked && selected != index) {
      selected = index;
      changed = true;
    }
    const bool hovered = ImGui::IsItemHovered();
    if (selected == index) {
      const float in = px(2.0f);
      list->AddRectFilled(ImVec2(min.x + in, min.y + in), ImVec2(max.x - in, max.y - in),
                          t.dark ? mix(t.card, t.hairline, 0.8f) : mix(t.card, t.hairline, 0.55f),
                          px(kRadius - 2.0f));
    }
    draw_centred(list, Type::kNormal, 0.5f * (min.x + max.x), middle(min, max),
                 selected == index || hovered ? t.text : t.dim, words[i], 0.5f);
    if (marks_enabled()) mark(std::string(id) + "." + std::to_string(i), min, max);
    x += widths[i];
  }
  ImGui::PopID();
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy(ImVec2(total, height));
  return changed;
}

bool combo(std::string_view id, std::span<const ComboItem> items, int& selected, float width,
           float height_points) {
  const Theme& t = theme();
  if (width <= 0.0f) width = std::floor(available());
  const float height = px(height_points);
  const bool clicked = hit(id, ImVec2(width, height));
  const bool hovered = ImGui::IsItemHovered();
  const ImVec2 min = ImGui::GetItemRectMin();
  const ImVec2 max = ImGui::GetItemRectMax();
  ImDrawList* list = ImGui::GetWindowDrawList();
  detail::frame_rect(list, min, max, hovered ? mix(t.card, t.hairline, 0.35f) : t.card, t.hairline);
  const bool known = selected >= 0 && selected < static_cast<int>(items.size());
  const std::string& shown = known ? items[static_cast<std::size_t>(selected)].label : std::string();
  draw_centred(list, Type::kNormal, min.x + px(10.0f), middle(min, max), t.text,
               elided(Type::kNormal, shown, width - px(40.0f)));
  draw_icon(list, Icon::kChevron, ImVec2(max.x - px(16.0f), middle(min, max)), px(12.0f), t.dim);

  ImGui::PushID(id.data(), id.data() + id.size());
  if (clicked) ImGui::OpenPopup("##list");
  bool changed = false;
  const float row = px(28.0f);
  const int most = 12;
  const float list_height =
      row * static_cast<float>(std::min(most, static_cast<int>(items.size()))) + px(8.0f);
  ImGui::SetNextWindowPos(ImVec2(min.x, max.y + px(2.0f)));
  ImGui::SetNextWindowSize(ImVec2(width, list_height));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(4.0f), px(4.0f)));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0.0f, 0.0f));
  if (begin_popup("##list")) {
    ImDrawList* popup = ImGui::GetWindowDrawList();
    const float room = ImGui::GetContentRegionAvail().x;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const int index = static_cast<int>(i);
      ImGui::PushID(index);
      const bool fit = items[i].unfit.empty();
      const bool chosen = ImGui::InvisibleButton("##item", ImVec2(std::max(room, 1.0f), row)) && fit;
      ImGui::PopID();
      if (!fit) tooltip(items[i].unfit);
      const ImVec2 a = ImGui::GetItemRectMin();
      const ImVec2 b = ImGui::GetItemRectMax();
      const bool over = ImGui::IsItemHovered() && fit;
      if (over || selected == index)
        popup->AddRectFilled(a, b, over ? mix(t.card, t.hairline, 0.7f) : mix(t.card, t.accent, 0.16f),
                             px(4.0f));
      const float label =
          draw_centred(popup, Type::kNormal, a.x + px(8.0f), middle(a, b), fit ? t.text : t.faint, items[i].label);
      if (!items[i].note.empty()) {
        const float left = a.x + px(16.0f) + label;
        draw_centred(popup, Type::kNote, b.x - px(8.0f), middle(a, b), t.dim,
                     elided(Type::kNote, items[i].note, b.x - px(8.0f) - left), 1.0f);
      }
      if (marks_enabled()) mark(std::string(id) + "." + std::to_string(i), a, b);
      if (selected == index && ImGui::IsWindowAppearing()) ImGui::SetScrollHereY();
      if (chosen) {
        changed = selected != index;
        selected = index;
        ImGui::CloseCurrentPopup();
      }
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar(2);
  ImGui::PopID();
  return changed;
}

bool text_field(std::string_view id, std::string& text, Edit* edit, const TextOptions& options) {
  const float width = options.width > 0.0f ? options.width : std::floor(available());
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::PushID(id.data(), id.data() + id.size());
  const auto result = detail::entry("##field", text, width, px(kControl), false, false,
                                    options.error != nullptr, options.hint);
  ImGui::PopID();
  mark(id, ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  if (options.error)
    detail::error_below(*options.error, text, at.x + px(10.0f), at.x + px(2.0f), width - px(4.0f));
  if (edit) {
    edit->changed = result.changed;
    edit->began = result.activated;
    edit->ended = result.deactivated;
  }
  return result.changed;
}

bool timeline(std::string_view id, double& position, double computed, double total,
              std::span<const TimelineEvent> events, float width, Edit* edit) {
  const Theme& t = theme();
  const float height = px(28.0f);
  hit(id, ImVec2(width, height));
  const bool hovered = ImGui::IsItemHovered();
  const bool active = ImGui::IsItemActive();
  const ImVec2 min = ImGui::GetItemRectMin();
  const ImVec2 max = ImGui::GetItemRectMax();
  const float knob = px(16.0f);
  const float left = min.x + 0.5f * knob;
  const float right = max.x - 0.5f * knob;
  const double span = std::max(total, 1.0);
  const auto x_of = [&](double at) {
    return left + (right - left) * static_cast<float>(std::clamp(at / span, 0.0, 1.0));
  };
  bool changed = false;
  if (active) {
    const double unit = std::clamp((ImGui::GetIO().MousePos.x - left) / (right - left), 0.0f, 1.0f);
    const double wanted = std::min(std::round(unit * span), std::max(computed, position));
    changed = wanted != position;
    position = wanted;
  }
  if (edit) *edit = {changed, ImGui::IsItemActivated(), ImGui::IsItemDeactivated()};

  ImDrawList* list = ImGui::GetWindowDrawList();
  const float y = std::round(middle(min, max));
  const float half = px(3.0f);
  detail::pill(list, ImVec2(min.x, y - half), ImVec2(max.x, y + half), t.track);
  if (computed > position)
    detail::pill(list, ImVec2(min.x, y - half), ImVec2(x_of(computed), y + half),
                 mix(t.track, t.accent, 0.35f));
  const float x = x_of(position);
  detail::pill(list, ImVec2(min.x, y - half), ImVec2(x, y + half), t.accent);
  const TimelineEvent* under = nullptr;
  for (const TimelineEvent& event : events) {
    const float ex = std::round(x_of(event.at));
    list->AddRectFilled(ImVec2(ex - px(1.0f), y - px(7.0f)), ImVec2(ex - px(1.0f) + px(2.0f), y + px(7.0f)),
                        t.warning);
    if (hovered && std::abs(ImGui::GetIO().MousePos.x - ex) < px(6.0f)) under = &event;
  }
  list->AddCircleFilled(ImVec2(x, y), 0.5f * knob + (hovered || active ? px(1.0f) : 0.0f), t.text, 32);
  if (under && !under->text.empty() && !active) tooltip(under->text);
  return changed;
}

}  // namespace thalweg::ui
