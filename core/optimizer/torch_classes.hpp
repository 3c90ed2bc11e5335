// Python classes for the rules with a velocity that torch.optim does not have.
#pragma once

#include <string>
#include <vector>

namespace thalweg {

/// An optimizer with a velocity v that begins at 0, learning rate lr, momentum mu, and gradient g with its L2
/// decay.
/// @param says      its docstring
/// @param velocity  the statement that brings v up to date
/// @param move      the statement that moves p
std::string velocity_class(const std::string& name, const std::string& says, const std::string& velocity,
                           const std::string& move);

/// A rule that keeps numbers of its own for each parameter and decays weights beside the step or not at all.
/// @param says     its docstring
/// @param options  parameters of the constructor after lr, such as "betas=(0.9, 0.999), eps=1e-8"
/// @param names    likewise as the keys of a dictionary, such as "betas=betas, eps=eps"
/// @param slots    tensors that begin at 0, such as "m=0, v=0"
/// @param body     statements that work with p, g, s (the slots), t (the step, from 1), lr and group
std::string element_class(const std::string& name, const std::string& says, const std::string& options,
                          const std::string& names, const std::vector<std::string>& slots,
                          const std::vector<std::string>& body);

/// torch.optim.SGD for a momentum that is 0 in a part of the run: v is g there, and does not rest.
extern const char* const kStoppingMomentum;

}  // namespace thalweg
