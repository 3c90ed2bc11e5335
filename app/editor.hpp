// The one place where the Scene changes, with undo and redo. Panels read the Scene and propose a new
// one; nothing else in the program keeps settings of its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/scene/scene.hpp"

namespace thalweg {

/// The window's thread only.
class Editor {
 public:
  explicit Editor(Scene scene) : scene_(std::make_unique<const Scene>(std::move(scene))) {}

  /// What it refers to stays as it is until new_frame(), whatever is applied meanwhile: a panel may go
  /// on reading the Scene that it has just changed.
  const Scene& scene() const { return *scene_; }
  /// Before anything is drawn: lets go of the Scenes that were replaced.
  void new_frame() { replaced_.clear(); }

  /// Replaces the Scene. Edits with the same non-empty `group`, one after the other, are undone
  /// together (a drag of a slider is one edit) until end_group().
  void apply(Scene next, std::string_view group = {});
  void end_group() { group_.clear(); }

  /// Replaces the Scene by one that was opened: also undoable.
  void open(Scene next) { apply(std::move(next)); }

  bool can_undo() const { return !past_.empty(); }
  bool can_redo() const { return !future_.empty(); }
  void undo();
  void redo();

  /// Goes up with every change of the Scene, whoever made it.
  std::uint64_t revision() const { return revision_; }

 private:
  void travel(std::vector<Scene>& from, std::vector<Scene>& to);

  void replace(Scene next);

  std::unique_ptr<const Scene> scene_;
  std::vector<std::unique_ptr<const Scene>> replaced_;  ///< in this frame
  std::vector<Scene> past_;
  std::vector<Scene> future_;
  std::string group_;
  std::uint64_t revision_ = 0;
};

}  // namespace thalweg
