// What the comparison of runs shows, as plain values that cross from the thread that reads to the window.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/compare/axes.hpp"
#include "core/compare/band.hpp"
#include "core/compare/curve.hpp"
#include "core/compare/facts.hpp"
#include "core/compare/family.hpp"
#include "core/compare/groups.hpp"
#include "core/scene/scene.hpp"
#include "core/store/run.hpp"

namespace thalweg {

/// Everything that a page needs. Equal requests are answered once.
struct ComparisonRequest {
  std::vector<std::string> uids;  ///< the runs that were chosen
  std::vector<bool> visible;      ///< of them
  std::uint64_t refresh = 0;      ///< counted up to ask again, while runs go on

  bool curves = false;
  std::vector<std::string> series;  ///< empty: the usual ones
  StepUnit unit = StepUnit::kStep;
  double smoothing = 0.0;
  std::string group;  ///< as RunsScene::group
  BandKind band = BandKind::kRange;
  std::optional<Range> range;  ///< along the axis; nothing: all of it
  int pixels = 800;

  bool listed = false;  ///< values of every run that the filter lets through
  std::string filter;
  std::vector<std::string> columns;  ///< settings and results that are wanted of them besides

  bool paths = false;
  bool family = false;

  bool operator==(const ComparisonRequest&) const = default;
};

/// One of the chosen runs.
struct ComparedRun {
  bool found = false;  ///< false: it is not in the file, or was deleted; only info.uid is known
  store::RunInfo info;
  Facts settings;
  std::vector<store::RunResult> results;
  std::vector<store::SeriesInfo> series;
  std::vector<store::Event> events;

  const store::RunResult* result(const std::string& key) const;
  const store::SeriesInfo* find_series(const std::string& name) const;
};

/// One series of one run, as far as it is on the axis.
struct ComparedCurve {
  std::size_t run = 0;
  std::string series;
  Polyline raw;
  Polyline smooth;           ///< empty: not asked for, or not there yet
  bool approximate = false;  ///< smoothed from what can be seen, since all points would not fit into memory
};

/// The mean of a group in one series.
struct ComparedBand {
  std::size_t group = 0;
  std::string series;
  Band band;
};

struct ListedColumn {
  std::string key;  ///< "lr", "test_loss", "best(test_loss)"
  bool result = false;
  store::Goal goal = store::Goal::kNone;
  std::vector<Fact> facts;  ///< by listed run
};

/// Every run that the filter lets through.
struct ListedRuns {
  std::optional<Error> error;  ///< of the filter
  std::vector<std::string> uids;
  std::vector<std::string> names;
  std::vector<ListedColumn> columns;  ///< settings that differ, and the results that are wanted
  std::vector<std::string> results;   ///< every key of a result that there is

  const ListedColumn* find(const std::string& key) const;
};

/// The path of a descent, and the surface it is on.
struct ComparedPath {
  std::size_t run = 0;
  std::string trouble;  ///< why there is none
  Scene scene;
  std::shared_ptr<const Surface> surface;
  std::vector<std::int64_t> steps;
  TableView table;  ///< two columns, along the axes that the Scene shows; rows as `steps`
};

struct FamilyRun {
  store::RunInfo info;
  std::string difference;  ///< to its parent: "lr 0.1 → 0.01 at step 400"
  std::string outcome;     ///< its best result, in words: "test_accuracy 0.982"
};

struct Comparison {
  std::uint64_t number = 0;                              ///< counts what was published
  ComparisonRequest request;                             ///< that it answers
  std::optional<Error> error;                            ///< the file can't be read
  std::vector<std::shared_ptr<const ComparedRun>> runs;  ///< as request.uids
  std::vector<std::string> names;                        ///< of them, no two alike
  std::vector<std::string> all_series;                   ///< that there are, the most used first
  std::vector<std::string> series;                       ///< that are shown
  std::vector<bool> on_axis;  ///< by run: whether it has the axis that is asked for
  std::vector<ComparedCurve> curves;
  Grouping grouping;
  std::vector<ComparedBand> bands;
  std::shared_ptr<const ListedRuns> listed;
  std::vector<std::shared_ptr<const ComparedPath>> paths;
  std::vector<FamilyRun> family;
  std::vector<FamilyBranch> branches;
  bool live = false;      ///< one of them goes on
  bool complete = false;  ///< false: more detail comes
};

}  // namespace thalweg
