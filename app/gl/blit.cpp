#include "app/gl/blit.hpp"

#include <epoxy/gl.h>

namespace thalweg {

void add_blit(ImDrawList* list, const Blit& blit) {
  list->AddCallback(
      [](const ImDrawList*, const ImDrawCmd* command) {
        const Blit& b = *static_cast<const Blit*>(command->UserCallbackData);
        GLint screen = 0, reading = 0;
        glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &screen);
        glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &reading);
        glDisable(GL_SCISSOR_TEST);
        glBindFramebuffer(GL_READ_FRAMEBUFFER, b.framebuffer);
        glBlitFramebuffer(0, 0, b.width, b.height, b.left, b.bottom, b.left + b.width, b.bottom + b.height,
                          GL_COLOR_BUFFER_BIT, GL_NEAREST);
        glBindFramebuffer(GL_READ_FRAMEBUFFER, static_cast<GLuint>(reading));
      },
      const_cast<Blit*>(&blit));
  list->AddCallback(ImDrawCallback_ResetRenderState, nullptr);
}

}  // namespace thalweg
