// A folder with a few made-up pictures in MNIST's format, for tests of the window.
#pragma once

#include <string>

#include "tests/data/scratch.hpp"

namespace thalweg {

class TinyDigits {
 public:
  explicit TinyDigits(std::uint32_t count = 200) {
    test::Bytes labels(count);
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::uint8_t>(i % 10);
    for (const std::string part : {"train", "t10k"}) {
      scratch_.write(part + "-images-idx3-ubyte",
                     test::idx(0x803, {count, 28, 28}, test::pattern(std::size_t{count} * 784)));
      scratch_.write(part + "-labels-idx1-ubyte", test::idx(0x801, {count}, labels));
    }
  }
  std::string folder() const { return scratch_.folder().string(); }

 private:
  test::Scratch scratch_;
};

}  // namespace thalweg
