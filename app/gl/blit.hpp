// Puts a picture that was drawn into a framebuffer onto the screen from within ImGui's draw list, as a
// plain copy. Where picture and place are of one size this is several times cheaper than a textured
// triangle on a software renderer, which would filter and blend every pixel.
#pragma once

#include <imgui.h>

namespace thalweg {

struct Blit {
  unsigned framebuffer = 0;
  int width = 0;   ///< of the picture, pixels
  int height = 0;
  int left = 0;    ///< of the place on the screen's framebuffer, pixels from the left
  int bottom = 0;  ///< and from its lower edge
};

/// Copies when the list is rendered; `blit` must live until then.
void add_blit(ImDrawList* list, const Blit& blit);

}  // namespace thalweg
