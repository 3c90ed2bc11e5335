#include "app/gl/map_renderer.hpp"

#include <epoxy/gl.h>
#include <chrono>

#include "tests/app/gl_fixture.hpp"

namespace thalweg::gl_test {
namespace {

class Map : public GlTest {
 protected:
  void SetUp() override {
    GlTest::SetUp();
    if (IsSkipped()) return;
    auto made = MapRenderer::create();
    ASSERT_TRUE(made) << made.error().text();
    map_ = std::make_unique<MapRenderer>(std::move(made).value());
  }
  Image draw() {
    EXPECT_NE(map_->texture(), 0u);
    return read_pixels(map_->framebuffer(), map_->width(), map_->height());
  }
  std::unique_ptr<MapRenderer> map_;
};

TEST_F(Map, Gallery) {
  for (const Case& c : cases()) {
    for (const bool dark : {false, true}) {
      MapStyle style = dark ? dark_map_style() : light_map_style();
      style.levels.log_levels = c.log_levels;
      const auto z = sample(c.formula, c.rect, 772, 718);
      const auto t0 = std::chrono::steady_clock::now();
      const auto f = make_height_field(z, 772, 718, c.rect, style.levels);
      const auto t1 = std::chrono::steady_clock::now();
      map_->set_field(f);
      map_->set_style(style);
      map_->texture();
      glFinish();
      const auto t2 = std::chrono::steady_clock::now();
      double best=1e9; for(int k=0;k<12;++k){ const auto a=std::chrono::steady_clock::now(); map_->set_style(MapStyle{}); map_->set_style(style);
      map_->texture();
      glFinish(); best=std::min(best,std::chrono::duration<double,std::milli>(std::chrono::steady_clock::now()-a).count()); } printf("best %.2f ",best);
      const auto t3 = std::chrono::steady_clock::now();
      using ms = std::chrono::duration<double, std::milli>;
      printf("%s %.1f %.1f %.1f\n", c.name, ms(t1-t0).count(), ms(t2-t1).count(), ms(t3-t2).count());
      keep(std::string("map_") + c.name + (dark ? "_dark" : "_light"), draw());
    }
  }
}

}  // namespace
}  // namespace thalweg::gl_test
