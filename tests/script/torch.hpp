// Runs programs in PyTorch: many of them in one process, since importing torch takes a second or two.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace thalweg::test {

/// A program, and what is asked of it when it has run.
struct Program {
  std::string name;
  std::string source;
  /// Python expressions over the program's globals; lists, numbers and what has tolist().
  std::vector<std::string> ask;
  std::vector<std::string> arguments = {};  ///< sys.argv[1:]
};

/// Whether torch is there; if not, why.
struct Answers {
  std::string missing;                               ///< empty, or why nothing was run
  std::vector<std::vector<nlohmann::json>> answers;  ///< by program, by question
  std::vector<std::string> errors;                   ///< by program: empty, or Python's message
};

Answers run_in_torch(const std::vector<Program>& programs);

/// The numbers of a JSON answer; NaN and infinities are strings there.
std::vector<double> numbers(const nlohmann::json& answer);

}  // namespace thalweg::test
