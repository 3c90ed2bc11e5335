#include "app/work/field_worker.hpp"

namespace thalweg {
namespace {

constexpr int kThreads = 2;

}  // namespace

FieldWorker::FieldWorker(std::function<void()> wake) : wake_(std::move(wake)), worker_([this](FieldRequest request) {
  auto field = std::make_shared<const Field>(sample_field(request, kThreads, &worker_.newer()));
  if (worker_.newer()) return;
  {
    const std::scoped_lock lock(mutex_);
    field_ = std::move(field);
  }
  if (wake_) wake_();
}) {}

void FieldWorker::request(const FieldRequest& request) {
  if (requested_ && *requested_ == request) return;
  requested_ = request;
  worker_.submit(request);
}

std::shared_ptr<const Field> FieldWorker::field() const {
  const std::scoped_lock lock(mutex_);
  return field_;
}

}  // namespace thalweg
