#include "core/compare/series_choice.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace thalweg {
namespace {

constexpr std::array<const char*, 8> kUsual{"loss",     "test_accuracy", "validation_accuracy", "test_loss",
                                            "accuracy", "train_loss",    "train_accuracy",      "grad_norm"};

std::size_t rank(const std::string& name) {
  return static_cast<std::size_t>(std::find(kUsual.begin(), kUsual.end(), name) - kUsual.begin());
}

std::map<std::string, std::size_t> counted(std::span<const std::vector<std::string>> runs) {
  std::map<std::string, std::size_t> out;
  for (const auto& names : runs)
    for (const std::string& name : names) ++out[name];
  return out;
}

}  // namespace

std::vector<std::string> series_by_use(std::span<const std::vector<std::string>> runs) {
  const auto count = counted(runs);
  std::vector<std::string> out;
  for (const auto& [name, uses] : count) out.push_back(name);
  std::stable_sort(out.begin(), out.end(), [&](const std::string& a, const std::string& b) {
    const std::size_t of_a = count.at(a), of_b = count.at(b);
    return of_a != of_b ? of_a > of_b : rank(a) < rank(b);
  });
  return out;
}

std::vector<std::string> usual_series(std::span<const std::vector<std::string>> runs) {
  const auto count = counted(runs);
  std::vector<std::string> out;
  for (const char* name : kUsual) {
    const auto found = count.find(name);
    if (found != count.end() && 2 * found->second >= runs.size()) out.emplace_back(name);
    if (out.size() == 2) return out;
  }
  if (out.empty())
    if (auto all = series_by_use(runs); !all.empty()) out.push_back(std::move(all.front()));
  return out;
}

}  // namespace thalweg
