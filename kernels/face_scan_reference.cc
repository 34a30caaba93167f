#include <algorithm>
#include <cstddef>
#include <functional>

#include "kernels/face_scan.h"

namespace whorl::kernels {
namespace {

constexpr int kSums = 32;

double added_in_pairs(double (&sums)[kSums]) {
  for (int apart = kSums / 2; apart > 0; apart /= 2) {
    for (int l = 0; l < apart; ++l) sums[l] += sums[l + apart];
  }
  return sums[0];
}

float norm_above(const std::vector<double>& vector) {
  double sum = 0;
  for (const double value : vector) sum += value * value;
  return face_norm_above(sum);
}

template <class Kind>
FaceProbeTerms terms_of(float scale, float norm, float left_over, int dimension) {
  return {scale, norm + left_over,
          kFaceNormMax * left_over + face_slack(dimension) + Kind::dot_slack(dimension)};
}

int dot_of(const std::int8_t* a, const std::int8_t* b, int count) {
  int sum = 0;
  for (int d = 0; d < count; ++d) sum += a[d] * b[d];
  return sum;
}

}  // namespace

template <class Kind>
FaceRowTerms quantise_face(const float* vector, int dimension, typename Kind::Code* codes) {
  constexpr int kCodesPerWord = 4 / static_cast<int>(sizeof(typename Kind::Code));
  float largest = 0;
  for (int d = 0; d < dimension; ++d) largest = std::max(largest, std::fabs(vector[d]));
  const float scale = Kind::scale_of(largest);
  double sums[kSums] = {};
  std::fill_n(codes, padded_face_codes<Kind>(dimension), typename Kind::Code{0});
  for (int d = 0; d < dimension; ++d) {
    codes[d] = Kind::code_of(vector[d], scale);
    const double rest = face_rest<Kind>(vector[d], scale, codes[d]);
    sums[d / kCodesPerWord % kSums] += rest * rest;
  }
  return {scale, face_norm_above(added_in_pairs(sums))};
}

template <class Kind>
FaceProbe<Kind> quantise_face_probe(const float* vector, int dimension) {
  const auto padded = static_cast<std::size_t>(padded_face_codes<Kind>(dimension));
  const auto size = static_cast<std::size_t>(dimension);
  FaceProbe<Kind> probe;
  probe.codes.resize(padded);
  probe.rest.resize(padded);
  const FaceRowTerms first = quantise_face<Kind>(vector, dimension, probe.codes.data());
  std::vector<double> left(size);
  for (std::size_t d = 0; d < size; ++d) {
    left[d] = face_rest<Kind>(vector[d], first.scale, probe.codes[d]);
  }
  std::vector<float> rounded(size);
  std::ranges::transform(left, rounded.begin(), [](double l) { return static_cast<float>(l); });
  const FaceRowTerms second = quantise_face<Kind>(rounded.data(), dimension, probe.rest.data());
  for (std::size_t d = 0; d < size; ++d) left[d] -= Kind::number_of(probe.rest[d], second.scale);
  const float norm = norm_above({vector, vector + dimension});
  probe.coarse = terms_of<Kind>(first.scale, norm, first.error, dimension);
  probe.fine = terms_of<Kind>(second.scale, norm, norm_above(left), dimension);
  return probe;
}

template FaceRowTerms quantise_face<FaceBytes>(const float*, int, std::int8_t*);
template FaceRowTerms quantise_face<FaceHalves>(const float*, int, std::uint16_t*);
template FaceProbe<FaceBytes> quantise_face_probe<FaceBytes>(const float*, int);
template FaceProbe<FaceHalves> quantise_face_probe<FaceHalves>(const float*, int);

bool is_face_vector(const float* vector, int dimension) {
  float sums[8] = {};  // one after another they would wait for each other
  int d = 0;
  for (; d + 8 <= dimension; d += 8) {
    for (int l = 0; l < 8; ++l) sums[l] += vector[d + l] * vector[d + l];
  }
  double sum = 0;
  for (const float partial : sums) sum += static_cast<double>(partial);
  for (; d < dimension; ++d) sum += static_cast<double>(vector[d]) * static_cast<double>(vector[d]);
  // 512 additions in float lose less than 2^-14.
  constexpr double kMargin = 1 - 1.0 / (1 << 14);
  return sum <= kMargin * static_cast<double>(kFaceNormMax) * static_cast<double>(kFaceNormMax);
}

void keep_possible_faces(std::vector<FaceEntry>& entries, std::int64_t keep) {
  const auto size = static_cast<std::int64_t>(entries.size());
  if (size <= keep) return;
  std::vector<float> lower;
  lower.reserve(entries.size());
  for (const FaceEntry& entry : entries) lower.push_back(entry.lower);
  std::nth_element(lower.begin(), lower.begin() + (keep - 1), lower.end(), std::greater<>());
  const float floor = lower[static_cast<std::size_t>(keep - 1)];
  std::erase_if(entries, [floor](const FaceEntry& entry) { return entry.upper < floor; });
}

void keep_nearest_faces(std::vector<FaceCandidate>& list, std::int64_t keep) {
  if (static_cast<std::int64_t>(list.size()) <= keep) return;
  const auto last = list.begin() + (keep - 1);
  std::nth_element(
      list.begin(), last, list.end(),
      [](const FaceCandidate& a, const FaceCandidate& b) { return a.similarity > b.similarity; });
  std::erase_if(list, [least = last->similarity](const FaceCandidate& one) {
    return one.similarity < least;
  });
}

FaceScanReference::FaceScanReference(int dimension) : dimension_(dimension) {
  WHORL_CHECK(dimension >= 1);
  WHORL_CHECK(dimension <= kMaxFaceCodes);
}

Status FaceScanReference::append(const float* vectors, std::int64_t rows) {
  const auto padded = static_cast<std::size_t>(padded_face_codes(dimension_));
  for (std::int64_t r = 0; r < rows; ++r, vectors += dimension_) {
    WHORL_CHECK(is_face_vector(vectors, dimension_));
    codes_.resize(codes_.size() + padded);
    terms_.push_back(quantise_face(vectors, dimension_, codes_.data() + codes_.size() - padded));
  }
  return Status::ok;
}

Status FaceScanReference::wipe(std::int64_t row) {
  WHORL_CHECK(row >= 0);
  WHORL_CHECK(row < rows());
  const std::int64_t padded = padded_face_codes(dimension_);
  std::fill_n(codes_.begin() + row * padded, padded, std::int8_t{0});
  terms_[static_cast<std::size_t>(row)] = {0, kFaceGone};
  return Status::ok;
}

std::int64_t FaceScanReference::resident_bytes() const {
  return static_cast<std::int64_t>(codes_.size() + terms_.size() * sizeof(FaceRowTerms));
}

Status FaceScanReference::scan(const float* probes, int count, const std::uint32_t* admitted,
                               int keep, std::vector<std::vector<FaceCandidate>>& lists) {
  WHORL_CHECK(keep >= 1);
  const int padded = padded_face_codes(dimension_);
  lists.assign(static_cast<std::size_t>(count), {});
  for (auto& list : lists) {
    WHORL_CHECK(is_face_vector(probes, dimension_));
    const FaceProbe<> probe = quantise_face_probe(probes, dimension_);
    std::vector<FaceEntry> entries;
    for (std::uint32_t row = 0; row < terms_.size(); ++row) {
      const std::int8_t* codes = codes_.data() + std::size_t{row} * probe.codes.size();
      const bool wanted = admitted == nullptr || (admitted[row / 32] >> row % 32 & 1U) != 0;
      if (!wanted || terms_[row].error == kFaceGone) continue;
      const FaceBounds bounds = fine_bounds(probe.coarse, probe.fine, terms_[row],
                                            dot_of(codes, probe.codes.data(), padded),
                                            dot_of(codes, probe.rest.data(), padded));
      entries.push_back({row, bounds.similarity, bounds.lower, bounds.upper});
    }
    keep_possible_faces(entries, keep);
    for (const FaceEntry& entry : entries) list.push_back({entry.row, entry.similarity});
    probes += dimension_;
  }
  return Status::ok;
}

}  // namespace whorl::kernels
