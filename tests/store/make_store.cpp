// Writes a small file of runs, to be kept as a fixture: usage make_store FILE.
#include <cmath>
#include <cstdio>

#include "core/store/store.hpp"

using namespace thalweg::store;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto store = Store::open(argv[1]);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().text().c_str());
    return 1;
  }
  const auto run =
      (*store)->begin({.uid = "00000000000000000001",
                       .kind = "descent",
                       .name = "fixture",
                       .note = "Two\nlines.",
                       .program_version = "0.1.0",
                       .scene = R"({"thalweg_scene": 1})",
                       .settings = {{"", "optimizer", "adam", {}}, {"optimizer", "lr", "0.001", 0.001}},
                       .tags = {"kept"}});
  if (!run) return 1;
  Points points{"loss", "", Goal::kLowest, {}, {}};
  for (int i = 0; i < 300; ++i) {
    points.steps.push_back(i);
    points.values.push_back(i == 100 ? NAN : i == 299 ? INFINITY : 1.0 + std::cos(0.1 * i));
  }
  const bool failed =
      (*store)->append(*run, points) || (*store)->add_event(*run, {50, "changed", "lr", "0.01"}) ||
      (*store)->save(*run, {299, 1, {1, 2, 3}}) || (*store)->set_result(*run, "parameters", 2) ||
      (*store)->finish(*run, {"diverged", 300, 0.25});
  return failed ? 1 : 0;
}
