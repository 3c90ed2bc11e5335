// Owners of OpenGL objects, and shader programs loaded from the shaders folder.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>

#include "core/spec/result.hpp"

namespace thalweg {

/// Owns one GL object name. Move-only. The context in which it was made must be current when it is
/// destroyed, or gone; 0 owns nothing.
template <class Kind>
class GlObject {
 public:
  GlObject() = default;
  explicit GlObject(unsigned id) : id_(id) {}
  GlObject(GlObject&& other) noexcept : id_(std::exchange(other.id_, 0u)) {}
  GlObject& operator=(GlObject&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, 0u);
    }
    return *this;
  }
  ~GlObject() { reset(); }

  static GlObject create() { return GlObject(Kind::make()); }
  unsigned id() const { return id_; }
  explicit operator bool() const { return id_ != 0; }
  void reset() {
    if (id_ != 0) Kind::free(id_);
    id_ = 0;
  }

 private:
  unsigned id_ = 0;
};

namespace gl_kind {
struct Texture {
  static unsigned make();
  static void free(unsigned);
};
struct Framebuffer {
  static unsigned make();
  static void free(unsigned);
};
struct Renderbuffer {
  static unsigned make();
  static void free(unsigned);
};
struct Buffer {
  static unsigned make();
  static void free(unsigned);
};
struct VertexArray {
  static unsigned make();
  static void free(unsigned);
};
struct Program {
  static unsigned make();
  static void free(unsigned);
};
}  // namespace gl_kind

using Texture = GlObject<gl_kind::Texture>;
using Framebuffer = GlObject<gl_kind::Framebuffer>;
using Renderbuffer = GlObject<gl_kind::Renderbuffer>;
using Buffer = GlObject<gl_kind::Buffer>;
using VertexArray = GlObject<gl_kind::VertexArray>;

/// A linked vertex and fragment shader.
class Program {
 public:
  /// Loads NAME.vert and NAME.frag from data_dir()/shaders. An error carries the file name and the
  /// compiler's log.
  static Result<Program> load(const std::string& name);
  /// The same from text; `name` is for the error.
  static Result<Program> compile(const std::string& name, const std::string& vertex,
                                 const std::string& fragment);

  void use() const;
  unsigned id() const { return object_.id(); }

  // Uniforms of the program in use. A name the shader does not use is ignored, as in GL.
  void set(const char* name, int value);
  void set(const char* name, float value);
  void set(const char* name, float x, float y);
  void set(const char* name, float x, float y, float z);
  void set_matrix(const char* name, const float* column_major);

 private:
  int location(const char* name);

  GlObject<gl_kind::Program> object_;
  std::unordered_map<std::string, int> locations_;
};

}  // namespace thalweg
