// What differs between Dear ImGui 1.86 (Debian 12) and 1.90 (Debian 13), in one place, and feeding
// input by hand for headless scripts and tests.
#pragma once

#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>
#include <imgui_internal.h>

#include <cstdint>

namespace thalweg::ui {

/// A texture of GL as ImGui wants it; an integer or a pointer, depending on the version.
inline ImTextureID texture_id(unsigned gl_name) { return (ImTextureID)(std::intptr_t)gl_name; }

inline bool begin_child(const char* id, ImVec2 size, bool border = false, ImGuiWindowFlags flags = 0) {
#if IMGUI_VERSION_NUM >= 19000
  return ImGui::BeginChild(id, size, border ? 1 : 0, flags);
#else
  return ImGui::BeginChild(id, size, border, flags);
#endif
}

// Input by hand. Call before NewFrame (with the GLFW back end: after its own NewFrame). From 1.87 on
// ImGui queues events and may spread them over frames; keep one change of a button or key a frame.

/// Gives the keys native numbers where ImGui has no key names of its own. Once per context.
inline void init_script_keys() {
#if IMGUI_VERSION_NUM < 18700
  ImGuiIO& io = ImGui::GetIO();
  // KeysDown has 512 entries; GLFW's codes stay below 349.
  for (int i = 0; i < ImGuiKey_COUNT; ++i)
    if (io.KeyMap[i] < 0) io.KeyMap[i] = 400 + i;
#endif
}

inline void mouse_pos(float x, float y) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18700
  io.AddMousePosEvent(x, y);
#else
  io.MousePos = ImVec2(x, y);
#endif
}

inline void mouse_button(int button, bool down) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18700
  io.AddMouseButtonEvent(button, down);
#else
  io.MouseDown[button] = down;
#endif
}

inline void wheel(float x, float y) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18700
  io.AddMouseWheelEvent(x, y);
#else
  io.MouseWheelH += x;
  io.MouseWheel += y;
#endif
}

inline void key(ImGuiKey which, bool down) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18700
  io.AddKeyEvent(which, down);
#else
  if (io.KeyMap[which] >= 0) io.KeysDown[io.KeyMap[which]] = down;
#endif
}

inline void text(const char* utf8) { ImGui::GetIO().AddInputCharactersUTF8(utf8); }

struct Modifiers {
  bool ctrl = false;
  bool shift = false;
  bool alt = false;
};

inline void modifiers(const Modifiers& held) {
  ImGuiIO& io = ImGui::GetIO();
#if IMGUI_VERSION_NUM >= 18900
  io.AddKeyEvent(ImGuiMod_Ctrl, held.ctrl);
  io.AddKeyEvent(ImGuiMod_Shift, held.shift);
  io.AddKeyEvent(ImGuiMod_Alt, held.alt);
#elif IMGUI_VERSION_NUM >= 18700
  io.AddKeyEvent(ImGuiKey_ModCtrl, held.ctrl);
  io.AddKeyEvent(ImGuiKey_ModShift, held.shift);
  io.AddKeyEvent(ImGuiKey_ModAlt, held.alt);
#else
  io.KeyCtrl = held.ctrl;
  io.KeyShift = held.shift;
  io.KeyAlt = held.alt;
#endif
}


/// Gives a rebuilt font atlas to the GPU, outside of a frame.
inline void hand_over_font_atlas() {
#if IMGUI_VERSION_NUM < 19200
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
#endif
}

inline bool key_pressed(ImGuiKey which) {
#if IMGUI_VERSION_NUM >= 18700
  return ImGui::IsKeyPressed(which, false);
#else
  return ImGui::IsKeyPressed(ImGui::GetKeyIndex(which), false);
#endif
}

/// BeginPopup, with Escape to close it: ImGui gives that only together with its keyboard navigation,
/// which would take the arrows and the space bar away from the program.
inline bool begin_popup(const char* id, ImGuiWindowFlags flags = 0) {
  if (!ImGui::BeginPopup(id, flags)) return false;
  if (key_pressed(ImGuiKey_Escape)) ImGui::CloseCurrentPopup();
  return true;
}

/// The next item may have others drawn over it that take the mouse.
inline void allow_overlap() {
#if IMGUI_VERSION_NUM >= 18970
  ImGui::SetNextItemAllowOverlap();
#endif
}
/// The same for the item just made, in versions that say it afterwards.
inline void allow_overlap_after() {
#if IMGUI_VERSION_NUM < 18970
  ImGui::SetItemAllowOverlap();
#endif
}

/// A wish of the item under the mouse to have the wheel for itself; the window does not scroll then.
inline void own_wheel() {
#if IMGUI_VERSION_NUM >= 19000
  ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
#else
  ImGui::SetItemUsingMouseWheel();
#endif
}

}  // namespace thalweg::ui
