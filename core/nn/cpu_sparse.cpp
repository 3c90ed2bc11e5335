#include "core/nn/cpu_sparse.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "core/nn/cpu_kernels.hpp"
#include "core/nn/vectorise.hpp"

namespace thalweg::cpu {
namespace {

/// Above this share of nonzero pixels dense products are quicker (measured with oneDNN at 784 x 128).
constexpr double kDensest = 0.4;

#if defined(__GNUC__)
typedef float Lanes __attribute__((vector_size(4 * kLanes), aligned(4)));

// By reference: how vectors are returned depends on the instruction set.
inline void load(Lanes& out, const float* p) { std::memcpy(&out, p, sizeof out); }
inline void store(float* p, const Lanes& v) { std::memcpy(p, &v, sizeof v); }
#endif

inline void prefetch([[maybe_unused]] const void* p) {
#if defined(__GNUC__)
  __builtin_prefetch(p);
#endif
}

/// out[0..width) = base + Σ value(e) · matrix[at(e)] for e = 0, 1, ... Blocks of columns stay in registers
/// over all e.
template <class At, class Value>
inline void combine(std::int64_t count, const At& at, const Value& value, const float* matrix, int width,
                    const float* base, float* out) {
  int j = 0;
#if defined(__GNUC__)
  const auto block = [&]<int kVectors>(std::integral_constant<int, kVectors>) {
    for (; j + kVectors * kLanes <= width; j += kVectors * kLanes) {
      Lanes sum[kVectors];
#pragma GCC unroll 8
      for (int k = 0; k < kVectors; ++k) load(sum[k], base + j + k * kLanes);
      for (std::int64_t e = 0; e < count; ++e) {
        const float* row = matrix + std::int64_t{at(e)} * width + j;
        const float factor = value(e);
#pragma GCC unroll 8
        for (int k = 0; k < kVectors; ++k) {
          Lanes held;
          load(held, row + k * kLanes);
          sum[k] += factor * held;
        }
      }
#pragma GCC unroll 8
      for (int k = 0; k < kVectors; ++k) store(out + j + k * kLanes, sum[k]);
    }
  };
  block(std::integral_constant<int, 8>{});
  block(std::integral_constant<int, 4>{});
  block(std::integral_constant<int, 1>{});
#endif
  for (; j < width; ++j) {
    float sum = base[j];
    for (std::int64_t e = 0; e < count; ++e) sum += value(e) * matrix[std::int64_t{at(e)} * width + j];
    out[j] = sum;
  }
}

}  // namespace

std::optional<SparseSamples> sparse(const Samples& samples, std::int64_t features) {
  if (samples.bytes.empty() || features < 64 || features > 65'536) return {};
  const auto zeros = std::count(samples.bytes.begin(), samples.bytes.end(), std::uint8_t{0});
  const auto pixels = static_cast<std::int64_t>(samples.bytes.size());
  const std::int64_t held = pixels - zeros;
  if (static_cast<double>(held) > kDensest * static_cast<double>(pixels) || held > INT32_MAX) return {};
  SparseSamples out;
  out.start.reserve(static_cast<std::size_t>(samples.count) + 1);
  out.column.reserve(static_cast<std::size_t>(held));
  out.value.reserve(static_cast<std::size_t>(held));
  for (std::int64_t i = 0; i < samples.count; ++i) {
    out.start.push_back(static_cast<std::uint32_t>(out.column.size()));
    const std::uint8_t* row = samples.bytes.data() + i * features;
    for (std::int64_t c = 0; c < features; ++c) {
      if (row[c] == 0) continue;
      out.column.push_back(static_cast<std::uint16_t>(c));
      out.value.push_back(row[c]);
    }
  }
  out.start.push_back(static_cast<std::uint32_t>(out.column.size()));
  return out;
}

const SparseSamples* SparseDataset::of(const Dataset& data, const Samples& samples) const {
  if (&samples == &data.train && train) return &*train;
  if (&samples == &data.test && test) return &*test;
  return nullptr;
}

std::shared_ptr<const SparseDataset> sparse(const std::shared_ptr<const Dataset>& data) {
  // With several channels there is no one shift for all pixels.
  if (data->shape[0] != 1) return nullptr;
  struct Made {
    std::weak_ptr<const Dataset> data;
    std::weak_ptr<const SparseDataset> sparse;
  };
  static std::mutex mutex;
  static std::vector<Made> made;
  const std::scoped_lock lock(mutex);
  std::erase_if(made, [](const Made& m) { return m.data.expired() || m.sparse.expired(); });
  for (const Made& m : made)
    if (m.data.lock() == data)
      if (auto held = m.sparse.lock()) return held;
  auto out = std::make_shared<SparseDataset>();
  out->train = sparse(data->train, data->features);
  out->test = sparse(data->test, data->features);
  if (!out->train && !out->test) return nullptr;
  made.push_back({data, out});
  return out;
}

void SparseBatch::gather(const SparseSamples& samples, int features, const std::uint32_t* chosen,
                         std::int64_t first, int rows, float scale, float shift) {
  features_ = features;
  scale_ = scale;
  shift_ = shift;
  rows_.resize(static_cast<std::size_t>(rows));
  std::size_t held = 0;
  for (int r = 0; r < rows; ++r) {
    const auto sample = static_cast<std::size_t>(chosen ? chosen[r] : first + r);
    const std::uint32_t begin = samples.start[sample], count = samples.start[sample + 1] - begin;
    rows_[static_cast<std::size_t>(r)] = {samples.column.data() + begin, samples.value.data() + begin,
                                          static_cast<int>(count)};
    held += count;
    // The samples of a batch lie all over the memory: all are on their way before the first is used.
    const Row& row = rows_[static_cast<std::size_t>(r)];
    for (std::uint32_t e = 0; e < count; e += 32) prefetch(row.column + e);
    for (std::uint32_t e = 0; e < count; e += 64) prefetch(row.value + e);
  }
  held_ = held;
}

void SparseBatch::product(const float* weight, int width, float* y, int threads) {
  sums_.resize(static_cast<std::size_t>(width));
  column_sums(weight, features_, width, sums_.data());
  for (float& sum : sums_) sum *= shift_;
  const Row* const rows = rows_.data();
  const auto count = static_cast<std::int64_t>(rows_.size());
  const float* const base = sums_.data();
  const float scale = scale_;
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (int part = 0; part < threads; ++part) {
    vectorised([=] {
      for (std::int64_t r = count * part / threads; r < count * (part + 1) / threads; ++r) {
        const Row row = rows[r];
        combine(
            row.count, [&](std::int64_t e) { return row.column[e]; },
            [&](std::int64_t e) { return scale * static_cast<float>(row.value[e]); }, weight, width, base,
            y + r * width);
      }
    });
  }
}

void SparseBatch::transposed_product(const float* d, int width, float* out, int threads) {
  transpose();
  sums_.resize(static_cast<std::size_t>(width));
  column_sums(d, static_cast<int>(rows_.size()), width, sums_.data());
  for (float& sum : sums_) sum *= shift_;
  const Entry* const entries = transposed_.data();
  const std::uint32_t* const start = start_.data();
  const float* const base = sums_.data();
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (int part = 0; part < threads; ++part) {
    const int begin = static_cast<int>(std::int64_t{features_} * part / threads);
    const int end = static_cast<int>(std::int64_t{features_} * (part + 1) / threads);
    vectorised([=] {
      for (int c = begin; c < end; ++c) {
        const Entry* const column = entries + start[c];
        combine(
            start[c + 1] - start[c], [&](std::int64_t e) { return column[e].row; },
            [&](std::int64_t e) { return column[e].value; }, d, width, base, out + std::int64_t{c} * width);
      }
    });
  }
}

void SparseBatch::transpose() {
  start_.assign(static_cast<std::size_t>(features_) + 1, 0);
  if (transposed_.size() < held_) transposed_.resize(held_);
  std::uint32_t* const start = start_.data();
  for (const Row& row : rows_)
    for (int e = 0; e < row.count; ++e) ++start[row.column[e] + 1];
  for (std::size_t c = 1; c < start_.size(); ++c) start[c] += start[c - 1];
  // Each entry goes to its pixel's place; the starts move on and are put back afterwards.
  Entry* const out = transposed_.data();
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    const Row row = rows_[r];
    for (int e = 0; e < row.count; ++e)
      out[start[row.column[e]]++] = {static_cast<std::int32_t>(r), scale_ * static_cast<float>(row.value[e])};
  }
  std::copy_backward(start_.begin(), start_.end() - 1, start_.end());
  start_.front() = 0;
}

}  // namespace thalweg::cpu
