// An independent reference of every rule: whole vectors, naive double precision, std::pow for the bias
// corrections, nothing shared with core/optimizer but the spec that is read. Written from the papers
// and from PyTorch's documented pseudo-code, to be compared and never to be fast.
#pragma once

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg::test {

using Vector = std::vector<double>;

class Reference {
 public:
  Reference(const Spec& spec, std::size_t dim) : spec_(spec), a_(dim), b_(dim), c_(dim) {
    if (spec.id == "adagrad") a_.assign(dim, spec.number("initial_accumulator_value"));
  }

  void set(const Spec& spec) { spec_ = spec; }

  void step(Vector& theta, Vector gradient, double lr) {
    ++t_;
    const std::string& id = spec_.id;
    if (id != "adamw" && spec_.find("weight_decay"))
      for (std::size_t i = 0; i < theta.size(); ++i) gradient[i] += spec_.number("weight_decay") * theta[i];
    if (id == "gd") return descend(theta, gradient, lr);
    if (id == "momentum") return momentum(theta, gradient, lr);
    if (id == "nesterov") return nesterov(theta, gradient, lr);
    if (id == "adagrad") return adagrad(theta, gradient, lr);
    if (id == "rmsprop") return rmsprop(theta, gradient, lr);
    if (id.starts_with("ad") || id == "amsgrad") return adam(theta, gradient, lr);
    throw std::logic_error("no reference for " + id);
  }

 private:
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
    if (spec_.id == "adamw")
      for (double& x : theta) x = x - lr * number("weight_decay") * x;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      a_[i] = beta1 * a_[i] + (1 - beta1) * g[i];
      b_[i] = beta2 * b_[i] + (1 - beta2) * std::pow(g[i], 2);
      c_[i] = std::max(c_[i], b_[i]);
      const double first = a_[i] / (1 - std::pow(beta1, t_));
      const double second = (spec_.id == "amsgrad" ? c_[i] : b_[i]) / (1 - std::pow(beta2, t_));
      theta[i] = theta[i] - lr * first / (std::sqrt(second) + number("eps"));
    }
  }

  Spec spec_;
  double t_ = 0;
  Vector a_, b_, c_;
};

}  // namespace thalweg::test
