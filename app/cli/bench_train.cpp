// thalweg bench train: epochs of training against the bound of their matrix products, in turn in one
// process. tests/bench/train.sh adds PyTorch's. On one thread it is the thread's own time that counts,
// so that what else the machine does is left out as far as can be.
#include <algorithm>

#include "app/cli/bench.hpp"
#include "core/nn/products.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/training/trainer.hpp"

namespace thalweg::cli {

std::vector<Figure> bench_train() {
  const auto spec = default_spec(*find_dataset("mnist"));
  const auto data = find_dataset("mnist")->load(spec, "");
  if (!data) {
    fail(data.error());
    return {};
  }
  std::vector<Figure> out;
  for (const auto& [model, batch] : {std::pair{"784-128-10", 64}, std::pair{"784-512-512-10", 512}}) {
    NetworkSettings settings;
    settings.model = parse_model(model).value();
    settings.loss = default_spec(losses().front());
    settings.optimizer = parse_spec("adam:lr=0.001", optimizer_family()).value();
    for (const int threads : {1, 2}) {
      const auto engine = make_cpu_engine({threads});
      if (engine->load(*data) || engine->build(settings, 1)) return {};
      double (*const clock)() = threads == 1 ? thread_time : wall;
      std::vector<std::uint32_t> order(static_cast<std::size_t>((*data)->train.count));
      const auto steps = static_cast<int>((order.size() + static_cast<std::size_t>(batch) - 1) /
                                          static_cast<std::size_t>(batch));
      std::vector<double> epochs, products;
      for (int epoch = 0; epoch < 7; ++epoch) {
        const double begin = clock();
        batch_order(1, epoch, order);
        for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(batch)) {
          const std::size_t count = std::min(order.size() - first, static_cast<std::size_t>(batch));
          if (!engine->step(std::span(order).subspan(first, count), {0.001})) return {};
        }
        epochs.push_back(clock() - begin);
        products.push_back(time_of_products(engine->plan(), batch, threads, steps, clock) * steps);
      }
      const double ours = median(epochs), bound = median(products);
      const std::string name = std::string(model) + ", batch " + std::to_string(batch) + ", Adam, " +
                               std::to_string(threads) + (threads == 1 ? " thread" : " threads");
      out.push_back({name + ": epoch", ours, threads == 1 ? "s of the thread" : "s"});
      out.push_back({name + ": its products alone", bound, threads == 1 ? "s of the thread" : "s"});
      out.push_back({name + ": share of the bound", bound / ours, ""});
    }
  }
  return out;
}

}  // namespace thalweg::cli
