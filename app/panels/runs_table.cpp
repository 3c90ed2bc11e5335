#include "app/panels/runs_table.hpp"

namespace thalweg {

RunsTable::RunsTable(std::filesystem::path, std::function<void()>) {}

void RunsTable::draw(Frame&, const Rect&) {}

}  // namespace thalweg
