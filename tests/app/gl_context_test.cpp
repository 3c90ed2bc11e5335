// The headless context, shaders, the data folder and PNG files.
#include "app/gl/context.hpp"

#include <epoxy/gl.h>
#include <gtest/gtest.h>
#include <stb/stb_image.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "app/gl/data_dir.hpp"
#include "app/gl/shader.hpp"
#include "app/gl/window.hpp"
#include "tests/app/gl_fixture.hpp"

namespace thalweg::gl_test {
namespace {

namespace fs = std::filesystem;

/// A folder that goes away with the test.
struct ScratchFolder {
  ScratchFolder() {
    std::string pattern = (fs::temp_directory_path() / "thalweg_gl_XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

class Context : public GlTest {};

TEST_F(Context, ReadsItsPixelsFromTheTop) {
  ASSERT_FALSE(context_->resize(5, 4));
  context_->bind();
  glDisable(GL_SCISSOR_TEST);
  glClearColor(0, 0, 1, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  glEnable(GL_SCISSOR_TEST);
  glScissor(1, 3, 1, 1);  // GL counts rows from the bottom
  glClearColor(1, 0, 0, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  glDisable(GL_SCISSOR_TEST);
  const Image image = context_->read();
  ASSERT_EQ(image.rgb.size(), 5u * 4u * 3u);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(image.rgb[std::size_t(3 * i)], i == 1 ? 255 : 0) << i;
    EXPECT_EQ(image.rgb[std::size_t(3 * i + 2)], i == 1 ? 0 : 255) << i;
  }
}

TEST_F(Context, RefusesSizesThatCannotBe) {
  EXPECT_TRUE(context_->resize(0, 10));
  const auto error = context_->resize(1 << 24, 10);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->text().find('\n'), std::string::npos);
  EXPECT_FALSE(context_->resize(10, 10)) << "usable after a refusal";
}

TEST_F(Context, MovesAndSecondContextsLeaveTheFirstUsable) {
  GlContext moved = std::move(*context_);
  {
    auto second = GlContext::create(8, 8);
    ASSERT_TRUE(second) << second.error().text();
  }
  moved.make_current();
  moved.bind();
  glClearColor(0, 1, 0, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  EXPECT_EQ(moved.read().rgb[1], 255);
  EXPECT_EQ(glGetError(), GLenum(GL_NO_ERROR));
}

TEST_F(Context, ShaderErrorsNameTheFileAndTheFault) {
  const std::string good = "#version 330 core\nvoid main() { gl_Position = vec4(0); }\n";
  const auto broken = Program::compile("waves", good, "#version 330 core\nvoid main() { undeclared = 1; }\n");
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().text().find("waves.frag"), std::string::npos) << broken.error().text();
  EXPECT_NE(broken.error().text().find("undeclared"), std::string::npos) << broken.error().text();
  const auto missing = Program::load("no_such_shader");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text().find("no_such_shader.vert"), std::string::npos) << missing.error().text();
}

TEST_F(Context, ObjectsAreDeletedOnceAndMove) {
  Texture first = Texture::create();
  const unsigned id = first.id();
  glBindTexture(GL_TEXTURE_2D, id);
  Texture second = std::move(first);
  EXPECT_EQ(first.id(), 0u);  // NOLINT: moved-from is defined here
  EXPECT_EQ(second.id(), id);
  EXPECT_TRUE(glIsTexture(id));
  second = Texture();
  EXPECT_FALSE(glIsTexture(id));
}

TEST(Window, SaysSoWhereThereIsNoDisplay) {
  unsetenv("DISPLAY");
  unsetenv("WAYLAND_DISPLAY");
  const auto window = GlfwWindow::create("test", 320, 200);
  ASSERT_FALSE(window);
  EXPECT_EQ(window.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(window.error().text().find("display"), std::string::npos) << window.error().text();
  EXPECT_EQ(window.error().text().find('\n'), std::string::npos);
}

TEST(DataDir, IsFoundFromTheExecutableAndFromTheEnvironment) {
  unsetenv("THALWEG_DATA_DIR");
  const auto found = data_dir();
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_TRUE(fs::exists(*found / "shaders" / "map.frag"));

  ScratchFolder scratch;
  setenv("THALWEG_DATA_DIR", scratch.path.c_str(), 1);
  const auto wrong = data_dir();
  EXPECT_FALSE(wrong) << "a wrong folder is an error, not a reason to look elsewhere";
  fs::create_directory(scratch.path / "shaders");
  std::ofstream(scratch.path / "shaders" / "map.frag") << "x";
  const auto right = data_dir();
  unsetenv("THALWEG_DATA_DIR");
  ASSERT_TRUE(right);
  EXPECT_EQ(*right, scratch.path);
}

TEST(Png, ReadsBackWhatWasWrittenAndLeavesNothingElse) {
  ScratchFolder scratch;
  std::vector<std::uint8_t> pixels(7 * 5 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = std::uint8_t(i * 7);
  const fs::path file = scratch.path / "a.png";
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto error = write_png(file, 7, 5, pixels);
    ASSERT_FALSE(error) << error->text();
  }
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> read(stbi_load(file.c_str(), &width, &height, &channels, 3),
                                                       stbi_image_free);
  ASSERT_TRUE(read);
  ASSERT_EQ(width, 7);
  ASSERT_EQ(height, 5);
  EXPECT_TRUE(std::equal(pixels.begin(), pixels.end(), read.get()));
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path), fs::directory_iterator()), 1);
}

TEST(Png, SaysWhyItCannotWrite) {
  ScratchFolder scratch;
  const std::vector<std::uint8_t> pixels(3);
  const auto error = write_png(scratch.path / "missing" / "a.png", 1, 1, pixels);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kIo);
  EXPECT_NE(error->text().find("No such file"), std::string::npos) << error->text();
  EXPECT_TRUE(write_png(scratch.path / "a.png", 2, 1, pixels)) << "size and pixels disagree";
}

}  // namespace
}  // namespace thalweg::gl_test
