#include "app/ui/marks.hpp"

#include <map>

namespace thalweg::ui {
namespace {

struct Registry {
  bool on = false;
  int frame = -1;
  std::string prefix;
  std::map<std::string, MarkRect, std::less<>> rects;
};
Registry g_marks;

}  // namespace

void enable_marks(bool on) {
  g_marks.on = on;
  g_marks.rects.clear();
  g_marks.frame = -1;
}

bool marks_enabled() { return g_marks.on; }

void mark(std::string_view id, ImVec2 min, ImVec2 max) {
  if (!g_marks.on) return;
  if (g_marks.frame != ImGui::GetFrameCount()) {
    g_marks.frame = ImGui::GetFrameCount();
    g_marks.rects.clear();
  }
  std::string name = g_marks.prefix;
  if (!name.empty()) name += '.';
  name += id;
  g_marks.rects.insert_or_assign(std::move(name), MarkRect{min, max});
}

const MarkRect* find_mark(std::string_view full_id) {
  const auto it = g_marks.rects.find(full_id);
  return it == g_marks.rects.end() ? nullptr : &it->second;
}

std::string list_marks() {
  std::string out;
  for (const auto& [name, rect] : g_marks.rects) out += name + "\n";
  return out;
}

Scope::Scope(std::string_view id) : length_(g_marks.prefix.size()) {
  ImGui::PushID(id.data(), id.data() + id.size());
  if (!g_marks.prefix.empty()) g_marks.prefix += '.';
  g_marks.prefix += id;
}

Scope::~Scope() {
  g_marks.prefix.resize(length_);
  ImGui::PopID();
}

}  // namespace thalweg::ui
