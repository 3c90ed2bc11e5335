// The comparator itself: what it must refuse.
#include <gtest/gtest.h>

#include <limits>

#include "tests/golden/close.hpp"
#include "tests/golden/traces.hpp"

namespace thalweg::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Close, AcceptsWithinTolerance) {
  EXPECT_TRUE(is_close(1.0, 1.0, 0.0));
  EXPECT_TRUE(is_close(-1.0, -1.5, 0.5));
}

TEST(Close, RefusesBeyondToleranceOnBothSides) {
  EXPECT_FALSE(is_close(1.0 + 1e-9, 1.0, 1e-10));
  EXPECT_FALSE(is_close(1.0 - 1e-9, 1.0, 1e-10));
  EXPECT_FALSE(is_close(-1.0, 1.0, 0.5));
}

TEST(Close, RefusesWhatIsNotFinite) {
  EXPECT_FALSE(is_close(kNan, 1.0, kInf));
  EXPECT_FALSE(is_close(1.0, kNan, kInf));
  EXPECT_FALSE(is_close(kNan, kNan, kInf));
  EXPECT_FALSE(is_close(kInf, kInf, kInf));
  EXPECT_FALSE(is_close(1.0, 1.0, kNan));
}

TEST(Traces, MissingFileIsAnError) {
  EXPECT_THROW(read_traces("there_is_no_such_file.txt"), std::runtime_error);
}

}  // namespace
}  // namespace thalweg::test
