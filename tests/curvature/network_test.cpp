// The methods on Hessians of networks: against a dense eigensolver where the matrix can be written down, and
// against each other where it cannot.
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cstdlib>

#include "core/curvature/lanczos.hpp"
#include "core/curvature/power_iteration.hpp"
#include "core/curvature/trace.hpp"
#include "tests/curvature/matrices.hpp"
#include "tests/nn/networks.hpp"

namespace thalweg {
namespace {

/// A network with its Hessian over the first samples, after a few steps of training.
struct Trained {
  Trained(const std::string& model, std::shared_ptr<const Dataset> data, int samples, int steps)
      : engine(make_cpu_engine()) {
    std::vector<std::uint32_t> first(static_cast<std::size_t>(samples));
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<std::uint32_t>(i);
    if (engine->load(std::move(data)) || engine->build(test::network(model), 5)) std::abort();
    for (int t = 0; t < steps; ++t)
      if (!engine->step(first, {0.1})) std::abort();
    product = std::move(engine->hessian(first)).value();
    op = hessian_operator(*product, engine->plan().parameters);
  }

  std::unique_ptr<TrainingEngine> engine;
  std::unique_ptr<HessianProduct> product;
  SymmetricOperator op;
};

Eigen::MatrixXd columns(const SymmetricOperator& op) {
  Eigen::MatrixXd out(op.size, op.size);
  std::vector<float> unit(static_cast<std::size_t>(op.size)), column(unit.size());
  for (Eigen::Index j = 0; j < op.size; ++j) {
    unit[static_cast<std::size_t>(j)] = 1.0f;
    op.multiply(unit, column);
    unit[static_cast<std::size_t>(j)] = 0.0f;
    for (Eigen::Index i = 0; i < op.size; ++i)
      out(i, j) = static_cast<double>(column[static_cast<std::size_t>(i)]);
  }
  return 0.5 * (out + out.transpose());
}

TEST(NetworkCurvature, AgreesWithADenseEigensolver) {
  for (const char* model : {"linear:units=6; tanh; linear:units=3", "linear:units=7; relu; linear:units=3",
                            "linear:units=5; layer_norm; gelu; linear:units=3"})
    for (const int steps : {0, 60}) {
      SCOPED_TRACE(std::string(model) + " after " + std::to_string(steps));
      const Trained net(model, test::toy_data(), 96, steps);
      const Eigen::MatrixXd matrix = columns(net.op);
      const Eigen::VectorXd spectrum =
          Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrix, Eigen::EigenvaluesOnly).eigenvalues();
      const Eigen::Index n = net.op.size;
      const double largest = spectrum(n - 1);
      ASSERT_GT(largest, 0.1);
      ASSERT_LT(spectrum(0), 0.0);

      const PowerResult power = largest_eigenvalue(net.op, {.tolerance = 1e-2, .products = 500});
      EXPECT_TRUE(power.converged);
      EXPECT_NEAR(power.value, largest, 0.01 * largest);

      const LanczosResult found = lanczos(net.op, {.largest = 4, .smallest = 1, .tolerance = 1e-3});
      EXPECT_TRUE(found.converged);
      for (std::size_t i = 0; i < 4; ++i)
        EXPECT_NEAR(found.largest.at(i).value, spectrum(n - 1 - static_cast<Eigen::Index>(i)),
                    0.002 * largest);
      EXPECT_NEAR(found.smallest.at(0).value, spectrum(0), 0.01 * -spectrum(0));

      const TraceEstimate trace = hutchinson_trace(net.op, {.probes = 200, .seed = 1});
      EXPECT_NEAR(trace.mean, matrix.trace(), 2.5 * trace.standard_error);
    }
}

TEST(NetworkCurvature, PowerIterationAgreesWithLanczosOnTheRealSize) {
  auto data = std::make_shared<Dataset>(*test::toy_data(128, 4, 784));
  data->classes = 10;
  for (std::size_t i = 0; i < data->train.labels.size(); ++i)
    data->train.labels[i] = static_cast<std::uint8_t>((data->train.labels[i] + 3 * (i % 4)) % 10);
  const Trained net("784-128-10", data, 128, 10);
  ASSERT_EQ(net.op.size, 784 * 128 + 128 + 128 * 10 + 10);
  const LanczosResult exact = lanczos(net.op, {.largest = 2, .tolerance = 1e-4});
  ASSERT_TRUE(exact.converged);
  const PowerResult power = power_iteration(net.op, {.tolerance = 3e-3, .seed = 8});
  EXPECT_TRUE(power.converged);
  EXPECT_GT(power.value, 0.0);
  EXPECT_NEAR(power.value, exact.largest[0].value, 0.01 * exact.largest[0].value);
  for (const Eigenpair& pair : exact.largest)
    EXPECT_NEAR(pair.residual, test::true_residual(net.op, pair), 1e-5 * exact.largest[0].value);
  // Started where the last one ended, another one is there at once.
  EXPECT_EQ(power_iteration(net.op, {.tolerance = 3e-3, .start = power.vector}).products, 1);
}

TEST(NetworkCurvature, ADivergedNetworkGivesNan) {
  const Trained fine("linear:units=4; relu; linear:units=3", test::toy_data(), 16, 0);
  EngineState state = fine.engine->state();
  state.parameters[3] = std::nanf("");
  ASSERT_FALSE(fine.engine->restore(state));
  const std::uint32_t samples[] = {0, 1, 2};
  const auto product = fine.engine->hessian(samples);
  const auto op = hessian_operator(**product, fine.op.size);
  EXPECT_TRUE(std::isnan(largest_eigenvalue(op).value));
  EXPECT_TRUE(lanczos(op).largest.empty());
}

}  // namespace
}  // namespace thalweg
