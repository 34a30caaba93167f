#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace whorl::kernels {

// An array of a fixed size that starts a line of the cache, as kernels ask for it.
template <class T>
class AlignedArray {
 public:
  AlignedArray() = default;
  AlignedArray(std::int64_t size, T value)
      : values_(new (kAlignment) T[static_cast<std::size_t>(size)]) {
    std::fill_n(values_.get(), size, value);
  }
  T* data() const { return values_.get(); }
  T& operator[](std::int64_t i) const { return values_[static_cast<std::size_t>(i)]; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(T* values) const { ::operator delete[](values, kAlignment); }
  };
  std::unique_ptr<T[], Free> values_;
};

}  // namespace whorl::kernels
