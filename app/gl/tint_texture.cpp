#include "app/gl/tint_texture.hpp"

#include <epoxy/gl.h>

#include <vector>

namespace thalweg {

void upload_tints(const Texture& texture, const MapStyle& style) {
  std::vector<float> rgb;
  rgb.reserve(kTintTableSize * 3);
  for (const MapColour& c : tint_table(style)) rgb.insert(rgb.end(), {c.r, c.g, c.b});
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, texture.id());
  // Half floats: eight bits would band once the hillshade multiplies them.
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, kTintTableSize, 1, 0, GL_RGB, GL_FLOAT, rgb.data());
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
}

}  // namespace thalweg
