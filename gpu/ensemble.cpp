#include "gpu/ensemble.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/ensemble/constants.hpp"
#include "core/ensemble/watch.hpp"
#include "core/optimizer/rules.hpp"
#include "gpu/device/queue.hpp"
#include "gpu/kernels/ensemble.hpp"

namespace thalweg::gpu {
namespace {

/// Particles that are on the device at a time; steps between two looks at which of them are left.
constexpr std::int64_t kWave = std::int64_t{1} << 22;
constexpr int kChunk = 256;
static_assert(kChunk <= ensemble::kMostWatched);

/// A formula's place in Formulas, and its bytes.
struct FormulaBytes {
  int which = 0;
  int variables = 2;
  std::vector<std::byte> bytes;
};

template <class Formula>
constexpr int place_of() {
  int place = 0;
  const auto found = [&]<class Each>(std::type_identity<Each>) {
    if (std::is_same_v<Each, Formula>) return true;
    ++place;
    return false;
  };
  [&]<class... Each>(std::type_identity<std::tuple<Each...>>) {
    (void)(found(std::type_identity<Each>{}) || ...);
  }(std::type_identity<Formulas>{});
  return place;
}

FormulaBytes bytes_of(const Surface& surface) {
  FormulaBytes out;
  visit_formula(surface, [&]<class Formula>(const Formula& formula) {
    static_assert(std::is_trivially_copyable_v<Formula>);
    out.which = place_of<Formula>();
    out.variables = kVariablesOf<Formula>;
    out.bytes.resize(sizeof formula);
    std::memcpy(out.bytes.data(), &formula, sizeof formula);
  });
  return out;
}

/// One rule, with the formula compiled in or called.
template <UpdateRule Rule, class Formula>
class Run {
 public:
  Run(Queue& queue, Formula formula, const EnsembleSettings& settings, const Surface& surface,
      const EnsembleControl& control)
      : queue_(queue),
        formula_(formula),
        settings_(settings),
        control_(control),
        count_(count_of(settings.starts)),
        budget_(static_cast<std::int64_t>(settings.run.number("steps"))),
        wave_(std::min(kWave, count_)) {
    const ensemble::Target target = ensemble::target_of(surface, settings.run.number_or("tol", 0.0));
    target_x_ = Buffer<float>(queue, std::span<const float>(target.x));
    target_y_ = Buffer<float>(queue, std::span<const float>(target.y));
    target_ = {target_x_.data(), target_y_.data(), target.count(), target.tolerance, target.tolerance2};
    if (const auto* list = std::get_if<StartList>(&settings.starts)) {
      list_x_ = Buffer<float>(queue, std::span<const float>(list->x));
      list_y_ = Buffer<float>(queue, std::span<const float>(list->y));
    }
    const auto size = static_cast<std::size_t>(wave_);
    for (Buffer<float>* column : {&x_, &y_, &loss_}) *column = Buffer<float>(queue, size);
    slots_ = Buffer<float>(queue, 2 * static_cast<std::size_t>(Rule::kSlots) * size);
    for (Buffer<std::int32_t>* column : {&steps_, &ending_, &minimum_, &live_, &next_})
      *column = Buffer<std::int32_t>(queue, size);
    live_count_ = Buffer<std::int32_t>(queue, 1);
    constants_ = Buffer<Step>(queue, kChunk);
    result_.resize(count_);
  }

  EnsembleResult run() {
    for (std::int64_t first = 0; first < count_; first += wave_) run_wave(first, std::min(wave_, count_ - first));
    return std::move(result_);
  }

 private:
  using Step = typename Rule::template Step<float>;

  void run_wave(std::int64_t first, std::int64_t count) {
    ensemble::StepConstants<Rule> constants(settings_);
    const Particles particles{x_.data(), y_.data(), slots_.data(), steps_.data(), ending_.data(), count};
    begin(particles, first, constants);
    std::int64_t live = count;
    for (std::int64_t step = 0; (step < budget_ || step == 0) && live > 0 && !stopped_; step += kChunk) {
      const int steps = static_cast<int>(std::min<std::int64_t>(kChunk, budget_ - step));
      const std::vector<Step> prepared = constants.next(steps);
      queue_.upload(constants_.data(), prepared.data(), prepared.size() * sizeof(Step));
      queue_.launch(grid_for(live, 256, 1 << 30),
                    AdvanceParticles<Rule, Formula>{particles, formula_, target_, constants.hyper(),
                                                    constants_.data(), steps, step == 0, live_.data(), live});
      live = keep_live(live);
      if (control_.progress) report(first, count, live, step + steps);
      stopped_ = control_.stop && control_.stop();
    }
    queue_.launch(grid_for(count), EndParticles<Rule, Formula>{particles, formula_, target_, constants.hyper(),
                                                               loss_.data(), minimum_.data()});
    take(first, count);
  }

  void begin(const Particles& particles, std::int64_t first, const ensemble::StepConstants<Rule>& constants) {
    BeginParticles<Rule> begin{.particles = particles,
                               .grid = {},
                               .list_x = list_x_.data(),
                               .list_y = list_y_.data(),
                               .curve = formula_.variables == 1,
                               .first = first,
                               .slots = {},
                               .live = live_.data()};
    if (const auto* grid = std::get_if<StartGrid>(&settings_.starts)) begin.grid = ensemble::cells_of(*grid);
    init_slots<Rule>(constants.hyper(), begin.slots);
    queue_.launch(grid_for(particles.count), begin);
  }

  /// Puts together those that go on; returns how many they are.
  std::int64_t keep_live(std::int64_t live) {
    live_count_.zero();
    queue_.launch(grid_for(live, 256, 1 << 30),
                  KeepLive{ending_.data(), live_.data(), live, next_.data(), live_count_.data()});
    std::swap(live_, next_);
    return live_count_.values()[0];
  }

  void report(std::int64_t first, std::int64_t count, std::int64_t live, std::int64_t step) const {
    const double left =
        static_cast<double>(live) * (1.0 - static_cast<double>(step) / static_cast<double>(std::max(budget_, step)));
    control_.progress((static_cast<double>(first + count) - left) / static_cast<double>(count_));
  }

  void take(std::int64_t first, std::int64_t count) {
    const auto at = static_cast<std::size_t>(first), size = static_cast<std::size_t>(count);
    queue_.download(result_.x.data() + at, x_.data(), size * sizeof(float));
    queue_.download(result_.y.data() + at, y_.data(), size * sizeof(float));
    queue_.download(result_.loss.data() + at, loss_.data(), size * sizeof(float));
    queue_.download(result_.steps.data() + at, steps_.data(), size * sizeof(std::int32_t));
    queue_.download(result_.minimum.data() + at, minimum_.data(), size * sizeof(std::int32_t));
    std::vector<std::int32_t> ending(size);
    queue_.download(ending.data(), ending_.data(), size * sizeof(std::int32_t));
    for (std::size_t i = 0; i < size; ++i)
      result_.outcome[at + i] = (ending[i] & ensemble::kBroken) != 0   ? Outcome::kDiverged
                                : (ending[i] & ensemble::kArrived) != 0 ? Outcome::kConverged
                                : stopped_                              ? Outcome::kStopped
                                                                        : Outcome::kBudget;
  }

  Queue& queue_;
  Formula formula_;
  const EnsembleSettings& settings_;
  const EnsembleControl& control_;
  std::int64_t count_, budget_, wave_;
  DeviceTarget target_;
  Buffer<float> target_x_, target_y_, list_x_, list_y_;
  Buffer<float> x_, y_, loss_, slots_;
  Buffer<std::int32_t> steps_, ending_, minimum_, live_, next_, live_count_;
  Buffer<Step> constants_;
  EnsembleResult result_;
  bool stopped_ = false;
};

}  // namespace

Result<EnsembleResult> run_ensemble_on(const EngineOptions& options, const EnsembleSettings& settings,
                                       const EnsembleControl& control) {
  const auto surface = make_surface(settings.surface);
  if (!surface) return surface.error();
  if (auto error = check(settings, **surface)) return *error;
  Queue queue(options.device);
  queue.use();
  const FormulaBytes bytes = bytes_of(**surface);
  EnsembleResult out;
  visit_rule(settings.optimizer.id, [&]<class Rule>(std::type_identity<Rule>) {
    // The surface that all speeds are measured on has its formula in the kernel; it costs little to compile.
    if (bytes.which == place_of<formulas::Rosenbrock>()) {
      OneFormula<formulas::Rosenbrock> formula;
      std::memcpy(&formula.formula, bytes.bytes.data(), sizeof formula.formula);
      out = Run<Rule, OneFormula<formulas::Rosenbrock>>(queue, formula, settings, **surface, control).run();
      return;
    }
    const Buffer<std::byte> constants(queue, std::span<const std::byte>(bytes.bytes));
    const AnyFormula formula{bytes.which, constants.data(), bytes.variables};
    out = Run<Rule, AnyFormula>(queue, formula, settings, **surface, control).run();
  });
  return out;
}

}  // namespace thalweg::gpu
