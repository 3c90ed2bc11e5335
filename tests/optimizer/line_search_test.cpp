// The search for the strong Wolfe conditions: every t that it looks at against PyTorch's
// (tests/golden/make_search_golden.py), and the conditions themselves.
#include "core/optimizer/line_search.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include "tests/optimizer/flat_objective.hpp"
#include "tests/golden/close.hpp"
#include "tests/golden/traces.hpp"

namespace thalweg::test {
namespace {

struct Line {
  std::function<double(double)> value, slope;
};

Line yanai(double b1, double b2) {
  const double a1 = std::sqrt(1 + b1 * b1) - b1, a2 = std::sqrt(1 + b2 * b2) - b2;
  return {[=](double x) { return a1 * std::hypot(1 - x, b2) + a2 * std::hypot(x, b1); },
          [=](double x) { return a1 * (x - 1) / std::hypot(1 - x, b2) + a2 * x / std::hypot(x, b1); }};
}

constexpr double kBend = 0.01, kTurn = 39 * std::numbers::pi / 2;

double bent(double x) {
  return std::abs(x - 1) >= kBend ? std::abs(x - 1) : (x - 1) * (x - 1) / (2 * kBend) + kBend / 2;
}
double bent_slope(double x) { return std::abs(x - 1) >= kBend ? std::copysign(1.0, x - 1) : (x - 1) / kBend; }

/// Moré & Thuente 1994, section 5, and some more.
const std::map<std::string, Line>& lines() {
  static const std::map<std::string, Line> all = {
      {"fraction",
       {[](double x) { return -x / (x * x + 2); },
        [](double x) { return (x * x - 2) / std::pow(x * x + 2, 2); }}},
      {"falling_off",
       {[](double x) { return std::pow(x + 0.004, 5) - 2 * std::pow(x + 0.004, 4); },
        [](double x) { return 5 * std::pow(x + 0.004, 4) - 8 * std::pow(x + 0.004, 3); }}},
      {"wobbling",
       {[](double x) { return bent(x) + (1 - kBend) / kTurn * std::sin(kTurn * x); },
        [](double x) { return bent_slope(x) + (1 - kBend) * std::cos(kTurn * x); }}},
      {"yanai_even", yanai(0.001, 0.001)},
      {"yanai_left", yanai(0.01, 0.001)},
      {"yanai_right", yanai(0.001, 0.01)},
      {"parabola", {[](double x) { return 0.5 * (x - 1) * (x - 1); }, [](double x) { return x - 1; }}},
      {"quartic",
       {[](double x) { return std::pow(x - 1, 4); }, [](double x) { return 4 * std::pow(x - 1, 3); }}},
      {"exponential",
       {[](double x) { return std::exp(x) - 5 * x; }, [](double x) { return std::exp(x) - 5; }}},
      {"waves",
       {[](double x) { return 0.1 * (x - 3) * (x - 3) - 0.3 * std::sin(4 * x); },
        [](double x) { return 0.2 * (x - 3) - 1.2 * std::cos(4 * x); }}},
      {"ripples",
       {[](double x) { return 0.1 * (x - 3) * (x - 3) - 0.1 * std::sin(4 * x + 1); },
        [](double x) { return 0.2 * (x - 3) - 0.4 * std::cos(4 * x + 1); }}},
      {"line", {[](double x) { return -x; }, [](double) { return -1.0; }}}};
  return all;
}

class LineObjective final : public FlatObjective {
 public:
  explicit LineObjective(Line line) : line_(std::move(line)) {}
  double loss_here() const override { return line_.value(0.0); }
  double loss(const double* x) override { return line_.value(*x); }
  double gradient(const double* x, double* out) override {
    looked.push_back(*x);
    *out = line_.slope(*x);
    return line_.value(*x);
  }
  double worker_gradient(const double* x, int, int, double* out) override { return gradient(x, out); }

  std::vector<double> looked;

 private:
  Line line_;
};

/// "first,c1,c2,smallest,most".
std::vector<double> numbers(const std::string& text) {
  std::vector<double> out;
  std::istringstream in(text);
  for (std::string item; std::getline(in, item, ',');) out.push_back(std::stod(item));
  return out;
}

TEST(LineSearch, LooksWherePytorchLooks) {
  constexpr double kWay = 0.5;
  int wolfe = 0, out_of_evaluations = 0;
  const auto traces = read_traces("search_traces.txt");
  for (const Trace& trace : traces) {
    SCOPED_TRACE(trace.name + " " + trace.spec);
    const Line& line = lines().at(trace.setting);
    const std::vector<double> s = numbers(trace.spec);
    ASSERT_EQ(s.size(), 5u);
    const WolfeSettings settings{.c1 = s[1], .c2 = s[2], .smallest = s[3], .most = static_cast<int>(s[4])};
    LineObjective objective(line);
    WolfeSearch<double> search(1);
    const double x = 0.0;
    const auto found =
        search.search(objective, &x, &kWay, s[0], line.value(0.0), {line.slope(0.0)}, settings);
    ASSERT_EQ(objective.looked.size() + 1, trace.rows.size());
    EXPECT_EQ(static_cast<std::size_t>(found.evaluations), objective.looked.size());
    for (std::size_t i = 0; i < objective.looked.size(); ++i) {
      const double expected = trace.rows[i].values[0];
      ASSERT_TRUE(close(objective.looked[i] / kWay, expected, 1e-10 * expected)) << "evaluation " << i + 1;
    }
    const auto& [last, ended] = trace.rows.back();
    ASSERT_EQ(last, 0);
    EXPECT_TRUE(close(found.t, ended[0], 1e-10 * ended[0]));
    EXPECT_TRUE(close(found.loss, ended[1], 1e-10 * std::max(1.0, std::abs(ended[1]))));
    if (found.t == 0.0) continue;
    EXPECT_EQ(search.gradient()[0], line.slope(found.t * kWay));
    // Both conditions, unless the search had to end before.
    const double slope = kWay * line.slope(0.0);
    const bool good = found.loss <= line.value(0.0) + s[1] * found.t * slope &&
                      std::abs(kWay * search.gradient()[0]) <= -s[2] * slope;
    wolfe += good ? 1 : 0;
    if (good || s[3] > 0.0) continue;
    EXPECT_EQ(found.evaluations, settings.most + 1);
    ++out_of_evaluations;
  }
  EXPECT_GE(wolfe, 150);
  EXPECT_GE(out_of_evaluations, 10);
  EXPECT_GE(traces.size(), 190u);
}

/// Where the loss is no number or infinite the search turns back; PyTorch goes there.
TEST(LineSearch, StaysWhereTheLossIsFinite) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const double x = 0.0, way = 1.0;
  const auto find = [&](const Line& line, double first) {
    LineObjective objective(line);
    WolfeSearch<double> search(1);
    return search.search(objective, &x, &way, first, line.value(0.0), {line.slope(0.0)}, {.c2 = 0.1});
  };
  // ½(x − 0.3)² with a wall behind it.
  for (const double wall : {inf, nan})
    for (const double slope : {1.0, inf, nan})
      for (const double first : {0.4, 10.0, 1000.0}) {
        const auto found = find({[=](double at) { return at < 0.35 ? 0.5 * std::pow(at - 0.3, 2) : wall; },
                                 [=](double at) { return at < 0.35 ? at - 0.3 : slope; }},
                                first);
        EXPECT_LE(found.loss, 0.5 * 0.09 - 1e-4 * 0.3 * found.t) << wall << " " << slope << " " << first;
        EXPECT_LE(std::abs(found.t - 0.3), 0.03) << wall << " " << slope << " " << first;
      }
  // Down to −∞: nothing moves.
  const auto hole =
      find({[=](double at) { return at < 0.5 ? -at : -inf; }, [](double) { return -1.0; }}, 1.0);
  EXPECT_EQ(hole.t, 0.0);
  EXPECT_EQ(hole.loss, 0.0);
  // From where there is no number: whatever is one is lower.
  const auto out = find({[=](double at) { return at > 0.0 ? at : nan; }, [](double) { return -1.0; }}, 1.0);
  EXPECT_GT(out.t, 0.0);
  EXPECT_EQ(out.loss, out.t);
}

TEST(LineSearch, CubicThroughTwoPoints) {
  // x³ − 3x: lowest at 1, whichever of the two points stands first.
  const auto f = [](double x) { return x * x * x - 3 * x; };
  const auto g = [](double x) { return 3 * x * x - 3; };
  const auto minimum = [&](double a, double b, double lower, double upper) {
    return cubic_minimum(a, f(a), g(a), b, f(b), g(b), lower, upper);
  };
  EXPECT_TRUE(close(minimum(0, 3, 0, 3), 1.0, 1e-14));
  EXPECT_TRUE(close(minimum(3, 0, 0, 3), 1.0, 1e-14));
  EXPECT_EQ(minimum(0, 3, 1.5, 3), 1.5);
  EXPECT_EQ(minimum(0, 3, 0, 0.5), 0.5);
  // x³ + x has no minimum.
  EXPECT_EQ(cubic_minimum(-1, -2, 4, 2, 10, 13, 3, 7), 5.0);
  // Straight down; an inflection; what is no number.
  EXPECT_EQ(cubic_minimum(0, 0, -1, 1, -1, -1, 2, 10), 10.0);
  EXPECT_EQ(cubic_minimum(0, 0, -3, 1, -1, -3, 2, 10), 2.0);  // 0/0
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(cubic_minimum(0, 0, -1, 1, nan, nan, 2, 10), 6.0);
}

}  // namespace
}  // namespace thalweg::test
