#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/top_k.h"
#include "kernels/core.h"

namespace whorl::index {

// Unit vectors of one length in rows, padded to whole kernels::kFaceLanes. Grows by blocks, so that
// no vector ever moves and growing never copies. Rows are dense and never reused.
class FaceTable {
 public:
  static constexpr std::int64_t kBlockRows = 1024;

  // `padded` a multiple of kernels::kFaceLanes.
  explicit FaceTable(std::int64_t padded) : padded_(padded) {}

  Row append(std::span<const float> vector);  // [padded]
  // Overwrites the vector with zeros: an erased face leaves memory at once.
  void wipe(Row row);

  std::int64_t rows() const { return rows_; }
  std::int64_t padded() const { return padded_; }
  std::int64_t blocks() const { return std::ssize(blocks_); }
  kernels::MatrixView<const float> block(std::int64_t b) const;
  const float* vector(Row row) const;
  std::size_t resident_bytes() const;

 private:
  float* place(std::int64_t row) const;

  std::int64_t padded_;
  std::int64_t rows_ = 0;
  std::vector<std::unique_ptr<float[]>> blocks_;  // [kBlockRows, padded_]
};

}  // namespace whorl::index
