// The thread that samples surfaces for drawing, so that a slow formula never holds up the window.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "app/gl/height_field.hpp"
#include "app/work/latest.hpp"
#include "core/surface/field.hpp"

namespace thalweg {

/// A surface sampled for a picture, ready for the renderers.
struct Picture {
  FieldRequest request;
  HeightField map;             ///< one sample per pixel
  std::vector<double> coarse;  ///< coarse_side x coarse_side heights over the same rectangle, for 3D
};

struct PictureRequest {
  FieldRequest field;
  LevelStyle levels;
  bool operator==(const PictureRequest&) const = default;
};

class FieldWorker {
 public:
  /// Samples along each side of the 3D mesh.
  static constexpr int kCoarseSide = 161;

  /// `wake` is called on the worker's thread when a new picture is there.
  explicit FieldWorker(std::function<void()> wake = {});

  /// The window's thread. Asking again for the same is free; a request overtaken by another is dropped.
  void request(const PictureRequest& request);

  /// The newest picture that is complete; null before the first.
  std::shared_ptr<const Picture> picture() const;

  void wait() { worker_.wait_idle(); }

 private:
  void work(const PictureRequest& request);

  std::function<void()> wake_;
  std::optional<PictureRequest> requested_;  // the window's thread only
  mutable std::mutex mutex_;
  std::shared_ptr<const Picture> picture_;
  LatestWorker<PictureRequest> worker_;
};

}  // namespace thalweg
