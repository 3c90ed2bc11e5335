// Training from PyTorch's initial weights and batch order gives PyTorch's losses.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "core/nn/engine.hpp"
#include "core/optimizer/optimizer.hpp"
#include "tests/golden/close.hpp"

namespace thalweg {
namespace {

struct Net {
  std::string model;
  std::map<std::string, std::vector<float>> weights;
};
struct Case {
  std::string net, optimizer;
  std::vector<double> losses;
};
struct Golden {
  std::vector<int> bytes, labels, order;
  std::map<std::string, Net> nets;
  std::vector<Case> cases;
};

template <class T>
std::vector<T> numbers(std::istream& in) {
  std::vector<T> out;
  for (T x; in >> x;) out.push_back(x);
  return out;
}

/// Throws where the file is not as its script says: a test that compares nothing must not pass.
Golden read() {
  std::ifstream in(THALWEG_SOURCE_DIR "/tests/golden/training_traces.txt");
  if (!in) throw std::runtime_error("no golden file");
  Golden out;
  std::string net;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word, name, bar;
    if (line.empty() || line.front() == '#') continue;
    words >> word;
    if (word == "bytes") {
      out.bytes = numbers<int>(words);
    } else if (word == "labels") {
      out.labels = numbers<int>(words);
    } else if (word == "order") {
      out.order = numbers<int>(words);
    } else if (word == "net") {
      words >> net >> bar;
      std::getline(words, out.nets[net].model);
    } else if (word == "w") {
      words >> name;
      out.nets[net].weights[name] = numbers<float>(words);
    } else if (word == "case") {
      Case c;
      words >> c.net >> bar >> c.optimizer;
      out.cases.push_back(c);
    } else {
      double loss = 0.0;
      if (!(words >> loss) || out.cases.empty()) throw std::runtime_error("bad line: " + line);
      out.cases.back().losses.push_back(loss);
    }
  }
  return out;
}

TEST(TrainingGolden, LossesAreThoseOfPytorch) {
  constexpr int kBatch = 16, kFeatures = 12;
  const Golden golden = read();
  ASSERT_EQ(golden.cases.size(), 18u);
  auto data = std::make_shared<Dataset>();
  data->name = "golden";
  data->shape = {1, 1, kFeatures};
  data->features = kFeatures;
  data->classes = 4;
  data->mean = {0.4f};
  data->deviation = {0.3f};
  data->train.bytes.assign(golden.bytes.begin(), golden.bytes.end());
  data->train.labels.assign(golden.labels.begin(), golden.labels.end());
  data->train.count = static_cast<std::int64_t>(golden.labels.size());
  for (const Case& c : golden.cases) {
    SCOPED_TRACE(c.net + " | " + c.optimizer);
    ASSERT_EQ(c.losses.size(), 50u);
    const Net& net = golden.nets.at(c.net);
    NetworkSettings settings;
    settings.model = parse_model(net.model.substr(net.model.find('|') + 1)).value();
    settings.loss = default_spec(losses().front());
    settings.optimizer = parse_spec(c.optimizer, optimizer_family()).value();
    const auto engine = make_cpu_engine();
    ASSERT_FALSE(engine->load(data));
    ASSERT_FALSE(engine->build(settings, 1));
    EngineState state = engine->state();
    ASSERT_EQ(engine->plan().tensors.size(), net.weights.size());
    for (const TensorInfo& tensor : engine->plan().tensors) {
      const auto& weights = net.weights.at(tensor.name);
      ASSERT_EQ(static_cast<std::int64_t>(weights.size()), tensor.size());
      std::ranges::copy(weights, state.parameters.begin() + tensor.offset);
    }
    ASSERT_FALSE(engine->restore(state));
    double worst = 0.0;
    for (std::size_t step = 0; step < c.losses.size(); ++step) {
      const auto from = golden.order.begin() + static_cast<std::ptrdiff_t>(step * kBatch);
      const std::vector<std::uint32_t> batch(from, from + kBatch);
      const auto result = engine->step(batch, {settings.optimizer.number("lr")});
      ASSERT_TRUE(result);
      ASSERT_TRUE(test::close(result->loss, c.losses[step], 1e-4 * c.losses[step])) << "step " << step;
      worst = std::max(worst, std::abs(result->loss - c.losses[step]) / c.losses[step]);
    }
    std::printf("%-6s %-48s largest relative difference %.1e\n", c.net.c_str(), c.optimizer.c_str(), worst);
  }
}

}  // namespace
}  // namespace thalweg
