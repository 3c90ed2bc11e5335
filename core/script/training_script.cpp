#include "core/script/script.hpp"

namespace thalweg {

Result<std::string> pytorch_script(const TrainingSettings&, const std::string&, const ScriptTitle&) {
  return bad_input("not there yet");
}

}  // namespace thalweg
