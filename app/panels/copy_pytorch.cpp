#include "app/panels/copy_pytorch.hpp"

#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"
#include "core/script/script.hpp"

namespace thalweg {
namespace {

bool item(const char* id, const char* label, const char* tooltip) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size{ui::px(236), ui::px(28)};
  ImGui::PushID(id);
  const bool clicked = ImGui::Selectable("##item", false, 0, size);
  ImGui::PopID();
  ui::mark(id, at, {at.x + size.x, at.y + size.y});
  ui::tooltip(tooltip);
  ui::draw_centred(ImGui::GetWindowDrawList(), ui::Type::kNormal, at.x + ui::px(8), at.y + 0.5F * size.y,
                   ui::theme().text, label);
  return clicked;
}

}  // namespace

void copy_text(Frame& frame, const Result<std::string>& text, const std::string& what) {
  if (!text) return frame.say(text.error());
  ImGui::SetClipboardText(text->c_str());
  if (frame.note) frame.note(what + " is on the clipboard.");
}

void copy_as_pytorch(Frame& frame, const store::RunInfo& run, const std::string& scene) {
  const auto read = scene_from_json(scene);
  copy_text(frame,
            read ? pytorch_of_scene(*read, run.kind, run.lane, {.name = run.name, .uid = run.uid})
                 : Result<std::string>(read.error()),
            "The PyTorch program of this run");
}

void pytorch_items(Frame& frame, const std::function<Result<std::string>(bool whole)>& text) {
  if (item("pytorch", "Copy its lines for PyTorch",
           "The optimizer and the schedule as PyTorch, with these settings, to paste into a program."))
    copy_text(frame, text(false), "PyTorch for this optimizer");
  if (item("program", "Copy a PyTorch program",
           "A whole program that makes the numbers of this run in PyTorch, changes on the way included."))
    copy_text(frame, text(true), "A PyTorch program");
}

}  // namespace thalweg
