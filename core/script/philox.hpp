// Our random numbers in NumPy. Private to core/script.
#pragma once

namespace thalweg::script {

/// Functions philox, uniform and normal (core/random/philox.hpp).
extern const char* const kPhilox;

}  // namespace thalweg::script
