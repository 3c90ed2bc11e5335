#include "app/panels/copy_pytorch.hpp"

#include "app/ui/menus.hpp"
#include "core/script/script.hpp"

namespace thalweg {
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
  if (ui::menu_item("pytorch", "Copy its lines for PyTorch",
           "The optimizer and the schedule as PyTorch, with these settings, to paste into a program."))
    copy_text(frame, text(false), "PyTorch for this optimizer");
  if (ui::menu_item("program", "Copy a PyTorch program",
           "A whole program that makes the numbers of this run in PyTorch, changes on the way included."))
    copy_text(frame, text(true), "A PyTorch program");
}

}  // namespace thalweg
