// A picture made on the CPU, for ImGui to draw: sharp when enlarged.
#pragma once

#include <cstdint>
#include <span>

#include "app/gl/shader.hpp"

namespace thalweg {

/// Belongs to the thread of the GL context.
class ImageTexture {
 public:
  /// @param rgba  width x height x 4 bytes, the top row first
  void set(int width, int height, std::span<const std::uint8_t> rgba);
  unsigned id() const { return texture_.id(); }
  int width() const { return width_; }
  int height() const { return height_; }

 private:
  Texture texture_;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace thalweg
