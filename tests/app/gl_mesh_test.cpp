#include "app/gl/mesh_renderer.hpp"

#include <epoxy/gl.h>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "tests/app/gl_fixture.hpp"

namespace thalweg::gl_test {
namespace {
std::vector<double> grid(Formula f, const MapRect& rect, int columns, int rows) {
  std::vector<double> z;
  for (int j = 0; j < rows; ++j) {
    for (int i = 0; i < columns; ++i) {
      z.push_back(f(rect.x0 + i * rect.width() / (columns - 1), rect.y0 + j * rect.height() / (rows - 1)));
    }
  }
  return z;
}

class Mesh : public GlTest {
 protected:
  void SetUp() override {
    GlTest::SetUp();
    if (IsSkipped()) return;
    auto made = MeshRenderer::create();
    ASSERT_TRUE(made) << made.error().text();
    mesh_ = std::make_unique<MeshRenderer>(std::move(made).value());
  }
  Image draw() {
    EXPECT_NE(mesh_->texture(), 0u);
    return read_pixels(mesh_->framebuffer(), mesh_->width(), mesh_->height());
  }
  std::unique_ptr<MeshRenderer> mesh_;
};

TEST_F(Mesh, Gallery) {
  ASSERT_FALSE(mesh_->resize(700, 700));
  for (const Case& c : cases()) {
    for (const bool dark : {false, true}) {
      MapStyle style = dark ? dark_map_style() : light_map_style();
      style.levels.log_levels = c.log_levels;
      const auto z = grid(c.formula, c.rect, 161, 161);
      using ms = std::chrono::duration<double, std::milli>;
      const auto t0 = std::chrono::steady_clock::now();
      const auto f = make_mesh_field(z, 161, 161, c.rect, style.levels);
      const auto t1 = std::chrono::steady_clock::now();
      mesh_->set_field(f);
      mesh_->set_style(style);
      double cpu = 1e9, best = 1e9, bd = 1e9;
      for (int k = 0; k < 10; ++k) {
        const auto a = std::chrono::steady_clock::now(); const auto ca = std::clock();
        mesh_->set_view({.yaw_deg = -30.0f + (k % 2)});
        mesh_->texture();
        glFinish();
        const auto b = std::chrono::steady_clock::now();
        cpu = std::min(cpu, 1e3 * double(std::clock() - ca) / CLOCKS_PER_SEC);
        mesh_->hidden({});
        best = std::min(best, ms(b - a).count());
        bd = std::min(bd, ms(std::chrono::steady_clock::now() - b).count());
      }
      printf("%s build %.1f cpu %.1f draw %.1f depth %.1f\n", c.name, ms(t1 - t0).count(), cpu, best, bd);
      mesh_->set_view({});
      keep(std::string("mesh_") + c.name + (dark ? "_dark" : "_light"), draw());
    }
  }
}
}  // namespace
}  // namespace thalweg::gl_test
