// thalweg bench ensemble: steps a second of many particles. Times of one thread are its own, so that what
// else the machine does counts less; those of all threads are the clock's.
#include <algorithm>
#include <string>
#include <thread>

#include "app/cli/bench.hpp"
#include "core/ensemble/bound.hpp"
#include "core/ensemble/ensemble.hpp"

namespace thalweg::cli {
namespace {

constexpr std::int64_t kSide = 400;
constexpr std::int64_t kSteps = 1000;
constexpr int kRounds = 5;

EnsembleSettings settings_of(const std::string& surface, const std::string& optimizer, double tolerance,
                             std::int64_t steps) {
  auto out = default_ensemble(parse_spec(surface, surface_family()).value(),
                              parse_spec(optimizer, optimizer_family()).value(), kSide, kSide)
                 .value();
  *out.run.find("steps") = static_cast<double>(steps);
  if (tolerance > 0.0) *out.run.find("tol") = tolerance;
  return out;
}

struct Measured {
  double steps = 0.0;  ///< a second
  double bound = 0.0;
};

/// The best of some rounds, in turn with the bound.
Measured measure(const EnsembleSettings& settings, const EnsembleCpu& cpu) {
  double (*const clock)() = cpu.threads == 1 ? thread_time : wall;
  Measured out;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = clock();
    const auto result = run_ensemble(settings, {}, cpu).value();
    out.steps = std::max(out.steps, static_cast<double>(result.total_steps()) / (clock() - begin));
    const double bound_begin = clock();
    const float sum = ensemble::roots_and_quotients(*cpu.isa, kSide * kSide, kSteps);
    if (sum > 0.0f)
      out.bound = std::max(out.bound, static_cast<double>(kSide * kSide * kSteps) / (clock() - bound_begin));
  }
  return out;
}

const char* name_of(cpu::Isa isa) {
  return isa == cpu::Isa::kAvx512 ? "AVX-512" : isa == cpu::Isa::kAvx2 ? "AVX2" : "baseline";
}

}  // namespace

std::vector<Figure> bench_ensemble() {
  std::vector<Figure> out;
  const auto add = [&](const std::string& name, double steps) {
    out.push_back({name, 1e-9 * steps, "billion steps/s"});
  };
  // No particle comes so near to the minimum: all make all steps.
  const auto adam = settings_of("rosenbrock", "adam:lr=0.001", 0.0, kSteps);
  const auto with_tolerance = settings_of("rosenbrock", "adam:lr=0.001", 1e-12, kSteps);
  for (const cpu::Isa isa : {cpu::Isa::kBase, cpu::Isa::kAvx2, cpu::Isa::kAvx512}) {
    if (isa > cpu::find_isa()) continue;
    const std::string name = std::string("Adam on Rosenbrock, one thread, ") + name_of(isa);
    const Measured got = measure(adam, {.threads = 1, .isa = isa});
    add(name, got.steps);
    add(name + ", with a tolerance", measure(with_tolerance, {.threads = 1, .isa = isa}).steps);
    add(name + ": its roots and quotients alone", got.bound);
    out.push_back({name + ": share of that bound", got.steps / got.bound, ""});
  }
  const cpu::Isa widest = cpu::find_isa();
  for (const auto& [surface, optimizer, steps] :
       {std::tuple{"rosenbrock", "gd:lr=0.0001", kSteps}, std::tuple{"himmelblau", "adam:lr=0.001", kSteps},
        std::tuple{"rastrigin", "adam:lr=0.0001", kSteps / 10},
        std::tuple{"logistic", "adam:lr=0.001", kSteps / 20}})
    add(std::string(optimizer) + " on " + surface + ", one thread",
        measure(settings_of(surface, optimizer, 0.0, steps), {.threads = 1, .isa = widest}).steps);
  const int threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  add("Adam on Rosenbrock, " + std::to_string(threads) + " threads by the clock",
      measure(adam, {.threads = threads, .isa = widest}).steps);
  return out;
}

}  // namespace thalweg::cli
