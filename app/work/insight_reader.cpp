#include "app/work/insight_reader.hpp"

#include <algorithm>
#include <cmath>
#include <new>

namespace thalweg {
namespace {

/// Predicted distances that are kept for the chart.
constexpr std::int64_t kMostPredicted = 100'000;

/// Steps drawn of a line, at most: of each stretch the smallest and the largest value.
constexpr std::int64_t kMostDrawn = 3000;
constexpr std::int64_t kTheoryDots = 24;

ThinLine thinned(const StepValue& value, std::int64_t first, std::int64_t last) {
  ThinLine out;
  const auto add = [&](std::int64_t step) {
    out.step.push_back(static_cast<double>(step));
    out.value.push_back(value(step));
  };
  const std::int64_t stretch = std::max<std::int64_t>(1, 2 * (last - first + 1) / kMostDrawn);
  for (std::int64_t from = first; from <= last; from += stretch) {
    std::int64_t low = from, high = from;
    for (std::int64_t t = from + 1; t < std::min(from + stretch, last + 1); ++t) {
      if (value(t) < value(low)) low = t;
      if (value(t) > value(high)) high = t;
    }
    add(std::min(low, high));
    if (low != high) add(std::max(low, high));
  }
  return out;
}

/// The straight line of a rate through what was measured at the beginning of the window.
ThinLine rate_line(const RunRates& rates, RateQuantity quantity, std::int64_t steps) {
  const auto& measured = rates.of(quantity);
  ThinLine out;
  if (!measured || !rates.analysis) return out;
  for (const std::int64_t t :
       {measured->first, std::max(measured->last, std::min(steps, measured->last + 1))}) {
    out.step.push_back(static_cast<double>(t));
    out.value.push_back(measured->at_first *
                        std::pow(rates.analysis->radius, static_cast<double>(t - measured->first)));
  }
  return out;
}

/// What an adaptive optimizer divides by at the step that is looked at: the rate over the rate of each
/// coordinate.
std::optional<std::vector<double>> divisor(const InsightRequest& request, const StateRecord& state) {
  const auto quantity = std::find_if(state.quantities.begin(), state.quantities.end(),
                                     [](const auto& q) { return q.symbol == kEffectiveRateSymbol; });
  if (quantity == state.quantities.end() || state.coordinates != request.surface->dim() ||
      request.step >= state.table.rows() || request.step < 1)
    return {};
  const double rate = learning_rate_at(request.settings, request.step - 1);
  const auto index = static_cast<std::size_t>(quantity - state.quantities.begin());
  std::vector<double> out;
  for (int i = 0; i < state.coordinates; ++i)
    out.push_back(rate / state.table.at(request.step, state.column(index, i)));
  return out;
}

}  // namespace

bool InsightRequest::same(const InsightRequest& other) const {
  return page == other.page && step == other.step && surface == other.surface && settings == other.settings &&
         run.outcome == other.run.outcome && run.table.rows() == other.run.table.rows() &&
         run.table.extends(other.run.table);
}

double radius_level(double radius) {
  return radius < 1.0 ? -std::log10(1.0 - radius) : std::numeric_limits<double>::infinity();
}

InsightReader::InsightReader(std::function<void()> wake)
    : wake_(std::move(wake)), worker_([this](const InsightRequest& request) { work(request); }) {}

void InsightReader::request(InsightRequest request) {
  if (requested_ && requested_->same(request)) return;
  requested_ = request;
  worker_.submit(std::move(request));
}

std::shared_ptr<const LaneInsight> InsightReader::insight() const {
  const std::scoped_lock lock(mutex_);
  return insight_;
}

void InsightReader::work(const InsightRequest& request) {
  auto out = std::make_shared<LaneInsight>();
  out->of = request;
  try {
    const Spec now = request.settings.optimizer.at(request.step);
    const bool replayed = request.page == InsightPage::kState || frozen_rule(now);
    // Overtaken half way: the next request goes on from there, or wants something else. What is complete is
    // shown even so, or nothing would be while the race plays.
    if (replayed && !read_state(request, *out)) return;
    if (request.page == InsightPage::kRates) read_rates(request, *out);
  } catch (const std::bad_alloc&) {
    return;  // what was shown stays
  }
  {
    const std::scoped_lock lock(mutex_);
    insight_ = std::move(out);
  }
  if (wake_) wake_();
}

bool InsightReader::read_state(const InsightRequest& request, LaneInsight& out) {
  const int dim = request.surface->dim();
  // What was replayed for a moment ago is the beginning of what is asked for now, if nothing was changed.
  const bool same = replay_.descent && replay_.surface == request.surface &&
                    replay_.descent->settings() == request.settings;
  if (!same) {
    replay_ = {};
    replay_.surface = request.surface;
    replay_.descent = std::make_unique<Descent>(request.settings, request.surface);
  }
  Descent& descent = *replay_.descent;
  StateRecord& state = out.state;
  state.coordinates = std::min(dim, StateRecord::kMostCoordinates);
  state.quantities = descent.stepper().quantities();
  if (state.quantities.empty()) return true;
  const int columns = static_cast<int>(state.quantities.size()) * state.coordinates;
  if (!replay_.table) replay_.table = std::make_unique<Table>(columns);
  Table& table = *replay_.table;
  const std::int64_t rows = std::min(request.run.steps() + 1, StateRecord::kMostNumbers / columns);
  std::vector<double> values(state.quantities.size() * static_cast<std::size_t>(dim), std::nan(""));
  while (table.rows() < rows && !worker_.newer()) {
    descent.advance(table.rows());
    descent.stepper().look(values);
    const Table::Tail tail = table.tail();
    for (std::size_t k = 0; k < state.quantities.size(); ++k)
      for (int i = 0; i < state.coordinates; ++i)
        *tail.column(state.column(k, i)) =
            values[k * static_cast<std::size_t>(dim) + static_cast<std::size_t>(i)];
    table.commit(1);
  }
  state.table = table.view().first(rows);
  state.cut = rows < request.run.steps() + 1;
  return table.rows() >= rows;
}

void InsightReader::read_rates(const InsightRequest& request, LaneInsight& out) {
  RunRatesOptions options{.step = request.step,
                          .window = {},
                          .tolerance = request.settings.run.number_or("tol", 0.0),
                          .predict_steps = std::max<std::int64_t>(request.run.steps(), 1),
                          .keep = kMostPredicted,
                          .divisor = divisor(request, out.state)};
  out.rates = run_rates(request.settings, *request.surface, request.run, options);
  out.quantity = out.rates.minimum.empty() ? RateQuantity::kGradientNorm : RateQuantity::kDistance;
  const StepValue value = step_value(request.run, out.rates.minimum, out.quantity);
  out.measured = thinned(value, 0, request.run.steps());
  if (!out.rates.predicted.distance.empty()) {
    const auto& distance = out.rates.predicted.distance;
    const auto last = static_cast<std::int64_t>(distance.size()) - 1;
    // Dots on the line of the run: few enough to see both.
    for (std::int64_t i = 0; i <= kTheoryDots; ++i) {
      const std::int64_t t = last * i / kTheoryDots;
      if (!out.theory.step.empty() && static_cast<double>(t) == out.theory.step.back()) continue;
      out.theory.step.push_back(static_cast<double>(t));
      out.theory.value.push_back(distance[static_cast<std::size_t>(t)]);
    }
  } else {
    out.theory = rate_line(out.rates, out.quantity, request.run.steps());
  }
  if (!out.rates.analysis || out.rates.analysis->frozen) return;
  const RateAnalysis& analysis = *out.rates.analysis;
  if (!analysis.spectrum.definite()) return;
  out.sweep = sweep_setting(analysis.optimizer, "lr", analysis.spectrum);
  if (momentum_of(analysis.optimizer))
    out.field =
        field_of(rate_map_request(analysis.optimizer, analysis.spectrum.range(), analysis.learning_rate));
}

std::shared_ptr<const RateField> InsightReader::field_of(const RateMapRequest& request) {
  RateMapRequest wanted = request;
  wanted.width = RateField::kWidth;
  wanted.height = RateField::kHeight;
  if (field_ && field_->request == wanted) return field_;
  auto out = std::make_shared<RateField>();
  out->request = wanted;
  out->radius = rate_map(wanted);
  if (out->radius.empty()) return nullptr;
  constexpr float kUnstable = -1.0F;
  std::vector<float> levels(out->radius.size());
  std::transform(out->radius.begin(), out->radius.end(), levels.begin(), [](double radius) {
    const double level = RateField::kLinesPerDecade * radius_level(radius);
    return std::isfinite(level) ? static_cast<float>(level) : kUnstable;
  });
  out->lines = contour_lines({RateField::kWidth, RateField::kHeight, levels, kUnstable}, 1,
                             RateField::kLinesPerDecade);
  out->boundary = stability_boundary(wanted);
  field_ = std::move(out);
  return field_;
}

}  // namespace thalweg
