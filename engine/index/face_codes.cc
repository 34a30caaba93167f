#include "engine/index/face_codes.h"

#include <algorithm>
#include <limits>

namespace whorl::index {
namespace {

using kernels::FaceRowTerms;
using kernels::kFaceCodeZero;
using kernels::kFaceGroupRows;

constexpr std::int64_t kSliceGroups = FaceCodes::kSliceRows / kFaceGroupRows;
static_assert(FaceCodes::kSliceRows % kFaceGroupRows == 0);
static_assert(kSliceGroups <= kernels::kMaxSiftGroups);
constexpr std::int64_t kGroupsPerWord = 32 / kFaceGroupRows;

std::int64_t index_of(Row row) { return row.value(); }

}  // namespace

FaceCodes::FaceCodes(int dimension)
    : dimension_(dimension), codes_(kernels::padded_face_codes(dimension)) {
  WHORL_CHECK(dimension >= 1 && dimension <= kernels::kMaxFaceCodes);
}

void FaceCodes::append(std::span<const float> vector) {
  WHORL_CHECK(std::ssize(vector) >= dimension_);
  WHORL_CHECK(kernels::is_face_vector(vector.data(), dimension_));
  if (rows_ == std::ssize(blocks_) * kBlockRows) {
    blocks_.push_back({{kBlockRows * codes_, kFaceCodeZero},
                       {kBlockRows, 0.0F},
                       {kBlockRows, kernels::kFaceGone},
                       {kBlockGroups, 0.0F}});
  }
  std::vector<std::int8_t> codes(static_cast<std::size_t>(codes_));
  const FaceRowTerms terms = kernels::quantise_face(vector.data(), dimension_, codes.data());
  place(Row{static_cast<std::uint32_t>(rows_++)}, codes, terms);
}

void FaceCodes::wipe(Row row) {
  WHORL_CHECK(row.value() < rows_);
  place(row, std::vector<std::int8_t>(static_cast<std::size_t>(codes_)), {0, kernels::kFaceGone});
}

// A group's error stays what its worst row ever had: too large a bound loses nobody.
void FaceCodes::place(Row row, std::span<const std::int8_t> codes, FaceRowTerms terms) {
  const Block& block = blocks_[row.value() / kBlockRows];
  const std::int64_t at = index_of(row) % kBlockRows, group = at / kFaceGroupRows;
  const auto lane = static_cast<int>(at % kFaceGroupRows);
  std::uint8_t* lanes = block.lanes.data() + group * codes_ * kFaceGroupRows;
  for (int d = 0; d < codes_; ++d) {
    lanes[kernels::face_code_place(lane, d)] =
        static_cast<std::uint8_t>(codes[static_cast<std::size_t>(d)] + kFaceCodeZero);
  }
  block.scales[at] = terms.scale;
  block.errors[at] = terms.error;
  block.group_errors[group] = std::max(block.group_errors[group], terms.error);
}

kernels::FaceCodeBlock FaceCodes::slice(std::int64_t s) const {
  const std::int64_t first = s * kSliceRows, at = first % kBlockRows;
  const Block& block = blocks_[static_cast<std::size_t>(first / kBlockRows)];
  const std::int64_t rows = std::min(kSliceRows, rows_ - first);
  return {(rows + kFaceGroupRows - 1) / kFaceGroupRows, codes_, block.lanes.data() + at * codes_,
          block.scales.data() + at, block.group_errors.data() + at / kFaceGroupRows};
}

FaceRowTerms FaceCodes::terms(Row row) const {
  const Block& block = blocks_[row.value() / kBlockRows];
  return {block.scales[index_of(row) % kBlockRows], block.errors[index_of(row) % kBlockRows]};
}

std::size_t FaceCodes::resident_bytes() const {
  constexpr std::int64_t kTermBytes = kBlockRows * 2 * sizeof(float) + kBlockGroups * sizeof(float);
  return blocks_.size() * static_cast<std::size_t>(kBlockRows * codes_ + kTermBytes);
}

FaceSiftBatch::FaceSiftBatch(std::span<const std::vector<float>> probes, int dimension) {
  WHORL_CHECK(std::ssize(probes) <= kernels::kMaxSiftProbes);
  const auto count = static_cast<int>(probes.size());
  const std::int64_t padded = kernels::padded_probes(count);
  const int codes = kernels::padded_face_codes(dimension);
  codes_ = {padded * codes, 0};
  sums_ = {padded, 0};
  cuts_ = {padded, -std::numeric_limits<float>::infinity()};
  slopes_ = {padded, 0.0F};
  passed_ = {count * kSliceGroups, 0};
  dots_ = {count * FaceCodes::kSliceRows, 0};
  for (int p = 0; p < count; ++p) {
    const float* vector = probes[static_cast<std::size_t>(p)].data();
    const auto& probe = probes_.emplace_back(kernels::quantise_face_probe(vector, dimension));
    for (int d = 0; d < codes; ++d) {
      const std::int8_t code = probe.codes[static_cast<std::size_t>(d)];
      codes_[kernels::probe_code_place(p, d, codes)] = code;
      sums_[p] += code;
    }
    slopes_[p] = kernels::face_slope(probe.coarse);
  }
}

void FaceSiftBatch::ask(std::size_t probe, float similarity) {
  cuts_[static_cast<std::int64_t>(probe)] = kernels::face_cut(probes_[probe].coarse, similarity);
}

void FaceSiftBatch::sift(kernels::SiftFaces kernel, const kernels::FaceCodeBlock& slice) {
  groups_ = slice.groups;
  kernel(
      {static_cast<int>(probes_.size()), codes_.data(), sums_.data(), cuts_.data(), slopes_.data()},
      slice, passed_.data(), dots_.data());
}

std::uint32_t FaceSiftBatch::passed_word(std::size_t probe, std::int64_t word) const {
  const std::int64_t first = word * kGroupsPerWord;
  const std::uint16_t* own = passed_.data() + static_cast<std::int64_t>(probe) * groups_;
  std::uint32_t bits = 0;
  for (std::int64_t g = first; g < std::min(first + kGroupsPerWord, groups_); ++g) {
    bits |= std::uint32_t{own[g]} << (g - first) * kFaceGroupRows;
  }
  return bits;
}

kernels::FaceEntry FaceSiftBatch::entry(std::size_t probe, std::int64_t at, Row row,
                                        const FaceRowTerms& terms) const {
  const std::int64_t own = static_cast<std::int64_t>(probe) * groups_ * kFaceGroupRows;
  const auto bounds = kernels::coarse_bounds(probes_[probe].coarse, terms, dots_[own + at]);
  return {row.value(), bounds.similarity, bounds.lower, bounds.upper};
}

FaceCodeRows::FaceCodeRows(int dimension, kernels::FaceCodeDot dot)
    : dimension_(dimension),
      codes_(kernels::padded_face_codes(dimension)),
      dot_(dot),
      codes_of_(codes_) {}

Result<> FaceCodeRows::append(std::span<const float> vector) {
  WHORL_CHECK(std::ssize(vector) >= dimension_);
  WHORL_TRY_VOID(codes_of_.append());
  const auto terms = kernels::quantise_face(vector.data(), dimension_, place(rows()));
  scales_.push_back(terms.scale);
  return {};
}

void FaceCodeRows::wipe(Row row) {
  WHORL_CHECK(row.value() < scales_.size());
  std::fill_n(place(row.value()), codes_, std::int8_t{0});
  scales_[row.value()] = 0;
}

std::size_t FaceCodeRows::resident_bytes() const {
  return codes_of_.resident_bytes() + scales_.capacity() * sizeof(float);
}

}  // namespace whorl::index
