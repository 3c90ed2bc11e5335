// Vectors of numbers that begin at a cache line: a load of sixteen floats that crosses two lines takes
// twice as long.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace thalweg {

template <class T>
struct CacheAligned {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};

  CacheAligned() = default;
  template <class U>
  CacheAligned(const CacheAligned<U>&) {}
  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), kLine)); }
  void deallocate(T* p, std::size_t) noexcept { ::operator delete(p, kLine); }
  bool operator==(const CacheAligned&) const = default;
};

using Floats = std::vector<float, CacheAligned<float>>;

}  // namespace thalweg
