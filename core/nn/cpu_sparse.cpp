#include "core/nn/cpu_sparse.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "core/nn/cpu_kernels.hpp"
#include "core/optimizer/vectorise.hpp"

namespace thalweg::cpu {
namespace {

/// Above this share of nonzero pixels dense products are quicker (measured with oneDNN at 784 x 128).
constexpr double kDensest = 0.4;

inline void prefetch([[maybe_unused]] const void* p) {
#if defined(__GNUC__)
  __builtin_prefetch(p);
#endif
}

/// For every row r: out_r[0..width) = base + Σ value(r, e) · matrix[at(r, e)] over e = 0 .. count(r) − 1. A
/// block of columns at a time: its sums stay in registers, and its part of the matrix in a near cache
/// while all rows pass by.
template <class Rows>
inline void combine(const Rows& rows, std::int64_t begin, std::int64_t end, const float* matrix, int width,
                    const float* base, float* out) {
  int j = 0;
#if defined(__GNUC__)
  const auto block = [&]<int kVectors>(std::integral_constant<int, kVectors>) {
    for (; j + kVectors * kLanes <= width; j += kVectors * kLanes) {
      for (std::int64_t r = begin; r < end; ++r) {
        const auto row = rows(r);
        Lanes sum[kVectors];
#pragma GCC unroll 8
        for (int k = 0; k < kVectors; ++k) load(sum[k], base + j + k * kLanes);
        for (int e = 0; e < row.count; ++e) {
          const float* from = matrix + std::int64_t{row.at(e)} * width + j;
          const float factor = row.value(e);
#pragma GCC unroll 8
          for (int k = 0; k < kVectors; ++k) {
            Lanes held;
            load(held, from + k * kLanes);
            sum[k] += factor * held;
          }
        }
#pragma GCC unroll 8
        for (int k = 0; k < kVectors; ++k) store(out + r * width + j + k * kLanes, sum[k]);
      }
    }
  };
  block(std::integral_constant<int, 8>{});
  block(std::integral_constant<int, 4>{});
  block(std::integral_constant<int, 1>{});
#endif
  for (std::int64_t r = begin; j < width && r < end; ++r) {
    const auto row = rows(r);
    for (int c = j; c < width; ++c) {
      float sum = base[c];
      for (int e = 0; e < row.count; ++e) sum += row.value(e) * matrix[std::int64_t{row.at(e)} * width + c];
      out[r * width + c] = sum;
    }
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
  turned_ = false;
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
      struct Pixels {
        const Row& row;
        float scale;
        int count;
        int at(int e) const { return row.column[e]; }
        float value(int e) const { return scale * static_cast<float>(row.value[e]); }
      };
      combine(
          [=](std::int64_t r) {
            return Pixels{rows[r], scale, rows[r].count};
          },
          count * part / threads, count * (part + 1) / threads, weight, width, base, y);
    });
  }
}

void SparseBatch::transposed_product(const float* d, int width, float* out, int threads) {
  if (!turned_) transpose();
  sums_.resize(static_cast<std::size_t>(width));
  column_sums(d, static_cast<int>(rows_.size()), width, sums_.data());
  for (float& sum : sums_) sum *= shift_;
  const Entry* const entries = transposed_.data();
  const std::uint32_t* const start = start_.data();
  const float* const base = sums_.data();
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
  for (int part = 0; part < threads; ++part) {
    const std::int64_t features = features_;
    vectorised([=] {
      struct Column {
        const Entry* entry;
        int count;
        int at(int e) const { return entry[e].row; }
        float value(int e) const { return entry[e].value; }
      };
      combine(
          [=](std::int64_t c) {
            return Column{entries + start[c], static_cast<int>(start[c + 1] - start[c])};
          },
          features * part / threads, features * (part + 1) / threads, d, width, base, out);
    });
  }
}

void SparseBatch::transpose() {
  turned_ = true;
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
