// What the files of the schedules share: parameters that many have, the shapes that they are put together
// from, handles, and pieces of Python. Private to core/schedule.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/schedule/schedule.hpp"

namespace thalweg::schedule_parts {

// Parameters ---------------------------------------------------------------------------------------

/// η_max: auto is the optimizer's own rate.
Parameter peak_parameter();
/// η_min of what ends there.
Parameter min_parameter(std::string help = "The learning rate at the end, kept from then on.");
/// A number of updates.
Parameter count_parameter(std::string key, std::string symbol, std::string label, double default_value,
                          double min, std::string help);
Parameter total_parameter();
/// A multiple of the peak.
Parameter factor_parameter(std::string key, std::string symbol, std::string label, double default_value,
                           std::string help);
/// γ of decays. Growing rates (γ > 1) are for learning-rate range tests.
Parameter gamma_parameter(double default_value, double soft_min, Scale scale, std::string help);
Parameter real_parameter(std::string key, std::string symbol, std::string label, double default_value,
                         double min, double max, std::string help);
Parameter choice_parameter(std::string key, std::string label, std::vector<std::string> choices,
                           std::string help);
Parameter switch_parameter(std::string key, std::string label, bool on, std::string help);
/// from_zero: t/w; from_one: (t+1)/w.
Parameter convention_parameter();
/// cycle_momentum, base_momentum, max_momentum.
std::vector<Parameter> momentum_parameters(double base, double max);

// Shapes -------------------------------------------------------------------------------------------

/// Half a cosine period from peak at x = 0 to min at x = 1.
double cosine_between(double peak, double min, double x);
/// The share of the peak that a warm-up of `warmup` > t updates has reached at update t.
double climb(const Spec& spec, double t, double warmup);

// Handles ------------------------------------------------------------------------------------------

/// A handle, and what a drag of it to (step, value) makes of the settings.
struct Grip {
  ScheduleHandle handle;
  std::function<void(Spec&, double step, double value)> move;
};
using Grips = std::vector<Grip> (*)(const Spec&, double base);

/// `descriptor` with handles() and drag() that are made from these.
ScheduleDescriptor with_grips(ScheduleDescriptor descriptor, Grips grips);

/// Sets a number of `spec`: rounded if it must be whole, and as near as its bounds let it. An open bound is
/// kept clear of by 1e-12 or so; NaN sets nothing.
void put(Spec& spec, const char* key, double value);

/// The handle that sets the peak, at `step`.
Grip peak_grip(const Spec& spec, double base, double step = 0.0);
/// The handle that sets `value_key` and, at `step`, `step_key`.
Grip end_grip(const Spec& spec, const char* label, const char* step_key, const char* value_key);

// Python -------------------------------------------------------------------------------------------

TorchCall scheduler(const char* name, std::vector<TorchCall::Argument> arguments);
std::string number_in(const Spec& spec, std::string_view key);
/// A number with a point: some of PyTorch's arguments must not be integers.
std::string real_in(const Spec& spec, std::string_view key);
/// Half a cosine period as a Python expression: from `peak` at t = `from` to `min` at t = `to`.
std::string cosine_expression(double min, double from, double to);
/// "t" or "(t + 1)", as the warm-up counts.
std::string climb_count(const Spec& spec);

// The schedules ------------------------------------------------------------------------------------

ScheduleDescriptor constant();
ScheduleDescriptor constant_start();
ScheduleDescriptor step();
ScheduleDescriptor multi_step();
ScheduleDescriptor exponential();
ScheduleDescriptor linear();
ScheduleDescriptor polynomial();
ScheduleDescriptor inverse_time();
ScheduleDescriptor cosine();
ScheduleDescriptor cosine_warmup();
ScheduleDescriptor sgdr();
ScheduleDescriptor warmup();
ScheduleDescriptor inverse_sqrt();
ScheduleDescriptor warmup_stable_decay();
ScheduleDescriptor cyclic();
ScheduleDescriptor one_cycle();
ScheduleDescriptor tokens();
ScheduleDescriptor batch_ramp();
ScheduleDescriptor plateau();
ScheduleDescriptor sweep();
ScheduleDescriptor loss_scale();
ScheduleDescriptor sequence();
ScheduleDescriptor product();
ScheduleDescriptor drawn();

}  // namespace thalweg::schedule_parts
