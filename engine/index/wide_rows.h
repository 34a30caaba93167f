#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/wide_memory.h"

namespace whorl::index {

// Rows of one width in huge pages where the system has them: a walk that looks at one here and one
// there waits for the translation of each address as well, and with huge pages there are few. Rows
// stay where they are.
template <class T>
class WideRows {
  static_assert(std::is_trivially_copyable_v<T>, "zero bytes are the value that rows begin with");

 public:
  explicit WideRows(std::int64_t width) : width_(width) {}

  // Fault::out_of_memory.
  Result<> append() {
    if (rows_ == std::ssize(slabs_) * kSlabRows) {
      WHORL_TRY(auto slab, wide_memory(static_cast<std::size_t>(kSlabRows) * row_bytes()));
      slabs_.push_back(std::move(slab));
    }
    ++rows_;
    return {};
  }
  // Pre: 0 <= r < rows().
  T* row(std::int64_t r) const {
    std::byte* slab = slabs_[static_cast<std::size_t>(r / kSlabRows)].get();
    return reinterpret_cast<T*>(slab) + r % kSlabRows * width_;
  }
  std::int64_t rows() const { return rows_; }
  std::size_t resident_bytes() const { return static_cast<std::size_t>(rows_) * row_bytes(); }

 private:
  static constexpr std::int64_t kSlabRows = 1 << 16;  // memory nobody touched costs nothing
  std::size_t row_bytes() const { return static_cast<std::size_t>(width_) * sizeof(T); }

  std::int64_t width_, rows_ = 0;
  std::vector<std::shared_ptr<std::byte>> slabs_;  // [kSlabRows, width]
};

}  // namespace whorl::index
