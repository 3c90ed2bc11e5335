// The Surface view: settings left, map in the middle, curves or insight right, transport below.
#pragma once

#include <memory>

#include "app/panels/insight_panel.hpp"
#include "app/panels/map_panel.hpp"
#include "app/panels/setup_panel.hpp"
#include "app/view.hpp"

namespace thalweg {

class SurfaceView final : public View {
 public:
  /// A GL context is current; `wake` asks for another frame from any thread.
  static Result<std::unique_ptr<View>> create(std::function<void()> wake);

  std::string id() const override { return "surface"; }
  std::string label() const override { return "Surface"; }
  void draw(Frame& frame, const Rect& area) override;
  void key(Frame& frame, const KeyPress& press) override;

 private:
  SurfaceView(std::unique_ptr<MapPanel> map, std::function<void()> wake)
      : map_(std::move(map)), insight_(std::move(wake)) {}

  std::unique_ptr<MapPanel> map_;
  SetupPanel setup_;
  InsightPanel insight_;
  Session session_;
};

}  // namespace thalweg
