// thalweg bench curvature: Hessian-vector products of 784-128-10 on MNIST against the bound of their matrix
// products, in turn in one process, and a power iteration. On one thread it is the thread's own time that
// counts, as in bench train.
#include <cmath>
#include <numeric>

#include "app/cli/bench.hpp"
#include "core/curvature/lanczos.hpp"
#include "core/curvature/power_iteration.hpp"
#include "core/nn/products.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/training/trainer.hpp"

namespace thalweg::cli {
namespace {

constexpr int kPowerProducts = 30;

/// After a few hundred steps, when there is some curvature.
std::unique_ptr<TrainingEngine> trained_engine(std::shared_ptr<const Dataset> data, int threads) {
  NetworkSettings settings;
  settings.model = parse_model("784-128-10").value();
  settings.loss = default_spec(losses().front());
  settings.optimizer = parse_spec("gd:lr=0.1", optimizer_family()).value();
  auto engine = make_cpu_engine({threads});
  std::vector<std::uint32_t> order(static_cast<std::size_t>(data->train.count));
  if (engine->load(std::move(data)) || engine->build(settings, 1)) return nullptr;
  batch_order(1, 0, order);
  for (std::size_t first = 0; first + 64 <= order.size() && first < 300 * 64; first += 64)
    if (!engine->step(std::span(order).subspan(first, 64), {0.1})) return nullptr;
  return engine;
}

/// False if the engine refuses.
bool measure(TrainingEngine& engine, int samples, int threads, std::vector<Figure>& out) {
  double (*const clock)() = threads == 1 ? thread_time : wall;
  const int rounds = std::max(2, 10'000 / samples);
  std::vector<std::uint32_t> chosen(static_cast<std::size_t>(samples));
  std::iota(chosen.begin(), chosen.end(), 0u);
  const double begin = clock();
  const auto hessian = engine.hessian(chosen);
  if (!hessian) return false;
  const double prepared = clock() - begin;
  const auto op = hessian_operator(**hessian, engine.plan().parameters);
  std::vector<float> v(static_cast<std::size_t>(op.size), 1e-3f), hv(v.size());
  std::vector<double> ours, bound, power;
  PowerResult found;
  for (int round = 0; round < 7; ++round) {
    const double first = clock();
    for (int i = 0; i < rounds; ++i) op.multiply(v, hv);
    ours.push_back((clock() - first) / rounds);
    bound.push_back(time_of_hessian_products(engine.plan(), samples, threads, rounds, clock));
  }
  for (int round = 0; round < 3; ++round) {
    const double first = clock();
    found = power_iteration(op, {.tolerance = 0.0, .products = kPowerProducts, .seed = 1});
    power.push_back(clock() - first);
  }
  const std::string name = std::to_string(samples) + " samples, " + std::to_string(threads) +
                           (threads == 1 ? " thread: " : " threads: ");
  const char* unit = threads == 1 ? "ms of the thread" : "ms";
  const double start = clock();
  const LanczosResult top = lanczos(op, {.largest = 5, .seed = 1});
  const double spectrum = clock() - start;
  out.push_back({name + "Hessian-vector product", 1e3 * median(ours), unit});
  out.push_back({name + "its products alone", 1e3 * median(bound), unit});
  out.push_back({name + "share of the bound", median(bound) / median(ours), ""});
  out.push_back({name + "to prepare it, once", 1e3 * prepared, unit});
  out.push_back({name + "power iteration, 30 products", 1e3 * median(power), unit});
  out.push_back({name + "the eigenvalue", found.value, ""});
  out.push_back({name + "its residual", found.residual, ""});
  out.push_back({name + "five largest by Lanczos", 1e3 * spectrum, unit});
  out.push_back({name + "products they took", static_cast<double>(top.products), ""});
  out.push_back({name + "the largest of them", top.largest.empty() ? NAN : top.largest.front().value, ""});
  return true;
}

}  // namespace

std::vector<Figure> bench_curvature() {
  const auto data = find_dataset("mnist")->load(default_spec(*find_dataset("mnist")), "");
  if (!data) {
    fail(data.error());
    return {};
  }
  std::vector<Figure> out;
  for (const int threads : {1, 2}) {
    const auto engine = trained_engine(*data, threads);
    if (!engine) return {};
    for (const int samples : {512, 10'000})
      if (!measure(*engine, samples, threads, out)) return {};
  }
  return out;
}

}  // namespace thalweg::cli
