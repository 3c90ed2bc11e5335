#include "app/gl/shader.hpp"

#include <epoxy/gl.h>

#include <fstream>
#include <optional>
#include <sstream>

#include "app/gl/data_dir.hpp"

namespace thalweg {
namespace gl_kind {

unsigned Texture::make() {
  GLuint id = 0;
  glGenTextures(1, &id);
  return id;
}
void Texture::free(unsigned id) { glDeleteTextures(1, &id); }
unsigned Framebuffer::make() {
  GLuint id = 0;
  glGenFramebuffers(1, &id);
  return id;
}
void Framebuffer::free(unsigned id) { glDeleteFramebuffers(1, &id); }
unsigned Renderbuffer::make() {
  GLuint id = 0;
  glGenRenderbuffers(1, &id);
  return id;
}
void Renderbuffer::free(unsigned id) { glDeleteRenderbuffers(1, &id); }
unsigned Buffer::make() {
  GLuint id = 0;
  glGenBuffers(1, &id);
  return id;
}
void Buffer::free(unsigned id) { glDeleteBuffers(1, &id); }
unsigned VertexArray::make() {
  GLuint id = 0;
  glGenVertexArrays(1, &id);
  return id;
}
void VertexArray::free(unsigned id) { glDeleteVertexArrays(1, &id); }
unsigned Program::make() { return glCreateProgram(); }
void Program::free(unsigned id) { glDeleteProgram(id); }

}  // namespace gl_kind

namespace {

/// A shader that goes away once the program holds it.
struct Shader {
  explicit Shader(GLenum type) : id(glCreateShader(type)) {}
  Shader(const Shader&) = delete;
  Shader& operator=(const Shader&) = delete;
  ~Shader() { glDeleteShader(id); }
  GLuint id;
};

std::optional<Error> compile_one(const Shader& shader, const std::string& file, const std::string& text) {
  const char* source = text.c_str();
  glShaderSource(shader.id, 1, &source, nullptr);
  glCompileShader(shader.id);
  GLint good = 0;
  glGetShaderiv(shader.id, GL_COMPILE_STATUS, &good);
  if (good) return std::nullopt;
  char log[4096] = "";
  glGetShaderInfoLog(shader.id, sizeof log, nullptr, log);
  return Error{ErrorCode::kInternal, std::string("the shader does not compile: ") + log, file};
}

Result<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Error{ErrorCode::kIo, "the shader cannot be read", path.string()};
  return text.str();
}

}  // namespace

Result<Program> Program::load(const std::string& name) {
  const auto folder = data_dir();
  if (!folder) return folder.error();
  const auto vertex = read_text(*folder / "shaders" / (name + ".vert"));
  if (!vertex) return vertex.error();
  const auto fragment = read_text(*folder / "shaders" / (name + ".frag"));
  if (!fragment) return fragment.error();
  return compile(name, *vertex, *fragment);
}

Result<Program> Program::compile(const std::string& name, const std::string& vertex,
                                 const std::string& fragment) {
  const Shader v(GL_VERTEX_SHADER);
  const Shader f(GL_FRAGMENT_SHADER);
  if (auto error = compile_one(v, name + ".vert", vertex)) return *error;
  if (auto error = compile_one(f, name + ".frag", fragment)) return *error;
  Program program;
  program.object_ = GlObject<gl_kind::Program>::create();
  glAttachShader(program.id(), v.id);
  glAttachShader(program.id(), f.id);
  glLinkProgram(program.id());
  glDetachShader(program.id(), v.id);
  glDetachShader(program.id(), f.id);
  GLint good = 0;
  glGetProgramiv(program.id(), GL_LINK_STATUS, &good);
  if (good) return program;
  char log[4096] = "";
  glGetProgramInfoLog(program.id(), sizeof log, nullptr, log);
  return Error{ErrorCode::kInternal, std::string("the shaders do not link: ") + log, name};
}

void Program::use() const { glUseProgram(id()); }

int Program::location(const char* name) {
  const auto found = locations_.find(name);
  if (found != locations_.end()) return found->second;
  return locations_[name] = glGetUniformLocation(id(), name);
}

void Program::set(const char* name, int value) { glUniform1i(location(name), value); }
void Program::set(const char* name, float value) { glUniform1f(location(name), value); }
void Program::set(const char* name, float x, float y) { glUniform2f(location(name), x, y); }
void Program::set(const char* name, float x, float y, float z) { glUniform3f(location(name), x, y, z); }
void Program::set_matrix(const char* name, const float* m) {
  glUniformMatrix4fv(location(name), 1, GL_FALSE, m);
}

}  // namespace thalweg
