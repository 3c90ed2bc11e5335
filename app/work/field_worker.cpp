#include "app/work/field_worker.hpp"

namespace thalweg {
namespace {

constexpr int kThreads = 2;

}  // namespace

FieldWorker::FieldWorker(std::function<void()> wake)
    : wake_(std::move(wake)), worker_([this](PictureRequest request) { work(request); }) {}

void FieldWorker::work(const PictureRequest& request) {
  const FieldRequest& field = request.field;
  auto picture = std::make_shared<Picture>();
  picture->request = field;
  const Field fine = sample_field(field, kThreads, &worker_.newer());
  FieldRequest mesh = field;
  mesh.width = kCoarseSide;
  mesh.height = kCoarseSide;
  picture->coarse = sample_field(mesh, kThreads, &worker_.newer()).z;
  if (worker_.newer()) return;
  picture->map = make_height_field(fine.z, field.width, field.height, {field.x0, field.y0, field.x1, field.y1},
                                   request.levels);
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
