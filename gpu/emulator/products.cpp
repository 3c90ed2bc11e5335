// Products plainly, in double precision: there is no cuBLAS where there is no device.
#include "gpu/device/products.hpp"

#include "core/nn/rounding.hpp"

namespace thalweg::gpu {

struct Products::Library {};

Products::Products(Queue& queue, bool) : queue_(queue) {}
Products::~Products() = default;
void Products::reserve(std::int64_t, std::int64_t) {}

void Products::multiply(bool a_transposed, bool b_transposed, int m, int n, int k, const float* a,
                        const float* b, float* c, Precision precision, bool more) {
  queue_.launch({.x = 1, .threads = kWarp}, [=](Block block) {
    if (block.thread() != 0) return;
    const auto at = [](const float* from, bool transposed, int row, int column, int rows, int columns) {
      return transposed ? from[std::int64_t{column} * rows + row]
                        : from[std::int64_t{row} * columns + column];
    };
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < n; ++j) {
        double sum = more ? static_cast<double>(c[std::int64_t{i} * n + j]) : 0.0;
        for (int l = 0; l < k; ++l)
          sum += static_cast<double>(round_to(precision, at(a, a_transposed, i, l, m, k))) *
                 static_cast<double>(round_to(precision, at(b, b_transposed, l, j, k, n)));
        c[std::int64_t{i} * n + j] = static_cast<float>(sum);
      }
  });
}

}  // namespace thalweg::gpu
