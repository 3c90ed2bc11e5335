// The list of runs itself: head, rows, groups. Only what is in sight is drawn, and everything by hand: rows
// are one surface for the mouse.
#pragma once

#include <map>

#include "app/panels/runs_key_menu.hpp"
#include "app/panels/runs_session.hpp"

namespace thalweg {

class RunsRows {
 public:
  void draw(Frame& frame, RunsSession& session, const Rect& area);

  /// Moves the keyboard by so many rows; over heads of groups.
  void move_focus(RunsSession& session, int by, bool far = false);
  /// Rows in sight, for the page keys.
  int page() const { return page_; }
  /// uids of the listed runs in their order, closed groups too.
  static std::vector<std::string> uids(const RunsSnapshot& list);

 private:
  // Points.
  static constexpr float kHead = 28.0F;
  static constexpr float kRow = 26.0F;
  static constexpr float kPadding = 8.0F;  ///< on both sides of a cell
  static constexpr float kDot = 28.0F;
  static constexpr float kStar = 24.0F;
  static constexpr float kAdd = 26.0F;  ///< the plus at the right end of the head

  /// A line of the list: the head of a group, or a run.
  struct Line {
    bool head = false;
    std::size_t index = 0;  ///< of the group or the row
  };
  struct Place {
    const RunsColumn* column = nullptr;
    float left = 0.0F;  ///< of the unscrolled list, pixels
    float width = 0.0F;
  };
  struct Mouse {
    bool inside = false;
    bool in_head = false;
    std::int64_t line = -1;
    ImVec2 at;
  };

  void lay_out(const RunsSession& session, float width);
  std::vector<std::string> names(const RunsSession& session) const;
  void head(Frame& frame, const Rect& area, const Mouse& mouse);
  void head_cell(Frame& frame, const Rect& cell, const std::string& name, const std::string& text,
                 bool right);
  void sort_by(Frame& frame, const std::string& name);
  void column_menu(Frame& frame, const RunsSession& session);
  void column_items(Frame& frame, const RunsSession& session);
  void add_menu(Frame& frame, RunsSession& session);
  void row(Frame& frame, RunsSession& session, const store::RunInfo& run, std::size_t index, const Rect& area,
           float scrolled, bool hovered);
  void cell(RunsSession& session, const Place& place, std::size_t row, const Rect& area);
  void group_head(const RunsSession& session, const RunsGroup& group, const Rect& area, bool hovered);
  void click(Frame& frame, RunsSession& session, const Mouse& mouse);
  void tip(RunsSession& session, const Mouse& mouse, const Rect& area);
  void resize(const Mouse& mouse);
  const Place* place_at(float x) const;

  std::shared_ptr<const RunsSnapshot> laid_out_;
  int laid_out_closed_ = -1;
  float laid_out_scale_ = 0.0F;
  float laid_out_width_ = 0.0F;
  std::vector<Line> lines_;
  std::vector<Place> places_;  ///< of the columns that scroll
  Place name_;
  float frozen_ = 0.0F;  ///< width of what does not scroll
  float wide_ = 0.0F;    ///< of all columns
  float left_ = 0.0F;    ///< of the list on the screen
  float right_ = 0.0F;
  float scroll_x_ = 0.0F;
  int page_ = 10;
  std::map<std::string, float> widths_;  ///< points, of columns that were dragged
  std::string resizing_;
  std::string anchor_;  ///< where a range begins
  std::string menu_column_;
  std::string add_search_;
};

}  // namespace thalweg
