// The kernels of ensembles: what core/ensemble/element.hpp says of one particle, for as many as there are.
#pragma once

#include <cstdint>
#include <tuple>

#include "core/ensemble/element.hpp"
#include "gpu/device/block.hpp"

#ifdef __CUDACC__
#define THALWEG_APART __noinline__
#else
#define THALWEG_APART [[gnu::noinline]]
#endif

namespace thalweg::gpu {

/// Loss and gradient of one formula, as a function of its own: a kernel that took in all formulas would be compiled
/// for as long as they all take, once for each rule.
template <class Formula>
THALWEG_APART THALWEG_DEVICE ensemble::Slope slope_apart(const Formula* formula, float x, float y) {
  return ensemble::slope_of(*formula, x, y);
}

/// One of the built-in formulas, by its place in Formulas; its constants lie on the device.
struct AnyFormula {
  int which = 0;
  const void* formula = nullptr;
  int variables = 2;

  THALWEG_DEVICE ensemble::Slope slope(float x, float y) const {
    return slope_in(std::make_index_sequence<std::tuple_size_v<Formulas>>{}, x, y);
  }

 private:
  template <std::size_t... kPlace>
  THALWEG_DEVICE ensemble::Slope slope_in(std::index_sequence<kPlace...>, float x, float y) const {
    ensemble::Slope out;
    (void)((which == static_cast<int>(kPlace) &&
            (out = slope_apart(static_cast<const std::tuple_element_t<kPlace, Formulas>*>(formula), x, y), true)) ||
           ...);
    return out;
  }
};

/// A formula that is compiled into the kernel.
template <class Formula>
struct OneFormula {
  Formula formula;
  int variables = 2;
  THALWEG_DEVICE ensemble::Slope slope(float x, float y) const { return ensemble::slope_of(formula, x, y); }
};

/// What particles aim at (core/ensemble/watch.hpp).
struct DeviceTarget {
  const float* x = nullptr;
  const float* y = nullptr;
  int count = 0;
  float tolerance = 0.0f;
  float tolerance2 = -1.0f;

  THALWEG_DEVICE int nearest(float px, float py) const {
    int out = -1;
    float best = INFINITY;
    for (int m = 0; m < count; ++m) {
      const float distance = ensemble::squared_distance(px, py, x[m], y[m]);
      if (distance < best) {
        best = distance;
        out = m;
      }
    }
    return out;
  }
};

/// Which minimum of several is nearest, and how far a particle may move before it must be looked for again; see
/// core/ensemble/watch.cpp, whose comparisons these are.
struct Watch {
  float near_x = 0.0f, near_y = 0.0f;
  float free = -1.0f;
  float last_x = 0.0f, last_y = 0.0f;

  THALWEG_DEVICE bool arrived(const DeviceTarget& target, float x, float y) {
    free -= std::fabs(x - last_x) + std::fabs(y - last_y);
    last_x = x;
    last_y = y;
    if (!(free > 0.0f)) find(target, x, y);
    return ensemble::squared_distance(x, y, near_x, near_y) < target.tolerance2;
  }

 private:
  THALWEG_DEVICE void find(const DeviceTarget& target, float x, float y) {
    float best = INFINITY, second = INFINITY;
    for (int m = 0; m < target.count; ++m) {
      const float distance = ensemble::squared_distance(x, y, target.x[m], target.y[m]);
      const bool nearer = distance < best;
      const float other = nearer ? best : distance;
      second = other < second ? other : second;
      best = nearer ? distance : best;
      near_x = nearer ? target.x[m] : near_x;
      near_y = nearer ? target.y[m] : near_y;
    }
    free = 0.999f * std::sqrt(second) - 1.001f * target.tolerance;
  }
};

/// Particles in columns.
struct Particles {
  float* x = nullptr;
  float* y = nullptr;
  float* slots = nullptr;  ///< slot k of axis a: from (2k + a) · count on
  std::int32_t* steps = nullptr;
  ensemble::Ending* ending = nullptr;
  std::int64_t count = 0;
};

/// Starts, or what was found: from lists, or in the middle of cells.
template <UpdateRule Rule>
struct BeginParticles {
  Particles particles;
  ensemble::GridOfStarts grid;
  const float* list_x;  ///< null: on the grid
  const float* list_y;  ///< null: on a curve
  bool curve;
  std::int64_t first;  ///< number of the first particle
  float slots[Rule::kSlots + 1];
  std::int32_t* live;  ///< all of them, in their order

  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < particles.count; i += grid_threads(block)) {
      float x = 0.0f, y = 0.0f;
      if (list_x) {
        x = list_x[first + i];
        y = list_y ? list_y[first + i] : 0.0f;
      } else {
        ensemble::start_of(grid, first + i, x, y);
      }
      particles.x[i] = x;
      particles.y[i] = curve ? 0.0f : y;
      for (int k = 0; k < 2 * Rule::kSlots; ++k) particles.slots[k * particles.count + i] = slots[k / 2];
      particles.steps[i] = 0;
      particles.ending[i] = ensemble::kGoesOn;
      live[i] = static_cast<std::int32_t>(i);
    }
  }
};

/// Up to `count` steps of all that are live. What ends is marked so.
template <UpdateRule Rule, class Formula>
struct AdvanceParticles {
  using Step = typename Rule::template Step<float>;

  Particles particles;
  Formula formula;
  DeviceTarget target;
  typename Rule::Hyper hyper;
  const Step* constants;
  int count;
  bool begins;  ///< starts are looked at, too
  const std::int32_t* live;
  std::int64_t live_count;

  THALWEG_DEVICE void operator()(Block block) const {
    const std::int64_t place = grid_thread(block);
    if (place >= live_count) return;
    const std::int32_t i = live[place];
    float x = particles.x[i], y = particles.y[i];
    float slots_x[Rule::kSlots + 1] = {}, slots_y[Rule::kSlots + 1] = {};
    for (int k = 0; k < Rule::kSlots; ++k) {
      slots_x[k] = particles.slots[(2 * k) * particles.count + i];
      slots_y[k] = particles.slots[(2 * k + 1) * particles.count + i];
    }
    ensemble::Slope slope = formula.slope(x, y);
    Watch watch;
    ensemble::Ending ending = begins ? look(slope, x, y, x, y, slope, watch) : ensemble::kGoesOn;
    int made = 0;
    while (made < count && ending == ensemble::kGoesOn) {
      const Step step = constants[made++];
      Rule::update(x, slope.x, slots_x, step);
      if (formula.variables == 2) Rule::update(y, slope.y, slots_y, step);
      slope = formula.slope(x, y);
      if constexpr (HasAverage<Rule>) {
        const float found_x = Rule::average(x, slots_x, hyper);
        const float found_y = formula.variables == 2 ? Rule::average(y, slots_y, hyper) : y;
        ending = look(formula.slope(found_x, found_y), found_x, found_y, x, y, slope, watch);
      } else {
        ending = look(slope, x, y, x, y, slope, watch);
      }
    }
    particles.x[i] = x;
    particles.y[i] = y;
    for (int k = 0; k < Rule::kSlots; ++k) {
      particles.slots[(2 * k) * particles.count + i] = slots_x[k];
      particles.slots[(2 * k + 1) * particles.count + i] = slots_y[k];
    }
    particles.steps[i] += made;
    particles.ending[i] = ending;
  }

 private:
  /// Whether a particle at (x, y) that has found (found_x, found_y) has come to an end.
  THALWEG_DEVICE ensemble::Ending look(const ensemble::Slope& at_found, float found_x, float found_y, float x, float y,
                                       const ensemble::Slope& at, Watch& watch) const {
    bool broken = ensemble::broken_at(at, x, y);
    if constexpr (HasAverage<Rule>) broken = broken || ensemble::broken_at(at_found, found_x, found_y);
    if (broken) return ensemble::kBroken;
    if (!(target.tolerance > 0.0f)) return ensemble::kGoesOn;
    bool arrived = false;
    if (target.count == 1)
      arrived = ensemble::squared_distance(found_x, found_y, target.x[0], target.y[0]) < target.tolerance2;
    else if (target.count > 1)
      arrived = watch.arrived(target, found_x, found_y);
    else
      arrived = ensemble::squared_distance(at_found.x, at_found.y, 0.0f, 0.0f) < target.tolerance2;
    return arrived ? ensemble::kArrived : ensemble::kGoesOn;
  }
};

/// Those that go on, in no order that matters: their numbers, and how many there are.
struct KeepLive {
  const ensemble::Ending* ending;
  const std::int32_t* live;
  std::int64_t live_count;
  std::int32_t* next;
  std::int32_t* next_count;
  THALWEG_DEVICE void operator()(Block block) const {
    const std::int64_t place = grid_thread(block);
    if (place >= live_count) return;
    const std::int32_t i = live[place];
    if (ending[i] == ensemble::kGoesOn) next[block.add(next_count, 1)] = i;
  }
};

/// What was found, the loss there, and the nearest minimum.
template <UpdateRule Rule, class Formula>
struct EndParticles {
  Particles particles;
  Formula formula;
  DeviceTarget target;
  typename Rule::Hyper hyper;
  float* loss;
  std::int32_t* minimum;
  THALWEG_DEVICE void operator()(Block block) const {
    for (std::int64_t i = grid_thread(block); i < particles.count; i += grid_threads(block)) {
      float x = particles.x[i], y = particles.y[i];
      if constexpr (HasAverage<Rule>) {
        if (particles.steps[i] > 0) {
          float slots[Rule::kSlots + 1] = {};
          for (int k = 0; k < Rule::kSlots; ++k) slots[k] = particles.slots[(2 * k) * particles.count + i];
          x = Rule::average(x, slots, hyper);
          for (int k = 0; k < Rule::kSlots; ++k) slots[k] = particles.slots[(2 * k + 1) * particles.count + i];
          if (formula.variables == 2) y = Rule::average(y, slots, hyper);
        }
      }
      particles.x[i] = x;
      particles.y[i] = y;
      loss[i] = formula.slope(x, y).loss;
      minimum[i] = particles.ending[i] == ensemble::kBroken ? -1 : target.nearest(x, y);
    }
  }
};

}  // namespace thalweg::gpu
