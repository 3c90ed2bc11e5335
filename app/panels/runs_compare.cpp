#include "app/panels/runs_compare.hpp"

namespace thalweg {

RunsCompare::RunsCompare(std::filesystem::path, std::function<void()>) {}

void RunsCompare::draw(Frame&, const Rect&) {}

}  // namespace thalweg
