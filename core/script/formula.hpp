// A formula as Python source for PyTorch. Built from the syntax tree alone, so that nothing anyone typed can
// become code. Private to core/script.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/surface/syntax.hpp"

namespace thalweg::script {

struct PythonFormula {
  std::vector<std::string> body;         ///< of a function of x (and y), which it returns the loss of
  std::vector<std::string> definitions;  ///< functions that torch lacks, one each
  std::vector<std::string> notes;        ///< where PyTorch's gradient is another than ours
  std::array<bool, 4> parameters{};      ///< which of a, b, c and d it uses
};

/// @param parameters  values of a to d
PythonFormula python_formula(const Syntax& syntax, const std::array<double, 4>& parameters);

}  // namespace thalweg::script
