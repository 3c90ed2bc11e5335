#include "app/work/schedule_reader.hpp"

#include <algorithm>
#include <cmath>
#include <exception>

namespace thalweg {
namespace {

/// Columns of a curve: as many as a wide screen has pixels.
constexpr int kColumns = 2048;
/// Points of a first look, and the length from which on one is taken.
constexpr int kGlance = 1024;
constexpr std::int64_t kLong = 50'000;

/// The three curves of a schedule as functions of the step. The last two are empty where it moves no
/// momentum.
struct Functions {
  StepFunction rate, momentum, effective;

  Functions(const Spec& spec, double base) {
    const ScheduleDescriptor* descriptor = find_schedule(spec.id);
    rate = [=](std::int64_t t) { return descriptor->at(spec, t, base); };
    if (!descriptor->momentum || std::isnan(descriptor->momentum(spec, 0))) return;
    momentum = [=](std::int64_t t) { return descriptor->momentum(spec, t); };
    effective = [=](std::int64_t t) {
      return descriptor->at(spec, t, base) / (1.0 - descriptor->momentum(spec, t));
    };
  }
};

template <class Make>
void fill(ScheduleSamples& curve, const Functions& functions, Make make) {
  curve.rate = make(functions.rate);
  if (!functions.momentum) return;
  curve.momentum = make(functions.momentum);
  curve.effective = make(functions.effective);
}

}  // namespace

ScheduleReader::ScheduleReader(std::function<void()> wake)
    : wake_(std::move(wake)), worker_([this](const ScheduleRequest& request) { work(request); }) {}

void ScheduleReader::request(const ScheduleRequest& request) {
  if (request == requested_) return;
  requested_ = request;
  worker_.submit(request);
}

std::shared_ptr<const ScheduleSnapshot> ScheduleReader::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

void ScheduleReader::publish() {
  auto next = std::make_shared<ScheduleSnapshot>(ScheduleSnapshot{curves_});
  {
    const std::scoped_lock lock(mutex_);
    snapshot_ = std::move(next);
  }
  if (wake_) wake_();
}

/// A curve that was made before, whatever its window.
std::shared_ptr<const ScheduleCurve> ScheduleReader::known(const AskedSchedule& asked,
                                                           const ScheduleRequest& request) const {
  for (const auto& curve : curves_)
    if (curve && curve->spec == asked.spec && curve->base == asked.base && curve->steps == request.steps)
      return curve;
  return nullptr;
}

std::shared_ptr<const ScheduleCurve> ScheduleReader::exact(const AskedSchedule& asked,
                                                           const ScheduleRequest& request) {
  const std::shared_ptr<const ScheduleCurve> before = known(asked, request);
  if (before && before->sums && before->window == request.window) return before;
  auto curve = std::make_shared<ScheduleCurve>();
  curve->spec = asked.spec;
  curve->base = asked.base;
  curve->steps = request.steps;
  curve->window = request.window;
  const Functions functions(asked.spec, asked.base);
  const std::atomic<bool>* stop = &worker_.newer();
  const auto sample = [&](std::int64_t first, std::int64_t last) {
    auto out = std::make_shared<ScheduleSamples>();
    fill(*out, functions,
         [&](const StepFunction& f) { return sample_steps(f, first, last, kColumns, stop); });
    return out;
  };
  // Looking from elsewhere changes nothing of the whole.
  const bool same = before && before->sums && before->whole;
  curve->whole = same ? before->whole : sample(0, request.steps);
  curve->sums =
      same ? before->sums
           : schedule_statistics(functions.rate, request.steps, [&] { return worker_.newer().load(); });
  static_cast<ScheduleSamples&>(*curve) = *curve->whole;
  if (request.window && request.steps > 4 * kColumns) {
    const auto fine = sample(request.window->first, request.window->last);
    curve->rate = spliced(curve->rate, fine->rate);
    curve->momentum = spliced(curve->momentum, fine->momentum);
    curve->effective = spliced(curve->effective, fine->effective);
  }
  return curve;
}

void ScheduleReader::work(const ScheduleRequest& request) {
  try {
    // First what is there already, and a look at what is not.
    std::vector<std::shared_ptr<const ScheduleCurve>> next;
    for (const AskedSchedule& asked : request.schedules) {
      std::shared_ptr<const ScheduleCurve> curve = known(asked, request);
      if (!curve && request.steps > kLong) {
        auto glance = std::make_shared<ScheduleCurve>();
        glance->spec = asked.spec;
        glance->base = asked.base;
        glance->steps = request.steps;
        fill(*glance, Functions(asked.spec, asked.base),
             [&](const StepFunction& f) { return glance_at_steps(f, 0, request.steps, kGlance); });
        curve = std::move(glance);
      }
      next.push_back(std::move(curve));
    }
    curves_ = std::move(next);
    if (request.steps > kLong) publish();
    for (std::size_t i = 0; i < request.schedules.size(); ++i) {
      auto curve = exact(request.schedules[i], request);
      if (worker_.newer()) return;
      const bool changed = curve != curves_[i];
      curves_[i] = std::move(curve);
      if (changed && request.steps > kLong) publish();
    }
    publish();
  } catch (const std::exception&) {
    // Memory is short. What was published stays; a shorter horizon may fit.
  }
}

}  // namespace thalweg
