#include "app/ui/icons.hpp"

#include <cmath>

namespace thalweg::ui {
namespace {

/// A square of 16 units, drawn about a centre in whole pixels.
class Pen {
 public:
  Pen(ImDrawList* list, ImVec2 centre, float size, Colour colour)
      : list_(list),
        unit_(size / 16.0f),
        origin_(std::round(centre.x) - 8.0f * unit_, std::round(centre.y) - 8.0f * unit_),
        colour_(colour),
        stroke_(std::fmax(1.0f, std::round(1.4f * unit_))) {}

  ImVec2 at(float x, float y) const { return ImVec2(origin_.x + x * unit_, origin_.y + y * unit_); }
  void line(float x0, float y0, float x1, float y1) const {
    list_->AddLine(at(x0, y0), at(x1, y1), colour_, stroke_);
  }
  void rect(float x0, float y0, float x1, float y1, float round = 0.0f) const {
    list_->AddRectFilled(snapped(x0, y0), snapped(x1, y1), colour_, round * unit_);
  }
  void frame(float x0, float y0, float x1, float y1, float round = 0.0f) const {
    list_->AddRect(snapped(x0, y0), snapped(x1, y1), colour_, round * unit_, 0, stroke_);
  }
  void triangle(ImVec2 a, ImVec2 b, ImVec2 c) const { list_->AddTriangleFilled(a, b, c, colour_); }
  void disc(float x, float y, float r) const { list_->AddCircleFilled(at(x, y), r * unit_, colour_); }
  void circle(float x, float y, float r) const { list_->AddCircle(at(x, y), r * unit_, colour_, 0, stroke_); }
  void arc(float x, float y, float r, float from, float to) const {
    list_->PathArcTo(at(x, y), r * unit_, from, to, 20);
    list_->PathStroke(colour_, 0, stroke_);
  }
  void stroke_path(std::initializer_list<ImVec2> points, bool closed = false) const {
    for (const ImVec2& p : points) list_->PathLineTo(at(p.x, p.y));
    list_->PathStroke(colour_, closed ? ImDrawFlags_Closed : 0, stroke_);
  }

 private:
  ImVec2 snapped(float x, float y) const {
    const ImVec2 p = at(x, y);
    return ImVec2(std::round(p.x), std::round(p.y));
  }

  ImDrawList* list_;
  float unit_;
  ImVec2 origin_;
  Colour colour_;
  float stroke_;
};

void draw_eye(const Pen& pen) {
  pen.stroke_path({{1.0f, 8.0f},
                   {3.2f, 5.4f},
                   {5.6f, 3.9f},
                   {8.0f, 3.4f},
                   {10.4f, 3.9f},
                   {12.8f, 5.4f},
                   {15.0f, 8.0f},
                   {12.8f, 10.6f},
                   {10.4f, 12.1f},
                   {8.0f, 12.6f},
                   {5.6f, 12.1f},
                   {3.2f, 10.6f}},
                  true);
  pen.disc(8.0f, 8.0f, 2.2f);
}

void draw_trash(const Pen& pen) {
  pen.line(2.5f, 4.5f, 13.5f, 4.5f);
  pen.stroke_path({{6.0f, 4.2f}, {6.0f, 2.2f}, {10.0f, 2.2f}, {10.0f, 4.2f}});
  pen.stroke_path({{3.8f, 4.8f}, {4.5f, 14.0f}, {11.5f, 14.0f}, {12.2f, 4.8f}});
  pen.line(6.6f, 7.0f, 6.6f, 11.6f);
  pen.line(9.4f, 7.0f, 9.4f, 11.6f);
}

void draw_reset(const Pen& pen) {
  constexpr float kPi = 3.14159265f;
  pen.arc(8.0f, 8.5f, 5.2f, -0.75f * kPi, 0.95f * kPi);
  pen.triangle(pen.at(1.6f, 5.6f), pen.at(6.6f, 6.4f), pen.at(3.4f, 1.8f));
}

}  // namespace

void draw_icon(ImDrawList* list, Icon icon, ImVec2 centre, float size, Colour colour) {
  const Pen pen(list, centre, size, colour);
  switch (icon) {
    case Icon::kPlay:
      return pen.triangle(pen.at(4.0f, 2.0f), pen.at(14.0f, 8.0f), pen.at(4.0f, 14.0f));
    case Icon::kPause:
      pen.rect(3.0f, 2.0f, 6.6f, 14.0f);
      return pen.rect(9.4f, 2.0f, 13.0f, 14.0f);
    case Icon::kStep:
      pen.triangle(pen.at(2.5f, 3.0f), pen.at(10.5f, 8.0f), pen.at(2.5f, 13.0f));
      return pen.rect(11.5f, 3.0f, 13.5f, 13.0f);
    case Icon::kStepBack:
      pen.triangle(pen.at(13.5f, 3.0f), pen.at(13.5f, 13.0f), pen.at(5.5f, 8.0f));
      return pen.rect(2.5f, 3.0f, 4.5f, 13.0f);
    case Icon::kRewind:
      pen.triangle(pen.at(8.6f, 3.0f), pen.at(8.6f, 13.0f), pen.at(3.0f, 8.0f));
      pen.triangle(pen.at(14.6f, 3.0f), pen.at(14.6f, 13.0f), pen.at(9.0f, 8.0f));
      return pen.rect(1.0f, 3.0f, 2.8f, 13.0f);
    case Icon::kPlus:
      pen.line(8.0f, 3.0f, 8.0f, 13.0f);
      return pen.line(3.0f, 8.0f, 13.0f, 8.0f);
    case Icon::kMinus:
      return pen.line(3.0f, 8.0f, 13.0f, 8.0f);
    case Icon::kTrash:
      return draw_trash(pen);
    case Icon::kEye:
      return draw_eye(pen);
    case Icon::kEyeOff:
      draw_eye(pen);
      return pen.line(2.5f, 13.5f, 13.5f, 2.5f);
    case Icon::kDuplicate:
      pen.frame(5.5f, 5.5f, 14.0f, 14.0f, 1.5f);
      return pen.stroke_path({{3.6f, 10.5f}, {2.0f, 10.5f}, {2.0f, 2.0f}, {10.5f, 2.0f}, {10.5f, 3.6f}});
    case Icon::kReset:
      return draw_reset(pen);
    case Icon::kClose:
      pen.line(3.8f, 3.8f, 12.2f, 12.2f);
      return pen.line(12.2f, 3.8f, 3.8f, 12.2f);
    case Icon::kChevron:
      return pen.stroke_path({{4.0f, 6.2f}, {8.0f, 10.2f}, {12.0f, 6.2f}});
    case Icon::kCheck:
      return pen.stroke_path({{3.0f, 8.4f}, {6.6f, 12.0f}, {13.0f, 4.4f}});
    case Icon::kMore:
      pen.disc(3.0f, 8.0f, 1.4f);
      pen.disc(8.0f, 8.0f, 1.4f);
      return pen.disc(13.0f, 8.0f, 1.4f);
    case Icon::kExpand:
      pen.stroke_path({{9.5f, 2.5f}, {13.5f, 2.5f}, {13.5f, 6.5f}});
      return pen.stroke_path({{6.5f, 13.5f}, {2.5f, 13.5f}, {2.5f, 9.5f}});
    case Icon::kStop:
      return pen.rect(3.0f, 3.0f, 13.0f, 13.0f, 1.0f);
    case Icon::kSave:
      pen.line(8.0f, 2.0f, 8.0f, 10.4f);
      pen.stroke_path({{4.6f, 7.2f}, {8.0f, 10.6f}, {11.4f, 7.2f}});
      return pen.line(2.5f, 13.6f, 13.5f, 13.6f);
  }
}

}  // namespace thalweg::ui
