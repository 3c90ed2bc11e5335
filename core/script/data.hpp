// Data sets as NumPy. Private to core/script.
#pragma once

#include <cstdint>
#include <string>

#include "core/spec/spec.hpp"

namespace thalweg::script {

struct PythonData {
  std::string definitions;  ///< functions
  std::string
      load;  ///< lines that set train_x, train_y, test_x and test_y: float32 inputs, labels or targets
  int inputs = 0;
  int classes = 0;         ///< 0: regression on one target
  std::int64_t train = 0;  ///< training samples
  bool files = false;      ///< they lie in a folder, the program's first argument
};

/// `data` is of dataset_family() and has passed check(). Needs philox, uniform, normal and stratified().
PythonData python_data(const Spec& data, const std::string& folder);

}  // namespace thalweg::script
