#include "app/panels/schedule_parts.hpp"

#include <algorithm>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/schedule/composition.hpp"

namespace thalweg {
namespace {

constexpr float kHead = 24.0F;
constexpr std::size_t kMostShown = 32;  ///< parts of one composition

const std::vector<const ScheduleDescriptor*>& kinds() {
  static const std::vector<const ScheduleDescriptor*> out = [] {
    std::vector<const ScheduleDescriptor*> all;
    for (const ScheduleDescriptor& descriptor : schedules())
      if (can_be_part(descriptor)) all.push_back(&descriptor);
    return all;
  }();
  return out;
}

/// The end of a part of a sequence; of a part of a part of another kind its text.
const Parameter& end_parameter() {
  static const Parameter parameter{
      .key = "end",
      .symbol = "",
      .label = "until update",
      .kind = Kind::kInteger,
      .default_value = 100.0,
      .min = 1.0,
      .max = 1e12,
      .soft_min = 1.0,
      .soft_max = 1e5,
      .scale = Scale::kLog,
      .unit = "steps",
      .help = "The update at which the next part begins; those after it move along."};
  return parameter;
}

/// One schedule's list, its changes, and where they go.
struct Editing {
  Frame& frame;
  std::size_t index;
  Spec spec;
  std::vector<SchedulePart> parts;

  void put(std::vector<SchedulePart> next, const ui::Edit& edit = {}, std::string_view group = {}) const {
    set_schedule(frame, edit, group, index, with_parts(spec, std::move(next)));
  }
  std::string group(std::size_t part, const std::string& key) const {
    return "schedules." + std::to_string(index) + ".part." + std::to_string(part) + "." + key;
  }
};

/// Lengths stay when parts change places: the ends follow.
std::vector<SchedulePart> swapped(std::vector<SchedulePart> parts, std::size_t a, bool sequence) {
  std::vector<std::optional<std::int64_t>> lengths;
  std::int64_t begin = 0;
  for (const SchedulePart& part : parts) {
    lengths.push_back(part.end ? std::optional(*part.end - begin) : std::nullopt);
    begin = part.end.value_or(begin);
  }
  std::swap(parts[a], parts[a + 1]);
  if (!sequence) return parts;
  // The last has no length of its own; before another it keeps that of the one it changes places with.
  if (!lengths[a + 1]) lengths[a + 1] = lengths[a];
  std::swap(lengths[a], lengths[a + 1]);
  begin = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i + 1 == parts.size()) {
      parts[i].end.reset();
    } else {
      begin += lengths[i].value_or(100);
      parts[i].end = begin;
    }
  }
  return parts;
}

/// Moves the end of part `at`, and those after it along, so that their lengths stay.
std::vector<SchedulePart> with_end(std::vector<SchedulePart> parts, std::size_t at, std::int64_t end) {
  const std::int64_t begin = at > 0 ? parts[at - 1].end.value_or(0) : 0;
  const std::int64_t by = std::max(end, begin + 1) - parts[at].end.value_or(begin);
  for (std::size_t i = at; i < parts.size(); ++i)
    if (parts[i].end) *parts[i].end += by;
  return parts;
}

void head(const Editing& e, std::size_t at) {
  static const std::vector<ui::ComboItem> items = [] {
    std::vector<ui::ComboItem> out;
    for (const ScheduleDescriptor* kind : kinds()) out.push_back({kind->label});
    return out;
  }();
  const float button = ui::px(kHead);
  const float width = ui::available();
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  ui::draw_centred(ImGui::GetWindowDrawList(), ui::Type::kNote, corner.x + ui::px(2),
                   corner.y + 0.5F * button, ui::theme().dim, "Part " + std::to_string(at + 1));
  const auto tool = [&](int column, const char* id, ui::Icon icon, bool enabled, const char* tip) {
    ImGui::SetCursorScreenPos({corner.x + width - static_cast<float>(3 - column) * button, corner.y});
    return ui::icon_button(id, icon, {.size = kHead, .icon = 12, .enabled = enabled, .tooltip = tip});
  };
  const bool sequence = is_sequence(e.spec);
  if (tool(0, "up", ui::Icon::kStepBack, at > 0, "Earlier: changes places with the part before"))
    e.put(swapped(e.parts, at - 1, sequence));
  if (tool(1, "down", ui::Icon::kStep, at + 1 < e.parts.size(), "Later: changes places with the part after"))
    e.put(swapped(e.parts, at, sequence));
  if (tool(2, "remove", ui::Icon::kTrash, e.parts.size() > 1, "Remove this part")) {
    std::vector<SchedulePart> next = e.parts;
    next.erase(next.begin() + static_cast<std::ptrdiff_t>(at));
    e.put(std::move(next));
  }
  ImGui::SetCursorScreenPos({corner.x, corner.y + button + ui::px(2)});
  const auto place = std::find_if(kinds().begin(), kinds().end(), [&](const ScheduleDescriptor* kind) {
    return kind->id == e.parts[at].spec.id;
  });
  int chosen = static_cast<int>(place - kinds().begin());
  if (ui::combo("id", items, chosen, width, 28.0F)) {
    std::vector<SchedulePart> next = e.parts;
    next[at].spec = default_spec(*kinds()[static_cast<std::size_t>(chosen)]);
    e.put(std::move(next));
  }
  ui::tooltip(find_schedule(e.parts[at].spec.id)->summary);
  ui::gap(4);
}

void rows_of(const Editing& e, std::size_t at, ui::Colour colour) {
  const ScheduleDescriptor& descriptor = *find_schedule(e.parts[at].spec.id);
  std::vector<Parameter> shown = descriptor.parameters;
  if (e.parts[at].end) shown.push_back(end_parameter());
  const ui::RowColumns columns = columns_for(shown, e.parts[at].spec);
  for (const Parameter& parameter : shown) {
    const bool end = &parameter == &shown.back() && e.parts[at].end;
    Value value = end ? Value{static_cast<double>(*e.parts[at].end)} : *e.parts[at].spec.find(parameter.key);
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, colour, &edit, {.columns = columns})) {
      std::vector<SchedulePart> next = e.parts;
      if (end)
        next = with_end(std::move(next), at, static_cast<std::int64_t>(std::get<double>(value)));
      else
        *next[at].spec.find(parameter.key) = value;
      e.put(std::move(next), edit, e.group(at, parameter.key));
    } else if (edit.ended) {
      e.frame.editor.end_group();
    }
  }
}

}  // namespace

void draw_schedule_parts(Frame& frame, std::size_t index, ui::Colour colour) {
  const Spec spec = frame.scene().schedules.schedules[index].spec;
  const Editing editing{frame, index, spec, composition_parts(spec)};
  const bool sequence = is_sequence(spec);
  for (std::size_t i = 0; i < editing.parts.size(); ++i) {
    const ui::Scope scope("part." + std::to_string(i));
    ui::begin_card("part", {.pad = 6});
    head(editing, i);
    rows_of(editing, i, colour);
    ui::end_card();
    ui::gap(6);
  }
  const ui::Scope scope("part");
  if (ui::button("add", sequence ? "Add a part at the end" : "Add a factor", false,
                 editing.parts.size() < kMostShown)) {
    std::vector<SchedulePart> next = editing.parts;
    if (sequence && !next.empty()) {
      const std::int64_t begin = next.size() > 1 ? next[next.size() - 2].end.value_or(0) : 0;
      next.back().end = begin + std::max<std::int64_t>(1, frame.scene().schedules.steps() / 4);
    }
    next.push_back({default_spec(schedules().front()), std::nullopt});
    editing.put(std::move(next));
  }
  ui::tooltip(sequence ? "Another schedule after the last, which ends where it begins."
                       : "Another schedule that the others are multiplied with.");
  ui::gap(4);
}

}  // namespace thalweg
