// thalweg bench optimizers: what an update costs for each parameter, with ten million of them: far more than
// the caches hold. Element-wise rules against a pass with the same traffic through memory, and against a
// peer, in turn in one process, on one thread and by its own time.
#include <algorithm>
#include <cmath>
#include <optional>

#include "app/cli/bench.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/optimizer/rules.hpp"
#include "core/optimizer/traffic.hpp"
#include "core/optimizer/updater.hpp"

namespace thalweg::cli {
namespace {

constexpr std::int64_t kParameters = 10'000'000;
constexpr int kRounds = 7;

/// Ten layers, for the methods that look at tensors.
Layout layers() {
  Layout out;
  for (std::int64_t i = 0; i < 10; ++i)
    out.push_back({.offset = i * kParameters / 10, .rows = 1000, .columns = 1000, .matrix = true});
  return out;
}

struct Vectors {
  std::vector<float> theta, gradient;

  Vectors() : theta(kParameters), gradient(kParameters) {
    // Neither all alike nor in a hurry to become subnormal.
    for (std::size_t i = 0; i < theta.size(); ++i) {
      theta[i] = 0.1f + 1e-3f * static_cast<float>(i % 97);
      gradient[i] = 1e-2f * (static_cast<float>(i % 89) - 44.5f);
    }
  }
};

/// Seconds of one update by a rule, the least of some, and the bound's, in turn.
void measure(const OptimizerDescriptor& rule, std::vector<Figure>& out, const std::string& peer) {
  const Spec spec = default_spec(rule);
  const auto updater = cpu::make_updater(spec);
  Vectors at;
  std::vector<float> slots(static_cast<std::size_t>(kParameters * updater->slot_count()));
  updater->init(slots.data(), kParameters);
  double ours = 1e300, bound = 1e300;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = thread_time();
    updater->prepare(1e-4, round + 1);
    updater->update(at.theta.data(), at.gradient.data(), 1.0f, slots.data(), kParameters, 0, kParameters);
    if (round > 0) ours = std::min(ours, thread_time() - begin);
    bound = std::min(bound, time_of_traffic(kParameters, updater->slot_count(), 2, thread_time));
  }
  const double bytes = bytes_per_parameter(updater->slot_count());
  out.push_back({rule.id + ": a parameter's update", 1e9 * ours / kParameters, "ns"});
  out.push_back({rule.id + ": what it moves", bytes, "bytes"});
  out.push_back({rule.id + ": through memory at", 1e-9 * bytes * kParameters / ours, "GB/s"});
  out.push_back({rule.id + ": share of the bound", bound / ours, ""});
  if (peer.empty() || !rule.torch) return;
  const TorchCall call = rule.torch(spec, false);
  if (!call.callee.starts_with("torch.optim.")) return;
  const auto theirs = first_number(peer + " '" + call.text("[p]") + "' " + std::to_string(kParameters));
  if (!theirs) return;
  out.push_back({rule.id + ": the peer's update of a parameter", *theirs, "ns"});
  out.push_back({rule.id + ": times as fast as the peer", *theirs * kParameters * 1e-9 / ours, "x"});
}

void measure_method(const OptimizerDescriptor& method, std::vector<Figure>& out) {
  const auto stepper = make_float_stepper(default_spec(method), layers());
  Vectors at;
  double ours = 1e300;
  for (int round = 0; round < 3; ++round) {
    std::vector<float> gradient = at.gradient;
    const double begin = thread_time();
    stepper->step(at.theta.data(), gradient.data(), 1e-4);
    if (round > 0) ours = std::min(ours, thread_time() - begin);
  }
  out.push_back({method.id + ": a parameter's update", 1e9 * ours / kParameters, "ns"});
}

}  // namespace

std::vector<Figure> bench_optimizers(const std::string& peer) {
  std::vector<Figure> out;
  double worst = 1e300;
  for (const OptimizerDescriptor& descriptor : optimizers()) {
    if (rule_index(descriptor.id) >= 0) {
      measure(descriptor, out, peer);
      for (const Figure& figure : out)
        if (figure.name == descriptor.id + ": share of the bound") worst = std::min(worst, figure.value);
    } else if (!descriptor.asks_more && descriptor.not_on_networks.empty()) {
      measure_method(descriptor, out);
    }
  }
  out.push_back({"the element-wise rules' least share of the bound", worst, ""});
  return out;
}

}  // namespace thalweg::cli
