// "Copy as PyTorch": what puts a program, or the lines of an optimizer, on the clipboard and says so.
#pragma once

#include <functional>
#include <string>

#include "app/view.hpp"
#include "core/store/run.hpp"

namespace thalweg {

/// Puts it on the clipboard and says so, or says what is wrong.
/// @param what  "The program", as the message begins
void copy_text(Frame& frame, const Result<std::string>& text, const std::string& what);

/// The program of a run that was kept.
/// @param scene  its Scene, as it is stored
void copy_as_pytorch(Frame& frame, const store::RunInfo& run, const std::string& scene);

/// The items of an open menu: the optimizer's lines, or the whole program.
/// @param text  makes either
void pytorch_items(Frame& frame, const std::function<Result<std::string>(bool whole)>& text);

}  // namespace thalweg
