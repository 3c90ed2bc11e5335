// Charts as CSV: the numbers come back bit for bit, and names do no harm.
#include "core/figure/csv.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

namespace thalweg {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Series points(std::string name, std::vector<double> x, std::vector<double> y) {
  Series out;
  out.name = std::move(name);
  out.x = std::move(x);
  out.y = std::move(y);
  return out;
}

/// A reader after RFC 4180.
std::vector<std::vector<std::string>> parsed(const std::string& text) {
  std::vector<std::vector<std::string>> out;
  std::vector<std::string> row{""};
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        row.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        row.back() += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      row.emplace_back();
    } else if (c == '\n') {
      out.push_back(std::move(row));
      row = {""};
    } else {
      row.back() += c;
    }
  }
  EXPECT_EQ(row, std::vector<std::string>{""}) << "the last line ends";
  return out;
}

Chart chart_of(std::vector<Series> series) {
  Chart out;
  out.title = "Loss";
  out.x.label = "step";
  out.series = std::move(series);
  return out;
}

TEST(Csv, HasAColumnForEachSeriesWhereTheyShareX) {
  Chart chart = chart_of({points("Adam", {0, 1, 2}, {3, 0.5, kNan}), points("GD", {0, 2}, {kInf, -1e-300})});
  chart.y.unit = "nats";
  EXPECT_EQ(to_csv(chart),
            "step,Adam (nats),GD (nats)\n"
            "0,3,inf\n"
            "1,0.5,\n"
            "2,,-1e-300\n");
}

TEST(Csv, HasALineForEachPointWhereTheyDoNot) {
  Chart chart = chart_of({points("a", {0, 1}, {1, 2}), points("b", {0.5, 1.5}, {3, 4})});
  chart.series[1].run = "412aea5a00";
  chart.x = {.label = "time", .unit = "s"};
  EXPECT_EQ(to_csv(chart),
            "series,run,time (s),Loss\n"
            "a,,0,1\n"
            "a,,1,2\n"
            "b,412aea5a00,0.5,3\n"
            "b,412aea5a00,1.5,4\n");
}

TEST(Csv, HasAllPointsOfTablesWhateverTheZoom) {
  Table table(1);
  while (table.rows() < 10'000) {
    const Table::Tail tail = table.tail();
    const int now = static_cast<int>(std::min<std::int64_t>(tail.count(), 10'000 - table.rows()));
    for (int i = 0; i < now; ++i) tail.column(0)[i] = 0.1 * static_cast<double>(table.rows() + i);
    table.commit(now);
  }
  Chart chart = chart_of({{"rows", 0, table.view(), 0}, points("ends", {5'000, 10'000}, {1, 2})});
  chart.x.range = Range{10.0, 20.0};
  const auto rows = parsed(to_csv(chart));
  ASSERT_EQ(rows.size(), 10'002u) << "header, rows, and one point beyond them";
  EXPECT_EQ(rows[0], (std::vector<std::string>{"step", "rows", "ends"}));
  EXPECT_EQ(rows[5'001], (std::vector<std::string>{"5000", "500", "1"}));
  EXPECT_EQ(rows[10'001], (std::vector<std::string>{"10000", "", "2"}));
}

TEST(Csv, GivesTheSameDoublesBack) {
  std::mt19937_64 random(7);
  std::vector<double> x, y{0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, -0.0};
  while (y.size() < 2'000) {
    double value = 0.0;
    const std::uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) y.push_back(value);
  }
  for (std::size_t i = 0; i < y.size(); ++i) x.push_back(static_cast<double>(i) / 7.0);
  const auto rows = parsed(to_csv(chart_of({points("s", x, y)})));
  ASSERT_EQ(rows.size(), y.size() + 1);
  for (std::size_t i = 0; i < y.size(); ++i) {
    EXPECT_EQ(std::strtod(rows[i + 1][0].c_str(), nullptr), x[i]);
    EXPECT_EQ(std::strtod(rows[i + 1][1].c_str(), nullptr), y[i]) << rows[i + 1][1];
    EXPECT_EQ(std::signbit(std::strtod(rows[i + 1][1].c_str(), nullptr)), std::signbit(y[i]));
  }
}

TEST(Csv, QuotesNamesAndDisarmsFormulas) {
  EXPECT_EQ(csv_text("plain name"), "plain name");
  EXPECT_EQ(csv_text("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_text("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_text("two\nlines"), "two lines");
  EXPECT_EQ(csv_text("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
  EXPECT_EQ(csv_text("+1"), "'+1");
  EXPECT_EQ(csv_text("-1,5"), "\"'-1,5\"");
  EXPECT_EQ(csv_text("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(csv_text("\t=1"), "' =1");
  const Chart chart =
      chart_of({points("=HYPERLINK(\"http://x\",\"y\")", {0}, {1}), points("a,\"b\"\r\n", {0}, {2})});
  const auto rows = parsed(to_csv(chart));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"step", "'=HYPERLINK(\"http://x\",\"y\")", "a,\"b\"  "}));
  EXPECT_EQ(rows[1], (std::vector<std::string>{"0", "1", "2"}));
}

TEST(Csv, TellsSeriesOfOneNameApart) {
  Chart chart = chart_of({points("Adam", {0}, {1}), points("Adam", {0}, {2}), points("Adam", {0}, {3})});
  chart.series[0].faint = true;
  chart.series[2].run = "412aea5a0123";
  EXPECT_EQ(parsed(to_csv(chart))[0],
            (std::vector<std::string>{"step", "Adam (raw)", "Adam", "Adam [412aea5a]"}));
  chart.series[0].faint = false;
  EXPECT_EQ(parsed(to_csv(chart))[0],
            (std::vector<std::string>{"step", "Adam", "Adam (2)", "Adam [412aea5a]"}));
  chart.series[1].visible = false;
  EXPECT_EQ(parsed(to_csv(chart))[0], (std::vector<std::string>{"step", "Adam", "Adam [412aea5a]"}));
}

TEST(Csv, HasColumnsForBands) {
  Chart chart = chart_of({points("mean", {0, 1}, {1, 2})});
  chart.series[0].low = {0.5, 1.5};
  chart.series[0].high = {3, 4};
  EXPECT_EQ(to_csv(chart), "step,mean,\"mean, low\",\"mean, high\"\n0,1,0.5,3\n1,2,1.5,4\n");
}

TEST(Csv, PutsSeveralChartsBelowEachOther) {
  Chart other = chart_of({points("GD", {0}, {2})});
  other.title = "Accuracy";
  other.y.unit = "%";
  const std::vector<Chart> charts{chart_of({points("GD", {0}, {1})}), other};
  EXPECT_EQ(to_csv(charts),
            "chart,series,run,step,value\n"
            "Loss,GD,,0,1\n"
            "Accuracy (%),GD,,0,2\n");
}

TEST(Csv, IsAHeaderWhereThereIsNothing) {
  EXPECT_EQ(to_csv(chart_of({})), "step\n");
  EXPECT_EQ(to_csv(std::vector<Chart>{}), "chart,series,run,x,value\n");
}

}  // namespace
}  // namespace thalweg
