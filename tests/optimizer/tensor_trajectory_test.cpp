// Methods and wrappers on several tensors: against the plain NumPy of tests/golden/make_tensor_golden.py, on
// the network that it describes, whose gradients are written out here, too.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "tests/optimizer/flat_objective.hpp"
#include "tests/golden/close.hpp"
#include "tests/golden/traces.hpp"
#include "tests/optimizer/problems.hpp"

namespace thalweg::test {
namespace {

constexpr std::int64_t kSizes[] = {3, 4, 4, 2, 2};  // inputs, three hidden layers, outputs
constexpr std::int64_t kSamples = 12;
constexpr std::size_t kLayers = std::size(kSizes) - 1;

/// Weights and bias of each layer in turn.
Layout layout() {
  Layout out;
  for (std::size_t k = 0; k < kLayers; ++k) {
    const bool output = k + 1 == kLayers;
    out.push_back({size_of(out), kSizes[k], kSizes[k + 1], true, output});
    out.push_back({size_of(out), 1, kSizes[k + 1], false, output});
  }
  return out;
}

std::vector<double> start() {
  std::vector<double> out;
  for (std::int64_t k = 0; k < std::ssize(kSizes) - 1; ++k) {
    for (std::int64_t i = 0; i < kSizes[k]; ++i)
      for (std::int64_t j = 0; j < kSizes[k + 1]; ++j)
        out.push_back(static_cast<double>((7 * i + 4 * j + 3 * k + 2 * i * j) % 9 - 4) / 6.0);
    for (std::int64_t j = 0; j < kSizes[k + 1]; ++j)
      out.push_back(k == 0 || k == 3 ? static_cast<double>((3 * j + 1) % 5 - 2) / 10.0 : 0.0);
  }
  return out;
}

/// ½ mean ‖output − y‖² of tanh layers, a linear one last.
class Network final : public FlatObjective {
 public:
  double loss_here() const override { return 0.0; }
  double loss(const double* theta) override { return worker_gradient(theta, 0, 1, unused_.data()); }
  double gradient(const double* theta, double* out) override { return worker_gradient(theta, 0, 1, out); }
  /// Of the samples worker, worker + workers, ...
  double worker_gradient(const double* theta, int worker, int workers, double* out) override {
    std::fill_n(out, size_of(layout_), 0.0);
    double sum = 0.0;
    const std::int64_t count = (kSamples - worker + workers - 1) / workers;
    for (std::int64_t i = worker; i < kSamples; i += workers)
      sum += add_sample(theta, i, 1.0 / static_cast<double>(count), out);
    return sum;
  }

 private:
  /// Its share of the loss; adds that of the gradient to `out`.
  double add_sample(const double* theta, std::int64_t sample, double share, double* out) const {
    std::vector<std::vector<double>> seen(1);
    for (std::int64_t j = 0; j < kSizes[0]; ++j)
      seen[0].push_back(static_cast<double>((5 * sample + 7 * j + 3 * sample * j) % 11 - 5) / 5.0);
    for (std::size_t k = 0; k < kLayers; ++k) {
      const TensorShape& weights = layout_[2 * k];
      std::vector<double> z(theta + layout_[2 * k + 1].offset, theta + size_of({layout_[2 * k + 1]}));
      for (std::int64_t i = 0; i < weights.rows; ++i)
        for (std::int64_t j = 0; j < weights.columns; ++j)
          z[static_cast<std::size_t>(j)] +=
              seen[k][static_cast<std::size_t>(i)] * theta[weights.offset + i * weights.columns + j];
      if (k + 1 < kLayers)
        for (double& each : z) each = std::tanh(each);
      seen.push_back(std::move(z));
    }
    double loss = 0.0;
    std::vector<double> error = seen.back();
    for (std::size_t j = 0; j < error.size(); ++j) {
      const auto c = static_cast<std::int64_t>(j);
      error[j] -= static_cast<double>((3 * sample + 5 * c + sample * c) % 7 - 3) / 4.0;
      loss += 0.5 * share * error[j] * error[j];
      error[j] *= share;
    }
    for (std::size_t k = kLayers; k-- > 0;) error = add_layer(theta, k, seen[k], error, out);
    return loss;
  }

  /// Returns the error before the layer.
  std::vector<double> add_layer(const double* theta, std::size_t k, const std::vector<double>& inputs,
                                const std::vector<double>& error, double* out) const {
    const TensorShape& weights = layout_[2 * k];
    std::vector<double> back(inputs.size());
    for (std::size_t j = 0; j < error.size(); ++j) {
      out[layout_[2 * k + 1].offset + static_cast<std::int64_t>(j)] += error[j];
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::int64_t at = weights.offset + static_cast<std::int64_t>(i * error.size() + j);
        out[at] += inputs[i] * error[j];
        back[i] += theta[at] * error[j];
      }
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) back[i] *= 1.0 - inputs[i] * inputs[i];
    return back;
  }

  Layout layout_ = layout();
  std::vector<double> unused_ = start();
};

/// Largest |a − b| within a tensor over the tensor's length.
double distance(const std::vector<double>& a, const std::vector<double>& b, const TensorShape& tensor) {
  double length = 0.0, away = 0.0;
  for (auto i = static_cast<std::size_t>(tensor.offset), n = i + static_cast<std::size_t>(tensor.size());
       i < n; ++i) {
    length = std::hypot(length, b[i]);
    away = std::abs(a[i] - b[i]) <= away ? away : std::abs(a[i] - b[i]);  // NaN stays
  }
  return away / length;
}

class TensorGolden : public ::testing::TestWithParam<Trace> {};

TEST_P(TensorGolden, FollowThePapers) {
  const Trace& trace = GetParam();
  const Spec spec = spec_of(trace.spec);
  const auto stepper = make_stepper(spec, layout());
  Network network;
  std::vector<double> theta = start(), gradient(theta.size());
  ASSERT_EQ(trace.rows.back().step, 1000);
  for (const Trace::Row& row : trace.rows) {
    ASSERT_EQ(row.values.size(), theta.size());
    while (stepper->steps() < row.step) {
      network.gradient(theta.data(), gradient.data());
      stepper->step(theta.data(), gradient.data(), spec.number("lr"), &network);
    }
    for (std::size_t k = 0; k < layout().size(); ++k)
      ASSERT_TRUE(close(distance(theta, row.values, layout()[k]), 0.0, 1e-10))
          << "step " << row.step << ", tensor " << k;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TensorGolden, ::testing::ValuesIn(read_traces("tensor_traces.txt")),
                         [](const auto& each) {
                           std::string name = std::to_string(each.index) + "_" + each.param.spec;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

TEST(TensorGoldenFile, IsOfEveryMethodThatLooksAtTensorsAndOfEveryWrapper) {
  std::set<std::string> covered;
  for (const Trace& trace : read_traces("tensor_traces.txt")) {
    std::string id = "+" + spec_of(trace.spec).id;
    for (auto at = id.rfind('+'); at != std::string::npos; at = id.rfind('+')) {
      covered.insert(id.substr(at + 1));
      id.resize(at);
    }
  }
  for (const char* name : {"lars", "lamb", "muon", "sam", "lookahead", "delayed", "local"})
    EXPECT_TRUE(covered.contains(name)) << name;
}

}  // namespace
}  // namespace thalweg::test
