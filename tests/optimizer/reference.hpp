// An independent reference of every rule: whole vectors, naive double precision, std::pow for the bias
// corrections, nothing shared with core/optimizer but the spec that is read. Written from the papers
// and from PyTorch's documented pseudo-code, to be compared and never to be fast.
#pragma once

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg::test {

using Vector = std::vector<double>;

class Reference {
 public:
  Reference(const Spec& spec, std::size_t dim) : spec_(spec), a_(dim), b_(dim), c_(dim), d_(dim) {
    if (spec.id == "adagrad") a_.assign(dim, spec.number("initial_accumulator_value"));
  }

  void set(const Spec& spec) { spec_ = spec; }

  void step(Vector& theta, Vector gradient, double lr) {
    ++t_;
    const std::string& id = spec_.id;
    static const std::set<std::string> kDecoupled = {"adamw",   "adabelief",         "adan",               "lion",
                                                     "signsgd", "schedule_free_sgd", "schedule_free_adamw"};
    if (!kDecoupled.contains(id) && !chosen() && spec_.find("weight_decay"))
      for (std::size_t i = 0; i < theta.size(); ++i) gradient[i] += spec_.number("weight_decay") * theta[i];
    if (id == "gd") return descend(theta, gradient, lr);
    if (id == "momentum") return momentum(theta, gradient, lr);
    if (id == "nesterov") return nesterov(theta, gradient, lr);
    if (id == "adagrad") return adagrad(theta, gradient, lr);
    if (id == "rmsprop") return rmsprop(theta, gradient, lr);
    static const std::set<std::string> kAdams = {"adam", "adam_l2", "adamw", "amsgrad"};
    if (kAdams.contains(id)) return adam(theta, gradient, lr);
    if (id == "asgd") return asgd(theta, gradient, lr);
    if (id.starts_with("schedule_free")) return schedule_free(theta, gradient, lr);
    for (std::size_t i = 0; i < theta.size(); ++i) theta[i] = moved(theta[i], i, gradient[i], lr);
  }

 private:
  // As PyTorch: the rate of a step is that of the last one's settings. b_[0] is it.
  void asgd(Vector& theta, const Vector& g, double lr) {
    if (t_ == 1) b_[0] = lr;
    for (std::size_t i = 0; i < theta.size(); ++i)
      theta[i] = theta[i] - number("lambd") * b_[0] * theta[i] - b_[0] * g[i];
    b_[0] = lr / std::pow(1 + number("lambd") * lr * t_, number("alpha"));
  }

  // As the paper has it: a_ is z, b_ is x, c_ is v; d_[0] the sum of weights, d_[1] the largest rate.
  void schedule_free(Vector& y, Vector g, double lr) {
    const bool adam = spec_.id == "schedule_free_adamw";
    const double beta = number(adam ? "beta1" : "momentum");
    if (t_ == 1) a_ = b_ = y;
    if (number("warmup_steps") > 0) lr *= std::min(1.0, t_ / number("warmup_steps"));
    d_[1] = std::max(d_[1], lr);
    const double weight = std::pow(t_, number("r")) * std::pow(d_[1], number("weight_lr_power"));
    d_[0] += weight;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (adam) {
        c_[i] = number("beta2") * c_[i] + (1 - number("beta2")) * g[i] * g[i];
        g[i] /= std::sqrt(c_[i] / (1 - std::pow(number("beta2"), t_))) + number("eps");
      }
      a_[i] -= lr * (g[i] + number("weight_decay") * y[i]);
      b_[i] += weight / d_[0] * (a_[i] - b_[i]);
      y[i] = (1 - beta) * a_[i] + beta * b_[i];
    }
  }

  double moved(double x, std::size_t i, double g, double lr) {
    const std::string& id = spec_.id;
    if (id == "adadelta") return x - lr * adadelta(i, g);
    if (id == "rprop") return x - rprop(i, g, lr);
    if (id == "adamax") return x - lr * adamax(i, g);
    const double shrunk = (1 - lr * number("weight_decay")) * x;
    if (id == "nadam") return (chosen() ? shrunk : x) - lr * nadam(i, g);
    if (id == "radam") return (chosen() ? shrunk : x) - lr * radam(i, g);
    if (id == "adabelief") return shrunk - lr * adabelief(i, g);
    if (id == "lion") return shrunk - lr * lion(i, g);
    if (id == "signsgd") return shrunk - lr * sign(blend(a_[i], "momentum", g));
    if (id == "adan") return (x - lr * adan(i, g)) / (1 + lr * number("weight_decay"));
    throw std::logic_error("no reference for " + id);
  }

  /// Decoupled decay where there is a choice.
  bool chosen() const { return spec_.find("decoupled_weight_decay") && spec_.flag("decoupled_weight_decay"); }
  double number(const char* key) const { return spec_.number(key); }

  static void descend(Vector& theta, const Vector& direction, double lr) {
    for (std::size_t i = 0; i < theta.size(); ++i) theta[i] = theta[i] - lr * direction[i];
  }

  // a_ is the velocity; in polyak's form the previous position.
  void momentum(Vector& theta, const Vector& g, double lr) {
    const std::string& form = spec_.text("form");
    const double mu = number("momentum");
    if (form == "pytorch") {
      for (std::size_t i = 0; i < theta.size(); ++i)
        a_[i] = t_ == 1 ? g[i] : mu * a_[i] + (1 - number("dampening")) * g[i];
      descend(theta, a_, lr);
    } else if (form == "classical") {
      for (std::size_t i = 0; i < theta.size(); ++i) a_[i] = mu * a_[i] - lr * g[i];
      descend(theta, a_, -1);
    } else if (form == "polyak") {
      const Vector now = theta;
      const Vector before = t_ == 1 ? theta : a_;
      for (std::size_t i = 0; i < theta.size(); ++i)
        theta[i] = now[i] - lr * g[i] + mu * (now[i] - before[i]);
      a_ = now;
    } else if (form == "ema") {
      for (std::size_t i = 0; i < theta.size(); ++i) a_[i] = mu * a_[i] + (1 - mu) * g[i];
      descend(theta, a_, lr);
    } else {
      throw std::logic_error("no form " + form);
    }
  }

  void nesterov(Vector& theta, const Vector& g, double lr) {
    const double mu = number("momentum");
    Vector ahead(theta.size());
    for (std::size_t i = 0; i < theta.size(); ++i) {
      a_[i] = t_ == 1 ? g[i] : mu * a_[i] + g[i];
      ahead[i] = g[i] + mu * a_[i];
    }
    descend(theta, ahead, lr);
  }

  // a_ is the sum of squares.
  void adagrad(Vector& theta, const Vector& g, double lr) {
    const double rate = lr / (1 + (t_ - 1) * number("lr_decay"));
    for (std::size_t i = 0; i < theta.size(); ++i) {
      a_[i] = a_[i] + std::pow(g[i], 2);
      theta[i] = theta[i] - rate * g[i] / (std::sqrt(a_[i]) + number("eps"));
    }
  }

  // a_ is the mean of squares, b_ the velocity, c_ the mean.
  void rmsprop(Vector& theta, const Vector& g, double lr) {
    const double alpha = number("alpha");
    for (std::size_t i = 0; i < theta.size(); ++i) {
      a_[i] = alpha * a_[i] + (1 - alpha) * std::pow(g[i], 2);
      c_[i] = alpha * c_[i] + (1 - alpha) * g[i];
      const double spread = spec_.flag("centered") ? a_[i] - std::pow(c_[i], 2) : a_[i];
      b_[i] = number("momentum") * b_[i] + g[i] / (std::sqrt(spread) + number("eps"));
    }
    descend(theta, b_, lr);
  }

  // a_ and b_ are the moments, c_ the largest second moment so far.
  void adam(Vector& theta, const Vector& g, double lr) {
    const double beta1 = number("beta1");
    const double beta2 = number("beta2");
    if (spec_.id == "adamw" || chosen())
      for (double& x : theta) x = x - lr * number("weight_decay") * x;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      a_[i] = beta1 * a_[i] + (1 - beta1) * g[i];
      b_[i] = beta2 * b_[i] + (1 - beta2) * std::pow(g[i], 2);
      c_[i] = std::max(c_[i], b_[i]);
      const bool correct = !spec_.find("bias_correction") || spec_.flag("bias_correction");
      const double first = a_[i] / (correct ? left("beta1") : 1);
      const double second = (spec_.id == "amsgrad" ? c_[i] : b_[i]) / (correct ? left("beta2") : 1);
      theta[i] = theta[i] - lr * first / (std::sqrt(second) + number("eps"));
    }
  }

  /// 1 − βᵗ
  double left(const char* beta) const { return 1 - std::pow(number(beta), t_); }
  static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
  /// v ← βv + (1−β)x
  double blend(double& v, const char* beta, double x) const {
    return v = number(beta) * v + (1 - number(beta)) * x;
  }

  double adadelta(std::size_t i, double g) {
    blend(a_[i], "rho", g * g);
    const double d = std::sqrt((b_[i] + number("eps")) / (a_[i] + number("eps"))) * g;
    blend(b_[i], "rho", d * d);
    return d;
  }

  // a_ is the gradient before, b_ the step size.
  double rprop(std::size_t i, double g, double lr) {
    if (t_ == 1) b_[i] = lr;
    const double turn = g * a_[i];
    if (turn > 0) b_[i] *= number("eta_plus");
    if (turn < 0) b_[i] *= number("eta_minus");
    b_[i] = std::min(std::max(b_[i], number("step_min")), number("step_max"));
    a_[i] = turn < 0 ? 0 : g;
    return sign(a_[i]) * b_[i];
  }

  double adamax(std::size_t i, double g) {
    blend(a_[i], "beta1", g);
    b_[i] = std::max(number("beta2") * b_[i], std::abs(g) + number("eps"));
    return a_[i] / left("beta1") / b_[i];
  }

  // c_ is the product of the momenta up to this step.
  double nadam(std::size_t i, double g) {
    const auto momentum = [&](double t) {
      return number("beta1") * (1 - 0.5 * std::pow(0.96, t * number("momentum_decay")));
    };
    const double next = momentum(t_ + 1);
    c_[i] = (t_ == 1 ? 1 : c_[i]) * momentum(t_);
    blend(a_[i], "beta1", g);
    blend(b_[i], "beta2", g * g);
    const double ahead = (1 - momentum(t_)) * g / (1 - c_[i]) + next * a_[i] / (1 - c_[i] * next);
    return ahead / (std::sqrt(b_[i] / left("beta2")) + number("eps"));
  }

  double radam(std::size_t i, double g) {
    const double beta = number("beta2"), limit = 2 / (1 - beta) - 1;
    const double length = limit - 2 * t_ * std::pow(beta, t_) / left("beta2");
    const double mean = blend(a_[i], "beta1", g) / left("beta1");
    blend(b_[i], "beta2", g * g);
    if (length <= 5) return mean;
    const double r = std::sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
    return mean * r * std::sqrt(left("beta2")) / (std::sqrt(b_[i]) + number("eps"));
  }

  double adabelief(std::size_t i, double g) {
    const double surprise = g - blend(a_[i], "beta1", g);
    blend(b_[i], "beta2", surprise * surprise);
    b_[i] += number("eps");
    return a_[i] / left("beta1") / (std::sqrt(b_[i] / left("beta2")) + number("eps"));
  }

  // d_ is the gradient before.
  double adan(std::size_t i, double g) {
    const double change = t_ == 1 ? 0 : g - d_[i], ahead = g + number("beta2") * change;
    d_[i] = g;
    const double m = blend(a_[i], "beta1", g) / left("beta1");
    const double v = blend(b_[i], "beta2", change) / left("beta2");
    const double n = blend(c_[i], "beta3", ahead * ahead) / left("beta3");
    return (m + number("beta2") * v) / (std::sqrt(n) + number("eps"));
  }

  double lion(std::size_t i, double g) {
    const double direction = number("beta1") * a_[i] + (1 - number("beta1")) * g;
    blend(a_[i], "beta2", g);
    return sign(direction);
  }

  Spec spec_;
  double t_ = 0;
  Vector a_, b_, c_, d_;
};

}  // namespace thalweg::test
