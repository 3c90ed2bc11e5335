// Reads the golden files that tests/golden/make_golden.py writes; the format is described there.
#pragma once

#include <cstdint>
#include <fstream>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace thalweg::test {

struct Trace {
  std::string name;
  std::string spec;
  std::string setting;  ///< surface of an optimizer, base rate of a schedule
  struct Row {
    std::int64_t step = 0;
    std::vector<double> values;
  };
  std::vector<Row> rows;
};

/// Instead of its bytes, in the names and messages of tests.
inline void PrintTo(const Trace& trace, std::ostream* out) { *out << trace.spec << " on " << trace.setting; }

/// Every case of a golden file. Throws if the file is missing, empty or malformed: a test that
/// compares nothing must not pass.
inline std::vector<Trace> read_traces(const std::string& file) {
  std::ifstream in(std::string(THALWEG_SOURCE_DIR "/tests/golden/") + file);
  if (!in) throw std::runtime_error("cannot open golden file " + file);
  std::vector<Trace> traces;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    if (line.starts_with("case ")) {
      Trace trace;
      std::string word, bar1, bar2;
      words >> word >> trace.name >> bar1 >> trace.spec >> bar2 >> trace.setting;
      if (!words || bar1 != "|" || bar2 != "|") throw std::runtime_error(file + ": bad case: " + line);
      traces.push_back(std::move(trace));
      continue;
    }
    Trace::Row row;
    words >> row.step;
    if (!words || traces.empty()) throw std::runtime_error(file + ": bad row: " + line);
    for (std::string number; words >> number;) row.values.push_back(std::stod(number));
    if (row.values.empty()) throw std::runtime_error(file + ": bad row: " + line);
    traces.back().rows.push_back(std::move(row));
  }
  if (traces.empty()) throw std::runtime_error(file + ": no cases");
  return traces;
}

}  // namespace thalweg::test
