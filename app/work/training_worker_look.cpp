// Looking into a network while it trains, or as it was.
#include <algorithm>
#include <chrono>

#include "app/work/training_worker.hpp"

namespace thalweg {
namespace {

/// Between two looks while training; and a look may take this share of the time.
constexpr double kLookSeconds = 0.5;
constexpr double kLookShare = 0.03;
constexpr std::int64_t kLookSamples = 1000;
/// Parameters times samples that a look may cost where nothing is in a hurry.
constexpr double kLookWork = 4e9;
/// Cells along a side of the map of what a network says.
constexpr int kMapSide = 64;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<std::uint32_t> evenly(std::int64_t count, std::int64_t of) {
  std::vector<std::uint32_t> out(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    out[static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(i * of / count);
  return out;
}

}  // namespace

/// The network that is shown: as it is, or as it was at the step that was asked for.
Trainer* TrainingWorker::looked_at() {
  if (request_.selected >= lanes_.size()) return nullptr;
  return replay_step() ? replay_.trainer() : lanes_[request_.selected].trainer.get();
}

std::int64_t TrainingWorker::look_step() const {
  return replay_step().value_or(lanes_[request_.selected].trainer->steps());
}

/// Whether a look is missing before there is nothing left to do.
bool TrainingWorker::look_wanted() const {
  if (request_.selected >= lanes_.size() || replay_wanted()) return false;
  return !look_ || look_->lane != request_.selected || !whole_look_ || look_->step != look_step();
}

bool TrainingWorker::look_due() const {
  if (!look_wanted()) return false;
  if (!busy() || now() >= next_look_) return true;
  const Lane& lane = lanes_[request_.selected];
  return lane.trainer->epochs().size() != lane.looked_at_epoch && now() >= next_look_ - 0.5 * kLookSeconds;
}

void TrainingWorker::look() {
  const double begin = now();
  Lane& lane = lanes_[request_.selected];
  TrainingEngine& engine = looked_at()->engine();
  auto out = std::make_shared<TrainingLook>();
  out->lane = request_.selected;
  out->step = look_step();
  out->data = data_;
  out->part = data_->test.count > 0 ? DataPart::kTest : DataPart::kTrain;
  const Samples& samples = out->part == DataPart::kTest ? data_->test : data_->train;
  out->of = samples.count;
  whole_look_ = !busy();
  const double affordable = kLookWork / std::max(1.0, static_cast<double>(engine.plan().parameters));
  const std::int64_t most =
      whole_look_ ? std::max(kLookSamples, static_cast<std::int64_t>(affordable)) : kLookSamples;
  if (data_->classes > 0) {
    const std::vector<std::uint32_t> indices = evenly(std::min(samples.count, most), samples.count);
    auto inspection = inspect(engine, *data_, out->part, indices);
    if (inspection) out->inspection = std::move(*inspection);
  }
  for (const PlannedLayer& layer : engine.plan().layers) {
    if (layer.kind != LayerKind::kLinear) continue;
    out->inputs = layer.inputs;
    out->units = layer.outputs;
    const auto size = static_cast<std::size_t>(std::int64_t{layer.inputs} * layer.outputs);
    const auto weights = engine.parameters().subspan(static_cast<std::size_t>(layer.weight), size);
    out->first_weights.assign(weights.begin(), weights.end());
    break;
  }
  draw_map(engine, *out);
  lane.looked_at_epoch = lane.trainer->epochs().size();
  look_ = std::move(out);
  const double end = now();
  next_look_ = end + std::max(kLookSeconds, (end - begin) / kLookShare);
}

/// What the network says all over the plane (or the line) that the data lie in.
void TrainingWorker::draw_map(TrainingEngine& engine, TrainingLook& out) const {
  const Samples& samples = data_->train;
  if (data_->features > 2 || samples.values.empty()) return;
  const auto features = static_cast<std::size_t>(data_->features);
  for (std::size_t f = 0; f < features; ++f) {
    double low = samples.values[f], high = low;
    for (std::size_t i = f; i < samples.values.size(); i += features) {
      low = std::min(low, static_cast<double>(samples.values[i]));
      high = std::max(high, static_cast<double>(samples.values[i]));
    }
    const double margin = 0.08 * std::max(high - low, 1e-6);
    out.bounds[2 * f] = low - margin;
    out.bounds[2 * f + 1] = high + margin;
  }
  const int columns = features == 2 ? kMapSide : 4 * kMapSide;
  const int rows = features == 2 ? kMapSide : 1;
  Samples grid;
  grid.count = std::int64_t{columns} * rows;
  const auto at = [&](std::size_t f, int place, int of) {
    const double from = out.bounds[2 * f], to = out.bounds[2 * f + 1];
    return static_cast<float>(from + (to - from) * (place + 0.5) / of);
  };
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns; ++x) {
      grid.values.push_back(at(0, x, columns));
      if (features == 2) grid.values.push_back(at(1, y, rows));
    }
  auto outputs = engine.outputs(grid);
  if (!outputs) return;
  out.map = std::move(*outputs);
  out.columns = columns;
  out.rows = rows;
}

void TrainingWorker::answer() {
  const std::shared_ptr<const Drawing>& drawing = request_.drawing;
  if (!drawing || !looked_at() || data_->classes < 1 || data_->train.bytes.empty() ||
      drawing->pixels.size() != static_cast<std::size_t>(data_->features)) {
    answer_.reset();
    return;
  }
  Trainer& trainer = *looked_at();
  if (answer_ && answer_->version == drawing->version && answer_->step == trainer.steps() &&
      answered_lane_ == request_.selected)
    return;
  Samples one;
  one.count = 1;
  one.bytes = drawing->pixels;
  one.labels = {0};
  const auto outputs = trainer.engine().outputs(one);
  answer_.reset();
  if (!outputs) return;
  answered_lane_ = request_.selected;
  answer_ = std::make_shared<const DrawingAnswer>(
      DrawingAnswer{drawing->version, trainer.steps(), probabilities(*outputs)});
}

}  // namespace thalweg
