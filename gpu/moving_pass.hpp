// R of a pass over recorded samples: along a vector v forward, then back to R of the gradient, as the CPU
// does it (core/nn/cpu_hessian.cpp). R{·} is the derivative along v of everything that the pass computes.
#pragma once

#include <vector>

#include "gpu/tape.hpp"

namespace thalweg::gpu {

/// Vectors as long as the parameters, on the device.
struct MovingVectors {
  const float* parameters = nullptr;
  const float* v = nullptr;
  float* out = nullptr;
};

/// It only queues work, so that it can be recorded.
class DeviceMovingPass {
 public:
  /// For tapes of up to so many rows.
  DeviceMovingPass(Queue& queue, Products& products, const CurvaturePlan& plan, int rows);
  /// How many numbers of the device's memory one takes for each row, about.
  static std::size_t numbers(const CurvaturePlan& plan, int rows);

  /// H v of the recorded samples, or G v, into vectors.out; `more`: added to what is there.
  /// @param scale  as the tape was recorded with
  void run(const DeviceTape& tape, float scale, const MovingVectors& vectors, bool gauss_newton, bool more);

 private:
  struct Moves {
    float* outputs = nullptr;
    float* normal = nullptr;
    float* projection = nullptr;
  };
  struct Memory {
    std::vector<Moves> layers;
    float* delta = nullptr;
    float* delta_before = nullptr;
    float* skipped = nullptr;
    float* slices = nullptr;  ///< of sums over rows
    float* scale_slices = nullptr;
  };
  static Memory lay_out(const CurvaturePlan& plan, int rows, Pieces& pieces);

  const float* moved_input(std::size_t i) const;
  std::int64_t count(int width) const { return std::int64_t{tape_->rows} * width; }
  float* out(std::int64_t offset) const { return offset < 0 ? nullptr : vectors_.out + offset; }
  const float* v(std::int64_t offset) const { return offset < 0 ? nullptr : vectors_.v + offset; }

  std::size_t forward_linear(std::size_t i);
  void forward_other(std::size_t i);
  void loss(float scale);
  std::size_t backward_linear(std::size_t i);
  void linear_gradient(std::size_t i);
  WriteBent bent_before(std::size_t linear) const;
  void backward_norm(std::size_t i);
  void backward_activation(std::size_t i);
  void sums(MovedSums what, float* scales, float* shifts);

  Queue& queue_;
  Products& products_;
  const CurvaturePlan& plan_;
  Buffer<float> buffer_;
  Memory memory_;

  // Of the run that is being queued.
  const DeviceTape* tape_ = nullptr;
  MovingVectors vectors_;
  bool gauss_newton_ = false;
  bool more_ = false;
};

}  // namespace thalweg::gpu
