// The makers of the descriptors, for the list in datasets.cpp. Not for use elsewhere.
#pragma once

#include <string>

#include "core/data/dataset.hpp"

namespace thalweg {

// image_sets.cpp
DatasetDescriptor mnist();
DatasetDescriptor fashion_mnist();
DatasetDescriptor cifar10();

// generators.cpp
DatasetDescriptor two_moons();
DatasetDescriptor spirals();
DatasetDescriptor blobs();
DatasetDescriptor credit();
DatasetDescriptor logistic();
DatasetDescriptor noisy_cubic();

/// Shared by all: which random numbers.
Parameter data_seed_parameter(std::string help);

}  // namespace thalweg
