#include "core/data/order.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace thalweg {
namespace {

/// How many of `take` fall to each class, by largest remainder; of equal remainders the lower class wins.
std::vector<std::int64_t> quotas(const std::vector<std::vector<std::uint32_t>>& members, std::int64_t take,
                                 std::int64_t total) {
  std::vector<std::int64_t> quota(members.size());
  std::vector<std::int64_t> remainder(members.size());
  std::vector<std::size_t> by_remainder(members.size());
  std::iota(by_remainder.begin(), by_remainder.end(), std::size_t{0});
  std::int64_t left = take;
  for (std::size_t k = 0; k < members.size(); ++k) {
    const std::int64_t share = static_cast<std::int64_t>(members[k].size()) * take;
    quota[k] = share / total;
    remainder[k] = share % total;
    left -= quota[k];
  }
  std::stable_sort(by_remainder.begin(), by_remainder.end(),
                   [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  for (std::size_t i = 0; left > 0; ++i, --left) ++quota[by_remainder[i]];
  return quota;
}

template <class T>
void keep_rows(std::vector<T>& rows, std::size_t width, std::span<const std::uint32_t> indices) {
  if (rows.empty()) return;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (i == indices[i]) continue;
    const auto from = rows.begin() + static_cast<std::ptrdiff_t>(indices[i] * width);
    std::copy(from, from + static_cast<std::ptrdiff_t>(width),
              rows.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
  rows.resize(indices.size() * width);
  rows.shrink_to_fit();
}

}  // namespace

void shuffle(std::span<std::uint32_t> items, std::uint64_t seed, RandomStream stream, std::uint64_t round) {
  // Item i takes words 2(i mod 2) and 2(i mod 2) + 1 of block i / 2: both halves of each block are used.
  PhiloxBlock words{};
  std::uint32_t block = ~std::uint32_t{0};
  for (auto i = static_cast<std::uint32_t>(items.size()); i-- > 1;) {
    if (i / 2 != block) {
      block = i / 2;
      words = random_words(seed, stream, round, block);
    }
    const std::size_t half = 2 * (i % 2);
    std::swap(items[i], items[uniform_below(i + 1, words[half], words[half + 1])]);
  }
}

std::vector<std::uint32_t> stratified(const Samples& samples, int classes, std::int64_t take,
                                      std::uint64_t seed, RandomStream stream) {
  const bool labelled = !samples.labels.empty();
  std::vector<std::vector<std::uint32_t>> members(labelled ? static_cast<std::size_t>(classes) : 1);
  for (std::uint32_t i = 0; i < samples.count; ++i) members[labelled ? samples.labels[i] : 0].push_back(i);
  std::vector<std::uint32_t> chosen;
  if (take == 0) return chosen;
  chosen.reserve(static_cast<std::size_t>(take));
  const auto quota = quotas(members, take, samples.count);
  for (std::size_t k = 0; k < members.size(); ++k) {
    shuffle(members[k], seed, stream, k);
    chosen.insert(chosen.end(), members[k].begin(), members[k].begin() + quota[k]);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void keep_only(Samples& samples, int features, std::span<const std::uint32_t> indices) {
  const auto width = static_cast<std::size_t>(features);
  keep_rows(samples.bytes, width, indices);
  keep_rows(samples.values, width, indices);
  keep_rows(samples.labels, 1, indices);
  keep_rows(samples.targets, 1, indices);
  samples.count = static_cast<std::int64_t>(indices.size());
}

Split split(const Dataset& data, std::int64_t validation, std::uint64_t seed) {
  if (validation < 0 || validation > data.train.count)
    throw std::invalid_argument("split: " + std::to_string(validation) + " of " +
                                std::to_string(data.train.count) + " training samples");
  Split out;
  out.validation = stratified(data.train, data.classes, validation, seed, RandomStream::kSplit);
  out.train.reserve(static_cast<std::size_t>(data.train.count - validation));
  auto taken = out.validation.begin();
  for (std::uint32_t i = 0; i < data.train.count; ++i) {
    if (taken != out.validation.end() && *taken == i)
      ++taken;
    else
      out.train.push_back(i);
  }
  return out;
}

void batch_order(std::uint64_t seed, std::int64_t epoch, std::vector<std::uint32_t>& order) {
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  shuffle(order, seed, RandomStream::kBatchOrder, static_cast<std::uint64_t>(epoch));
}

}  // namespace thalweg
