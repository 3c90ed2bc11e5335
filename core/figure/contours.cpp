#include "core/figure/contours.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <unordered_map>

namespace thalweg {
namespace {

constexpr float kMostMinor = 0.7F;
constexpr float kMostMajor = 1.6F;

/// Where a line crosses an edge of the grid, named by the edge, and the crossings it leads to from there: an
/// edge lies between two cells, so there are two at most.
struct Crossing {
  ContourPoint at;
  std::array<std::int64_t, 2> next{-1, -1};
  bool used = false;

  void lead_to(std::int64_t edge) { (next[0] < 0 ? next[0] : next[1]) = edge; }
};
using Crossings = std::unordered_map<std::int64_t, Crossing>;

class Marcher {
 public:
  explicit Marcher(const ContourGrid& grid) : grid_(grid) {}

  void cell(int i, int j, std::int64_t first, int major) {
    // From the lower left corner round against the clock.
    const std::array<float, 4> v{value(i, j), value(i + 1, j), value(i + 1, j + 1), value(i, j + 1)};
    const auto hole = [&](float z) { return !(z > grid_.empty) || !std::isfinite(z); };
    if (std::any_of(v.begin(), v.end(), hole)) return;
    const auto [low, high] = std::minmax_element(v.begin(), v.end());
    const float span = *high - *low;
    if (!(span < kMostMajor * static_cast<float>(major))) return;
    const auto begin = std::max(first, static_cast<std::int64_t>(std::ceil(*low)));
    for (std::int64_t level = begin; static_cast<float>(level) < *high; ++level) {
      const bool strong = level % major == 0;
      if (span > (strong ? kMostMajor : kMostMinor)) continue;
      lines_of(i, j, v, level);
    }
  }

  std::vector<ContourLine> joined() {
    std::vector<ContourLine> out;
    for (auto& [level, crossings] : levels_) {
      // Ends first: what is left then are rings.
      for (const bool ends : {true, false})
        for (const std::int64_t edge : order_[level]) {
          const Crossing& begin = crossings.at(edge);
          if (begin.used || (ends && begin.next[1] >= 0)) continue;
          out.push_back(follow(crossings, edge, level));
        }
    }
    return out;
  }

 private:
  float value(int i, int j) const {
    return grid_.values[static_cast<std::size_t>(j) * static_cast<std::size_t>(grid_.width) +
                        static_cast<std::size_t>(i)];
  }
  std::int64_t horizontal(int i, int j) const { return 2 * (static_cast<std::int64_t>(j) * grid_.width + i); }
  std::int64_t vertical(int i, int j) const { return horizontal(i, j) + 1; }

  void lines_of(int i, int j, const std::array<float, 4>& v, std::int64_t level) {
    const auto at = static_cast<float>(level);
    int which = 0;
    for (int c = 0; c < 4; ++c) which |= (v[static_cast<std::size_t>(c)] > at ? 1 : 0) << c;
    // Edges: 0 below, 1 right, 2 above, 3 left.
    const auto join = [&](int a, int b) { connect(i, j, v, level, a, b); };
    switch (which) {
      case 1:
      case 14:
        join(3, 0);
        break;
      case 2:
      case 13:
        join(0, 1);
        break;
      case 4:
      case 11:
        join(1, 2);
        break;
      case 8:
      case 7:
        join(2, 3);
        break;
      case 3:
      case 12:
        join(3, 1);
        break;
      case 6:
      case 9:
        join(0, 2);
        break;
      case 5:
      case 10: {
        // A saddle: its middle tells which corners hang together.
        const bool high = 0.25F * (v[0] + v[1] + v[2] + v[3]) > at;
        if (high == (which == 5)) {
          join(0, 1);
          join(2, 3);
        } else {
          join(3, 0);
          join(1, 2);
        }
        break;
      }
      default:
        break;
    }
  }

  void connect(int i, int j, const std::array<float, 4>& v, std::int64_t level, int a, int b) {
    const std::int64_t from = crossing(i, j, v, level, a), to = crossing(i, j, v, level, b);
    Crossings& crossings = levels_[level];
    crossings.at(from).lead_to(to);
    crossings.at(to).lead_to(from);
  }

  std::int64_t crossing(int i, int j, const std::array<float, 4>& v, std::int64_t level, int edge) {
    const std::array<std::int64_t, 4> names{horizontal(i, j), vertical(i + 1, j), horizontal(i, j + 1),
                                            vertical(i, j)};
    const std::int64_t name = names[static_cast<std::size_t>(edge)];
    const auto [found, fresh] = levels_[level].try_emplace(name);
    if (!fresh) return name;
    order_[level].push_back(name);
    const auto at = static_cast<float>(level), x = static_cast<float>(i), y = static_cast<float>(j);
    const auto share = [&](float begin, float end) { return (at - begin) / (end - begin); };
    switch (edge) {
      case 0:
        found->second.at = {x + share(v[0], v[1]), y};
        break;
      case 1:
        found->second.at = {x + 1.0F, y + share(v[1], v[2])};
        break;
      case 2:
        found->second.at = {x + share(v[3], v[2]), y + 1.0F};
        break;
      default:
        found->second.at = {x, y + share(v[0], v[3])};
        break;
    }
    return name;
  }

  static ContourLine follow(Crossings& crossings, std::int64_t edge, std::int64_t level) {
    ContourLine out{level, false, {}};
    const std::int64_t begin = edge;
    while (true) {
      Crossing& here = crossings.at(edge);
      here.used = true;
      out.points.push_back(here.at);
      std::int64_t on = -1;
      for (const std::int64_t next : here.next)
        if (next >= 0 && !crossings.at(next).used) on = next;
      if (on < 0) {
        out.closed = out.points.size() > 2 && (here.next[0] == begin || here.next[1] == begin);
        return out;
      }
      edge = on;
    }
  }

  const ContourGrid& grid_;
  std::map<std::int64_t, Crossings> levels_;
  std::map<std::int64_t, std::vector<std::int64_t>> order_;  ///< in which crossings were found, so that
                                                             ///< the same grid gives the same lines
};

}  // namespace

std::vector<ContourLine> contour_lines(const ContourGrid& grid, std::int64_t first, int major) {
  if (grid.width < 2 || grid.height < 2 || major < 1) return {};
  if (grid.values.size() < static_cast<std::size_t>(grid.width) * static_cast<std::size_t>(grid.height))
    return {};
  Marcher marcher(grid);
  for (int j = 0; j + 1 < grid.height; ++j)
    for (int i = 0; i + 1 < grid.width; ++i) marcher.cell(i, j, first, major);
  return marcher.joined();
}

}  // namespace thalweg
