#include "core/training/lr_find.hpp"

#include <algorithm>
#include <cmath>

#include "core/training/preparation.hpp"

namespace thalweg {
namespace {

/// The sweep ends when the smoothed loss is so many times the lowest so far.
constexpr double kRisen = 4.0;
/// A fall of the smoothed loss by less than this share is none.
constexpr double kLeastFall = 0.02;

std::vector<double> smooth(const std::vector<double>& losses, double keep) {
  std::vector<double> out;
  double average = 0.0, weight = 0.0;
  for (const double loss : losses) {
    average = keep * average + (1.0 - keep) * loss;
    weight = keep * weight + (1.0 - keep);
    out.push_back(average / weight);
  }
  return out;
}

/// Places before this one average over too few losses to be compared.
std::size_t settled(double keep, std::size_t count) {
  return std::min(static_cast<std::size_t>(std::lround(1.0 / (1.0 - keep))), count / 4);
}

/// How much the smoothed loss moves by the noise of the batches alone: one standard deviation.
double noise(const LrFindResult& r, std::size_t first, std::size_t last, double keep) {
  // Differences of neighbours hold the noise twice and next to nothing of the trend.
  double sum = 0.0;
  for (std::size_t i = first + 1; i <= last; ++i) sum += std::pow(r.losses[i] - r.losses[i - 1], 2);
  const double one = last > first ? std::sqrt(sum / (2.0 * static_cast<double>(last - first))) : 0.0;
  return one * std::sqrt((1.0 - keep) / (1.0 + keep));
}

std::size_t steepest_place(const LrFindResult& r, std::size_t first, std::size_t last) {
  const std::size_t reach = std::max<std::size_t>(1, r.rates.size() / 40);
  std::size_t best = last;
  double least = 0.0;
  for (std::size_t i = first; i < last; ++i) {
    const std::size_t low = i > first + reach ? i - reach : first;
    const std::size_t high = std::min(last, i + reach);
    const double slope = (r.smoothed[high] - r.smoothed[low]) / std::log(r.rates[high] / r.rates[low]);
    if (slope < least) {
      least = slope;
      best = i;
    }
  }
  return best;
}

std::string sweep_text(const LrFindResult& r) {
  char text[96];
  std::snprintf(text, sizeof text, "between %.3g and %.3g", r.rates.front(), r.rates.back());
  return text;
}

}  // namespace

const Descriptor& lr_find_descriptor() {
  const auto rate = [](const char* key, const char* label, double value, const char* help) {
    return Parameter{.key = key,
                     .symbol = "η",
                     .label = label,
                     .default_value = value,
                     .min = 0.0,
                     .max = 1e6,
                     .min_open = true,
                     .soft_min = 1e-8,
                     .soft_max = 100.0,
                     .scale = Scale::kLog,
                     .help = help};
  };
  static const Descriptor descriptor{
      .id = "sweep",
      .label = "Sweep",
      .summary = "How the learning-rate finder goes through the rates.",
      .formula = "ηₜ = min · (max/min)^(t/(steps−1))",
      .reference =
          "L. N. Smith, Cyclical learning rates for training neural networks, WACV 2017, section 3.3",
      .parameters = {
          rate("min", "lowest rate", 1e-7, "Where the sweep begins."),
          rate("max", "highest rate", 10.0,
               "Where it ends, if the loss has not risen to four times its lowest before."),
          {.key = "sweep_steps",
           .symbol = "T",
           .label = "steps",
           .kind = Kind::kInteger,
           .default_value = 200.0,
           .min = 10.0,
           .max = 100'000.0,
           .soft_min = 50.0,
           .soft_max = 1000.0,
           .scale = Scale::kLog,
           .help = "Updates of the sweep."},
          {.key = "smoothing",
           .symbol = "β",
           .label = "smoothing",
           .default_value = 0.9,
           .min = 0.0,
           .max = 0.999,
           .soft_min = 0.0,
           .soft_max = 0.99,
           .help = "Share of the average that is kept from one update to the next. Much of it moves the "
                   "curve to the "
                   "right."},
      }};
  return descriptor;
}

void suggest_rate(LrFindResult& r, double keep) {
  while (!r.losses.empty() && !std::isfinite(r.losses.back())) r.losses.pop_back();
  const std::size_t made = r.losses.size();
  r.smoothed = smooth(r.losses, keep);
  if (made < 8) {
    r.verdict = "The loss is lost within the first updates: begin at a lower rate.";
    return;
  }
  const std::size_t first = settled(keep, made);
  const auto lowest =
      std::min_element(r.smoothed.begin() + static_cast<std::ptrdiff_t>(first), r.smoothed.end());
  const auto place = static_cast<std::size_t>(lowest - r.smoothed.begin());
  const double fall = r.smoothed[first] - *lowest;
  if (fall < std::max(kLeastFall * std::abs(r.smoothed[first]), 3.0 * noise(r, first, place, keep))) {
    r.verdict = "The loss falls nowhere " + sweep_text(r) +
                ": the network may be dead or the data without a pattern, or all these rates are too large.";
    return;
  }
  r.minimum = r.rates[place];
  r.tenth = r.minimum / 10.0;
  r.steepest = r.rates[steepest_place(r, first, place)];
  char text[240];
  std::snprintf(text, sizeof text,
                "The loss falls fastest at a rate of %.2g; it is lowest at %.2g, a tenth of which is %.2g.",
                r.steepest, r.minimum, r.tenth);
  r.verdict = text;
  if (place + 1 == made)
    r.verdict += " It was still falling when the sweep ended: a higher end may show more.";
}

Result<LrFindResult> lr_find(const TrainingSettings& settings, std::shared_ptr<const Dataset> data,
                             std::unique_ptr<TrainingEngine> engine, const Spec& sweep,
                             const std::function<bool(double)>& seen) {
  if (auto error = check(sweep, lr_find_descriptor())) return *error;
  const double low = sweep.number("min"), high = sweep.number("max");
  if (low >= high) return bad_input("must be less than max", "min");
  auto prepared = prepare(settings, std::move(data), std::move(engine));
  if (!prepared) return prepared.error();
  const auto steps = static_cast<std::int64_t>(sweep.number("sweep_steps"));
  const double keep = sweep.number("smoothing");
  const double clip = settings.training.at(0).number_or("clip_norm", 0.0);
  LrFindResult out;
  double average = 0.0, weight = 0.0, best = std::numeric_limits<double>::infinity();
  for (std::int64_t step = 0; step < steps; ++step) {
    const double done = static_cast<double>(step) / static_cast<double>(steps - 1);
    const double rate = low * std::pow(high / low, done);
    const auto result =
        prepared->engine->step(prepared->batches.at(step), {.learning_rate = rate, .clip_norm = clip});
    if (!result) return result.error();
    out.rates.push_back(rate);
    out.losses.push_back(result->loss);
    average = keep * average + (1.0 - keep) * result->loss;
    weight = keep * weight + (1.0 - keep);
    const double smoothed = average / weight;
    best = std::min(best, smoothed);
    if (!(smoothed <= kRisen * best)) break;
    if (seen && seen(done)) {
      out.stopped = true;
      out.smoothed = smooth(out.losses, keep);
      out.verdict = "Stopped before the sweep was through.";
      return out;
    }
  }
  suggest_rate(out, keep);
  return out;
}

}  // namespace thalweg
