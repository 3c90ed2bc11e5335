// Charts as SVG: well formed whatever is in them, and the curve where the numbers are.
#include "core/figure/svg.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/figure/fitting.hpp"
#include "core/figure/text.hpp"
#include "tests/figure/xml.hpp"

namespace thalweg {
namespace {

using testing::XmlElement;
using testing::XmlReader;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Series points(std::string name, std::vector<double> x, std::vector<double> y, int colour = 0) {
  Series out;
  out.name = std::move(name);
  out.colour = colour;
  out.x = std::move(x);
  out.y = std::move(y);
  return out;
}

template <class Value>
Table table_of(std::int64_t rows, Value value) {
  Table out(1);
  while (out.rows() < rows) {
    const Table::Tail tail = out.tail();
    const int now = static_cast<int>(std::min<std::int64_t>(tail.count(), rows - out.rows()));
    for (int i = 0; i < now; ++i) tail.column(0)[i] = value(out.rows() + i);
    out.commit(now);
  }
  return out;
}

Chart two_curves() {
  Chart chart;
  chart.title = "Loss";
  chart.x = {.label = "step"};
  chart.y = {.label = "loss", .unit = "nats", .range = Range{0.0, 4.0}};
  chart.x.range = Range{0.0, 10.0};
  chart.series = {points("Adam", {0, 5, 10}, {4, 2, 0}, 0), points("Momentum", {0, 10}, {1, 1}, 1)};
  return chart;
}

struct Point {
  double x, y;
};

/// The corners of a path, its pieces one after the other.
std::vector<std::vector<Point>> pieces_of(const std::string& d) {
  std::vector<std::vector<Point>> out;
  Point now{0, 0};
  for (std::size_t at = 0; at < d.size();) {
    const char command = d[at++];
    const auto number = [&] {
      std::size_t used = 0;
      const double value = std::stod(d.substr(at, 32), &used);
      at += used;
      while (at < d.size() && d[at] == ' ') ++at;
      return value;
    };
    if (command == 'Z') continue;
    if (command == 'M') out.emplace_back();
    if (command == 'M' || command == 'L') {
      now.x = number();
      now.y = number();
    } else if (command == 'H') {
      now.x = number();
    } else if (command == 'V') {
      now.y = number();
    } else {
      ADD_FAILURE() << "the path has a '" << command << "'";
      return out;
    }
    out.back().push_back(now);
  }
  return out;
}

/// The frame of a chart, and values in it.
struct Frame {
  double left, top, width, height;

  explicit Frame(const XmlElement& svg, std::size_t index = 0) {
    const XmlElement& rect = *svg.all("clipPath").at(index)->all("rect").at(0);
    left = rect.number("x");
    top = rect.number("y") + 1.0;
    width = rect.number("width") - 1.0;
    height = rect.number("height") - 2.0;
  }
  double x(double unit) const { return left + unit * width; }
  double y(double unit) const { return top + (1.0 - unit) * height; }
};

std::vector<std::string> texts(const XmlElement& svg, std::string_view of_class) {
  std::vector<std::string> out;
  for (const XmlElement* group : svg.all("g", of_class))
    for (const XmlElement* text : group->all("text")) out.push_back(text->text);
  return out;
}

FigureStyle style() {
  FigureStyle out;
  out.palette = {0xd97800, 0xc8352b, 0x8b3fc0};
  return out;
}

XmlElement drawn(const Chart& chart, SvgOptions options = {.style = style()}) {
  return XmlReader::read(to_svg(chart, options));
}

TEST(Svg, PutsCurvesWhereTheNumbersAre) {
  const XmlElement svg = drawn(two_curves());
  const Frame frame(svg);
  const auto curves = svg.all("path", "curve");
  ASSERT_EQ(curves.size(), 2u);
  EXPECT_EQ(curves[0]->attribute("stroke"), "#d97800");
  EXPECT_EQ(curves[1]->attribute("stroke"), "#c8352b");
  const auto pieces = pieces_of(curves[0]->attribute("d"));
  ASSERT_EQ(pieces.size(), 1u);
  ASSERT_EQ(pieces[0].size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(pieces[0][static_cast<std::size_t>(i)].x, frame.x(0.5 * i), 0.01);
    EXPECT_NEAR(pieces[0][static_cast<std::size_t>(i)].y, frame.y(1.0 - 0.5 * i), 0.01);
  }
}

TEST(Svg, SaysTitleAxesUnitsLegendAndRuns) {
  Chart chart = two_curves();
  chart.series[0].run = "412aea5a0123456789ab";
  chart.series[1].run = "d6fa31060123456789ab";
  chart.note = "Rosenbrock";
  const XmlElement svg = drawn(chart);
  EXPECT_EQ(svg.all("text", "title").at(0)->text, "Loss");
  EXPECT_EQ(svg.all("text", "y-title").at(0)->text, "loss (nats)");
  EXPECT_EQ(svg.all("text", "x-title").at(0)->text, "step");
  EXPECT_EQ(texts(svg, "legend"), (std::vector<std::string>{"Adam", "Momentum"}));
  EXPECT_EQ(svg.all("text", "note").at(0)->text, "Runs 412aea5a, d6fa3106 · Rosenbrock");
  const std::string about = svg.all("desc").at(0)->text;
  EXPECT_NE(about.find("d6fa31060123456789ab"), std::string::npos) << about;
  EXPECT_NE(about.find("loss (nats) over step: Adam, Momentum."), std::string::npos) << about;
}

TEST(Svg, HasTheTicksOfTheScreen) {
  Chart chart = two_curves();
  chart.y.scale = AxisScale::kLog;
  chart.y.range = Range{1e-6, 10.0};
  chart.x.range = Range{0.0, 2000.0};
  const XmlElement svg = drawn(chart);
  const Frame frame(svg);
  std::vector<std::string> wanted;
  const auto exact = ticks(*chart.y.range, AxisScale::kLog, frame.height, 26.0);
  for (const Tick& tick : exact)
    if (tick.major) wanted.push_back(tick.label.text + tick.label.exponent);
  ASSERT_GE(wanted.size(), 4u);
  EXPECT_EQ(texts(svg, "axis-y"), wanted);
  EXPECT_EQ(svg.all("g", "axis-y").at(0)->all("tspan").size(), wanted.size()) << "exponents are raised";
  const auto numbers = texts(svg, "axis-x");
  EXPECT_TRUE(std::find(numbers.begin(), numbers.end(), "1\u2009000") != numbers.end());
}

TEST(Svg, LeavesOutWhatIsSwitchedOff) {
  Chart chart = two_curves();
  chart.series[0].visible = false;
  chart.series[0].run = "412aea5a";
  const XmlElement svg = drawn(chart);
  EXPECT_EQ(svg.all("path", "curve").size(), 1u);
  EXPECT_EQ(texts(svg, "legend"), std::vector<std::string>{"Momentum"});
  EXPECT_TRUE(svg.all("text", "note").empty());
}

TEST(Svg, KeepsASpikeInAMillionPointsAndStaysSmall) {
  constexpr std::int64_t kSpike = 654'321;
  const Table table = table_of(1'000'000, [](std::int64_t i) {
    return i == kSpike ? 50.0 : 1.0 + 0.5 * std::sin(static_cast<double>(i) * 12.9898);
  });
  Chart chart;
  chart.title = "Loss";
  chart.series.push_back({"spiky", 0, table.view(), 0});
  const std::string text = to_svg(chart, {.style = style()});
  EXPECT_LT(text.size(), 200'000u);
  const XmlElement svg = XmlReader::read(text);
  const Frame frame(svg);
  const auto pieces = pieces_of(svg.all("path", "curve").at(0)->attribute("d"));
  Point top{0, 1e9};
  for (const auto& piece : pieces)
    for (const Point& p : piece)
      if (p.y < top.y) top = p;
  EXPECT_NEAR(top.x, frame.x(kSpike / 1e6), 1.0);
  EXPECT_NEAR(top.y, frame.y(1.0), 0.02) << "50 is the top of the axis";
}

TEST(Svg, MarksWhatIsNotFiniteAsAGap) {
  Chart chart = two_curves();
  chart.series = {points("a", {0, 1, 2, 3, 4, 5, 6, 7}, {1, 2, kNan, kNan, 2, 3, kInf, 1})};
  const XmlElement svg = drawn(chart);
  const Frame frame(svg);
  const auto rects = svg.all("rect", "gap");
  ASSERT_EQ(rects.size(), 2u);
  EXPECT_NEAR(rects[0]->number("x"), frame.x(0.2), 0.01);
  EXPECT_NEAR(rects[0]->number("width"), frame.x(0.3) - frame.x(0.2), 0.02);
  EXPECT_EQ(svg.all("path", "gap").size(), 2u) << "a cross before each";
  const auto pieces = pieces_of(svg.all("path", "curve").at(0)->attribute("d"));
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].size(), 2u);
  EXPECT_EQ(svg.all("circle", "curve").size(), 1u) << "the last point stands alone";
}

TEST(Svg, BreaksADenseCurveAtASingleGap) {
  const Table table = table_of(
      100'000, [](std::int64_t i) { return i == 50'000 ? kNan : 1.0 + 1e-5 * static_cast<double>(i); });
  Chart chart;
  chart.series.push_back({"dense", 0, table.view(), 0});
  const XmlElement svg = drawn(chart);
  EXPECT_EQ(pieces_of(svg.all("path", "curve").at(0)->attribute("d")).size(), 2u);
  EXPECT_EQ(svg.all("rect", "gap").size(), 1u);
}

TEST(Svg, DrawsBandsAroundTheCurve) {
  Chart chart = two_curves();
  chart.series = {points("mean", {0, 5, 10}, {1, 2, 3})};
  chart.series[0].low = {0.5, 1, 2};
  chart.series[0].high = {2, 3, 4};
  const XmlElement svg = drawn(chart);
  const Frame frame(svg);
  const auto bands = svg.all("path", "band");
  ASSERT_EQ(bands.size(), 1u);
  const auto corners = pieces_of(bands[0]->attribute("d")).at(0);
  ASSERT_EQ(corners.size(), 6u);
  EXPECT_NEAR(corners[1].y, frame.y(0.75), 0.01);
  EXPECT_NEAR(corners[3].y, frame.y(0.5), 0.01);
  EXPECT_NEAR(corners[5].y, frame.y(0.125), 0.01);
}

TEST(Svg, StacksChartsOverOneStretchOfX) {
  Chart first = two_curves(), second = two_curves();
  first.x.range.reset();
  second.x.range.reset();
  second.title = "Accuracy";
  second.y = {.label = "accuracy"};
  second.series = {points("Adam", {0, 20}, {0, 1}, 0)};
  const std::vector<Chart> charts{first, second};
  const XmlElement svg = XmlReader::read(to_svg(charts, {.style = style(), .title = "Two runs"}));
  ASSERT_EQ(svg.all("g", "chart").size(), 2u);
  const Frame upper(svg, 0), lower(svg, 1);
  EXPECT_EQ(upper.left, lower.left);
  EXPECT_EQ(upper.width, lower.width);
  EXPECT_NEAR(upper.height, lower.height, 1.0);
  EXPECT_GT(lower.top, upper.top + upper.height);
  const auto end = pieces_of(svg.all("path", "curve").at(0)->attribute("d")).at(0).back();
  EXPECT_NEAR(end.x, upper.x(0.5), 0.02) << "10 of 20";
  EXPECT_EQ(texts(svg, "legend"), (std::vector<std::string>{"Adam", "Momentum"})) << "Adam once";
  EXPECT_EQ(svg.all("text", "x-title").size(), 1u);
}

TEST(Svg, IsWellFormedWhateverTheNamesAre) {
  const std::vector<std::string> names{
      "<script>alert(1)</script>",
      "a & b < c > d \" e ' f",
      "]]> <!-- -- > <?php ?>",
      std::string("null \0 inside", 13),
      "bell \x07 escape \x1b[31m delete \x7f next line \xc2\x85",
      "broken \xff\xfe \xc3 \xe2\x82 \xed\xa0\x80 \xf5\x80\x80\x80 \xc0\x80",
      "noncharacters \xef\xbf\xbe \xef\xbf\xbf",
      "\u05e9\u05dc\u05d5\u05dd \u202e evil \u202c \u0645\u0631\u062d\u0628\u0627",
      "two\nlines\r\nand\ttabs",
      "\u4e2d\u6587 \U0001F600",
      std::string(10'000, 'x'),
      std::string(5'000, '&'),
      "",
      "   "};
  for (const std::string& name : names) {
    Chart chart = two_curves();
    chart.title = chart.x.label = chart.y.label = chart.y.unit = chart.note = chart.empty = name;
    for (Series& s : chart.series) s.name = s.run = name;
    chart.marks = {{3.0, name}, {kNan, name}};
    std::string text;
    ASSERT_NO_THROW((text = to_svg(chart, {.style = style()}), XmlReader::read(text))) << name;
    EXPECT_LT(text.size(), 60'000u) << "cut off to what can be read";
    chart.series.clear();
    ASSERT_NO_THROW(XmlReader::read(to_svg(chart, {.style = style(), .title = name}))) << name;
  }
  const XmlElement svg = [&] {
    Chart chart = two_curves();
    chart.title = names[0];
    chart.series[0].name = names[1];
    return drawn(chart);
  }();
  EXPECT_EQ(svg.all("text", "title").at(0)->text, names[0]) << "said as it is";
  EXPECT_EQ(texts(svg, "legend").at(0), names[1]);
  EXPECT_TRUE(svg.all("script").empty());
}

TEST(Svg, SurvivesWhatCannotBeDrawn) {
  const std::vector<std::vector<double>> hard{{},
                                              {1.0},
                                              {kNan, kNan, kNan},
                                              {kInf, -kInf, 1.0},
                                              {0.0, 0.0, 0.0},
                                              {-1.0, 0.0, 1e-320, 5.0},
                                              {1e308, -1e308, 1e308},
                                              {1e-300, 1e300, 1.0}};
  for (const auto& values : hard)
    for (const AxisScale x_scale : {AxisScale::kLinear, AxisScale::kLog})
      for (const AxisScale y_scale : {AxisScale::kLinear, AxisScale::kLog})
        for (const int size : {-5, 1, 120, 800}) {
          Chart chart;
          chart.title = "hard";
          chart.x.scale = x_scale;
          chart.y.scale = y_scale;
          std::vector<double> x(values.size());
          for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
          chart.series = {points("s", x, values)};
          chart.series[0].dots = true;
          chart.series[0].low = chart.series[0].high = values;
          const std::string text = to_svg(chart, {.width = size, .height = size});
          EXPECT_EQ(text.find("nan"), std::string::npos);
          EXPECT_EQ(text.find("inf"), std::string::npos);
          ASSERT_NO_THROW(XmlReader::read(text));
        }
  EXPECT_EQ(drawn(Chart{}).all("g", "chart").at(0)->all("text").at(0)->text, "No data yet");
  ASSERT_NO_THROW(XmlReader::read(to_svg(std::span<const Chart>{}, {})));
}

TEST(Svg, ShowsHowManyNamesTheLegendHasNoRoomFor) {
  Chart chart = two_curves();
  chart.series.clear();
  for (int i = 0; i < 200; ++i)
    chart.series.push_back(points("optimizer number " + std::to_string(i), {0, 1}, {1, 2}, i));
  const auto legend = texts(drawn(chart), "legend");
  ASSERT_GT(legend.size(), 8u);
  EXPECT_EQ(legend.back(), "and " + std::to_string(200 - (legend.size() - 1)) + " more");
}

TEST(Svg, IsTheSameEveryTime) {
  EXPECT_EQ(to_svg(two_curves(), {}), to_svg(two_curves(), {}));
  Chart other = two_curves();
  other.title = "Another";
  const auto id = [](const XmlElement& svg) { return svg.all("clipPath").at(0)->attribute("id"); };
  EXPECT_NE(id(drawn(two_curves())), id(drawn(other))) << "both may stand on one page";
}

TEST(FigureText, IsMeasuredAndCutInCharacters) {
  EXPECT_EQ(elided_to("short", 100.0), "short");
  EXPECT_EQ(elided_to("\u4e2d\u6587\u4e2d\u6587", 2.9), "\u4e2d\u6587\u2026");
  EXPECT_LE(text_ems(elided_to(std::string(1000, 'w'), 20.0)), 20.0);
  EXPECT_EQ(printable("a\tb\nc\x01"), "a b c ");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");
}

}  // namespace
}  // namespace thalweg
