// What is seen in the losses alone.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/training/diagnosis.hpp"

namespace thalweg::diagnosis {
namespace {

/// Consecutive steps taken together, so that the noise of single batches does not count.
struct Block {
  std::int64_t first = 0;
  std::int64_t last = 0;
  double mean = 0.0;
  double amplitude = 0.0;  ///< root mean square distance from a straight line through the block
  int crossings = 0;       ///< how often the loss crosses that line
};

Block block_of(const TableView& steps, std::int64_t first, std::int64_t count) {
  Block out{.first = first, .last = first + count - 1};
  const auto n = static_cast<double>(count);
  const auto loss = [&](std::int64_t i) { return steps.at(first + i, TrainingColumns::kLoss); };
  for (std::int64_t i = 0; i < count; ++i) out.mean += loss(i) / n;
  const double middle = (n - 1.0) / 2.0;
  double along = 0.0, spread = 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double x = static_cast<double>(i) - middle;
    along += x * (loss(i) - out.mean);
    spread += x * x;
  }
  const double slope = spread > 0.0 ? along / spread : 0.0;
  double before = 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double off = loss(i) - out.mean - slope * (static_cast<double>(i) - middle);
    out.amplitude += off * off / n;
    if (i > 0 && off * before < 0.0) ++out.crossings;
    before = off;
  }
  out.amplitude = std::sqrt(out.amplitude);
  return out;
}

/// The run in blocks of `size` steps, up to the first loss that is not finite.
std::vector<Block> blocks_of(const TableView& steps, std::int64_t size) {
  std::vector<Block> out;
  for (std::int64_t first = 0; first + size <= steps.rows(); first += size) {
    out.push_back(block_of(steps, first, size));
    if (!std::isfinite(out.back().mean)) {
      out.pop_back();
      break;
    }
  }
  return out;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// What the curvature probe adds, where it measured: empty, or a part of a sentence.
std::string curvature_text(const TrainingView& view) {
  const ProbeSeries* probe = view.find("curvature");
  if (!probe) return {};
  const double sharpness = last_finite(probe->table, 1), limit = last_finite(probe->table, 3);
  if (!(sharpness > limit)) return {};
  return said("; λmax %.3g is beyond the stability limit %.3g", sharpness, limit);
}

}  // namespace

void find_divergence(const TrainingView& view, int, std::vector<Finding>& out) {
  if (view.outcome != Outcome::kDiverged) return;
  const std::int64_t last = view.steps.rows() - 1;
  const double rate = view.steps.at(last, TrainingColumns::kLearningRate);
  const bool at_once = last < 20;
  out.push_back(
      {.id = "diverged",
       .headline = said("The loss diverged at step %lld.", static_cast<long long>(last)),
       .evidence = said("the loss went from %.3g to beyond all bounds at a learning rate of %.3g",
                        view.steps.at(0, TrainingColumns::kLoss), rate) +
                   curvature_text(view),
       .causes = {at_once ? "The learning rate is too large from the beginning."
                          : "The learning rate is too large for a place the network came to.",
                  "Inputs that are not normalised, or initial weights that are too large."},
       .remedy = at_once
                     ? said("A learning rate of %.2g; lr-find shows the range.", rate / 10.0)
                     : "A learning rate three to ten times smaller, a warm-up, or clipping (clip_norm=1).",
       .first_step = last,
       .last_step = last});
}

/// Of a run of at least 50 steps in tenths, whose means lie `near` a level if they are within 2 % of it, or
/// within three standard errors and 6 %. Stuck: every tenth of the second half lies near ln K, and so does
/// their mean within 2 %, without a fall. Flat: elsewhere and without an oscillation, every tenth lies near
/// the mean of all, without a fall. A fall is one of 1 % from one half to the other, or of three standard
/// errors.
void find_stuck(const TrainingView& view, int classes, std::vector<Finding>& out) {
  const std::int64_t steps = view.steps.rows();
  if (steps < 50 || view.outcome == Outcome::kDiverged) return;
  const auto blocks = blocks_of(view.steps, steps / 10);
  if (blocks.size() < 10) return;
  const auto size = static_cast<double>(steps / 10);
  const auto mean_of = [&](std::size_t first, std::size_t last) {
    double sum = 0.0;
    for (std::size_t b = first; b < last; ++b) sum += blocks[b].mean;
    return sum / static_cast<double>(last - first);
  };
  const auto all_near = [&](std::size_t first, double level) {
    return std::all_of(
        blocks.begin() + static_cast<std::ptrdiff_t>(first), blocks.begin() + 10, [&](const Block& b) {
          const double room = std::min(3.0 * b.amplitude / std::sqrt(size), 0.06 * std::abs(level));
          return std::abs(b.mean - level) <= std::max(0.02 * std::abs(level), room);
        });
  };
  const auto falls = [&](std::size_t first, std::size_t middle, double level) {
    const double error = blocks[9].amplitude * std::sqrt(2.0 / (size * static_cast<double>(middle - first)));
    return mean_of(first, middle) - mean_of(middle, 10) > std::max(0.01 * std::abs(level), 3.0 * error);
  };
  const double chance = classes > 1 ? std::log(static_cast<double>(classes)) : -1.0;
  const bool stuck =
      all_near(5, chance) && std::abs(mean_of(5, 10) - chance) <= 0.02 * chance && !falls(5, 7, chance);
  const double level = mean_of(0, 10);
  const bool swings =
      std::any_of(out.begin(), out.end(), [](const Finding& f) { return f.id == "oscillation"; });
  const bool flat = all_near(0, level) && !falls(0, 5, level) && !swings;
  if (!stuck && !flat) return;
  out.push_back(
      {.id = stuck ? "stuck" : "flat",
       .headline = stuck ? said("The loss is stuck at ln %d = %.3g: guessing.", classes, chance)
                         : "The loss does not move.",
       .evidence = said("mean loss %.4g over the first tenth of the run, %.4g over the last", blocks[0].mean,
                        blocks[9].mean),
       .causes = {"No gradient arrives: dead or saturated units, or weights that began at 0.",
                  "The learning rate is far too small, or so large that the units died at once.",
                  "Labels that do not belong to the inputs."},
       .remedy = "overfit-one-batch tells whether the network can learn at all, lr-find which rate.",
       .first_step = stuck ? blocks[5].first : 0,
       .last_step = steps - 1});
}

/// Overfitting: the validation loss (the test loss where nothing is kept back) has ended, on the mean of its
/// last two epochs, 10 % above its lowest, while the training loss went on falling by 5 % or more.
void find_overfitting(const TrainingView& view, int, std::vector<Finding>& out) {
  if (!view.epochs) return;
  const auto kept_back = [](const EpochRecord& e) { return std::isfinite(e.validation_loss); };
  const bool validated = std::any_of(view.epochs->begin(), view.epochs->end(), kept_back);
  std::vector<EpochRecord> epochs;
  std::vector<double> held;
  for (const EpochRecord& epoch : *view.epochs) {
    const double loss = validated ? epoch.validation_loss : epoch.test_loss;
    if (!epoch.whole || !std::isfinite(loss)) continue;
    epochs.push_back(epoch);
    held.push_back(loss);
  }
  if (held.size() < 3) return;
  const auto best = static_cast<std::size_t>(std::min_element(held.begin(), held.end()) - held.begin());
  const std::size_t last = held.size() - 1;
  if (last < best + 2) return;
  const double ended = (held[last] + held[last - 1]) / 2.0;
  if (ended < 1.1 * held[best] || epochs[last].train_loss > 0.95 * epochs[best].train_loss) return;
  const char* part = validated ? "validation" : "test";
  out.push_back(
      {.id = "overfitting",
       .headline = said("Overfitting since epoch %lld.", static_cast<long long>(epochs[best].epoch)),
       .evidence =
           said("the %s loss rose from %.3g at epoch %lld to %.3g at epoch %lld, while the training "
                "loss fell from %.3g to %.3g",
                part, held[best], static_cast<long long>(epochs[best].epoch), held[last],
                static_cast<long long>(epochs[last].epoch), epochs[best].train_loss, epochs[last].train_loss),
       .causes = {"The network can learn the training samples by heart.",
                  "Too few samples, or too many epochs."},
       .remedy = "Early stopping (patience with a validation share), dropout, weight decay, or more data.",
       .first_step = epochs[best].steps - 1,
       .last_step = epochs[last].steps - 1});
}

/// A growing oscillation: over five or more blocks in a row the distance from the trend grows (it may dip by
/// a tenth), in all threefold and up to 5 % of the loss at least, while the mean loss does not fall by more
/// than 10 % and the loss goes up and down all the time (at least a third of the steps cross the trend).
void find_oscillation(const TrainingView& view, int, std::vector<Finding>& out) {
  const std::int64_t size = std::max<std::int64_t>(8, view.steps.rows() / 40);
  const auto blocks = blocks_of(view.steps, size);
  std::size_t first = 0;
  for (std::size_t b = 1; b <= blocks.size(); ++b) {
    const bool grows = b < blocks.size() && blocks[b].amplitude > 0.9 * blocks[b - 1].amplitude &&
                       blocks[b].crossings >= size / 3;
    if (grows) continue;
    const Block& begin = blocks[first];
    const Block& end = blocks[b - 1];
    const bool long_enough = b - first >= 5;
    first = b;
    if (!long_enough || end.amplitude < 3.0 * begin.amplitude || end.amplitude < 0.05 * std::abs(end.mean) ||
        end.mean < 0.9 * begin.mean)
      continue;
    out.push_back(
        {.id = "oscillation",
         .headline = said("The loss oscillates more and more from step %lld on.",
                          static_cast<long long>(begin.first)),
         .evidence = said("its swing grew from %.2g to %.2g by step %lld", begin.amplitude, end.amplitude,
                          static_cast<long long>(end.last)) +
                     curvature_text(view),
         .causes = {"The learning rate is beyond what the curvature allows (2/η for gradient descent).",
                    "Too much momentum for this rate."},
         .remedy = "Halve the learning rate, or let a schedule lower it.",
         .first_step = begin.first,
         .last_step = end.last});
    return;
  }
}

/// A spike: the mean of five steps is three times the median of the hundred steps before, half as much again
/// as the worst five of them, and above that median by a tenth of the first five losses. It has recovered
/// once five steps are, within the next tenth of the run or 100 steps, below one and a half times that
/// median.
void find_spikes(const TrainingView& view, int, std::vector<Finding>& out) {
  constexpr std::int64_t kSteps = 5;
  constexpr std::size_t kBefore = 20, kLeastBefore = 6;
  const auto blocks = blocks_of(view.steps, kSteps);
  if (blocks.empty()) return;
  const double scale = std::abs(blocks.front().mean);
  const std::size_t patience = std::max<std::size_t>(20, blocks.size() / 10);
  for (std::size_t b = kLeastBefore; b < blocks.size(); ++b) {
    std::vector<double> before;
    for (std::size_t i = b > kBefore ? b - kBefore : 0; i < b; ++i) before.push_back(blocks[i].mean);
    const double worst = *std::max_element(before.begin(), before.end());
    const double usual = median(std::move(before));
    const double height = blocks[b].mean;
    if (!(height > 3.0 * usual) || height < 1.5 * worst || height - usual < 0.1 * scale) continue;
    const std::size_t end = std::min(blocks.size(), b + 1 + patience);
    std::size_t back = b + 1;
    while (back < end && blocks[back].mean >= 1.5 * usual) ++back;
    const bool recovered = back < end;
    if (!recovered && end == blocks.size() && end < b + 1 + patience) return;  // too early to tell
    const auto at = static_cast<long long>(blocks[b].first);
    out.push_back(
        {.id = recovered ? "spike" : "jump",
         .headline = recovered ? said("The loss spiked at step %lld and recovered.", at)
                               : said("The loss jumped up at step %lld and did not come back.", at),
         .evidence = said("from about %.3g to %.3g", usual, height) +
                     (recovered ? said(", back by step %lld", static_cast<long long>(blocks[back].last))
                                : std::string()),
         .causes = {"A few unusual batches while the learning rate was high.",
                    "Adam's second moment had become small, so that one large gradient made a huge step."},
         .remedy = "Clipping (clip_norm=1), a smaller learning rate, or a β₂ closer to 0.95.",
         .first_step = blocks[b].first,
         .last_step = recovered ? blocks[back].last : view.steps.rows() - 1});
    return;
  }
}

/// Slow: a finished run in which the loss fell by 2 % at least and is still above half of where it began, and
/// in whose last third it fell by a quarter or more of the whole fall, and nothing else is wrong.
void find_slowness(const TrainingView& view, int, std::vector<Finding>& out) {
  const std::int64_t steps = view.steps.rows();
  if (!out.empty() || view.outcome != Outcome::kBudget || steps < 60) return;
  const auto blocks = blocks_of(view.steps, steps / 12);
  if (blocks.size() < 12) return;
  const double begin = blocks.front().mean, end = blocks.back().mean, then = blocks[7].mean;
  if (begin - end < 0.02 * std::abs(begin) || end < 0.5 * begin || then - end < 0.25 * (begin - end)) return;
  // Still falling means falling throughout, not a late success or noise.
  for (std::size_t b = 2; b < blocks.size(); ++b)
    if (blocks[b].mean >= blocks[b - 2].mean) return;
  const double rate = view.steps.at(steps - 1, TrainingColumns::kLearningRate);
  out.push_back({.id = "slow",
                 .headline = "The loss was still falling steadily when the run ended.",
                 .evidence = said("from %.3g to %.3g in all, %.0f %% of it in the last third", begin, end,
                                  100.0 * (then - end) / (begin - end)),
                 .causes = {"The learning rate is too small.", "Too few steps."},
                 .remedy = said("A learning rate of %.2g, or lr-find; then more epochs.", 10.0 * rate),
                 .first_step = 0,
                 .last_step = steps - 1});
}

}  // namespace thalweg::diagnosis
