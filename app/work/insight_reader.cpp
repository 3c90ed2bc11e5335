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

std::shared_ptr<const Insight> InsightReader::insight() const {
  const std::scoped_lock lock(mutex_);
  return insight_;
}

void InsightReader::work(const InsightRequest& request) {
  auto out = std::make_shared<Insight>();
  out->of = request;
  try {
    if (request.page == InsightPage::kRates) read_rates(request, *out);
  } catch (const std::bad_alloc&) {
    return;  // what was shown stays
  }
  if (worker_.newer()) return;
  {
    const std::scoped_lock lock(mutex_);
    insight_ = std::move(out);
  }
  if (wake_) wake_();
}

void InsightReader::read_rates(const InsightRequest& request, Insight& out) {
  RunRatesOptions options{.step = request.step,
                          .window = {},
                          .tolerance = request.settings.run.number_or("tol", 0.0),
                          .predict_steps = std::max<std::int64_t>(request.run.steps(), 1),
                          .keep = kMostPredicted,
                          .divisor = {}};
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
  out->radius = rate_map(wanted, &worker_.newer());
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
