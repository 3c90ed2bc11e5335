// Descents of 300 steps for the insight pages.
#pragma once

#include <string>
#include <vector>

#include "core/scene/scene.hpp"

namespace thalweg::test {

constexpr const char* kBowl = "quadratic:eigenvalues=1/100";

inline Scene scene_of(const std::string& surface, const std::vector<std::string>& optimizers,
               const std::string& page) {
  Scene scene = default_scene();
  EXPECT_FALSE(set_surface(scene, parse_spec(surface, surface_family()).value()));
  scene.optimizers.clear();
  for (std::size_t i = 0; i < optimizers.size(); ++i) {
    SceneOptimizer optimizer;
    optimizer.live.spec = parse_spec(optimizers[i], optimizer_family()).value();
    optimizer.colour = static_cast<int>(i);
    scene.optimizers.push_back(optimizer);
  }
  *scene.run.find("steps") = 300.0;
  scene.step = 300;
  *scene.view.find("page") = page;
  return scene;
}

}  // namespace thalweg::test
