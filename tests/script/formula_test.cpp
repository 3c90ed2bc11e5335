// Formulas as PyTorch: values and gradients against our own.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/descent/descent.hpp"
#include "core/script/script.hpp"
#include "tests/script/torch.hpp"

namespace thalweg {
namespace {

std::string program_of(const Spec& surface, std::vector<double> start) {
  DescentSettings settings;
  settings.surface = surface;
  settings.start = std::move(start);
  settings.optimizer.spec = parse_spec("gd", optimizer_family()).value();
  settings.gradient.spec = default_spec(gradient_descriptor());
  settings.schedule = default_spec(schedules().front());
  settings.run = default_spec(run_descriptor());
  *settings.run.find("steps") = 0.0;
  return pytorch_script(settings).value();
}

/// Value and gradient at points of the domain, and at those given, agree to rounding.
void expect_same_functions(const std::vector<std::string>& texts, double tolerance,
                           const std::vector<std::vector<double>>& special = {}) {
  struct Case {
    std::shared_ptr<const Surface> surface;
    std::vector<std::vector<double>> points;
  };
  std::mt19937 random(7);
  std::vector<Case> cases;
  std::vector<test::Program> programs;
  for (const std::string& text : texts) {
    const Spec spec = parse_spec(text, surface_family()).value();
    Case one{make_surface(spec).value(), {}};
    std::string list;
    const auto add = [&](std::vector<double> point) {
      point.resize(static_cast<std::size_t>(one.surface->dim()));
      list += "[";
      for (const double x : point) list += format_number(x) + ",";
      list += "],";
      one.points.push_back(std::move(point));
    };
    for (const auto& point : special) add(point);
    for (int i = 0; i < 20; ++i) {
      std::vector<double> point;
      for (const Interval& axis : one.surface->domain())
        point.push_back(std::uniform_real_distribution<double>(axis.lower, axis.upper)(random));
      add(std::move(point));
    }
    programs.push_back({text,
                        program_of(spec, one.surface->start()) + R"(
def at(point):
    q = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    loss = surface(q)
    loss.backward()
    return [loss.item(), *q.grad.tolist()]
)",
                        {"[at(point) for point in [" + list + "]]"}});
    cases.push_back(std::move(one));
  }
  const auto answers = test::run_in_torch(programs);
  if (!answers.missing.empty())
    GTEST_SKIP() << answers.missing << ": " << texts.size() << " formulas not run";
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(texts[i] + "\n" + programs[i].source);
    ASSERT_EQ(answers.errors[i], "");
    for (std::size_t k = 0; k < cases[i].points.size(); ++k) {
      const auto& point = cases[i].points[k];
      std::vector<double> ours(point.size() + 1);
      ours[0] = cases[i].surface->gradient(point.data(), &ours[1]);
      const auto theirs = test::numbers(answers.answers[i][0][k]);
      ASSERT_EQ(theirs.size(), ours.size());
      double scale = 1.0;
      for (const double number : ours)
        if (std::isfinite(number)) scale = std::max(scale, std::abs(number));
      for (std::size_t j = 0; j < ours.size(); ++j) {
        if (std::isnan(ours[0])) continue;  // outside the domain of the function a gradient means nothing
        EXPECT_TRUE(ours[j] == theirs[j] || std::abs(ours[j] - theirs[j]) <= tolerance * scale)
            << "at " << point[0] << ", " << (point.size() > 1 ? point[1] : 0.0) << ": " << j << ": "
            << ours[j] << " and " << theirs[j];
      }
    }
  }
}

TEST(FormulaScript, EveryBuiltInSurface) {
  std::vector<std::string> texts;
  for (const SurfaceDescriptor& surface : surfaces()) texts.push_back(surface.id);
  texts.insert(texts.end(),
               {"quadratic:eigenvalues=1/10,angle=30", "quadratic:eigenvalues=4", "rosenbrock:a=-0.5,b=7",
                "huber:tau=0.1", "sharp_flat:gap=-1,distance=2", "logistic:l2=0", "plateau:width=0.3"});
  expect_same_functions(texts, 1e-13);
}

TEST(FormulaScript, EveryFunctionOfTypedFormulas) {
  std::vector<std::string> texts;
  for (const char* function :
       {"sqrt",  "cbrt",  "exp",  "expm1",  "log",  "ln",    "log2", "log10",   "log1p", "sin",
        "cos",   "tan",   "asin", "arcsin", "acos", "atan",  "sinh", "cosh",    "tanh",  "asinh",
        "acosh", "atanh", "erf",  "abs",    "sign", "floor", "ceil", "sigmoid", "relu",  "softplus"}) {
    texts.push_back("expr:" + std::string(function) + "(x) + y");
    texts.push_back("expr:x*y + " + std::string(function) + "(0.3) * " + std::string(function) + "(a);a=1.7");
  }
  for (const char* function : {"atan2", "hypot", "pow", "min", "max"}) {
    texts.push_back("expr:" + std::string(function) + "(x, y)");
    texts.push_back("expr:" + std::string(function) + "(2, x) + " + std::string(function) + "(y, 3) + " +
                    std::string(function) + "(a, 0.5)*x;a=2.5");
  }
  expect_same_functions(texts, 2e-12);
}

TEST(FormulaScript, OperatorsBindAsTyped) {
  expect_same_functions({"expr:-x^2 + 2^-x - -y",
                         "expr:x - (y - 1) - (x + y)",
                         "expr:x/(y*2)/3",
                         "expr:x*(y/3)",
                         "expr:2^x^2",
                         "expr:(2^x)^2",
                         "expr:(-x)^3 + (-2)^2*x",
                         "expr:3 - -2*x",
                         "expr:e^(x y) + pi*x",
                         "expr:2pi x + e",
                         "expr:(x+y)²(x−y)/4",
                         "expr:x^-1 + 0*y",
                         "expr:½x^4 + x^0 + 0^2",
                         "expr:x^(a+1) + b;a=2,b=-3",
                         "expr:x/(2-1-3) - (1-2)*y",
                         "expr:min(x, max(y, 0.5), 1)",
                         "expr:1/0*0 + x",
                         "expr:a/b + x;b=0",
                         "expr:sqrt(-1) + x",
                         "expr:7",
                         "expr:a;a=0.1",
                         "expr:y",
                         "expr:x^0.5^2",
                         "expr:10^400 * x",
                         "expr:3^200 * x / 3^199",
                         "expr:123456789012345678901234567890*x",
                         "expr:x - 1e-300",
                         "expr:1e15*x*1e15",
                         "expr:-(-(-x))",
                         "expr:-(x+y)*-(x-y)",
                         "expr:e^2 x",
                         "expr:log(0)*x"},
                        1e-12);
}

TEST(FormulaScript, KinksHaveOurGradient) {
  expect_same_functions(
      {"expr:abs(x) + abs(y)", "expr:min(x, y)", "expr:max(x, y)", "expr:max(y, x)", "expr:min(x, 0)",
       "expr:max(0, x)", "expr:max(x, 0)", "expr:relu(x)", "expr:sign(x)*y", "expr:floor(x)", "expr:abs(x)^3",
       "expr:min(x, 1, y)", "huber:tau=1", "sharp_flat:sharp=3,flat=3,gap=0"},
      1e-13, {{0.0, 0.0}, {1.0, 1.0}, {-1.0, -1.0}, {0.0, 1.0}, {1.0, 0.0}});
}

TEST(FormulaScript, LongAndDeepFormulas) {
  std::string sum = "expr:x", nested = "expr:x", product = "expr:y";
  for (int i = 0; i < 1000; ++i) sum += i % 2 ? "+x" : "-y";
  for (int i = 0; i < 190; ++i) nested = "expr:sin(" + nested.substr(5) + ")";
  for (int i = 0; i < 300; ++i) product += "*cos(x)";
  expect_same_functions({sum, nested, product}, 1e-11);
}

}  // namespace
}  // namespace thalweg
