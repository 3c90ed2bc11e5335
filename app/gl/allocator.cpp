#include "app/gl/allocator.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace thalweg {

void tune_allocator() {
#ifdef __GLIBC__
  // glibc takes no mmap threshold above 32 MiB on 64-bit machines.
  mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024 * 1024);
#endif
}

}  // namespace thalweg
