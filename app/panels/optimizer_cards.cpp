#include <algorithm>
#include <cmath>

#include "app/panels/optimizer_cards.hpp"
#include "app/panels/copy_pytorch.hpp"
#include "app/panels/session.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/menus.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/wrapper.hpp"
#include "core/script/script.hpp"

namespace thalweg {
namespace {

CardStatus status_of(const Scene& scene, const DescentView& lane) {
  const std::int64_t row = shown_row(scene, lane);
  const bool at_end = scene.step >= lane.steps();
  const std::string steps = ui::integer(lane.steps());
  if (at_end && lane.outcome == Outcome::kDiverged)
    return {"diverged at " + steps, ui::theme().error, "A number was no longer finite, or beyond 10¹⁵, after step " + steps + "."};
  if (at_end && lane.outcome == Outcome::kConverged)
    return {"converged at " + steps, ui::theme().text, "Within the tolerance after step " + steps + "."};
  return {ui::number(lane.table.at(row, lane.columns.loss()), 3), ui::theme().dim, "Loss at the step shown."};
}

/// Lines as they are, indented by points, since letters have widths of their own; scrolls where it is large.
void draw_code(std::string_view code) {
  struct Line {
    float indent;
    std::string_view text;
  };
  std::vector<Line> lines;
  float width = 0.0F;
  for (std::size_t begin = 0; begin < code.size();) {
    const std::size_t end = std::min(code.find('\n', begin), code.size());
    const std::string_view line = code.substr(begin, end - begin);
    const std::size_t spaces = std::min(line.find_first_not_of(' '), line.size());
    lines.push_back({ui::px(7) * static_cast<float>(spaces), line.substr(spaces)});
    width = std::max(width, lines.back().indent + ui::text_width(ui::Type::kNote, lines.back().text));
    begin = end + 1;
  }
  const float step = ui::line_height(ui::Type::kNote) + ui::px(2);
  const float height = step * static_cast<float>(lines.size());
  const ImVec2 room = ImGui::GetIO().DisplaySize;
  const float bar = ui::px(16);
  ImGui::BeginChild("code", {std::min(width + bar, room.x - ui::px(80)), std::min(height + bar, 0.6F * room.y)}, false,
                    ImGuiWindowFlags_HorizontalScrollbar);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  float y = at.y;
  for (const Line& line : lines) {
    ui::draw_text(ImGui::GetWindowDrawList(), ui::Type::kNote, {at.x + line.indent, y},
                  line.text.starts_with('#') ? ui::theme().dim : ui::theme().text, line.text);
    y += step;
  }
  ImGui::Dummy({width, height});
  ImGui::EndChild();
}

}  // namespace

CardList surface_cards(Frame& frame) {
  return {.place = Place::kSurface,
          .read = [](const Scene& scene) -> const std::vector<SceneOptimizer>& { return scene.optimizers; },
          .write = [](Scene& scene) -> std::vector<SceneOptimizer>& { return scene.optimizers; },
          .step = [&frame](std::size_t) { return frame.scene().step; },
          .status =
              [&frame](std::size_t index) {
                const auto& lanes = frame.run->race.lanes;
                return index < lanes.size() ? status_of(frame.scene(), lanes[index]) : CardStatus{"", ui::theme().dim, ""};
              },
          .set =
              [&frame](Scene& scene, std::size_t index, const Parameter& parameter, const Value& value) {
                set_live(frame, scene, scene.optimizers[index].live, parameter, value);
              },
          .pytorch =
              [&frame](std::size_t index, bool whole) {
                const Scene& scene = frame.scene();
                if (whole) return pytorch_script(scene.race().lane(index));
                const auto steps = static_cast<std::int64_t>(scene.run.number("steps"));
                return pytorch_optimizer_and_schedule(scene.optimizers[index].live.at(scene.step), scene.schedule, steps,
                                                      "[p]", scene.drives, maximizes(scene.gradient));
              },
          .none = "None. Add one, and it starts down the surface at once.",
          .unfit =
              [&frame, surface = frame.run->race.surface](const OptimizerDescriptor& optimizer) {
                return surface ? unfit(optimizer, *surface, maximizes(frame.scene().gradient)) : std::string();
              },
          .settings = [](const OptimizerDescriptor& optimizer) { return default_spec(optimizer); }};
}

void OptimizerCards::draw(Frame& frame, const CardList& list, int& selected) {
  const ui::Scope scope("optimizer");
  if (ui::section("Optimizers", "+ add", "add")) ImGui::OpenPopup("add");
  add_menu(frame, list, selected);
  if (list.read(frame.scene()).empty()) {
    ui::paragraph(list.none, ui::theme().dim);
    ui::gap(8);
    if (ui::button("first", "Add an optimizer", true)) ImGui::OpenPopup("add");
    ui::gap(8);
  }
  // A card may remove itself, so the number is asked for anew each time.
  for (std::size_t i = 0; i < list.read(frame.scene()).size(); ++i) {
    if (i > 0) ui::gap(8);
    card(frame, list, selected, i);
  }
}

void OptimizerCards::add_menu(Frame& frame, const CardList& cards, int& selected) {
  if (!ui::begin_menu("add")) return;
  for (const OptimizerDescriptor& descriptor : optimizers()) {
    const std::string unfit = cards.unfit(descriptor);
    const bool clicked = ui::described_item(
        "add." + descriptor.id, descriptor.label,
        unfit.empty() ? descriptor.summary : "Not here: it " + unfit + ".", unfit.empty());
    if (!clicked) continue;
    if (cards.read(frame.scene()).size() >= kMostOptimizers) {
      frame.say(bad_input("at most " + std::to_string(kMostOptimizers) + " at a time", "optimizers"));
      continue;
    }
    propose(frame, {}, {}, [&](Scene& scene) {
      SceneOptimizer optimizer;
      optimizer.live.spec = cards.settings(descriptor);
      optimizer.colour = free_colour(cards.read(scene));
      cards.write(scene).push_back(std::move(optimizer));
    });
    selected = static_cast<int>(cards.read(frame.scene()).size()) - 1;
  }
  ImGui::EndPopup();
}

void OptimizerCards::wrapper_items(Frame& frame, const CardList& cards, std::size_t index) {
  const SceneOptimizer optimizer = cards.read(frame.scene())[index];
  for (const Descriptor& wrapper : optimizer_wrappers()) {
    const std::optional<Spec> turned = with_wrapper_turned(optimizer.live.spec, wrapper.id);
    const bool on = ("+" + optimizer.live.spec.id).find("+" + wrapper.id + "+") != std::string::npos;
    const bool clicked = ui::menu_item(
        "around." + wrapper.id, (on ? "Without " : "With ") + wrapper.label + (on ? "" : " around it"),
        turned ? wrapper.summary : "There are as many around it as there may be.",
        {.enabled = turned.has_value(), .on = on});
    if (!clicked || !turned) continue;
    propose(frame, {}, {}, [&](Scene& scene) {
      // Changes on the way stay, but for those of a setting that is gone.
      LiveSpec& live = cards.write(scene)[index].live;
      live.spec = *turned;
      std::erase_if(live.changes, [&](const Change& change) { return !turned->find(change.key); });
      drop_unused_drives(scene, cards.place);
    });
  }
}

void OptimizerCards::tools(Frame& frame, const CardList& cards, std::size_t index) {
  ui::gap(4);
  if (ui::button("around", "Wrap it…")) ImGui::OpenPopup("around_menu");
  std::string names;
  for (const Descriptor& wrapper : optimizer_wrappers()) names += (names.empty() ? "" : ", ") + wrapper.label;
  ui::tooltip("What changes how another optimizer is used: " + names + ".");
  ImGui::SameLine(0, ui::px(8));
  if (ui::button("code", "As code…")) ImGui::OpenPopup("code_page");
  ui::tooltip("Its update: the lines that make it in PyTorch, or pseudo-code where PyTorch has none.");
  if (ui::begin_popup("around_menu")) {
    wrapper_items(frame, cards, index);
    ImGui::EndPopup();
  }
  code_page(frame, cards, index);
}

void OptimizerCards::code_page(Frame& frame, const CardList& cards, std::size_t index) {
  if (!ui::begin_popup("code_page")) return;
  const Result<std::string> code = cards.pytorch(index, false);
  if (!code)
    ui::error_line(code.error().text());
  else if (ui::button("copy", "Copy", true))
    copy_text(frame, code, "The code");
  if (code) {
    ui::gap(6);
    draw_code(*code);
  }
  ImGui::EndPopup();
}

void OptimizerCards::card(Frame& frame, const CardList& cards, int& chosen, std::size_t index) {
  const SceneOptimizer optimizer = cards.read(frame.scene())[index];
  const OptimizerDescriptor& descriptor = *find_optimizer(optimizer.live.spec.id);
  const ui::Scope scope(std::to_string(index));
  const bool selected = chosen == static_cast<int>(index);
  const ui::Colour colour = optimizer.visible ? ui::path_colour(optimizer.colour) : ui::theme().faint;
  ui::begin_card("card", {.selected = selected});

  // The head: dot, name, and how it goes; under the mouse the buttons instead of the latter.
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ui::available();
  const float height = ui::px(22);
  const float middle = at.y + 0.5F * height;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool hovered = ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem) &&
                       mouse.x >= at.x - ui::px(10) && mouse.x < at.x + width + ui::px(10) &&
                       mouse.y >= at.y - ui::px(8) && mouse.y < at.y + height;
  const float button = ui::px(22);
  const float buttons = hovered || !optimizer.visible ? 4 * button : 0.0F;

  ImGui::SetCursorScreenPos(at);
  if (ImGui::InvisibleButton("dot", {ui::px(18), height})) ImGui::OpenPopup("palette");
  ui::mark("dot", at, {at.x + ui::px(18), at.y + height});
  ui::tooltip("Colour: the same for path, curve and slider.");
  if (optimizer.visible) {
    list->AddCircleFilled({at.x + ui::px(5), middle}, ui::px(5), colour);
  } else {
    list->AddCircle({at.x + ui::px(5), middle}, ui::px(4.5F), colour, 0, ui::line_width(1));
  }
  if (const auto chosen_colour = ui::palette_popup("palette"))
    propose(frame, {}, {}, [&](Scene& scene) { cards.write(scene)[index].colour = *chosen_colour; });

  const CardStatus status = cards.status(index);
  const float text_left = at.x + ui::px(18);
  // Where there is no room for both beside each other, how it goes stands below the name.
  const float status_room = ui::text_width(ui::Type::kNormal, status.text) + ui::px(6);
  const bool below = text_left - at.x + ui::text_width(ui::Type::kStrong, descriptor.label) + status_room > width;
  const float status_width = buttons > 0 ? buttons : below ? 0.0F : status_room;
  const std::string name = ui::elided(ui::Type::kStrong, descriptor.label, at.x + width - status_width - text_left);
  ImGui::SetCursorScreenPos({text_left, at.y});
  if (ImGui::InvisibleButton("name", {std::max(1.0F, width - ui::px(18) - status_width), height}))
    chosen = static_cast<int>(index);
  ui::mark("name", {text_left, at.y}, {at.x + width - status_width, at.y + height});
  const ui::MarkRect head{{at.x, at.y}, {at.x + width, at.y + height}};
  if (ui::begin_tooltip(ImGui::GetItemID(), ImGui::IsItemHovered(), &head)) {
    ImGui::Dummy({ui::px(300), 0});
    ui::paragraph(descriptor.label, ui::theme().text, ui::Type::kStrong);
    ui::paragraph(descriptor.summary, ui::theme().text);
    ui::paragraph(descriptor.formula, ui::theme().text);
    ui::paragraph(descriptor.reference, ui::theme().dim, ui::Type::kNote);
    ui::end_tooltip();
  }
  ui::draw_centred(list, ui::Type::kStrong, text_left, middle, optimizer.visible ? ui::theme().text : ui::theme().dim, name);
  bool gone = false;
  if (buttons > 0) {
    ImGui::SetCursorScreenPos({at.x + width - 4 * button, at.y});
    const ui::ButtonOptions small{.size = 22, .icon = 13};
    ui::ButtonOptions hide = small;
    hide.tooltip = optimizer.visible ? "Hide its path and curves" : "Show its path and curves";
    if (ui::icon_button("visible", optimizer.visible ? ui::Icon::kEye : ui::Icon::kEyeOff, hide))
      propose(frame, {}, {}, [&](Scene& scene) { cards.write(scene)[index].visible = !optimizer.visible; });
    ImGui::SetCursorScreenPos({at.x + width - 3 * button, at.y});
    ui::ButtonOptions copy = small;
    copy.tooltip = "Add a copy of it";
    copy.enabled = cards.read(frame.scene()).size() < kMostOptimizers;
    if (ui::icon_button("duplicate", ui::Icon::kDuplicate, copy))
      propose(frame, {}, {}, [&](Scene& scene) {
        SceneOptimizer twin = optimizer;
        std::vector<SceneOptimizer>& all = cards.write(scene);
        twin.colour = free_colour(all);
        all.insert(all.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(twin));
      });
    ImGui::SetCursorScreenPos({at.x + width - 2 * button, at.y});
    ui::ButtonOptions more = small;
    more.tooltip = "Copy it as PyTorch";
    if (ui::icon_button("more", ui::Icon::kMore, more)) ImGui::OpenPopup("menu");
    ImGui::SetCursorScreenPos({at.x + width - button, at.y});
    ui::ButtonOptions remove = small;
    remove.tooltip = "Remove it (Ctrl+Z brings it back)";
    gone = ui::icon_button("remove", ui::Icon::kTrash, remove);
  }
  if (ui::begin_popup("menu")) {
    pytorch_items(frame, [&](bool whole) { return cards.pytorch(index, whole); });
    ImGui::EndPopup();
  }
  if (below) {
    ui::draw_centred(list, ui::Type::kNormal, text_left, middle + height, status.colour, status.text);
  } else if (buttons <= 0) {
    ui::draw_centred(list, ui::Type::kNormal, at.x + width, middle, status.colour, status.text, 1.0F);
  }
  ImGui::SetCursorScreenPos({at.x, at.y + (below ? 2 : 1) * height});
  ImGui::Dummy({width, ui::px(2)});

  // Its parameters: all of the selected one, of the others the learning rate.
  constexpr ui::RowColumns kColumns{104.0F, 70.0F};
  const Spec now = optimizer.live.at(cards.step(index));
  for (const Parameter& parameter : descriptor.parameters) {
    if (!selected && parameter.key != "lr") continue;
    Value value = *now.find(parameter.key);
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, colour, &edit, {.columns = kColumns})) {
      propose(frame, edit, "optimizer." + std::to_string(index) + "." + parameter.key, [&](Scene& scene) {
        cards.set(scene, index, parameter, value);
      });
    } else if (edit.ended) {
      frame.editor.end_group();
    }
    if (selected) draw_driven_note(frame.scene(), cards.place, parameter, now, descriptor, cards.step(index));
  }
  if (selected) tools(frame, cards, index);
  if (ui::end_card()) chosen = static_cast<int>(index);
  if (gone) {
    propose(frame, {}, {}, [&](Scene& scene) {
      std::vector<SceneOptimizer>& all = cards.write(scene);
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(index));
      drop_unused_drives(scene, cards.place);
    });
    chosen = std::max(0, std::min(chosen, static_cast<int>(cards.read(frame.scene()).size()) - 1));
  }
}

}  // namespace thalweg
