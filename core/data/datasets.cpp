// The list of data sets, in the order of the menu.
#include <algorithm>
#include <utility>

#include "core/data/dataset.hpp"
#include "core/data/descriptors.hpp"

namespace thalweg {

const std::vector<DatasetDescriptor>& datasets() {
  static const std::vector<DatasetDescriptor> list = {
      mnist(), fashion_mnist(), cifar10(),  two_moons(),   spirals(),
      blobs(), credit(),        logistic(), noisy_cubic(),
  };
  return list;
}

const DatasetDescriptor* find_dataset(std::string_view id) {
  const auto& list = datasets();
  const auto it = std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.id == id; });
  return it == list.end() ? nullptr : &*it;
}

const Family& dataset_family() {
  static const Family family = [] {
    Family out{"data set", {}};
    for (const auto& entry : datasets()) out.members.push_back(&entry);
    return out;
  }();
  return family;
}

Parameter data_seed_parameter(std::string help) {
  return {.key = "seed",
          .symbol = "",
          .label = "seed",
          .kind = Kind::kInteger,
          .default_value = 0.0,
          .min = 0.0,
          .max = 9007199254740991.0,  // the whole numbers a double holds
          .soft_min = 0.0,
          .soft_max = 100.0,
          .help = std::move(help)};
}

}  // namespace thalweg
