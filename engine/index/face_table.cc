#include "engine/index/face_table.h"

#include <algorithm>

namespace whorl::index {

float* FaceTable::place(std::int64_t row) const {
  return blocks_[static_cast<std::size_t>(row / kBlockRows)].get() + row % kBlockRows * padded_;
}

Row FaceTable::append(std::span<const float> vector) {
  WHORL_CHECK(std::ssize(vector) == padded_);
  if (rows_ == blocks() * kBlockRows) {
    blocks_.push_back(std::make_unique<float[]>(static_cast<std::size_t>(kBlockRows * padded_)));
  }
  std::ranges::copy(vector, place(rows_));
  return Row{static_cast<std::uint32_t>(rows_++)};
}

void FaceTable::wipe(Row row) {
  WHORL_CHECK(row.value() < rows_);
  std::fill_n(place(row.value()), padded_, 0.0F);
}

kernels::MatrixView<const float> FaceTable::block(std::int64_t b) const {
  return {blocks_[static_cast<std::size_t>(b)].get(), std::min(kBlockRows, rows_ - b * kBlockRows),
          padded_};
}

const float* FaceTable::vector(Row row) const {
  WHORL_CHECK(row.value() < rows_);
  return place(row.value());
}

std::size_t FaceTable::resident_bytes() const {
  return blocks_.size() * static_cast<std::size_t>(kBlockRows * padded_) * sizeof(float);
}

}  // namespace whorl::index
