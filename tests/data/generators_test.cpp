// The generators: the moments and correlations their formulas promise, that a seed means the same for
// every size and noise, and the contract of the family.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <string>

#include "tests/data/scratch.hpp"

namespace thalweg::test {
namespace {

const std::vector<std::string> kGenerated = {"two_moons", "spirals",  "blobs",
                                             "credit",    "logistic", "noisy_cubic"};

std::vector<double> column(const Dataset& data, const Samples& samples, int feature) {
  std::vector<double> out;
  for (std::size_t at = static_cast<std::size_t>(feature); at < samples.values.size();
       at += static_cast<std::size_t>(data.features))
    out.push_back(samples.values[at]);
  return out;
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double covariance(const std::vector<double>& a, const std::vector<double>& b) {
  const double mean_a = mean(a);
  const double mean_b = mean(b);
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
  return sum / static_cast<double>(a.size());
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  return covariance(a, b) / std::sqrt(covariance(a, a) * covariance(b, b));
}

bool same(const Samples& a, const Samples& b) {
  return a.count == b.count && a.bytes == b.bytes && a.values == b.values && a.labels == b.labels &&
         a.targets == b.targets;
}

TEST(Datasets, TheList) {
  std::vector<std::string> ids;
  for (const Descriptor* member : dataset_family().members) ids.push_back(member->id);
  // Stored in files: never renamed.
  EXPECT_EQ(ids, (std::vector<std::string>{"mnist", "fashion_mnist", "cifar10", "two_moons", "spirals",
                                           "blobs", "credit", "logistic", "noisy_cubic"}));
  EXPECT_EQ(find_dataset("none"), nullptr);
  for (const auto& descriptor : datasets()) {
    EXPECT_FALSE(descriptor.label.empty() || descriptor.summary.empty() || descriptor.formula.empty() ||
                 descriptor.reference.empty())
        << descriptor.id;
    EXPECT_NE(descriptor.find("seed"), nullptr);
    EXPECT_FALSE(check(default_spec(descriptor), descriptor));
    for (const Parameter& parameter : descriptor.parameters) {
      EXPECT_FALSE(parameter.help.empty() || parameter.label.empty())
          << descriptor.id << " " << parameter.key;
      EXPECT_LE(parameter.min, parameter.soft_min);
      EXPECT_LE(parameter.soft_max, parameter.max);
      EXPECT_TRUE(parameter.scale != Scale::kLog || parameter.soft_min > 0.0);
    }
  }
}

class Generated : public testing::TestWithParam<std::string> {};

/// Every part is whole, finite and of the sizes asked for.
TEST_P(Generated, IsWellFormed) {
  const auto data = load(GetParam() + ":n=101,test=37");
  EXPECT_EQ(data->name, GetParam());
  EXPECT_EQ(data->shape[0] * data->shape[1] * data->shape[2], data->features);
  EXPECT_EQ(data->shape[1], 1);
  EXPECT_EQ(static_cast<int>(data->class_names.size()), data->classes);
  EXPECT_EQ(static_cast<int>(data->mean.size()), data->features);
  EXPECT_EQ(static_cast<int>(data->deviation.size()), data->features);
  EXPECT_EQ(data->train.count, 101);
  EXPECT_EQ(data->test.count, 37);
  for (const Samples* part : {&data->train, &data->test}) {
    const auto count = static_cast<std::size_t>(part->count);
    EXPECT_TRUE(part->bytes.empty());
    EXPECT_EQ(part->values.size(), count * static_cast<std::size_t>(data->features));
    EXPECT_EQ(part->labels.size(), data->classes > 0 ? count : 0);
    EXPECT_EQ(part->targets.size(), data->classes > 0 ? 0 : count);
    for (const float value : part->values) EXPECT_TRUE(std::isfinite(value));
    for (const float value : part->targets) EXPECT_TRUE(std::isfinite(value));
    std::set<int> labels(part->labels.begin(), part->labels.end());
    EXPECT_EQ(static_cast<int>(labels.size()), data->classes) << "every class is there";
    for (const int label : labels) EXPECT_LT(label, data->classes);
  }
  for (int f = 0; f < data->features; ++f) {
    const auto values = column(*data, data->train, f);
    EXPECT_NEAR(data->mean[static_cast<std::size_t>(f)], mean(values), 1e-5);
    EXPECT_NEAR(data->deviation[static_cast<std::size_t>(f)], std::sqrt(covariance(values, values)), 1e-5);
  }
}

TEST_P(Generated, IsAFunctionOfTheSeed) {
  const auto first = load(GetParam() + ":n=50,test=50,seed=5");
  const auto again = load(GetParam() + ":n=50,test=50,seed=5");
  EXPECT_TRUE(same(first->train, again->train));
  EXPECT_TRUE(same(first->test, again->test));
  EXPECT_NE(first->train.values, load(GetParam() + ":n=50,test=50,seed=6")->train.values);
  EXPECT_NE(first->train.values,
            load(GetParam() + ":n=50,test=50,seed=4294967301")->train.values);  // 5 + 2³²
  EXPECT_NE(first->train.values, first->test.values) << "the test samples are others";
}

/// A larger set begins with the smaller one, and neither part depends on the size of the other.
TEST_P(Generated, GrowsAtTheEnd) {
  const auto small = load(GetParam() + ":n=50,test=20");
  const auto large = load(GetParam() + ":n=80,test=90");
  for (const auto& [a, b] :
       {std::pair(&small->train, &large->train), std::pair(&small->test, &large->test)}) {
    EXPECT_TRUE(std::equal(a->values.begin(), a->values.end(), b->values.begin()));
    EXPECT_TRUE(std::equal(a->labels.begin(), a->labels.end(), b->labels.begin()));
    EXPECT_TRUE(std::equal(a->targets.begin(), a->targets.end(), b->targets.begin()));
  }
}

INSTANTIATE_TEST_SUITE_P(Datasets, Generated, testing::ValuesIn(kGenerated),
                         [](const auto& entry) { return entry.param; });

/// The bounds of every parameter give a data set, not a crash.
TEST(Datasets, EveryBoundCanBeUsed) {
  for (const std::string& id : kGenerated) {
    const auto& descriptor = *find_dataset(id);
    for (const Parameter& parameter : descriptor.parameters) {
      std::vector<std::string> values = parameter.choices;
      if (values.empty()) values = {format_number(parameter.min), format_number(parameter.max)};
      for (const std::string& value : values) {
        std::string text = id + ":" + parameter.key + "=" + value;
        if (parameter.key != "n") text += ",n=20";
        if (parameter.key != "test") text += ",test=2";
        const auto data = try_load(text);
        ASSERT_TRUE(data) << data.error().text();
        for (const float x : (*data)->train.values) ASSERT_TRUE(std::isfinite(x)) << text;
        for (const float x : (*data)->deviation) ASSERT_GT(x, 0.0F) << text;
      }
    }
  }
}

TEST(TwoMoons, WithoutNoiseLieOnTheirCircles) {
  const auto data = load("two_moons:noise=0,n=400");
  for (std::size_t i = 0; i < 400; ++i) {
    const double x = data->train.values[2 * i];
    const double y = data->train.values[2 * i + 1];
    const bool upper = data->train.labels[i] == 0;
    EXPECT_NEAR(upper ? x * x + y * y : (x - 1) * (x - 1) + (y - 0.5) * (y - 0.5), 1.0, 1e-6);
    EXPECT_TRUE(upper ? y >= 0.0 : y <= 0.5);
  }
  EXPECT_EQ(std::count(data->train.labels.begin(), data->train.labels.end(), 0), 200);
}

/// Noise moves the points by what it says and draws no others.
TEST(TwoMoons, NoiseHasItsDeviation) {
  const auto clean = load("two_moons:noise=0,n=20000");
  const auto noisy = load("two_moons:noise=0.2,n=20000");
  std::vector<double> off;
  for (std::size_t i = 0; i < 40000; ++i) off.push_back(noisy->train.values[i] - clean->train.values[i]);
  EXPECT_NEAR(mean(off), 0.0, 4 * 0.2 / std::sqrt(40000.0));
  EXPECT_NEAR(std::sqrt(covariance(off, off)), 0.2, 4 * 0.2 / std::sqrt(80000.0));
}

TEST(Spirals, ArmsAreTurnedCopies) {
  for (const int arms : {2, 3, 7}) {
    const auto data = load("spirals:noise=0,turns=1.25,n=700,arms=" + std::to_string(arms));
    EXPECT_EQ(data->classes, arms);
    double radii = 0.0;
    for (std::size_t i = 0; i < 700; ++i) {
      const double x = data->train.values[2 * i];
      const double y = data->train.values[2 * i + 1];
      const double radius = std::hypot(x, y);
      radii += radius / 700;
      const double angle =
          2 * std::numbers::pi * (1.25 * radius + static_cast<double>(data->train.labels[i]) / arms);
      EXPECT_NEAR(x, radius * std::cos(angle), 2e-6);
      EXPECT_NEAR(y, radius * std::sin(angle), 2e-6);
    }
    EXPECT_NEAR(radii, 0.5, 4 * std::sqrt(1.0 / 12 / 700));
  }
}

TEST(Blobs, HaveTheirDeviationAroundTheirCentres) {
  const auto centres = load("blobs:noise=0,n=8,classes=4,features=3,seed=2");
  const auto data = load("blobs:noise=2,n=40000,classes=4,features=3,seed=2");
  for (int label = 0; label < 4; ++label) {
    for (int f = 0; f < 3; ++f) {
      std::vector<double> off;
      const auto values = column(*data, data->train, f);
      const double centre = centres->train.values[static_cast<std::size_t>(3 * label + f)];
      EXPECT_LT(std::abs(centre), 10.0);
      for (std::size_t i = 0; i < values.size(); ++i)
        if (data->train.labels[i] == label) off.push_back(values[i] - centre);
      ASSERT_EQ(off.size(), 10000U);
      EXPECT_NEAR(mean(off), 0.0, 4 * 2 / 100.0);
      EXPECT_NEAR(std::sqrt(covariance(off, off)), 2.0, 4 * 2 / std::sqrt(20000.0));
    }
  }
}

/// Exercise 7.24: all ten pairs of the first five above 0.9, every other pair uncorrelated.
TEST(Credit, FiveFeaturesSayTheSame) {
  const auto data = load("credit");
  ASSERT_EQ(data->features, 20);
  ASSERT_EQ(data->train.count, 5000);
  for (int a = 0; a < 20; ++a) {
    const auto first = column(*data, data->train, a);
    EXPECT_NEAR(mean(first), 0.0, 4 / std::sqrt(5000.0));
    EXPECT_NEAR(covariance(first, first), 1.0, 4 * std::sqrt(2.0 / 5000));
    for (int b = 0; b < a; ++b) {
      const double r = correlation(first, column(*data, data->train, b));
      if (a < 5)
        EXPECT_NEAR(r, 0.96, 0.006) << a << " and " << b;
      else
        EXPECT_NEAR(r, 0.0, 4.5 / std::sqrt(5000.0)) << a << " and " << b;
    }
  }
}

TEST(Credit, NoiseFlipsLabels) {
  const auto right = load("credit:noise=0,n=20000");
  const auto wrong = load("credit:noise=0.25,n=20000");
  EXPECT_EQ(right->train.values, wrong->train.values);
  int flipped = 0;
  std::int64_t defaults = 0;
  for (std::size_t i = 0; i < 20000; ++i) {
    flipped += right->train.labels[i] != wrong->train.labels[i] ? 1 : 0;
    defaults += right->train.labels[i];
  }
  EXPECT_NEAR(flipped / 20000.0, 0.25, 4 * std::sqrt(0.25 * 0.75 / 20000));
  EXPECT_NEAR(static_cast<double>(defaults) / 20000.0, 0.5, 4 * 0.5 / std::sqrt(20000.0));
}

/// Weights of a logistic regression, by gradient descent on the whole set.
std::vector<double> fit_logistic(const Dataset& data, int steps, double rate) {
  const auto width = static_cast<std::size_t>(data.features);
  const auto count = static_cast<std::size_t>(data.train.count);
  std::vector<double> weights(width);
  for (int step = 0; step < steps; ++step) {
    std::vector<double> gradient(width);
    for (std::size_t i = 0; i < count; ++i) {
      const float* row = data.train.values.data() + i * width;
      double logit = 0.0;
      for (std::size_t f = 0; f < width; ++f) logit += weights[f] * row[f];
      const double off = 1.0 / (1.0 + std::exp(-logit)) - data.train.labels[i];
      for (std::size_t f = 0; f < width; ++f) gradient[f] += off * row[f];
    }
    for (std::size_t f = 0; f < width; ++f) weights[f] -= rate * gradient[f] / static_cast<double>(count);
  }
  return weights;
}

/// Exercise 7.13: the informative weights come out near their size, those of the noise near zero.
TEST(Logistic, AFitFindsTheInformativeFeatures) {
  const auto large = fit_logistic(*load("logistic:n=20000"), 150, 3.0);
  for (std::size_t f = 0; f < 10; ++f) EXPECT_NEAR(std::abs(large[f]), 1.0, 0.12) << f;
  for (std::size_t f = 10; f < 20; ++f) EXPECT_NEAR(large[f], 0.0, 0.12) << f;
  const auto small = fit_logistic(*load("logistic"), 600, 3.0);
  double informative = 0.0;
  double noise = 0.0;
  for (std::size_t f = 0; f < 20; ++f) (f < 10 ? informative : noise) += std::abs(small[f]) / 10;
  EXPECT_LT(noise / informative, 0.3);
  EXPECT_NEAR(informative, 1.19, 0.3);
  RecordProperty("informative", std::to_string(informative));
  RecordProperty("noise", std::to_string(noise));
}

TEST(NoisyCubic, IsACubicWithNoiseOnTheTrainingTargetsAlone) {
  const auto data = load("noisy_cubic:n=20000");
  EXPECT_EQ(data->classes, 0);
  const auto cubic = [](double x) { return 4 * x * x * x - 3 * x; };
  std::vector<double> off;
  for (std::size_t i = 0; i < 20000; ++i)
    off.push_back(data->train.targets[i] - cubic(data->train.values[i]));
  EXPECT_NEAR(mean(off), 0.0, 4 * 0.5 / std::sqrt(20000.0));
  EXPECT_NEAR(std::sqrt(covariance(off, off)), 0.5, 4 * 0.5 / std::sqrt(40000.0));
  for (std::size_t i = 0; i < 1000; ++i)
    EXPECT_NEAR(data->test.targets[i], cubic(data->test.values[i]), 1e-6);
  // x² has mean 1/3 where x is uniform, 1/2 where it follows the arcsine law.
  EXPECT_NEAR(covariance(column(*data, data->train, 0), column(*data, data->train, 0)), 1.0 / 3, 0.01);
  const auto dense = load("noisy_cubic:n=20000,points=chebyshev");
  EXPECT_NEAR(covariance(column(*dense, dense->train, 0), column(*dense, dense->train, 0)), 0.5, 0.015);
}

/// The numbers themselves: the same on every machine, and for ever.
TEST(TwoMoons, KnownNumbers) {
  const auto moons = load("two_moons:seed=1,n=2");
  const std::vector<double> expected = {-0.196059578, 1.0344177, 0.105805545, 0.368387881};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(moons->train.values[i], expected[i], 1e-6);
}

}  // namespace
}  // namespace thalweg::test
