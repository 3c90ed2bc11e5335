// Data of the shape of MNIST where the files are not at hand: bytes of which four fifths are 0, as there, and
// classes that can be told apart.
#pragma once

#include <memory>

#include "core/data/dataset.hpp"
#include "core/random/philox.hpp"

namespace thalweg::test {

inline std::shared_ptr<const Dataset> mnist_like(int train = 60'000, int test = 10'000) {
  constexpr int kFeatures = 784;
  auto data = std::make_shared<Dataset>();
  data->name = "like mnist";
  data->shape = {1, 28, 28};
  data->features = kFeatures;
  data->classes = 10;
  data->mean = {0.1307f};
  data->deviation = {0.3081f};
  const auto fill = [](Samples& samples, int count, std::uint32_t salt) {
    samples.count = count;
    samples.bytes.resize(static_cast<std::size_t>(count) * kFeatures);
    samples.labels.resize(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < samples.labels.size(); ++i) {
      const auto label =
          static_cast<std::uint8_t>(philox({static_cast<std::uint32_t>(i), salt, 0, 0}, {5, 7})[0] % 10);
      samples.labels[i] = label;
      for (std::uint32_t f = 0; f < kFeatures; f += 4) {
        const auto words = philox({static_cast<std::uint32_t>(i), salt, 1, f}, {5, 7});
        for (std::uint32_t k = 0; k < 4; ++k) {
          // Of the pixels that are a class's own every second is ink, of all others about one in eight.
          const bool own = (f + k) * 2654435761u % 10 == label;
          const bool ink = words[k] % 256 < (own ? 128u : 38u);
          samples.bytes[i * kFeatures + f + k] = ink ? static_cast<std::uint8_t>(words[k] >> 24) : 0;
        }
      }
    }
  };
  fill(data->train, train, 1);
  fill(data->test, test, 2);
  return data;
}

}  // namespace thalweg::test
