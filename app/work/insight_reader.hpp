// The thread that works out what the insight pages of the Surface view show of one optimizer: rates from
// theory and from its run, and what it keeps in mind, found again by descending once more.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/work/latest.hpp"
#include "core/figure/contours.hpp"
#include "core/optimizer/state_quantity.hpp"
#include "core/rates/run_rates.hpp"
#include "core/rates/sweep.hpp"

namespace thalweg {

enum class InsightPage { kState, kRates };

struct InsightRequest {
  InsightPage page = InsightPage::kRates;
  DescentSettings settings;  ///< what `run` came out of
  std::shared_ptr<const Surface> surface;
  DescentView run;
  std::int64_t step = 0;  ///< that is looked at

  /// Whether the answer would be the same.
  bool same(const InsightRequest& other) const;
};

/// The spectral radius over rate and momentum, ready to be drawn.
struct RateField {
  /// Cells along each side: a map is enlarged to the screen, and its lines stay sharp.
  static constexpr int kWidth = 240;
  static constexpr int kHeight = 160;
  /// Lines at the radii 1 − 10^(−k/4); every fourth is strong: 0, 0.9, 0.99...
  static constexpr int kLinesPerDecade = 4;

  RateMapRequest request;
  std::vector<double> radius;      ///< kWidth × kHeight, the lowest row first
  std::vector<ContourLine> lines;  ///< in cells, of the stable part; level k
  std::vector<RateMapPoint> boundary;
};

struct ThinLine {
  std::vector<double> step;
  std::vector<double> value;
};

/// What the optimizer kept in mind after each update, found again. Row t: after t updates.
struct StateRecord {
  /// Coordinates that are recorded at most, and numbers in all: beyond it a long run is cut off.
  static constexpr int kMostCoordinates = 24;
  static constexpr std::int64_t kMostNumbers = 16'000'000;

  std::vector<StateQuantity> quantities;
  int coordinates = 0;
  TableView table;
  bool cut = false;  ///< the run is longer than the table

  int column(std::size_t quantity, int coordinate) const {
    return static_cast<int>(quantity) * coordinates + coordinate;
  }
};

struct LaneInsight {
  InsightRequest of;
  StateRecord state;                       ///< of both pages, of that of rates where the theory needs it
  RunRates rates;                          ///< of the page of rates
  std::shared_ptr<const RateField> field;  ///< null where there is no momentum, or no minimum
  std::optional<RateSweep> sweep;          ///< of the learning rate, with the momentum in force
  /// What is drawn of the run, thinned so that no peak is lost: its distance to the minimum, or the gradient
  /// norm where none is known; and what theory says of it, from the start on a quadratic, else along the
  /// window.
  RateQuantity quantity = RateQuantity::kDistance;
  ThinLine measured;
  ThinLine theory;
};

/// How a radius is placed among tints and lines: −log10(1 − ρ); infinite from 1 on.
double radius_level(double radius);

class InsightReader {
 public:
  /// @param wake  called on the reader's thread after each new answer
  explicit InsightReader(std::function<void()> wake = {});

  /// The window's thread. Asking again for the same is free; one overtaken by another may be given up.
  void request(InsightRequest request);
  /// The newest, null before the first. Any thread.
  std::shared_ptr<const LaneInsight> insight() const;
  void wait() { worker_.wait_idle(); }

 private:
  void work(const InsightRequest& request);
  /// False if another request came before it was done.
  bool read_state(const InsightRequest& request, LaneInsight& out);
  void read_rates(const InsightRequest& request, LaneInsight& out);
  std::shared_ptr<const RateField> field_of(const RateMapRequest& request);

  std::function<void()> wake_;
  std::optional<InsightRequest> requested_;  // the window's thread only
  mutable std::mutex mutex_;
  std::shared_ptr<const LaneInsight> insight_;

  /// A descent made once more, and what its optimizer kept on the way.
  struct Replay {
    std::shared_ptr<const Surface> surface;
    std::unique_ptr<Descent> descent;
    std::unique_ptr<Table> table;
  };
  std::shared_ptr<const RateField> field_;  // the worker's thread only
  Replay replay_;                           // likewise
  LatestWorker<InsightRequest> worker_;     // last: starts when all of the above exists
};

}  // namespace thalweg
