#include "core/training/overfit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/training/preparation.hpp"
#include "core/training/trainer.hpp"

namespace thalweg {
namespace {

/// The network is evaluated after so many updates.
constexpr std::int64_t kBetween = 10;

/// Entropy of a smoothed target: no prediction has a lower cross-entropy.
double loss_floor(const Spec& loss, int classes) {
  if (loss.id != "cross_entropy" || classes < 2) return 0.0;
  const double even = loss.number("label_smoothing") / classes;
  const double peak = 1.0 - loss.number("label_smoothing") + even;
  const auto term = [](double p) { return p > 0.0 ? -p * std::log(p) : 0.0; };
  return term(peak) + (classes - 1) * term(even);
}

/// Two samples with the same inputs and different labels: nothing can tell them apart.
bool contradicts_itself(const Dataset& data, std::span<const std::uint32_t> batch) {
  if (data.classes < 1) return false;
  const Samples& samples = data.train;
  const auto features = static_cast<std::size_t>(data.features);
  const auto same = [&](std::size_t a, std::size_t b) {
    if (!samples.bytes.empty())
      return std::equal(samples.bytes.begin() + static_cast<std::ptrdiff_t>(a * features),
                        samples.bytes.begin() + static_cast<std::ptrdiff_t>((a + 1) * features),
                        samples.bytes.begin() + static_cast<std::ptrdiff_t>(b * features));
    return std::equal(samples.values.begin() + static_cast<std::ptrdiff_t>(a * features),
                      samples.values.begin() + static_cast<std::ptrdiff_t>((a + 1) * features),
                      samples.values.begin() + static_cast<std::ptrdiff_t>(b * features));
  };
  const std::size_t looked_at = std::min<std::size_t>(batch.size(), 1024);
  for (std::size_t i = 0; i < looked_at; ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (samples.labels[batch[i]] != samples.labels[batch[j]] && same(batch[i], batch[j])) return true;
  return false;
}

/// What holds a network back from learning by heart, as far as the settings tell.
std::vector<std::string> brakes(const TrainingSettings& settings) {
  std::vector<std::string> out;
  for (const Spec& layer : settings.model.layers)
    if (layer.id == "dropout") {
      out.emplace_back("Dropout hides units while it trains: take it out for this test.");
      break;
    }
  const Spec& optimizer = settings.optimizer.spec;
  if (optimizer.find("weight_decay") && optimizer.number("weight_decay") > 0.0)
    out.emplace_back("Weight decay pulls the weights back: set it to 0 for this test.");
  const auto changes = settings.training.at(0);
  if (!changes.is_off("clip_norm"))
    out.emplace_back("Clipping shortens every long gradient: turn it off for this test.");
  return out;
}

double mean(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// How the loss went, once it is known that it did not get there.
void explain(OverfitResult& r, const TrainingSettings& settings, bool escaped) {
  char text[200];
  const auto made = static_cast<long long>(r.losses.size());
  const double rate = settings.optimizer.spec.number("lr");
  if (escaped) {
    std::snprintf(text, sizeof text,
                  "failed: the loss left all bounds at step %lld; a learning rate of %.3g is too large",
                  made - 1, rate);
    r.reason = text;
    r.hints.emplace_back("Divide the learning rate by 10.");
    return;
  }
  const std::size_t tenth = std::max<std::size_t>(1, r.losses.size() / 10);
  const double before = mean(std::span(r.losses).last(std::min(2 * tenth, r.losses.size())).first(tenth));
  const double after = mean(std::span(r.losses).last(tenth));
  std::snprintf(text, sizeof text, "failed: after %lld steps the loss is %.3g (it was %.3g)", made, r.loss,
                r.first_loss);
  r.reason = text;
  if (!std::isnan(r.accuracy)) {
    std::snprintf(text, sizeof text, " with %.0f %% of the batch right", 100.0 * r.accuracy);
    r.reason += text;
  }
  const double fallen = r.first_loss - r.loss;
  if (after < 0.97 * before) {
    r.reason += "; it was still falling";
    r.hints.emplace_back("More steps, or a higher learning rate.");
  } else if (fallen < 0.05 * std::abs(r.first_loss - r.floor)) {
    r.reason += "; it hardly moved";
    r.hints.emplace_back(
        "The learning rate may be far too small or far too large: lr-find tells. Otherwise no gradient "
        "arrives: look for dead or saturated layers and the initial weights.");
  } else {
    r.reason += "; it no longer fell";
    r.hints.emplace_back(
        "A learning rate that is too large jumps around the minimum: divide it by 10. Otherwise the "
        "network may be too small for the batch.");
  }
}

}  // namespace

const Descriptor& overfit_descriptor() {
  static const Descriptor descriptor{
      .id = "overfit",
      .label = "Overfitting one batch",
      .summary = "When a network has learnt one batch by heart.",
      .formula = "",
      .reference = "A. Karpathy, A recipe for training neural networks, 2019",
      .parameters = {
          {.key = "target",
           .symbol = "",
           .label = "target loss",
           .default_value = 0.01,
           .min = 0.0,
           .max = 1e6,
           .min_open = true,
           .soft_min = 1e-4,
           .soft_max = 1.0,
           .scale = Scale::kLog,
           .help = "The test is passed below this loss, with every sample right."},
          {.key = "most_steps",
           .symbol = "",
           .label = "at most",
           .kind = Kind::kInteger,
           .default_value = 1000.0,
           .min = 1.0,
           .max = 1e7,
           .soft_min = 10.0,
           .soft_max = 10'000.0,
           .scale = Scale::kLog,
           .unit = "steps",
           .help = "The test has failed after so many updates."},
      }};
  return descriptor;
}

Result<OverfitResult> overfit_one_batch(const TrainingSettings& settings, std::shared_ptr<const Dataset> data,
                                        std::unique_ptr<TrainingEngine> engine, const Spec& limits,
                                        const std::function<bool(double)>& seen) {
  if (auto error = check(limits, overfit_descriptor())) return *error;
  auto prepared = prepare(settings, std::move(data), std::move(engine));
  if (!prepared) return prepared.error();
  const auto first = prepared->batches.at(0);
  const auto batch =
      first.first(std::min(first.size(), static_cast<std::size_t>(settings.training.spec.number("batch"))));
  const auto budget = static_cast<std::int64_t>(limits.number("most_steps"));
  const StepRates rates{.learning_rate = settings.optimizer.spec.number("lr"),
                        .clip_norm = settings.training.at(0).number_or("clip_norm", 0.0)};
  OverfitResult out;
  out.floor = loss_floor(settings.loss, prepared->data->classes);
  bool escaped = false;
  const auto evaluate = [&]() -> std::optional<Error> {
    const auto measured = prepared->engine->evaluate(DataPart::kTrain, batch);
    if (!measured) return measured.error();
    out.loss = measured->loss;
    out.accuracy = measured->accuracy;
    out.passed = out.loss - out.floor < limits.number("target") && !(out.accuracy < 1.0);
    return std::nullopt;
  };
  if (auto error = evaluate()) return *error;
  out.first_loss = out.loss;
  for (std::int64_t step = 0; step < budget && !out.passed && !escaped; ++step) {
    const auto result = prepared->engine->step(batch, rates);
    if (!result) return result.error();
    out.losses.push_back(result->loss);
    escaped = !(result->loss <= kLossEscaped * std::max(1.0, out.losses.front()));
    if (seen && seen(static_cast<double>(step + 1) / static_cast<double>(budget))) {
      out.stopped = true;
      break;
    }
    if (!escaped && ((step + 1) % kBetween == 0 || step + 1 == budget))
      if (auto error = evaluate()) return *error;
  }
  if (out.passed) {
    char text[120];
    std::snprintf(text, sizeof text, "passed: all %zu samples learnt by heart in %zu steps, loss %.2g",
                  batch.size(), out.losses.size(), out.loss);
    out.reason = text;
  } else if (out.stopped) {
    out.reason = "stopped before it could pass or fail";
  } else {
    explain(out, settings, escaped || !std::isfinite(out.loss));
    if (contradicts_itself(*prepared->data, batch))
      out.hints.emplace_back(
          "The batch holds equal samples with different labels, which nothing can tell apart.");
    for (std::string& brake : brakes(settings)) out.hints.push_back(std::move(brake));
  }
  return out;
}

}  // namespace thalweg
