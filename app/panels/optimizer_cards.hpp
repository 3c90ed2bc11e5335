// One card for each optimizer, on a surface or in training, and what adds another.
#pragma once

#include <functional>
#include <string>

#include "app/panels/drive_rows.hpp"
#include "app/ui/theme.hpp"
#include "app/view.hpp"

namespace thalweg {

/// What stands at the right of a card's head: how it is going, in few words.
struct CardStatus {
  std::string text;
  ui::Colour colour;
  std::string tooltip;
};

/// What the cards are about.
struct CardList {
  Place place = Place::kSurface;
  std::function<const std::vector<SceneOptimizer>&(const Scene&)> read;
  std::function<std::vector<SceneOptimizer>&(Scene&)> write;
  /// The step whose values card `index` shows.
  std::function<std::int64_t(std::size_t)> step;
  std::function<CardStatus(std::size_t)> status;
  /// Sets a parameter of optimizer `index`, from now on or from the start.
  std::function<void(Scene&, std::size_t, const Parameter&, const Value&)> set;
  /// Optimizer `index` as PyTorch: its lines, or a program of its whole run.
  std::function<Result<std::string>(std::size_t index, bool whole)> pytorch;
  std::string_view none;  ///< said where there are none
  /// Why an optimizer can't be added here, as the end of a sentence that begins with "it"; empty if it can.
  std::function<std::string(const OptimizerDescriptor&)> unfit;
  /// The settings that one which is added begins with.
  std::function<Spec(const OptimizerDescriptor&)> settings;
};

/// The optimizers on the surface.
CardList surface_cards(Frame& frame);

class OptimizerCards {
 public:
  /// @param selected  index of the card that shows all its parameters
  void draw(Frame& frame, const CardList& list, int& selected);

 private:
  void card(Frame& frame, const CardList& cards, int& chosen, std::size_t index);
  /// The buttons below an optimizer's settings.
  void tools(Frame& frame, const CardList& cards, std::size_t index);
  /// The open popup of its update as code.
  void code_page(Frame& frame, const CardList& cards, std::size_t index);
  /// What can go around it, of an open menu: turns each on or off.
  void wrapper_items(Frame& frame, const CardList& cards, std::size_t index);
  void add_menu(Frame& frame, const CardList& cards, int& selected);
};

}  // namespace thalweg
