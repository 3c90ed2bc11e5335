#include "app/gl/image_texture.hpp"

#include <epoxy/gl.h>

#include <stdexcept>

namespace thalweg {

void ImageTexture::set(int width, int height, std::span<const std::uint8_t> rgba) {
  if (width < 1 || height < 1 || rgba.size() != 4 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height))
    throw std::invalid_argument("the size of a picture and its bytes do not agree");
  if (!texture_) texture_ = Texture::create();
  width_ = width;
  height_ = height;
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, texture_.id());
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, rgba.data());
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
}

}  // namespace thalweg
