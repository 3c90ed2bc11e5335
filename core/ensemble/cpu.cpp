// Ensembles on the CPU: particles in waves, a wave in blocks, blocks in parallel for some hundred steps at a
// time. What has ended leaves its block at once, and blocks that have run low are put together, so that a few
// particles that take long do not cost as much as all of them.
#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "core/ensemble/ensemble.hpp"
#include "core/ensemble/loops.hpp"
#include "core/ensemble/watch.hpp"
#include "core/optimizer/flush.hpp"

namespace thalweg {
namespace {

using namespace ensemble;

/// So few that their memory is soon used again, and so many that every thread has enough to do.
constexpr std::int64_t kWave = 256 * kBlock;
/// Steps between two looks at all blocks together.
constexpr int kChunk = 256;
static_assert(kChunk <= kMostWatched);

/// What happens to a block. Any number of threads, each with blocks of its own.
class BlockRunner {
 public:
  BlockRunner(const FormulaLoop& formula, const RuleLoop& rule, const Target& target, cpu::Isa isa,
              std::int64_t first, EnsembleResult& result)
      : formula_(formula), rule_(rule), target_(target), isa_(isa), first_(first), result_(result) {}

  /// Looks at the starts.
  void begin(Block& block) const {
    rule_.begin(block);
    block.fill_group();
    if (watches()) begin_watch(block);
    look(block);
  }

  /// Makes the `count` steps whose constants are prepared, or as many as there are particles left for.
  void advance(Block& block, int count) const {
    if (watches()) begin_watch(block);
    for (int k = 0; k < count && block.count > 0; ++k) {
      rule_.update(isa_, block, formula_.dim(), k);
      if (rule_.averages()) rule_.average(isa_, block, formula_.dim());
      ++block.steps;
      look(block);
    }
  }

  /// Ends all that have not ended.
  void finish(Block& block, Outcome outcome) const {
    for (int lane = 0; lane < block.count; ++lane) record(block, lane, outcome);
    block.count = 0;
  }

 private:
  /// Whether there are several minima to be watched.
  bool watches() const { return target_.tolerance > 0.0f && target_.count() > 1; }

  /// Gradients where the particles stand, and an end to those that have come to it.
  void look(Block& block) const {
    const int count = block.lanes();
    float* const x = block.at(Block::kX);
    float* const y = block.at(Block::kY);
    const float* found_x = x;
    const float* found_y = y;
    alignas(64) float found_slope[2][kBlock];
    const float* slope_x = block.at(Block::kSlopeX);
    const float* slope_y = block.at(Block::kSlopeY);
    bool any = formula_.look(isa_, x, y, block.at(Block::kSlopeX), block.at(Block::kSlopeY), block.ending,
                             count, target_.aim());
    if (rule_.averages()) {
      // As of a descent: what counts is what was found, but for how far away theta is.
      found_x = block.at(Block::kFoundX);
      found_y = block.at(Block::kFoundY);
      slope_x = found_slope[0];
      slope_y = found_slope[1];
      any = formula_.look(isa_, found_x, found_y, found_slope[0], found_slope[1], block.ending, count,
                          target_.aim());
      for (int i = 0; i < count; ++i)
        if (!within_reach(x[i], y[i])) {
          block.ending[i] |= kBroken;
          any = true;
        }
    }
    if (watches()) any |= watch(isa_, block, found_x, found_y, target_);
    if (target_.tolerance > 0.0f && target_.count() == 0)
      any |= watch_slope(isa_, block, slope_x, slope_y, target_);
    if (any) settle(block);
  }

  void settle(Block& block) const {
    for (int lane = block.count - 1; lane >= 0; --lane) {
      const Ending ending = block.ending[lane];
      if (ending == kGoesOn) continue;
      record(block, lane, (ending & kBroken) != 0 ? Outcome::kDiverged : Outcome::kConverged);
      block.remove(lane);
    }
    block.fill_group();
  }

  void record(Block& block, int lane, Outcome outcome) const {
    const float x = block.at(rule_.averages() ? Block::kFoundX : Block::kX)[lane];
    const float y = block.at(rule_.averages() ? Block::kFoundY : Block::kY)[lane];
    const auto to = static_cast<std::size_t>(first_ + block.particle[lane]);
    result_.x[to] = x;
    result_.y[to] = y;
    result_.loss[to] = formula_.slope(x, y).loss;
    result_.steps[to] = static_cast<std::int32_t>(block.steps);
    result_.outcome[to] = outcome;
    result_.minimum[to] = outcome == Outcome::kDiverged ? -1 : nearest_minimum(target_, x, y);
  }

  const FormulaLoop& formula_;
  const RuleLoop& rule_;
  const Target& target_;
  cpu::Isa isa_;
  std::int64_t first_;
  EnsembleResult& result_;
};

/// `blocks` in the order of their numbers, so that what is left of them does not depend on threads.
void put_together(std::vector<Block*>& blocks) {
  std::erase_if(blocks, [](const Block* block) { return block->count == 0; });
  std::int64_t live = 0;
  for (const Block* block : blocks) live += block->count;
  const auto needed = static_cast<std::size_t>((live + kBlock - 1) / kBlock);
  if (blocks.empty() || needed * 4 > blocks.size() * 3) return;
  std::size_t to = 0;
  for (std::size_t from = blocks.size() - 1; from > to; --from) {
    Block& source = *blocks[from];
    while (source.count > 0 && to < from) {
      if (blocks[to]->count == kBlock) {
        ++to;
        continue;
      }
      --source.count;
      blocks[to]->copy_lane(blocks[to]->count++, source, source.count);
    }
    if (source.count > 0) break;
  }
  std::erase_if(blocks, [](const Block* block) { return block->count == 0; });
  for (Block* block : blocks) block->fill_group();
}

class Ensemble {
 public:
  Ensemble(const EnsembleSettings& settings, const Surface& surface, const EnsembleControl& control,
           const EnsembleCpu& cpu)
      : settings_(settings),
        control_(control),
        threads_(std::max(1, cpu.threads)),
        isa_(cpu.isa.value_or(cpu::find_isa())),
        formula_(make_formula_loop(surface)),
        target_(target_of(surface, settings.run.number_or("tol", 0.0))),
        budget_(static_cast<std::int64_t>(settings.run.number("steps"))),
        count_(count_of(settings.starts)) {
    result_.resize(count_);
  }

  EnsembleResult run() {
    for (std::int64_t first = 0; first < count_; first += kWave)
      run_wave(first, std::min(kWave, count_ - first));
    return std::move(result_);
  }

 private:
  void run_wave(std::int64_t first, std::int64_t count) {
    const auto rule = make_rule_loop(settings_);
    const BlockRunner runner(*formula_, *rule, target_, isa_, first, result_);
    std::vector<Block*> blocks = blocks_with(first, count);
    for_each(blocks, [&](Block& block) { runner.begin(block); });
    for (std::int64_t step = 0; step < budget_ && !stopped_; step += kChunk) {
      put_together(blocks);
      if (blocks.empty()) break;
      const int steps = static_cast<int>(std::min<std::int64_t>(kChunk, budget_ - step));
      rule->prepare(steps);
      for_each(blocks, [&](Block& block) { runner.advance(block, steps); });
      report(first, count, blocks, step + steps);
    }
    const Outcome outcome = stopped_ ? Outcome::kStopped : Outcome::kBudget;
    on_all_threads(blocks, [&](Block& block) { runner.finish(block, outcome); }, {});
  }

  std::vector<Block*> blocks_with(std::int64_t first, std::int64_t count) {
    std::vector<Block*> out;
    for (std::int64_t i = 0; i < count; ++i) {
      if (i % kBlock == 0) {
        if (out.size() == memory_.size()) memory_.push_back(std::make_unique<Block>());
        out.push_back(memory_[out.size()].get());
        out.back()->count = 0;
        out.back()->steps = 0;
      }
      Block& block = *out.back();
      const StartPoint start = start_point(settings_.starts, first + i, formula_->dim());
      for (const auto column : {Block::kX, Block::kFoundX}) block.at(column)[block.count] = start.x;
      for (const auto column : {Block::kY, Block::kFoundY}) block.at(column)[block.count] = start.y;
      block.particle[block.count++] = static_cast<std::int32_t>(i);
    }
    return out;
  }

  /// Calls `work` with every block, unless it is stopped before.
  template <class Work>
  void for_each(const std::vector<Block*>& blocks, const Work& work) {
    if (!stopped_) stopped_ = on_all_threads(blocks, work, control_.stop);
  }

  /// Returns whether it was stopped: the calling thread asks between blocks.
  template <class Work>
  bool on_all_threads(const std::vector<Block*>& blocks, const Work& work,
                      const std::function<bool()>& ask) const {
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> stop = false;
    const auto help = [&](bool asks) {
      const cpu::FlushToZero flush;
      while (!stop.load(std::memory_order_relaxed)) {
        const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
        if (i >= blocks.size()) return;
        work(*blocks[i]);
        if (asks && ask && ask()) stop = true;
      }
    };
    {
      std::vector<std::jthread> others;
      const auto wanted = std::min(static_cast<std::size_t>(threads_), blocks.size());
      for (std::size_t i = 1; i < wanted; ++i) others.emplace_back([&] { help(false); });
      help(true);
    }
    return stop;
  }

  void report(std::int64_t first, std::int64_t count, const std::vector<Block*>& blocks,
              std::int64_t step) const {
    if (!control_.progress) return;
    std::int64_t live = 0;
    for (const Block* block : blocks) live += block->count;
    const double left =
        static_cast<double>(live) * (1.0 - static_cast<double>(step) / static_cast<double>(budget_));
    control_.progress((static_cast<double>(first + count) - left) / static_cast<double>(count_));
  }

  const EnsembleSettings& settings_;
  const EnsembleControl& control_;
  int threads_;
  cpu::Isa isa_;
  std::unique_ptr<FormulaLoop> formula_;
  Target target_;
  std::int64_t budget_;
  std::int64_t count_;
  EnsembleResult result_;
  std::vector<std::unique_ptr<Block>> memory_;
  bool stopped_ = false;
};

}  // namespace

Result<EnsembleResult> run_ensemble(const EnsembleSettings& settings, const EnsembleControl& control,
                                    const EnsembleCpu& cpu) {
  const auto surface = make_surface(settings.surface);
  if (!surface) return surface.error();
  if (auto error = check(settings, **surface)) return *error;
  return Ensemble(settings, **surface, control, cpu).run();
}

}  // namespace thalweg
