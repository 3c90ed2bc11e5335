#include "tests/script/torch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

namespace thalweg::test {

Answers run_in_torch(const std::vector<Program>& programs) {
  namespace fs = std::filesystem;
  Answers out;
  if (::access("/usr/bin/python3", X_OK) != 0) {
    out.missing = "no /usr/bin/python3";
    return out;
  }
  std::string folder = (fs::temp_directory_path() / "thalweg-script-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    out.missing = "no temporary folder";
    return out;
  }
  nlohmann::json list = nlohmann::json::array();
  for (const Program& program : programs)
    list.push_back({{"name", program.name},
                    {"source", program.source},
                    {"ask", program.ask},
                    {"arguments", program.arguments}});
  std::ofstream(folder + "/programs.json") << list.dump();
  const std::string command = "/usr/bin/python3 -W error::UserWarning '" THALWEG_SOURCE_DIR
                              "/tests/script/run_programs.py' " +
                              folder + "/programs.json " + folder + "/answers.json";
  const int status = std::system(command.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) out.missing = "no PyTorch (package python3-torch)";
  const nlohmann::json answers =
      nlohmann::json::parse(std::ifstream(folder + "/answers.json"), nullptr, false);
  for (std::size_t i = 0; i < programs.size() && out.missing.empty(); ++i) {
    const bool there = answers.is_array() && i < answers.size();
    out.errors.push_back(there ? answers[i]["error"].get<std::string>() : "Python wrote no answer");
    out.answers.emplace_back();
    if (there)
      for (const auto& answer : answers[i]["answers"]) out.answers.back().push_back(answer);
  }
  fs::remove_all(folder);
  return out;
}

std::vector<double> numbers(const nlohmann::json& answer) {
  std::vector<double> out;
  if (answer.is_array())
    for (const auto& item : answer)
      for (const double number : numbers(item)) out.push_back(number);
  else if (answer.is_number())
    out.push_back(answer.get<double>());
  else if (answer.is_boolean())
    out.push_back(answer.get<bool>() ? 1.0 : 0.0);
  else
    out.push_back(answer == "inf"    ? std::numeric_limits<double>::infinity()
                  : answer == "-inf" ? -std::numeric_limits<double>::infinity()
                                     : std::numeric_limits<double>::quiet_NaN());
  return out;
}

}  // namespace thalweg::test
