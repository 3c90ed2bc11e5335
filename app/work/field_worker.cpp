#include "app/work/field_worker.hpp"

#include <new>

namespace thalweg {
namespace {

constexpr int kThreads = 2;
/// Samples along each side of the 3D mesh.
constexpr int kMeshSide = 141;

/// The same rectangle, sampled from edge to edge instead of at pixel centres.
FieldRequest edge_to_edge(FieldRequest request) {
  const double dx = 0.5 * (request.x1 - request.x0) / (kMeshSide - 1);
  const double dy = 0.5 * (request.y1 - request.y0) / (kMeshSide - 1);
  request.x0 -= dx;
  request.x1 += dx;
  request.y0 -= dy;
  request.y1 += dy;
  request.width = kMeshSide;
  request.height = kMeshSide;
  return request;
}

}  // namespace

FieldWorker::FieldWorker(std::function<void()> wake)
    : wake_(std::move(wake)), worker_([this](PictureRequest request) { work(request); }) {}

void FieldWorker::work(const PictureRequest& request) {
  try {
    draw(request);
  } catch (const std::bad_alloc&) {
    // The picture before stays. A smaller window or a later one may fit.
  }
}

void FieldWorker::draw(const PictureRequest& request) {
  const FieldRequest& field = request.field;
  auto picture = std::make_shared<Picture>();
  picture->request = field;
  const Field fine = sample_field(field, kThreads, &worker_.newer());
  if (worker_.newer()) return;
  const MapRect rect{field.x0, field.y0, field.x1, field.y1};
  picture->map = make_height_field(fine.z, field.width, field.height, rect, request.levels);
  if (request.mesh) {
    const Field coarse = sample_field(edge_to_edge(field), kThreads, &worker_.newer());
    if (worker_.newer()) return;
    picture->mesh = make_mesh_field(coarse.z, kMeshSide, kMeshSide, rect, request.levels, &picture->map);
  }
  {
    const std::scoped_lock lock(mutex_);
    picture_ = std::move(picture);
  }
  if (wake_) wake_();
}

void FieldWorker::request(const PictureRequest& request) {
  if (requested_ && *requested_ == request) return;
  requested_ = request;
  worker_.submit(request);
}

std::shared_ptr<const Picture> FieldWorker::picture() const {
  const std::scoped_lock lock(mutex_);
  return picture_;
}

}  // namespace thalweg
