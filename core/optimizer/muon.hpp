// Muon: momentum, made orthogonal. For each weight matrix but the output layer's, W (outputs x inputs):
//   M ← μM + (1−μ)G;  N = (1−μ)G + μM (Nesterov) or M;  O = NewtonSchulz₅(N);
//   W ← (1−ηλ)W − η √max(1, outputs/inputs) O.
// NewtonSchulz₅: X = N/(‖N‖_F + 1e-7), five times X ← aX + (bA + cA²)X with A = XXᵀ and a, b, c = 3.4445,
// −4.7750, 2.0315, which brings all singular values to between about 0.7 and 1.2. Biases, scales and the
// output layer go with AdamW at the rate ηα.
//
// K. Jordan, Y. Jin, V. Boza, J. You, F. Cesista, L. Newhouse, J. Bernstein, "Muon: an optimizer for hidden
// layers in neural networks", 2024 (kellerjordan.github.io/posts/muon), with the scale of its code. There the
// iteration runs in bfloat16, here in the precision of the weights; AdamW's rate is a number of its own
// there, here a share of η, so that a schedule moves both. ε of AdamW is 1e-10 there, here a setting.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/optimizer/adam_moments.hpp"
#include "core/optimizer/matrix.hpp"
#include "core/optimizer/method.hpp"
#include "core/optimizer/sums.hpp"

namespace thalweg {

/// The iteration, in place, on a matrix row by row. Keeps its memory from call to call.
template <class T>
class NewtonSchulz {
 public:
  static constexpr int kIterations = 5;

  void orthogonalise(T* x, int rows, int columns) {
    const std::int64_t size = std::int64_t{rows} * columns;
    const T scale = static_cast<T>(1.0 / (norm(x, size) + 1e-7));
    // The smaller of XXᵀ and XᵀX.
    const bool turn = rows > columns;
    if (turn) std::swap(rows, columns);
    x_.resize(static_cast<std::size_t>(size));
    for (std::int64_t i = 0; i < size; ++i)
      x_[static_cast<std::size_t>(i)] = scale * x[turn ? (i % columns) * rows + i / columns : i];
    for (int i = 0; i < kIterations; ++i) iterate(rows, columns);
    for (std::int64_t i = 0; i < size; ++i)
      x[turn ? (i % columns) * rows + i / columns : i] = x_[static_cast<std::size_t>(i)];
  }

 private:
  void iterate(int rows, int columns) {
    constexpr T a = T(3.4445), b = T(-4.7750), c = T(2.0315);
    a_.resize(static_cast<std::size_t>(rows) * static_cast<std::size_t>(rows));
    square_.resize(a_.size());
    moved_.resize(x_.size());
    multiply(rows, rows, columns, x_.data(), x_.data(), true, a_.data());
    multiply(rows, rows, rows, a_.data(), a_.data(), false, square_.data());
    for (std::size_t i = 0; i < a_.size(); ++i) a_[i] = b * a_[i] + c * square_[i];
    multiply(rows, columns, rows, a_.data(), x_.data(), false, moved_.data());
    for (std::size_t i = 0; i < x_.size(); ++i) x_[i] = a * x_[i] + moved_[i];
  }

  std::vector<T> x_, a_, square_, moved_;
};

struct Muon {
  static constexpr bool kAsksMore = false;

  static std::string not_on_surfaces() { return "works on weight matrices, and a surface has none"; }

  static constexpr const char* kTraining = "lr=0.02";

  static Descriptor describe() {
    Parameter epsilon = epsilon_parameter(1e-8);
    epsilon.help = "Of AdamW: added to the root in the denominator.";
    return {
        .id = "muon",
        .label = "Muon",
        .summary = "Each weight matrix moves by its momentum made orthogonal; AdamW moves the rest.",
        .formula = "M ← μM + (1−μ)G,  W ← (1−ηλ)W − η √max(1, outputs/inputs) NewtonSchulz₅((1−μ)G + μM)",
        .reference = "Jordan et al. 2024",
        .conventions =
            "Scale and coefficients are those of the authors' code, in the precision of the weights "
            "(bfloat16 there). Biases, scales and the output layer go with AdamW, whose rate is a share of η "
            "here and a number of its own there.",
        .parameters = {learning_rate_parameter(0.02, 1e-4, 1.0), momentum_parameter(0.95),
                       Parameter{.key = "nesterov",
                                 .symbol = "",
                                 .label = "Nesterov",
                                 .kind = Kind::kBoolean,
                                 .default_value = 1.0,
                                 .help = "Looks ahead: the gradient counts once more beside the momentum."},
                       decoupled_decay_parameter(0.0),
                       Parameter{.key = "adam_share",
                                 .symbol = "α",
                                 .label = "AdamW's rate",
                                 .default_value = 0.05,
                                 .min = 0.0,
                                 .max = 1e3,
                                 .soft_min = 1e-3,
                                 .soft_max = 1.0,
                                 .scale = Scale::kLog,
                                 .help = "The rate of biases, scales and the output layer, as a share of η.",
                                 .live = true},
                       beta1_parameter(), beta2_parameter(), epsilon}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call{"Muon",
                   {torch_argument("lr", spec.number("lr")),
                    torch_argument("momentum", spec.number("momentum")),
                    {"nesterov", spec.flag("nesterov") ? "True" : "False"},
                    torch_argument("weight_decay", spec.number("weight_decay"), 0.0),
                    torch_argument("adam_share", spec.number("adam_share")),
                    {"betas", "(" + python_number(spec.number("beta1")) + ", " +
                                  python_number(spec.number("beta2")) + ")"},
                    torch_argument("eps", spec.number("eps"))}};
    call.notes = {
        "The last matrix among the parameters, and what comes after it, is taken for the output layer."};
    call.definition = kPython;
    return call;
  }

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout)
        : layout_(layout), m_(static_cast<std::size_t>(size_of(layout))), v_(m_.size()), move_(m_.size()) {
      set(spec);
    }

    void step(T* theta, T* gradient, double learning_rate, Objective<T>*) override {
      const auto adam = prepare_adam<T>(adam_, learning_rate * share_, ++steps_, progress_);
      for (const TensorShape& tensor : layout_) {
        if (tensor.matrix && !tensor.output)
          step_matrix(tensor, theta + tensor.offset, gradient + tensor.offset, learning_rate);
        else
          step_adam(tensor, theta, gradient, adam);
      }
    }

    void set(const Spec& spec) override {
      adam_ = adam_hyper(spec, AdamDecay::kDecoupled);
      momentum_ = spec.number("momentum");
      nesterov_ = spec.flag("nesterov");
      share_ = spec.number("adam_share");
    }
    std::int64_t steps() const override { return steps_; }

    std::vector<Insight> insight() const override {
      return {{"M", "momentum", {m_.begin(), m_.end()}}, {"v", "second moment", {v_.begin(), v_.end()}}};
    }

    void write(StepperState<T>& out) const override {
      out.put(static_cast<double>(steps_));
      for (const double number : {progress_.beta1, progress_.beta2, progress_.power1, progress_.power2})
        out.put(number);
      out.put(m_);
      out.put(v_);
    }
    void read(StateReader<T>& in) override {
      steps_ = in.count();
      for (double* number : {&progress_.beta1, &progress_.beta2, &progress_.power1, &progress_.power2})
        *number = in.scalar();
      in.numbers(m_);
      in.numbers(v_);
    }

   private:
    void step_matrix(const TensorShape& tensor, T* theta, const T* gradient, double learning_rate) {
      const auto size = static_cast<std::size_t>(tensor.size());
      T* const m = m_.data() + tensor.offset;
      const T keep = static_cast<T>(momentum_), gain = static_cast<T>(1.0 - momentum_);
      for (std::size_t i = 0; i < size; ++i) {
        m[i] = keep * m[i] + gain * gradient[i];
        move_[i] = nesterov_ ? gain * gradient[i] + keep * m[i] : m[i];
      }
      newton_schulz_.orthogonalise(move_.data(), static_cast<int>(tensor.rows),
                                   static_cast<int>(tensor.columns));
      // Our rows are inputs, our columns outputs.
      const double stretch =
          std::sqrt(std::max(1.0, static_cast<double>(tensor.columns) / static_cast<double>(tensor.rows)));
      const T rate = static_cast<T>(learning_rate * stretch),
              shrink = static_cast<T>(1.0 - learning_rate * adam_.weight_decay);
      for (std::size_t i = 0; i < size; ++i) theta[i] = shrink * theta[i] - rate * move_[i];
    }

    void step_adam(const TensorShape& tensor, T* theta, const T* gradient, const AdamStep<T>& adam) {
      for (std::int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
        const auto k = static_cast<std::size_t>(i);
        update_moments(gradient[i], m_[k], v_[k], adam);
        theta[i] = adam.shrink * theta[i] - adam_move(m_[k], v_[k], adam);
      }
    }

    static_assert(NewtonSchulz<T>::kIterations == 5);
    Layout layout_;
    AdamHyper adam_{};
    double momentum_ = 0.0, share_ = 0.0;
    bool nesterov_ = true;
    AdamProgress progress_;
    std::int64_t steps_ = 0;
    std::vector<T> m_, v_;  ///< of matrices the momentum and nothing
    std::vector<T> move_;   ///< of one matrix
    NewtonSchulz<T> newton_schulz_;
  };

 private:
  static constexpr const char* kPython = R"(def newton_schulz(g):
    """Brings all singular values of a matrix near 1."""
    x = g / (g.norm() + 1e-7)
    x = x.T if g.size(0) > g.size(1) else x
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if g.size(0) > g.size(1) else x


class Muon(torch.optim.Optimizer):
    """Jordan et al. 2024, with AdamW for vectors and the output layer."""

    def __init__(self, params, lr, momentum=0.95, nesterov=True, weight_decay=0, adam_share=0.05,
                 betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay,
                                      adam_share=adam_share, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, mu, (b1, b2) = group["lr"], group["momentum"], group["betas"]
            matrices = [p for p in group["params"] if p.dim() == 2][:-1]
            for p in group["params"]:
                s, g = self.state[p], p.grad
                if not s:
                    s.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                s["t"] += 1
                if any(p is matrix for matrix in matrices):
                    s["m"] = mu * s["m"] + (1 - mu) * g
                    o = newton_schulz((1 - mu) * g + mu * s["m"] if group["nesterov"] else s["m"])
                    p *= 1 - lr * group["weight_decay"]
                    p -= lr * max(1, p.size(0) / p.size(1)) ** 0.5 * o
                else:
                    rate = lr * group["adam_share"]
                    s["m"] = b1 * s["m"] + (1 - b1) * g
                    s["v"] = b2 * s["v"] + (1 - b2) * g**2
                    p *= 1 - rate * group["weight_decay"]
                    p -= rate * s["m"] / (1 - b1 ** s["t"]) / ((s["v"] / (1 - b2 ** s["t"])).sqrt() + group["eps"])
)";
};

}  // namespace thalweg
