// The window's workers with no window: requests overtake each other while snapshots are read. Labelled
// `threads`, so it runs under the thread sanitizer, which the software renderer's own threads would drown.
#include <gtest/gtest.h>

#include <cmath>

#include "app/work/run_worker.hpp"
#include "core/scene/scene.hpp"

namespace thalweg {
namespace {

TEST(RunWorker, RequestsOvertakeWhileSnapshotsAreRead) {
  RunWorker worker;
  Scene scene = default_scene();
  *scene.run.find("steps") = 20'000.0;
  double sum = 0.0;
  for (int i = 0; i < 200; ++i) {
    *scene.surface.find("b") = 1.0 + i % 7;
    if (i % 11 == 0) scene.start[0] += 0.001;
    worker.request(scene.race(), 200 * (i % 50));
    const auto snapshot = worker.snapshot();
    for (const DescentView& lane : snapshot->race.lanes)
      for (std::int64_t row = 0; row < lane.table.rows(); row += 61) sum += lane.table.at(row, lane.columns.loss());
  }
  EXPECT_TRUE(std::isfinite(sum));
  worker.request(scene.race(), 5000);
  worker.wait();
  const auto last = worker.snapshot();
  ASSERT_FALSE(last->error);
  EXPECT_TRUE(last->arrived);
  Race alone;
  ASSERT_FALSE(alone.set(scene.race()));
  alone.advance(5000);
  for (std::size_t i = 0; i < last->race.lanes.size(); ++i) {
    const DescentView& lane = last->race.lanes[i];
    ASSERT_EQ(lane.steps(), alone.view().lanes[i].steps());
    EXPECT_EQ(lane.table.at(lane.steps(), 0), alone.view().lanes[i].table.at(lane.steps(), 0));
  }
}

}  // namespace
}  // namespace thalweg
