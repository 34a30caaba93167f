#pragma once
// Faces in a device's memory, in pages that never move. For face_scan_cuda.cu alone.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/cuda_memory.h"
#include "kernels/face_scan_cuda.h"
#include "kernels/face_tiles_cuda.h"

namespace whorl::kernels {

class FaceStore {
 public:
  // `quantise` rounds the rows of an intake; starting it is the .cu file's business.
  using Quantise = Status (*)(const device::FaceIntake& intake, cudaStream_t stream);
  // A row's codes are `code_bytes`, whole strides. With `vectors` these are kept as well for as
  // long as there is room for both.
  FaceStore(int dimension, int code_bytes, bool vectors, Quantise quantise)
      : dimension_(dimension),
        code_bytes_(code_bytes),
        quantise_(quantise),
        has_vectors_(vectors) {}

  // Pages of 2^n rows, whole tiles, and a table with room for all that `memory_bytes` can hold, or,
  // where that is 0, for what the whole device could.
  Status open(std::int64_t memory_bytes, std::int64_t device_bytes, std::int64_t page_bytes) {
    shares_ = memory_bytes == 0;
    if (shares_) memory_bytes = device_bytes;
    memory_bytes_ = memory_bytes;
    const std::int64_t page_limit = std::min(page_bytes, memory_bytes / 8);
    while ((page_rows() << 1) * row_bytes() <= page_limit) ++page_shift_;
    pages_max_ = memory_bytes / (page_rows() * row_bytes());
    return table_.reserve(pages_max_);
  }

  // All rows or none.
  Status append(const float* vectors, std::int64_t rows, cudaStream_t stream) {
    const std::size_t before = pages_.size();
    Status status = grow(rows_ + rows, stream);
    if (status == Status::ok) status = take_in(vectors, rows, stream);
    if (status == Status::ok) {
      rows_ += rows;
    } else {
      pages_.resize(before);
      vectors_.resize(std::min(before, vectors_.size()));
      places_.resize(before);
    }
    return status;
  }

  Status wipe(std::int64_t row, cudaStream_t stream) {
    static constexpr FaceRowTerms kGone{0, kFaceGone};
    const device::FacePage place = place_of(row);
    WHORL_CUDA_TRY(cudaMemsetAsync(place.codes, 0, static_cast<std::size_t>(code_bytes_), stream));
    WHORL_CUDA_TRY(
        cudaMemcpyAsync(place.terms, &kGone, sizeof(kGone), cudaMemcpyHostToDevice, stream));
    if (has_vectors_) WHORL_CUDA_TRY(cudaMemsetAsync(place.vectors, 0, vector_bytes(1), stream));
    WHORL_CUDA_TRY(cudaStreamSynchronize(stream));
    return Status::ok;
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t resident_bytes() const {
    return static_cast<std::int64_t>(pages_.size()) * page_rows() * row_bytes() +
           static_cast<std::int64_t>(vectors_.size()) * vector_page_bytes();
  }
  bool has_vectors() const { return has_vectors_; }
  device::FaceRows view(const std::uint32_t* admitted) const {
    return {table_.data(), page_shift_, chunks(), admitted};
  }
  int chunks() const { return code_bytes_ / device::kChunkBytes; }

 private:
  static constexpr std::int64_t kRowsMax = std::int64_t{1} << 31;
  static constexpr std::int64_t kStagedBytes = 4 << 20;  // floats on their way

  std::int64_t page_rows() const { return std::int64_t{1} << page_shift_; }
  std::int64_t row_bytes() const {
    return code_bytes_ + static_cast<std::int64_t>(sizeof(FaceRowTerms));
  }

  std::size_t vector_bytes(std::int64_t rows) const {
    return static_cast<std::size_t>(rows * dimension_) * sizeof(float);
  }
  std::int64_t vector_page_bytes() const {
    return static_cast<std::int64_t>(vector_bytes(page_rows()));
  }

  // The codes do without the vectors, so these go where not both have room.
  void drop_vectors() {
    has_vectors_ = false;
    vectors_.clear();
    for (device::FacePage& place : places_) place.vectors = nullptr;
  }
  // For the next page of codes; null where they were dropped.
  Status vector_page(float*& page) {
    std::int64_t left = memory_bytes_ - resident_bytes();
    if (shares_) WHORL_STATUS_TRY(memory_for_galleries(left));
    page = nullptr;
    if (!has_vectors_) return Status::ok;
    auto vectors = std::make_unique<DeviceArray<float>>();
    Status got = Status::device_out_of_memory;
    if (left >= page_rows() * row_bytes() + vector_page_bytes())
      got = vectors->reserve(page_rows() * dimension_);
    if (got == Status::device_out_of_memory) {
      drop_vectors();
      return Status::ok;
    }
    WHORL_STATUS_TRY(got);
    page = vectors->data();
    vectors_.push_back(std::move(vectors));
    return Status::ok;
  }

  Status grow(std::int64_t rows, cudaStream_t stream) {
    if (rows > std::min(kRowsMax, pages_max_ * page_rows())) return Status::device_out_of_memory;
    while (static_cast<std::int64_t>(pages_.size()) * page_rows() < rows) {
      float* vectors = nullptr;
      WHORL_STATUS_TRY(vector_page(vectors));
      std::int64_t left = page_rows() * row_bytes();
      if (shares_) WHORL_STATUS_TRY(memory_for_galleries(left));
      if (left < page_rows() * row_bytes()) return Status::device_out_of_memory;
      auto page = std::make_unique<DeviceArray<std::byte>>();
      WHORL_STATUS_TRY(page->reserve(page_rows() * row_bytes()));
      // Tiles are multiplied whole, so that places without a row must hold numbers, too.
      WHORL_CUDA_TRY(cudaMemsetAsync(page->data(), 0,
                                     static_cast<std::size_t>(page_rows() * row_bytes()), stream));
      auto* codes = reinterpret_cast<device::Chunk*>(page->data());
      auto* terms = reinterpret_cast<FaceRowTerms*>(codes + page_rows() * chunks());
      pages_.push_back(std::move(page));
      places_.push_back({codes, terms, vectors});
    }
    return table_.copy_from(places_.data(), static_cast<std::int64_t>(places_.size()), stream);
  }

  Status take_in(const float* vectors, std::int64_t rows, cudaStream_t stream) {
    const std::int64_t staged =
        std::min(rows, std::max<std::int64_t>(1, kStagedBytes / 4 / dimension_));
    WHORL_STATUS_TRY(staging_.reserve(staged * dimension_));
    for (std::int64_t r = 0; r < rows;) {
      const std::int64_t in_page = (rows_ + r) & (page_rows() - 1);
      const std::int64_t count = std::min({staged, rows - r, page_rows() - in_page});
      WHORL_STATUS_TRY(staging_.copy_from(vectors + r * dimension_, count * dimension_, stream));
      WHORL_STATUS_TRY(quantise_(
          {staging_.data(), static_cast<int>(count), dimension_, place_of(rows_ + r), chunks()},
          stream));
      if (has_vectors_) {
        WHORL_CUDA_TRY(cudaMemcpyAsync(place_of(rows_ + r).vectors, staging_.data(),
                                       vector_bytes(count), cudaMemcpyDeviceToDevice, stream));
      }
      r += count;
    }
    // A wiped row is to be nowhere.
    WHORL_CUDA_TRY(cudaMemsetAsync(
        staging_.data(), 0, static_cast<std::size_t>(staged * dimension_) * sizeof(float), stream));
    WHORL_CUDA_TRY(cudaStreamSynchronize(stream));
    return Status::ok;
  }

  device::FacePage place_of(std::int64_t row) const {
    const device::FacePage& page = places_[static_cast<std::size_t>(row >> page_shift_)];
    const std::int64_t in_page = row & (page_rows() - 1);
    return {page.codes + in_page * chunks(), page.terms + in_page,
            has_vectors_ ? page.vectors + in_page * dimension_ : nullptr};
  }

  int dimension_, code_bytes_;
  Quantise quantise_;
  int page_shift_ = device::kTileShift;
  std::int64_t pages_max_ = 0, rows_ = 0;
  bool shares_ = false;  // the device's memory with others
  bool has_vectors_;     // every page of codes has one of vectors
  std::int64_t memory_bytes_ = 0;
  std::vector<std::unique_ptr<DeviceArray<std::byte>>> pages_;
  std::vector<std::unique_ptr<DeviceArray<float>>> vectors_;
  std::vector<device::FacePage> places_;
  DeviceArray<device::FacePage> table_;
  DeviceArray<float> staging_;
};

}  // namespace whorl::kernels
