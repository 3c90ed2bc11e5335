// Data sets made by a formula. Sample i of a part is a pure function of the seed and i (Philox), so a
// larger set begins with the samples of the smaller one, and a slider of the noise moves the points
// instead of drawing new ones. What stays the same for all samples (weights, centres) comes from the
// seed alone. Flat features; the normalisation is that of the training samples.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/data/descriptors.hpp"
#include "core/random/philox.hpp"

namespace thalweg {
namespace {

using Loaded = Result<std::shared_ptr<const Dataset>>;

/// The random numbers of one sample, or of the rule behind all of them (sample 0 of kDataRule). Each
/// purpose within a sample takes its own pairs.
struct Draw {
  std::uint64_t seed = 0;
  RandomStream stream = RandomStream::kTrainSamples;
  std::uint64_t sample = 0;

  std::array<double, 2> uniforms(std::uint32_t pair) const {
    return uniform_pair(seed, stream, sample, pair);
  }
  std::array<double, 2> normals(std::uint32_t pair) const { return normal_pair(seed, stream, sample, pair); }

  /// `count` independent standard normal numbers, from `pair` on.
  std::vector<double> normals(int count, std::uint32_t pair) const {
    std::vector<double> out;
    out.reserve(static_cast<std::size_t>(count) + 1);
    for (; std::ssize(out) < count; ++pair) {
      const auto [a, b] = normals(pair);
      out.insert(out.end(), {a, b});
    }
    out.resize(static_cast<std::size_t>(count));
    return out;
  }
};

constexpr std::uint32_t kChoicePair = 1000;  ///< beyond the pairs of any number of features here

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Parameters --------------------------------------------------------------------------------------

Parameter count_parameter(std::string key, std::string symbol, std::string label, double default_value,
                          std::string help) {
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .kind = Kind::kInteger,
          .default_value = default_value,
          .min = 2,
          .max = 100000,
          .soft_min = 10,
          .soft_max = 10000,
          .scale = Scale::kLog,
          .help = std::move(help)};
}

Parameter n_parameter(double default_value) {
  return count_parameter("n", "n", "training samples", default_value, "Number of training samples.");
}

Parameter test_parameter(double default_value) {
  return count_parameter("test", "", "test samples", default_value, "Number of test samples.");
}

Parameter integer_parameter(std::string key, std::string symbol, std::string label, double default_value,
                            double min, double max, std::string help) {
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .kind = Kind::kInteger,
          .default_value = default_value,
          .min = min,
          .max = max,
          .soft_min = min,
          .soft_max = std::min(max, 20.0),
          .help = std::move(help)};
}

Parameter real_parameter(std::string key, std::string symbol, std::string label, double default_value,
                         double min, double max, double soft_max, std::string help) {
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .default_value = default_value,
          .min = min,
          .max = max,
          .soft_min = min,
          .soft_max = soft_max,
          .help = std::move(help)};
}

Parameter noise_parameter(double default_value, double soft_max, std::string help) {
  return real_parameter("noise", "σ", "noise", default_value, 0.0, 1e3, soft_max, std::move(help));
}

Parameter seed_parameter() { return data_seed_parameter("The random numbers it is made from."); }

// Building ----------------------------------------------------------------------------------------

int integer(const Spec& spec, std::string_view key) { return static_cast<int>(spec.number(key)); }

Draw rule(const Spec& spec) {
  return {static_cast<std::uint64_t>(spec.number("seed")), RandomStream::kDataRule, 0};
}

/// Mean and deviation of each feature; a feature that does not vary keeps its scale.
void normalise(Dataset& data) {
  const auto width = static_cast<std::size_t>(data.features);
  for (std::size_t f = 0; f < width; ++f) {
    double sum = 0.0;
    double squares = 0.0;
    for (std::size_t at = f; at < data.train.values.size(); at += width) sum += data.train.values[at];
    const double mean = sum / static_cast<double>(data.train.count);
    for (std::size_t at = f; at < data.train.values.size(); at += width) {
      const double off = data.train.values[at] - mean;
      squares += off * off;
    }
    const double deviation = std::sqrt(squares / static_cast<double>(data.train.count));
    data.mean.push_back(static_cast<float>(mean));
    data.deviation.push_back(deviation > 0.0 ? static_cast<float>(deviation) : 1.0F);
  }
}

/// Makes both parts with `make_sample(draw, row)`, which fills a row of features and returns its label, or
/// its target where there are no classes.
template <class MakeSample>
Loaded generate(const Spec& spec, int features, std::vector<std::string> class_names,
                const MakeSample& make_sample) {
  auto data = std::make_shared<Dataset>();
  data->name = spec.id;
  data->shape = {features, 1, 1};
  data->features = features;
  data->classes = static_cast<int>(class_names.size());
  data->class_names = std::move(class_names);
  std::vector<double> row(static_cast<std::size_t>(features));
  const auto fill = [&](Samples& samples, std::string_view key, RandomStream stream) {
    samples.count = static_cast<std::int64_t>(spec.number(key));
    samples.values.reserve(static_cast<std::size_t>(samples.count) * row.size());
    Draw draw{static_cast<std::uint64_t>(spec.number("seed")), stream, 0};
    for (; draw.sample < static_cast<std::uint64_t>(samples.count); ++draw.sample) {
      const double answer = make_sample(draw, row);
      for (const double value : row) samples.values.push_back(static_cast<float>(value));
      if (data->classes > 0)
        samples.labels.push_back(static_cast<std::uint8_t>(answer));
      else
        samples.targets.push_back(static_cast<float>(answer));
    }
  };
  fill(data->train, "n", RandomStream::kTrainSamples);
  fill(data->test, "test", RandomStream::kTestSamples);
  normalise(*data);
  return std::shared_ptr<const Dataset>(std::move(data));
}

std::vector<std::string> numbered(const std::string& word, int count) {
  std::vector<std::string> out;
  for (int i = 1; i <= count; ++i) out.push_back(word + " " + std::to_string(i));
  return out;
}

/// The classes take turns, so that every part has as many of each as it can.
int class_of(const Draw& draw, int classes) {
  return static_cast<int>(draw.sample % static_cast<std::uint64_t>(classes));
}

// The generators ----------------------------------------------------------------------------------

Loaded load_two_moons(const Spec& spec, const std::string&) {
  const double noise = spec.number("noise");
  return generate(spec, 2, {"upper moon", "lower moon"}, [&](const Draw& draw, std::vector<double>& row) {
    const int label = class_of(draw, 2);
    const double angle = std::numbers::pi * draw.uniforms(0)[0];
    const auto [a, b] = draw.normals(1);
    const double x = std::cos(angle);
    const double y = std::sin(angle);
    row = {(label == 0 ? x : 1.0 - x) + noise * a, (label == 0 ? y : 0.5 - y) + noise * b};
    return label;
  });
}

Loaded load_spirals(const Spec& spec, const std::string&) {
  const int arms = integer(spec, "arms");
  const double turns = spec.number("turns");
  const double noise = spec.number("noise");
  return generate(spec, 2, numbered("arm", arms), [&](const Draw& draw, std::vector<double>& row) {
    const int label = class_of(draw, arms);
    const double radius = draw.uniforms(0)[0];
    const double angle = 2.0 * std::numbers::pi * (turns * radius + static_cast<double>(label) / arms);
    const auto [a, b] = draw.normals(1);
    row = {radius * std::cos(angle) + noise * a, radius * std::sin(angle) + noise * b};
    return label;
  });
}

Loaded load_blobs(const Spec& spec, const std::string&) {
  constexpr double kHalfBox = 10.0;
  const int classes = integer(spec, "classes");
  const int features = integer(spec, "features");
  const double noise = spec.number("noise");
  std::vector<std::vector<double>> centres(static_cast<std::size_t>(classes));
  Draw draw_centre = rule(spec);
  for (auto& centre : centres) {
    for (int f = 0; f < features; ++f)
      centre.push_back(kHalfBox * (2.0 * draw_centre.uniforms(static_cast<std::uint32_t>(f))[0] - 1.0));
    ++draw_centre.sample;
  }
  return generate(spec, features, numbered("blob", classes), [&](const Draw& draw, std::vector<double>& row) {
    const int label = class_of(draw, classes);
    row = draw.normals(features, 0);
    for (std::size_t f = 0; f < row.size(); ++f)
      row[f] = centres[static_cast<std::size_t>(label)][f] + noise * row[f];
    return label;
  });
}

Loaded load_credit(const Spec& spec, const std::string&) {
  constexpr int kFeatures = 20;
  constexpr std::size_t kCorrelated = 5;
  const double shared = std::sqrt(spec.number("correlation"));
  const double own = std::sqrt(1.0 - spec.number("correlation"));
  const double noise = spec.number("noise");
  std::vector<double> weights = rule(spec).normals(kFeatures, 0);
  // What the five say together counts as much as two or three of the others, whatever the seed.
  for (std::size_t f = 0; f < kCorrelated; ++f) weights[f] = 0.5;
  return generate(spec, kFeatures, {"repays", "defaults"}, [&](const Draw& draw, std::vector<double>& row) {
    row = draw.normals(kFeatures, 0);
    const double common = draw.normals(kChoicePair)[0];
    for (std::size_t f = 0; f < kCorrelated; ++f) row[f] = shared * common + own * row[f];
    const bool defaults = dot(weights, row) > 0.0;
    const bool flipped = draw.uniforms(kChoicePair + 1)[0] < noise;
    return defaults != flipped ? 1 : 0;
  });
}

Loaded load_logistic(const Spec& spec, const std::string&) {
  const int informative = integer(spec, "informative");
  const int features = informative + integer(spec, "uninformative");
  std::vector<double> weights(static_cast<std::size_t>(features), 0.0);
  for (int f = 0; f < informative; ++f) {
    const bool negative = rule(spec).uniforms(static_cast<std::uint32_t>(f))[0] < 0.5;
    weights[static_cast<std::size_t>(f)] = (negative ? -1.0 : 1.0) * spec.number("weight");
  }
  return generate(spec, features, {"no", "yes"}, [&](const Draw& draw, std::vector<double>& row) {
    row = draw.normals(features, 0);
    return draw.uniforms(kChoicePair)[0] < sigmoid(dot(weights, row)) ? 1 : 0;
  });
}

Loaded load_noisy_cubic(const Spec& spec, const std::string&) {
  const double noise = spec.number("noise");
  const bool chebyshev = spec.text("points") == "chebyshev";
  return generate(spec, 1, {}, [&](const Draw& draw, std::vector<double>& row) {
    const double u = draw.uniforms(0)[0];
    const double x = chebyshev ? std::cos(std::numbers::pi * u) : 2.0 * u - 1.0;
    row[0] = x;
    const double added = draw.stream == RandomStream::kTrainSamples ? noise * draw.normals(1)[0] : 0.0;
    return x * (4.0 * x * x - 3.0) + added;
  });
}

}  // namespace

DatasetDescriptor two_moons() {
  return {
      {.id = "two_moons",
       .label = "Two moons",
       .summary = "Two interleaved half circles in the plane, which no straight line separates.",
       .formula = "(cos t, sin t) and (1 − cos t, ½ − sin t), t uniform in (0, π), plus σ·N(0, I)",
       .reference = "scikit-learn, make_moons (Pedregosa et al. 2011)",
       .parameters = {n_parameter(1000), test_parameter(1000),
                      noise_parameter(0.1, 0.5, "Standard deviation of what is added to each coordinate."),
                      seed_parameter()}},
      load_two_moons};
}

DatasetDescriptor spirals() {
  return {
      {.id = "spirals",
       .label = "Spirals",
       .summary = "Arms that wind around each other, one class each.",
       .formula = "r (cos φ, sin φ), φ = 2π(turns·r + class/arms), r uniform in (0, 1), plus σ·N(0, I)",
       .reference = "Lang & Witbrock 1988, Learning to tell two spirals apart (with any number of arms)",
       .parameters = {n_parameter(1000), test_parameter(1000),
                      integer_parameter("arms", "k", "arms", 2, 2, 10, "Number of arms, one class each."),
                      real_parameter("turns", "", "turns", 1.5, 0.0, 20.0, 4.0,
                                     "How often each arm winds around the middle."),
                      noise_parameter(0.03, 0.2, "Standard deviation of what is added to each coordinate."),
                      seed_parameter()}},
      load_spirals};
}

DatasetDescriptor blobs() {
  return {{.id = "blobs",
           .label = "Blobs",
           .summary = "A round cloud of points for each class, around centres that the seed places.",
           .formula = "c_class + σ·N(0, I), centres uniform in (−10, 10)ᵈ",
           .reference = "scikit-learn, make_blobs (Pedregosa et al. 2011)",
           .parameters = {n_parameter(1000), test_parameter(1000),
                          integer_parameter("classes", "K", "classes", 3, 2, 20, "Number of clouds."),
                          integer_parameter("features", "d", "features", 2, 1, 100, "Number of dimensions."),
                          noise_parameter(1.0, 5.0, "Standard deviation of each cloud."), seed_parameter()}},
          load_blobs};
}

DatasetDescriptor credit() {
  return {{.id = "credit",
           .label = "Credit scoring (made up)",
           .summary = "Twenty features, five of which say nearly the same, and labels that are partly wrong.",
           .formula =
               "x₁…x₅ = √ρ·z + √(1−ρ)·ε, x₆…x₂₀ = ε; defaults if w·x > 0, and a share of the labels flipped",
           .reference = "Exercises 7.10 and 7.24",
           .parameters = {n_parameter(5000), test_parameter(5000),
                          real_parameter("correlation", "ρ", "correlation", 0.96, 0.0, 1.0, 1.0,
                                         "Between any two of the first five features."),
                          real_parameter("noise", "", "flipped labels", 0.1, 0.0, 1.0, 0.5,
                                         "The share of labels that are wrong, in both parts."),
                          seed_parameter()}},
          load_credit};
}

DatasetDescriptor logistic() {
  return {
      {.id = "logistic",
       .label = "Logistic",
       .summary = "Labels drawn from a logistic model that uses some of the features and ignores the rest.",
       .formula = "x ~ N(0, I), P(yes) = 1/(1 + exp(−w·x)), w = ±weight for informative features, else 0",
       .reference = "Exercise 7.13",
       .parameters = {n_parameter(500), test_parameter(5000),
                      integer_parameter("informative", "", "informative features", 10, 1, 100,
                                        "Features that the labels depend on; they come first."),
                      integer_parameter("uninformative", "", "noise features", 10, 0, 100,
                                        "Features that the labels do not depend on."),
                      real_parameter("weight", "w", "size of the weights", 1.0, 0.0, 100.0, 5.0,
                                     "The larger, the surer are the labels."),
                      seed_parameter()}},
      load_logistic};
}

DatasetDescriptor noisy_cubic() {
  return {
      {.id = "noisy_cubic",
       .label = "Noisy cubic",
       .summary =
           "Regression on a cubic; test targets have no noise, so the test loss is the fit's own error.",
       .formula = "y = 4x³ − 3x + σ·N(0, 1), x in (−1, 1)",
       .reference = "Exercise E10.24",
       .parameters = {n_parameter(50), test_parameter(1000),
                      noise_parameter(0.5, 2.0,
                                      "Standard deviation of what is added to the training targets."),
                      Parameter{.key = "points",
                                .symbol = "",
                                .label = "points",
                                .kind = Kind::kChoice,
                                .default_value = std::string("uniform"),
                                .help = "How x is drawn: evenly, or denser towards the ends as the zeros of "
                                        "Chebyshev polynomials lie.",
                                .choices = {"uniform", "chebyshev"}},
                      seed_parameter()}},
      load_noisy_cubic};
}

}  // namespace thalweg
