// thalweg bench train: epochs of training against the bound of their matrix products and, if its command
// is given, a peer's epochs, in turn in one run. On one thread it is the thread's own time that counts, so
// that what else the machine does is left out as far as can be.
#include <stdio.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "app/cli/bench.hpp"
#include "core/nn/products.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/training/trainer.hpp"

namespace thalweg::cli {
namespace {

constexpr int kRounds = 3;
constexpr int kEpochs = 3;

/// What is measured in turn: seconds of an epoch.
struct Epochs {
  std::vector<double> ours, products, peer;
};

bool measure(const std::string& model, int batch, int threads, const std::shared_ptr<const Dataset>& data,
             const std::string& peer, Epochs& out) {
  NetworkSettings settings;
  settings.model = parse_model(model).value();
  settings.loss = default_spec(losses().front());
  settings.optimizer = parse_spec("adam:lr=0.001", optimizer_family()).value();
  const auto engine = make_cpu_engine({threads});
  if (engine->load(data) || engine->build(settings, 1)) return false;
  double (*const clock)() = threads == 1 ? thread_time : wall;
  std::vector<std::uint32_t> order(static_cast<std::size_t>(data->train.count));
  const auto size = static_cast<std::size_t>(batch);
  const auto steps = static_cast<int>((order.size() + size - 1) / size);
  for (int round = 0; round < kRounds; ++round) {
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
      const double begin = clock();
      batch_order(1, epoch, order);
      for (std::size_t first = 0; first < order.size(); first += size)
        if (!engine->step(std::span(order).subspan(first, std::min(order.size() - first, size)), {0.001}))
          return false;
      out.ours.push_back(clock() - begin);
      out.products.push_back(time_of_products(engine->plan(), batch, threads, steps, clock) * steps);
    }
    if (peer.empty()) continue;
    const auto theirs = first_number(peer + " " + std::to_string(batch) + " " + std::to_string(kEpochs) +
                                     " " + model + " " + std::to_string(threads));
    if (!theirs) {
      fail(bad_input("printed no number, or failed", "--peer"));
      return false;
    }
    out.peer.push_back(*theirs);
  }
  return true;
}

}  // namespace

std::optional<double> first_number(const std::string& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  if (!pipe) return {};
  double number = 0.0;
  const bool found = fscanf(pipe, "%lf", &number) == 1;
  while (fgetc(pipe) != EOF) {
  }
  return pclose(pipe) == 0 && found ? std::optional(number) : std::nullopt;
}

std::vector<Figure> bench_train(const std::string& peer) {
  const auto data = find_dataset("mnist")->load(default_spec(*find_dataset("mnist")), "");
  if (!data) {
    fail(data.error());
    return {};
  }
  const int most = std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<Figure> out;
  for (const auto& [model, batch] : {std::pair{"784-128-10", 64}, std::pair{"784-512-512-10", 512}}) {
    const std::string what = std::string(model) + ", batch " + std::to_string(batch);
    double ours_best = 1e300, peer_best = 1e300;
    for (const int threads : {1, most}) {
      Epochs epochs;
      if (!measure(model, batch, threads, *data, peer, epochs)) return {};
      const double ours = median(epochs.ours), products = median(epochs.products);
      const std::string name = what + ", threads " + std::to_string(threads);
      const char* const unit = threads == 1 ? "s of the thread" : "s";
      out.push_back({name + ": epoch", ours, unit});
      out.push_back({name + ": its products, dense", products, unit});
      out.push_back({name + ": products / epoch", products / ours, ""});
      ours_best = std::min(ours_best, ours);
      if (peer.empty()) continue;
      const double theirs = median(epochs.peer);
      out.push_back({name + ": peer's epoch", theirs, unit});
      out.push_back({name + ": times as fast as the peer", theirs / ours, "x"});
      peer_best = std::min(peer_best, theirs);
    }
    if (!peer.empty())
      out.push_back({what + ", best threads each: times as fast", peer_best / ours_best, "x"});
  }
  return out;
}

}  // namespace thalweg::cli
