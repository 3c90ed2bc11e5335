// Pieces of Python source: what descriptors need to say how PyTorch writes them, and core/script to write
// whole programs. Whatever text goes in, what comes out is one literal or one comment.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg {

/// A literal that Python reads back to the same double: 0.1, 1e-6, -2, math.inf. Whole numbers of up to 15
/// digits are integers.
std::string python_number(double value);

/// [1, 10, 100]
std::string python_list(const std::vector<double>& values);

/// A string literal in double quotes. Text that is not UTF-8, controls and marks that turn the direction of
/// writing become escapes or question marks.
std::string python_string(std::string_view text);

/// Text for a comment: one line, in which controls and the like are question marks.
std::string python_comment(std::string_view text);

/// How PyTorch writes an optimizer, layer or schedule: a call with named arguments, and the class it calls
/// where PyTorch has none.
struct TorchCall {
  struct Argument {
    std::string name;
    std::string value;     ///< Python source
    bool neutral = false;  ///< PyTorch's default, and without effect: left out of the call
  };

  std::string callee;  ///< "torch.optim.Adam"
  std::vector<Argument> arguments;
  std::string definition = {};          ///< Python source of the callee, or empty
  std::vector<std::string> notes = {};  ///< what a reader should know, a comment each
  /// Of an optimizer that averages: what it has found in place of a parameter `p`, as Python. Else empty.
  std::string found = {};
  bool closure = false;                 ///< of an optimizer: step() is handed a function that runs the loss anew

  /// "torch.optim.Adam([p], lr=0.1)"
  std::string text(const std::string& first) const;
};

/// An argument that is left out where it is `neutral`.
inline TorchCall::Argument torch_argument(std::string name, double value, double neutral) {
  return {std::move(name), python_number(value), value == neutral};
}
inline TorchCall::Argument torch_argument(std::string name, double value) {
  return {std::move(name), python_number(value)};
}

}  // namespace thalweg
