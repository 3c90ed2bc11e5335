// Python classes for the rules with a velocity that torch.optim does not have.
#pragma once

#include <string>

namespace thalweg {

/// An optimizer with a velocity v that begins at 0, learning rate lr, momentum mu, and gradient g with its L2 decay.
/// @param says      its docstring
/// @param velocity  the statement that brings v up to date
/// @param move      the statement that moves p
std::string velocity_class(const std::string& name, const std::string& says, const std::string& velocity,
                           const std::string& move);

/// torch.optim.SGD for a momentum that is 0 in a part of the run: v is g there, and does not rest.
extern const char* const kStoppingMomentum;

}  // namespace thalweg
