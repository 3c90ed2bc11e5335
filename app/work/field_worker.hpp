// The thread that samples surfaces for drawing, so that a slow formula never holds up the window.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "app/gl/height_field.hpp"
#include "app/gl/mesh_field.hpp"
#include "app/work/latest.hpp"
#include "core/surface/field.hpp"

namespace thalweg {

/// A surface sampled for a picture, ready for the renderers.
struct Picture {
  FieldRequest request;
  HeightField map;  ///< one sample per pixel
  MeshField mesh;   ///< the same rectangle in 3D
};

struct PictureRequest {
  FieldRequest field;
  LevelStyle levels;
  bool mesh = false;  ///< the 3D view is wanted
  bool operator==(const PictureRequest&) const = default;
};

class FieldWorker {
 public:
  /// `wake` is called on the worker's thread when a new picture is there.
  explicit FieldWorker(std::function<void()> wake = {});

  /// The window's thread. Asking again for the same is free; a request overtaken by another is dropped.
  void request(const PictureRequest& request);

  /// The newest picture that is complete; null before the first.
  std::shared_ptr<const Picture> picture() const;

  void wait() { worker_.wait_idle(); }

 private:
  void work(const PictureRequest& request);
  void draw(const PictureRequest& request);

  std::function<void()> wake_;
  std::optional<PictureRequest> requested_;  // the window's thread only
  mutable std::mutex mutex_;
  std::shared_ptr<const Picture> picture_;
  LatestWorker<PictureRequest> worker_;
};

}  // namespace thalweg
