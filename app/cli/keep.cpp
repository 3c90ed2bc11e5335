#include "app/cli/keep.hpp"

#include <algorithm>
#include <cstdio>

#include "app/cli/commands.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/scene/scene.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg::cli {
namespace {

constexpr std::int64_t kMostRows = 200'000;            ///< kept of one run
constexpr std::int64_t kMostRowsTogether = 1'000'000;  ///< of one command
/// Coordinates that are kept; surfaces may have a thousand.
constexpr int kMostCoordinates = 8;

/// The Scene that shows this race. Of more optimizers than a Scene may have, only the lane's own.
std::string scene_of(const RaceSettings& settings, std::size_t lane) {
  Scene scene = default_scene();
  if (set_surface(scene, settings.surface)) return "{}";
  scene.start = settings.start;
  scene.gradient = settings.gradient;
  scene.schedule = settings.schedule;
  scene.run = settings.run;
  scene.optimizers.clear();
  for (std::size_t i = 0; i < settings.optimizers.size(); ++i)
    if (i == lane || settings.optimizers.size() <= kMostOptimizers)
      scene.optimizers.push_back({settings.optimizers[i], static_cast<int>(i % 8), true});
  return check(scene) ? "{}" : to_json(scene);
}

std::string joined(const std::vector<double>& numbers) {
  std::string out;
  for (const double number : numbers) out += (out.empty() ? "" : ",") + format_number(number);
  return out;
}

store::RunStart start_of(const RaceSettings& settings, std::size_t lane, const std::string& race) {
  const Spec& optimizer = settings.optimizers[lane].spec;
  store::RunStart out{.kind = "descent",
                      .name = optimizer.id + " on " + settings.surface.id,
                      .race = race,
                      .lane = static_cast<int>(lane),
                      .program_version = THALWEG_VERSION,
                      .scene = scene_of(settings, lane)};
  store::add_settings(out.settings, "optimizer", optimizer, *find_optimizer(optimizer.id));
  store::add_settings(out.settings, "surface", settings.surface, *find_surface(settings.surface.id));
  store::add_settings(out.settings, "schedule", settings.schedule, *find_schedule(settings.schedule.id));
  store::add_settings(out.settings, "gradient", settings.gradient.spec, gradient_descriptor());
  store::add_settings(out.settings, "run", settings.run, run_descriptor());
  out.settings.push_back({"", "start", joined(settings.start), {}});
  return out;
}

}  // namespace

void add_changes(store::Recorder& recorder, int run, const LiveSpec& live, const Descriptor& descriptor) {
  for (const Change& change : live.changes)
    recorder.add_event(
        run, {change.step, "changed", change.key, format_value(change.value, *descriptor.find(change.key))});
}

std::int64_t kept_stride(std::int64_t rows, std::int64_t lanes) {
  const auto parts = [](std::int64_t all, std::int64_t most) { return (all + most - 1) / most; };
  return std::max<std::int64_t>({1, parts(rows, kMostRows), parts(rows * lanes, kMostRowsTogether)});
}

Result<std::unique_ptr<Keeper>> Keeper::create(const KeepOptions& options) {
  auto out = std::make_unique<Keeper>();
  if (!options.save) return out;
  if (!options.db.empty())
    if (const auto opened = store::Store::open(options.db); !opened) return opened.error();
  const std::filesystem::path file =
      options.db.empty() ? store::default_file() : std::filesystem::path(options.db);
  out->recorder_ = std::make_unique<store::Recorder>(file);
  return out;
}

void Keeper::finish() {
  if (!recorder_) return;
  const bool kept = recorder_->flush();
  const store::RecorderStatus status = recorder_->status();
  if (!kept && status.trouble)
    std::fprintf(stderr, "thalweg: this run is not kept: %s (--no-save says that it need not be)\n",
                 one_line(status.trouble->text()).c_str());
  else if (status.refused)
    std::fprintf(stderr, "thalweg: not all of this run is kept: %s\n",
                 one_line(status.refused->text()).c_str());
  else if (status.lost > 0)
    std::fprintf(stderr, "thalweg: %lld points of this run are not kept: the file was too slow\n",
                 static_cast<long long>(status.lost));
}

RaceKeeper::RaceKeeper(store::Recorder& recorder, const RaceSettings& settings) : recorder_(recorder) {
  const auto lanes = settings.optimizers.size();
  stride_ = kept_stride(static_cast<std::int64_t>(settings.run.number("steps")) + 1,
                        static_cast<std::int64_t>(lanes));
  const std::string race = lanes > 1 ? store::new_uid() : "";
  for (std::size_t i = 0; i < lanes; ++i) {
    lanes_.push_back({recorder.begin(start_of(settings, i, race)), 0});
    add_changes(recorder, lanes_.back().run, settings.optimizers[i],
                *find_optimizer(settings.optimizers[i].spec.id));
    add_changes(recorder, lanes_.back().run, settings.gradient, gradient_descriptor());
  }
}

void RaceKeeper::hand_over(Lane& lane, const DescentView& view, bool last) {
  const DescentColumns& columns = view.columns;
  std::vector<std::pair<int, store::Points>> series;
  for (int axis = 0; axis < std::min(columns.dim, kMostCoordinates); ++axis)
    series.push_back({columns.position(axis), {axis_name(columns.dim, axis)}});
  series.push_back({columns.loss(), {"loss", "", store::Goal::kLowest}});
  series.push_back({columns.gradient_norm(), {"grad_norm", "", store::Goal::kLowest}});
  const std::int64_t rows = view.table.rows();
  const auto add = [&](std::int64_t row) {
    for (auto& [column, points] : series) {
      points.steps.push_back(row);
      points.values.push_back(view.table.at(row, column));
    }
  };
  std::int64_t row = lane.next_row;
  for (; row < rows; row += stride_) add(row);
  // Where it ended is kept in any case.
  if (last && row - stride_ < rows - 1 && rows > 0) add(rows - 1);
  lane.next_row = row;
  std::vector<store::Points> points;
  for (auto& [column, one] : series) points.push_back(std::move(one));
  recorder_.append(lane.run, std::move(points));
}

void RaceKeeper::update(const RaceView& view) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) hand_over(lanes_[i], view.lanes[i], false);
}

void RaceKeeper::finish(const RaceView& view, double seconds) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const DescentView& lane = view.lanes[i];
    hand_over(lanes_[i], lane, true);
    recorder_.finish(lanes_[i].run, {std::string(outcome_name(lane.outcome)), lane.steps(), seconds});
  }
}

}  // namespace thalweg::cli
