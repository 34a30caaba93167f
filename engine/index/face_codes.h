#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/face_table.h"
#include "engine/index/wide_rows.h"
#include "kernels/aligned_array.h"
#include "kernels/face_sift.h"

namespace whorl::index {

// The rows of a FaceTable once more as 8-bit codes in the groups of kernels/face_sift.h: a quarter
// of the bytes to read, and bounds that say who must be compared exactly. Rows as in the table.
class FaceCodes {
 public:
  // Rows that are sifted at a time: what they say of all probes of a batch stays in the cache, and
  // the next ones are sifted with what these have shown.
  static constexpr std::int64_t kSliceRows = 256;
  static_assert(FaceTable::kBlockRows % kSliceRows == 0);

  explicit FaceCodes(int dimension);  // 1 .. kernels::kMaxFaceCodes

  void append(std::span<const float> vector);  // [dimension] or padded with zeros
  // Overwrites the codes and what is known of them: an erased face leaves memory at once.
  void wipe(Row row);

  std::int64_t rows() const { return rows_; }
  int codes() const { return codes_; }  // of a row
  std::int64_t slices() const { return (rows_ + kSliceRows - 1) / kSliceRows; }
  kernels::FaceCodeBlock slice(std::int64_t s) const;
  kernels::FaceRowTerms terms(Row row) const;
  std::size_t resident_bytes() const;

 private:
  static constexpr std::int64_t kBlockRows = FaceTable::kBlockRows;
  static constexpr std::int64_t kBlockGroups = kBlockRows / kernels::kFaceGroupRows;
  struct Block {
    kernels::AlignedArray<std::uint8_t> lanes;  // [kBlockGroups, codes / 4, 16, 4]
    kernels::AlignedArray<float> scales;        // [kBlockRows]
    kernels::AlignedArray<float> errors;        // [kBlockRows]
    kernels::AlignedArray<float> group_errors;  // [kBlockGroups]
  };
  void place(Row row, std::span<const std::int8_t> codes, kernels::FaceRowTerms terms);

  int dimension_, codes_;
  std::int64_t rows_ = 0;
  std::vector<Block> blocks_;
};

// Probes that pass over the codes together, and what the slice they last passed over said.
class FaceSiftBatch {
 public:
  // Of kernels::kMaxSiftProbes at most.
  FaceSiftBatch(std::span<const std::vector<float>> probes, int dimension);

  // From here on rows that are surely below `similarity` need not be told.
  void ask(std::size_t probe, float similarity);
  void sift(kernels::SiftFaces kernel, const kernels::FaceCodeBlock& slice);
  // The rows of that slice, number `slice` of `codes`, that came through and are admitted, with
  // what is known of them.
  //   admitted  of a word of the slice, a bit a row
  template <class Admitted>
  void passed(std::size_t probe, const FaceCodes& codes, std::int64_t slice, Admitted admitted,
              std::vector<kernels::FaceEntry>& entries) const {
    entries.clear();
    for (std::int64_t word = 0; 32 * word < kernels::kFaceGroupRows * groups_; ++word) {
      std::uint32_t bits = passed_word(probe, word);
      if (bits != 0) bits &= admitted(word);
      for (; bits != 0; bits &= bits - 1) {
        const std::int64_t at = 32 * word + std::countr_zero(bits);
        const auto row = static_cast<std::uint32_t>(slice * FaceCodes::kSliceRows + at);
        entries.push_back(entry(probe, at, Row{row}, codes.terms(Row{row})));
      }
    }
  }

 private:
  std::uint32_t passed_word(std::size_t probe, std::int64_t word) const;
  kernels::FaceEntry entry(std::size_t probe, std::int64_t at, Row row,
                           const kernels::FaceRowTerms& terms) const;

  std::vector<kernels::FaceProbe<>> probes_;
  std::int64_t groups_ = 0;                     // of the last slice
  kernels::AlignedArray<std::int8_t> codes_;    // kernels::probe_code_place
  kernels::AlignedArray<std::int32_t> sums_;    // [padded]
  kernels::AlignedArray<float> cuts_, slopes_;  // [padded]
  kernels::AlignedArray<std::uint16_t> passed_;
  kernels::AlignedArray<std::int32_t> dots_;
};

// Rows of a FaceTable as codes side by side, for walks that look at one here and one there.
class FaceCodeRows {
 public:
  FaceCodeRows(int dimension, kernels::FaceCodeDot dot);

  Result<> append(std::span<const float> vector);  // Fault::out_of_memory
  void wipe(Row row);
  std::int64_t rows() const { return std::ssize(scales_); }

  struct Coded {
    const std::int8_t* codes;
    float scale;
  };
  Coded row(Row row) const {
    WHORL_CHECK(row.value() < scales_.size());
    return {place(row.value()), scales_[row.value()]};
  }
  void prefetch(Row row) const {
    const std::int8_t* codes = place(row.value());
    for (int d = 0; d < codes_; d += kernels::kFaceStride) __builtin_prefetch(codes + d);
    __builtin_prefetch(&scales_[row.value()]);
  }
  float similarity(const Coded& a, const Coded& b) const {
    return a.scale * b.scale * static_cast<float>(dot_(a.codes, b.codes, codes_));
  }
  int codes() const { return codes_; }
  int dimension() const { return dimension_; }
  std::size_t resident_bytes() const;

 private:
  std::int8_t* place(std::int64_t row) const { return codes_of_.row(row); }

  int dimension_, codes_;
  kernels::FaceCodeDot dot_;
  WideRows<std::int8_t> codes_of_;  // [rows, codes]
  std::vector<float> scales_;
};

}  // namespace whorl::index
