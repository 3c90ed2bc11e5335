// The constants of steps: the same for all particles, so they are prepared once, on the host, in double.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ensemble/ensemble.hpp"
#include "core/optimizer/rule.hpp"

namespace thalweg::ensemble {

template <UpdateRule Rule>
class StepConstants {
 public:
  using Step = typename Rule::template Step<float>;

  /// `settings` has passed check().
  explicit StepConstants(const EnsembleSettings& settings)
      : optimizer_(settings.optimizer),
        driven_(settings.optimizer),
        schedule_(settings.schedule),
        at_(find_schedule(settings.schedule.id)),
        driver_(settings.schedule, settings.drives, *find_optimizer(settings.optimizer.id)),
        hyper_(Rule::hyper(settings.optimizer)),
        rate_(settings.optimizer.number("lr")) {}

  /// Those of the next `count` steps.
  std::vector<Step> next(int count) {
    std::vector<Step> out;
    out.reserve(static_cast<std::size_t>(count));
    for (int k = 0; k < count; ++k, ++made_) {
      if (driver_.moves_optimizer()) {
        driver_.apply(made_, optimizer_, driven_);
        hyper_ = Rule::hyper(driven_);
      }
      out.push_back(
          Rule::template prepare<float>(hyper_, at_->at(schedule_, made_, rate_), made_ + 1, progress_));
    }
    return out;
  }

  /// Of the last step that was prepared. What an average depends on never changes on the way.
  const typename Rule::Hyper& hyper() const { return hyper_; }

 private:
  Spec optimizer_, driven_, schedule_;
  const ScheduleDescriptor* at_;
  Driver driver_;
  typename Rule::Hyper hyper_;
  typename Rule::Progress progress_ = {};
  double rate_;
  std::int64_t made_ = 0;
};

}  // namespace thalweg::ensemble
