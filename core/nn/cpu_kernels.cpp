#include "core/nn/cpu_kernels.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <type_traits>

#include "core/nn/functions.hpp"
#include "core/nn/vectorised.hpp"
#include "core/optimizer/rules.hpp"

namespace thalweg::cpu {
namespace {

constexpr int kLanes = 16;

/// Σ f(i) in sixteen running sums: vectors, whatever their width, in one fixed order.
template <class F>
inline float lane_sum(int count, const F& f) {
  float lanes[kLanes] = {};
  int i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int l = 0; l < kLanes; ++l) lanes[l] += f(i + l);
  float sum = 0.0f;
  for (int l = 0; l < kLanes; ++l) sum += lanes[l];
  for (; i < count; ++i) sum += f(i);
  return sum;
}

template <class In>
void normalise(const In* in_, std::int64_t count, float scale, float shift, float* out_) {
  vectorised([=] {
    const In* __restrict in = in_;
    float* __restrict out = out_;
    for (std::int64_t i = 0; i < count; ++i) out[i] = scale * static_cast<float>(in[i]) + shift;
  });
}

std::int64_t row_start(int row, int width) { return std::int64_t{row} * width; }

}  // namespace

void normalise_bytes(const std::uint8_t* in, std::int64_t count, float scale, float shift, float* out) {
  normalise(in, count, scale, shift, out);
}
void normalise_floats(const float* in, std::int64_t count, float scale, float shift, float* out) {
  normalise(in, count, scale, shift, out);
}

void add_bias(float* z_, int rows, int width, const float* bias_) {
  vectorised([=] {
    const float* __restrict bias = bias_;
    for (int r = 0; r < rows; ++r) {
      float* __restrict z = z_ + row_start(r, width);
      for (int j = 0; j < width; ++j) z[j] += bias[j];
    }
  });
}

void bias_activation(LayerKind kind, float slope, float* z_, float* y_, int rows, int width,
                     const float* bias_) {
  visit_activation(kind, [&]<LayerKind k>() {
    if (z_ == y_) {
      vectorised([=] {
        const float* __restrict bias = bias_;
        for (int r = 0; r < rows; ++r) {
          float* __restrict z = z_ + row_start(r, width);
          if (bias)
            for (int j = 0; j < width; ++j) z[j] = activation<k>(z[j] + bias[j], slope);
          else
            for (int j = 0; j < width; ++j) z[j] = activation<k>(z[j], slope);
        }
      });
      return;
    }
    if (bias_) add_bias(z_, rows, width, bias_);
    vectorised([=] {
      const float* __restrict z = z_;
      float* __restrict y = y_;
      const std::int64_t count = row_start(rows, width);
      for (std::int64_t i = 0; i < count; ++i) y[i] = activation<k>(z[i], slope);
    });
  });
}

void activation_gradient(LayerKind kind, float slope, const float* x_, float* d_, std::int64_t count) {
  visit_activation(kind, [&]<LayerKind k>() {
    vectorised([=] {
      const float* __restrict x = x_;
      float* __restrict d = d_;
      for (std::int64_t i = 0; i < count; ++i) d[i] *= activation_slope<k>(x[i], slope);
    });
  });
}

void column_sums(const float* d_, int rows, int width, float* out_) {
  vectorised([=] {
    float* __restrict out = out_;
    for (int j = 0; j < width; ++j) out[j] = 0.0f;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) out[j] += d[j];
    }
  });
}

void batch_norm(const PlannedLayer& layer, const float* x_, float* y_, int rows, const float* gamma_,
                const float* beta_, float* mean_, float* inverse_, float* running_) {
  const int width = layer.inputs;
  const auto eps = static_cast<float>(layer.setting);
  const auto momentum = static_cast<float>(layer.momentum);
  vectorised([=] {
    const float* __restrict gamma = gamma_;
    const float* __restrict beta = beta_;
    float* __restrict mean = mean_;
    float* __restrict inverse = inverse_;
    float* __restrict running_mean = running_;
    float* __restrict running_variance = running_ + width;
    const auto count = static_cast<float>(rows);
    for (int j = 0; j < width; ++j) mean[j] = inverse[j] = 0.0f;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      for (int j = 0; j < width; ++j) mean[j] += x[j];
    }
    for (int j = 0; j < width; ++j) mean[j] /= count;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      for (int j = 0; j < width; ++j) inverse[j] += (x[j] - mean[j]) * (x[j] - mean[j]);
    }
    for (int j = 0; j < width; ++j) {
      running_mean[j] = (1.0f - momentum) * running_mean[j] + momentum * mean[j];
      running_variance[j] = (1.0f - momentum) * running_variance[j] + momentum * inverse[j] / (count - 1.0f);
      inverse[j] = 1.0f / std::sqrt(inverse[j] / count + eps);
    }
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict y = y_ + row_start(r, width);
      for (int j = 0; j < width; ++j) y[j] = (x[j] - mean[j]) * inverse[j] * gamma[j] + beta[j];
    }
  });
}

void batch_norm_running(const PlannedLayer& layer, const float* x_, float* y_, int rows, const float* gamma_,
                        const float* beta_, const float* running_) {
  const int width = layer.inputs;
  const auto eps = static_cast<float>(layer.setting);
  vectorised([=] {
    const float* __restrict gamma = gamma_;
    const float* __restrict beta = beta_;
    const float* __restrict mean = running_;
    const float* __restrict variance = running_ + width;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict y = y_ + row_start(r, width);
      for (int j = 0; j < width; ++j)
        y[j] = (x[j] - mean[j]) / std::sqrt(variance[j] + eps) * gamma[j] + beta[j];
    }
  });
}

void batch_norm_gradient(const PlannedLayer& layer, const float* x_, float* d_, int rows, const float* gamma_,
                         const float* mean_, const float* inverse_, float* dgamma_, float* dbeta_) {
  const int width = layer.inputs;
  vectorised([=] {
    const float* __restrict gamma = gamma_;
    const float* __restrict mean = mean_;
    const float* __restrict inverse = inverse_;
    float* __restrict dgamma = dgamma_;
    float* __restrict dbeta = dbeta_;
    for (int j = 0; j < width; ++j) dgamma[j] = dbeta[j] = 0.0f;
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      const float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) {
        dbeta[j] += d[j];
        dgamma[j] += d[j] * ((x[j] - mean[j]) * inverse[j]);
      }
    }
    const auto count = static_cast<float>(rows);
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict d = d_ + row_start(r, width);
      for (int j = 0; j < width; ++j) {
        const float normal = (x[j] - mean[j]) * inverse[j];
        d[j] = gamma[j] * inverse[j] * (d[j] - (dbeta[j] + normal * dgamma[j]) / count);
      }
    }
  });
}

void layer_norm(const PlannedLayer& layer, const float* x_, float* y_, int rows, const float* gamma_,
                const float* beta_, float* mean_, float* inverse_) {
  const int width = layer.inputs;
  const auto eps = static_cast<float>(layer.setting);
  vectorised([=] {
    const float* __restrict gamma = gamma_;
    const float* __restrict beta = beta_;
    const auto count = static_cast<float>(width);
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict y = y_ + row_start(r, width);
      const float mean = lane_sum(width, [&](int j) { return x[j]; }) / count;
      const float variance = lane_sum(width, [&](int j) { return (x[j] - mean) * (x[j] - mean); }) / count;
      const float inverse = 1.0f / std::sqrt(variance + eps);
      mean_[r] = mean;
      inverse_[r] = inverse;
      for (int j = 0; j < width; ++j) y[j] = (x[j] - mean) * inverse * gamma[j] + beta[j];
    }
  });
}

void layer_norm_gradient(const PlannedLayer& layer, const float* x_, float* d_, int rows, const float* gamma_,
                         const float* mean_, const float* inverse_, float* dgamma_, float* dbeta_) {
  const int width = layer.inputs;
  vectorised([=] {
    const float* __restrict gamma = gamma_;
    float* __restrict dgamma = dgamma_;
    float* __restrict dbeta = dbeta_;
    for (int j = 0; j < width; ++j) dgamma[j] = dbeta[j] = 0.0f;
    const auto count = static_cast<float>(width);
    for (int r = 0; r < rows; ++r) {
      const float* __restrict x = x_ + row_start(r, width);
      float* __restrict d = d_ + row_start(r, width);
      const float mean = mean_[r], inverse = inverse_[r];
      for (int j = 0; j < width; ++j) {
        dbeta[j] += d[j];
        dgamma[j] += d[j] * ((x[j] - mean) * inverse);
      }
      const float sum = lane_sum(width, [&](int j) { return d[j] * gamma[j]; });
      const float product =
          lane_sum(width, [&](int j) { return d[j] * gamma[j] * ((x[j] - mean) * inverse); });
      for (int j = 0; j < width; ++j) {
        const float normal = (x[j] - mean) * inverse;
        d[j] = inverse * (d[j] * gamma[j] - (sum + normal * product) / count);
      }
    }
  });
}

void dropout(std::uint64_t seed, std::uint64_t step, int index, double p, float* x, std::int64_t count) {
  const auto scale = static_cast<float>(1.0 / (1.0 - p));
  for (std::int64_t first = 0; first < count; first += 4) {
    const unsigned kept = dropout_kept(seed, step, index, static_cast<std::uint32_t>(first / 4), p);
    const std::int64_t last = std::min(count, first + 4);
    for (std::int64_t i = first; i < last; ++i) x[i] *= (kept >> (i - first)) & 1u ? scale : 0.0f;
  }
}

double sum_of_squares(const float* g_, std::int64_t count) {
  double total = 0.0;
  vectorised([=, &total] {
    const float* __restrict g = g_;
    double lanes[kLanes] = {};
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
      for (int l = 0; l < kLanes; ++l)
        lanes[l] += static_cast<double>(g[i + l]) * static_cast<double>(g[i + l]);
    double sum = 0.0;
    for (int l = 0; l < kLanes; ++l) sum += lanes[l];
    for (; i < count; ++i) sum += static_cast<double>(g[i]) * static_cast<double>(g[i]);
    total = sum;
  });
  return total;
}

namespace {

template <UpdateRule R>
class RuleUpdater final : public Updater {
  using Progress = typename R::Progress;
  static constexpr int kSlots = R::kSlots;
  static constexpr std::size_t kProgress = std::is_empty_v<Progress> ? 0 : sizeof(Progress) / sizeof(double);

 public:
  explicit RuleUpdater(const Spec& spec) : hyper_(R::hyper(spec)) {}

  int slot_count() const override { return kSlots; }

  void init(float* slots, std::int64_t count) const override {
    float first[kSlots + 1] = {};
    init_slots<R>(hyper_, first);
    for (int k = 0; k < kSlots; ++k) std::fill(slots + k * count, slots + (k + 1) * count, first[k]);
  }

  void prepare(double learning_rate, std::int64_t t) override {
    constants_ = R::template prepare<float>(hyper_, learning_rate, t, progress_);
  }

  void update(float* theta_, const float* gradient_, float gradient_scale, float* slots_, std::int64_t stride,
              std::int64_t first, std::int64_t last) const override {
    const auto constants = constants_;
    vectorised([=] {
      // Slots are named one by one, since a pointer into an array of pointers cannot be restrict.
      const auto step = constants;
      float* __restrict theta = theta_;
      const float* __restrict gradient = gradient_;
      float* __restrict slot0 = slots_;
      float* __restrict slot1 = slots_ + (kSlots > 1 ? stride : 0);
      float* __restrict slot2 = slots_ + (kSlots > 2 ? 2 * stride : 0);
      static_assert(kSlots <= 3);
      for (std::int64_t i = first; i < last; ++i) {
        float s[kSlots + 1] = {};
        if constexpr (kSlots > 0) s[0] = slot0[i];
        if constexpr (kSlots > 1) s[1] = slot1[i];
        if constexpr (kSlots > 2) s[2] = slot2[i];
        float value = theta[i];
        R::update(value, gradient_scale * gradient[i], s, step);
        theta[i] = value;
        if constexpr (kSlots > 0) slot0[i] = s[0];
        if constexpr (kSlots > 1) slot1[i] = s[1];
        if constexpr (kSlots > 2) slot2[i] = s[2];
      }
    });
  }

  bool set(const Spec& spec) override {
    const auto next = R::hyper(spec);
    if constexpr (requires { R::keeps_state(hyper_, next); }) {
      if (!R::keeps_state(hyper_, next)) return false;
    }
    hyper_ = next;
    return true;
  }

  std::vector<double> save() const override {
    if constexpr (kProgress == 0) {
      return {};
    } else {
      const auto numbers = std::bit_cast<std::array<double, kProgress>>(progress_);
      return {numbers.begin(), numbers.end()};
    }
  }

  bool load(std::span<const double> progress) override {
    if (progress.size() != kProgress) return false;
    if constexpr (kProgress > 0) {
      std::array<double, kProgress> numbers;
      std::ranges::copy(progress, numbers.begin());
      progress_ = std::bit_cast<Progress>(numbers);
    }
    return true;
  }

 private:
  typename R::Hyper hyper_;
  [[no_unique_address]] Progress progress_ = {};
  typename R::template Step<float> constants_ = {};
};

}  // namespace

std::unique_ptr<Updater> make_updater(const Spec& spec) {
  std::unique_ptr<Updater> out;
  visit_rule(spec.id, [&]<class R>(std::type_identity<R>) { out = std::make_unique<RuleUpdater<R>>(spec); });
  return out;
}

}  // namespace thalweg::cpu
