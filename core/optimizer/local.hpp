// Local SGD: k workers, each with weights and an inner optimizer of its own, make H steps by themselves; then
// their weights are averaged, and they go on from there:
//   θᵢ ← base(θᵢ, gᵢ(θᵢ));  every H steps: θᵢ ← mean of all.
//
// S. U. Stich, "Local SGD converges fast and communicates little", ICLR 2019, Algorithm 1. On a surface each
// worker sees gradient noise of its own; in training its own share of the batch, so that H = 1 with gradient
// descent is plain training. What is seen in between is the mean of the workers. Inner states (moments) stay
// with the workers or are averaged along with the weights, as in Yu, Jin & Yang, "On the linear speedup
// analysis of communication efficient momentum SGD", ICML 2019.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/optimizer/wrapper.hpp"

namespace thalweg {

/// What one worker sees: its share of the batch, or its own noise. Curvature is that of all.
template <class T>
class WorkerObjective final : public Objective<T> {
 public:
  /// At theta, where its step begins.
  WorkerObjective(Objective<T>& all, const T* theta, int worker, int workers, std::size_t size)
      : all_(all), theta_(theta), worker_(worker), workers_(workers), unused_(size) {}

  /// The gradient that its step begins with.
  void begin(T* out) { loss_here_ = gradient(theta_, out); }

  /// Asked for only where its step began without the gradient.
  double loss_here() const override {
    if (!loss_here_) loss_here_ = all_.worker_gradient(theta_, worker_, workers_, unused_.data());
    return *loss_here_;
  }
  double loss(const T* theta) override { return gradient(theta, unused_.data()); }
  double gradient(const T* theta, T* out) override {
    return all_.worker_gradient(theta, worker_, workers_, out);
  }
  double worker_gradient(const T* theta, int worker, int workers, T* out) override {
    return all_.worker_gradient(theta, worker_ * workers + worker, workers_ * workers, out);
  }
  void hessian_product(const T* theta, const T* v, T* out) override { all_.hessian_product(theta, v, out); }
  void hessian_diagonal(const T* theta, DiagonalEstimate estimate, T* out) override {
    all_.hessian_diagonal(theta, estimate, out);
  }
  bool hessian(const T* theta, T* out) override { return all_.hessian(theta, out); }
  bool gauss_newton(const T* theta, T* out) override { return all_.gauss_newton(theta, out); }
  bool gauss_newton_product(const T* theta, const T* v, T* out) override {
    return all_.gauss_newton_product(theta, v, out);
  }
  std::uint64_t seed() const override {
    return all_.seed() + 0x9E3779B97F4A7C15u * static_cast<std::uint64_t>(worker_);
  }

 private:
  Objective<T>& all_;
  const T* theta_;
  int worker_, workers_;
  mutable std::optional<double> loss_here_;
  mutable std::vector<T> unused_;
};

struct Local {
  static constexpr bool kAsksMore = true;

  static Descriptor describe() {
    return {
        .id = "local",
        .label = "Local SGD",
        .summary = "Workers that go their own ways for some steps and then meet at their mean.",
        .formula = "θᵢ ← base(θᵢ, gᵢ(θᵢ));  every H steps: θᵢ ← (1/k) Σθⱼ",
        .reference = "Stich 2019, Algorithm 1",
        .conventions =
            "On a surface each worker sees noise of its own; in training its own share of the batch. Between "
            "two averages the mean of the workers is what is seen.",
        .parameters = {{.key = "workers",
                        .symbol = "k",
                        .label = "workers",
                        .kind = Kind::kInteger,
                        .default_value = 4.0,
                        .min = 1.0,
                        .max = 64.0,
                        .soft_min = 1.0,
                        .soft_max = 16.0,
                        .help = "How many there are. In training each has its share of the batch."},
                       {.key = "local_steps",
                        .symbol = "H",
                        .label = "local steps",
                        .kind = Kind::kInteger,
                        .default_value = 8.0,
                        .min = 1.0,
                        .max = 1e6,
                        .soft_min = 1.0,
                        .soft_max = 64.0,
                        .unit = "steps",
                        .help = "Steps that a worker makes by itself; communication is 1/H of that of H = 1.",
                        .live = true},
                       {.key = "average_state",
                        .symbol = "",
                        .label = "average their states",
                        .kind = Kind::kBoolean,
                        .default_value = 0.0,
                        .help = "Whether moments and velocities are averaged along with the weights."}}};
  }

  static std::vector<std::string> pseudocode() {
    return {"for worker in workers:  # each with weights and a base of its own",
            "    g = ∇f_worker(θ_worker)", "    base_worker.step(g)",
            "if t mod H = 0:", "    θ_worker ← mean of all θ_worker"};
  }

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout, const MakeBase<T>& make_base)
        : size_(static_cast<std::size_t>(size_of(layout))), mean_(size_), gradient_(size_) {
      workers_.resize(static_cast<std::size_t>(spec.number("workers")));
      for (Worker& worker : workers_) worker = {make_base(), std::vector<T>(size_)};
      take(spec);
    }

    void step(T* theta, T*, double learning_rate, Objective<T>* objective) override {
      Objective<T>& all = asked(objective);
      begin(theta);
      const int count = static_cast<int>(workers_.size());
      for (int i = 0; i < count; ++i) {
        Worker& worker = workers_[static_cast<std::size_t>(i)];
        WorkerObjective<T> own(all, worker.theta.data(), i, count, size_);
        if (worker.base->uses_gradient()) own.begin(gradient_.data());
        worker.base->step(worker.theta.data(), gradient_.data(), learning_rate, &own);
      }
      take_mean([](const Worker& worker, std::size_t i) { return worker.theta[i]; }, mean_.data());
      std::copy(mean_.begin(), mean_.end(), theta);
      if (steps() % local_steps_ == 0) meet();
    }

    /// Throws std::logic_error for another number of workers.
    void set(const Spec& spec) override {
      if (static_cast<std::size_t>(spec.number("workers")) != workers_.size())
        throw std::logic_error("'" + spec.id + "' cannot change its workers while it runs");
      for (Worker& worker : workers_) worker.base->set(spec);
      take(spec);
    }
    void shift(const T* by) override {
      for (Worker& worker : workers_) {
        worker.base->shift(by);
        for (std::size_t i = 0; i < size_; ++i) worker.theta[i] += by[i];
      }
    }
    std::int64_t steps() const override { return workers_.front().base->steps(); }

    /// Each worker asks for the gradient where it stands itself.
    bool uses_gradient() const override { return false; }
    bool averages() const override { return workers_.front().base->averages(); }
    void average(const T* theta, T* out) const override {
      if (steps() == 0) {
        std::copy_n(theta, size_, out);
        return;
      }
      std::vector<std::vector<T>> found(workers_.size(), std::vector<T>(size_));
      for (std::size_t i = 0; i < workers_.size(); ++i)
        workers_[i].base->average(workers_[i].theta.data(), found[i].data());
      for (std::size_t i = 0; i < size_; ++i) {
        double sum = 0.0;
        for (const std::vector<T>& one : found) sum += static_cast<double>(one[i]);
        out[i] = static_cast<T>(sum / static_cast<double>(found.size()));
      }
    }

    /// How far apart the workers are, and the inner optimizer of the first.
    std::vector<Insight> insight() const override {
      std::vector<Insight> out = workers_.front().base->insight();
      Insight drift{"σ", "spread of the workers", std::vector<double>(size_)};
      for (std::size_t i = 0; i < size_; ++i) {
        double sum = 0.0;
        for (const Worker& worker : workers_) {
          const auto away = static_cast<double>(worker.theta[i]) - static_cast<double>(mean_[i]);
          sum += away * away;
        }
        drift.values[i] = std::sqrt(sum / static_cast<double>(workers_.size()));
      }
      out.push_back(std::move(drift));
      return out;
    }

    void write(StepperState<T>& out) const override {
      for (const Worker& worker : workers_) {
        worker.base->write(out);
        out.put(worker.theta);
      }
      out.put(mean_);
    }
    void read(StateReader<T>& in) override {
      for (Worker& worker : workers_) {
        worker.base->read(in);
        in.numbers(worker.theta);
      }
      in.numbers(mean_);
    }

   private:
    struct Worker {
      std::unique_ptr<BasicStepper<T>> base;
      std::vector<T> theta;
    };

    /// All begin at theta.
    void begin(const T* theta) {
      if (steps() == 0)
        for (Worker& worker : workers_) std::copy_n(theta, size_, worker.theta.begin());
    }

    template <class Read>
    void take_mean(const Read& read, T* out) const {
      for (std::size_t i = 0; i < size_; ++i) {
        double sum = 0.0;
        for (const Worker& worker : workers_) sum += static_cast<double>(read(worker, i));
        out[i] = static_cast<T>(sum / static_cast<double>(workers_.size()));
      }
    }

    void meet() {
      for (Worker& worker : workers_) {
        for (std::size_t i = 0; i < size_; ++i) gradient_[i] = mean_[i] - worker.theta[i];
        worker.base->shift(gradient_.data());
        worker.theta = mean_;
      }
      if (average_state_) average_states();
    }

    void average_states() {
      StepperState<T> mean = workers_.front().base->state();
      std::vector<double> sum(mean.numbers.size());
      for (const Worker& worker : workers_) {
        const StepperState<T> state = worker.base->state();
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(state.numbers[i]);
      }
      for (std::size_t i = 0; i < sum.size(); ++i)
        mean.numbers[i] = static_cast<T>(sum[i] / static_cast<double>(workers_.size()));
      for (Worker& worker : workers_) worker.base->restore(mean);
    }

    void take(const Spec& spec) {
      local_steps_ = static_cast<std::int64_t>(spec.number("local_steps"));
      average_state_ = spec.flag("average_state");
    }

    std::size_t size_;
    std::vector<Worker> workers_;
    std::vector<T> mean_;      ///< of the workers after the last step
    std::vector<T> gradient_;  ///< of one worker
    std::int64_t local_steps_ = 1;
    bool average_state_ = false;
  };
};

}  // namespace thalweg
