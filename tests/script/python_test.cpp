#include "core/spec/python.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/descent/descent.hpp"
#include "core/script/script.hpp"
#include "tests/script/torch.hpp"

namespace thalweg {
namespace {

/// Everything that could end a comment or a string, or make source look like something else.
const char* const kHostile[] = {"\nimport os; os.abort()",
                                "\r\nraise SystemExit",
                                "\"\"\"\nraise SystemExit\n\"\"\"",
                                "\\",
                                "\\\"",
                                "' + oops + '",
                                "\x0c\x0b\x1b[31m",
                                "\u2028raise\u2029",
                                "\u202eesrever\u202c",
                                "\xff\xfe\x80",
                                "{oops}",
                                "%s%n",
                                "\u0085x",
                                "a\0b",
                                "тест ☃ 🙂"};

TEST(Python, NumbersReadBackTheSame) {
  std::vector<test::Program> programs = {{"numbers", "import math\n", {}}};
  const double numbers[] = {0.0,
                            -0.0,
                            1.0,
                            -2.0,
                            0.1,
                            1e-6,
                            1e15,
                            123456789012345678.0,
                            5e-324,
                            1.7976931348623157e308,
                            2.0 / 3.0,
                            1e22,
                            INFINITY,
                            -INFINITY,
                            999999999999999.0};
  for (const double number : numbers) programs[0].ask.push_back("float(" + python_number(number) + ")");
  const auto answers = test::run_in_torch(programs);
  if (!answers.missing.empty()) GTEST_SKIP() << answers.missing;
  ASSERT_EQ(answers.errors[0], "");
  for (std::size_t i = 0; i < std::size(numbers); ++i)
    EXPECT_EQ(test::numbers(answers.answers[0][i])[0], numbers[i]);
}

TEST(Python, WholeNumbersStayWithinWhatATensorTakes) {
  EXPECT_EQ(python_number(1e14), "100000000000000");
  EXPECT_TRUE(python_number(1e19).find_first_of(".e") != std::string::npos);
}

TEST(Python, TextStaysInItsStringOrComment) {
  for (const char* text : kHostile) {
    EXPECT_EQ(python_comment(text).find_first_of("\n\r\f\v"), std::string::npos);
    EXPECT_EQ(python_string(text).find_first_of("\n\r\f\v"), std::string::npos);
  }
  EXPECT_EQ(python_string("a\\b\"c\n"), "\"a\\\\b\\\"c?\"");
  EXPECT_EQ(python_comment("naïve ☃\u202e"), "naïve ☃?");
}

TEST(Python, NamesOfRunsNeverBecomeCode) {
  DescentSettings settings;
  settings.surface = parse_spec("booth", surface_family()).value();
  settings.start = {1.0, 1.0};
  settings.optimizer.spec = parse_spec("gd", optimizer_family()).value();
  settings.gradient.spec = default_spec(gradient_descriptor());
  settings.schedule = default_spec(schedules().front());
  settings.run = default_spec(run_descriptor());
  *settings.run.find("steps") = 1.0;
  std::vector<test::Program> programs;
  for (const char* text : kHostile)
    programs.push_back({"hostile", pytorch_script(settings, {.name = text, .uid = text}).value(), {"step"}});
  const auto answers = test::run_in_torch(programs);
  if (!answers.missing.empty()) GTEST_SKIP() << answers.missing;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    EXPECT_EQ(answers.errors[i], "") << programs[i].source;
    ASSERT_EQ(answers.answers[i].size(), 1u);
    EXPECT_EQ(answers.answers[i][0], 1);
  }
}

}  // namespace
}  // namespace thalweg
