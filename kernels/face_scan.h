#pragma once
// Faces in few bits: how a unit vector is rounded, what two of them say of the inner product of the
// vectors they stand for, and which rows of a gallery that leaves to be compared exactly. Shared by
// host and device, which give the same bits. C++17.
//
// A row g is scale * c with c of codes, numbers rounded to nearest (FaceBytes or FaceHalves), and
// keeps an upper bound of error = ||g - scale c||. A probe p is rounded in the same way, and what
// that left over is rounded once more: p' is its first term (coarse) or the sum of both (fine).
// Then
//
//     <p, g> - <p', g'> = <p, g - g'> + <p - p', g'>
//     |<p, g> - <p', g'>| <= ||p|| ||g - g'|| + ||p - p'|| ||g'||            (Cauchy, Schwarz)
//                         <= (||p|| + ||p - p'||) error + N ||p - p'||
//
// with N >= ||g||, because ||g'|| <= ||g|| + ||g - g'||. The parentheses are the probe's `reach`,
// the last summand, with what float arithmetic adds (face_slack), its `own`.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/accelerator.h"
#include "kernels/core.h"

namespace whorl::kernels {

inline constexpr int kMaxFaceCodes = 4096;  // of one vector
// Rows are padded with zeros to whole strides of bytes: the four lanes of a warp that share a row
// feed two matrix instructions from one 16-byte load each.
inline constexpr int kFaceStride = 64;
inline constexpr int kFaceCodeMax = 127;
static_assert(std::int64_t{kMaxFaceCodes} * kFaceCodeMax * kFaceCodeMax < INT32_MAX,
              "a dot product fits in an int");
// N above. What is called a unit vector was brought to that length in float.
inline constexpr float kFaceNormMax = 1.0F + 1.0F / 1024;

struct FaceRowTerms {
  float scale;
  float error;  // kFaceGone: the row was wiped and is no candidate
};
static_assert(sizeof(FaceRowTerms) == 8);
inline constexpr float kFaceGone = -std::numeric_limits<float>::infinity();

struct FaceProbeTerms {
  float scale;
  float reach, own;
};

// What is known of a pair: the inner product of its vectors, as a real number or as face_dot.h
// rounds it, is not below `lower` nor above `upper`.
struct FaceBounds {
  float similarity;  // between them
  float lower, upper;
};

// --- Rounding a vector

// Whole numbers up to kFaceCodeMax.
struct FaceBytes {
  using Code = std::int8_t;
  using Dot = int;  // of two vectors' codes: exact

  WHORL_HOST_DEVICE static float scale_of(float largest_magnitude) {
    return largest_magnitude / static_cast<float>(kFaceCodeMax);
  }
  // Never off by more than half a scale, but where the scale is so small that float has no digits
  // for it; the row's error is measured, so it is right there, too.
  WHORL_HOST_DEVICE static Code code_of(float number, float scale) {
    if (!(scale > 0)) return 0;
    const float nearest = rintf(number / scale);
    const auto limit = static_cast<float>(kFaceCodeMax);
    return static_cast<Code>(fminf(fmaxf(nearest, -limit), limit));
  }
  WHORL_HOST_DEVICE static double number_of(Code code, float scale) {
    return static_cast<double>(scale) * code;
  }
  static float dot_slack(int) { return 0; }
};

// IEEE 754's binary16, for magnitudes below 65520.
struct FaceHalves {
  using Code = std::uint16_t;
  using Dot = float;  // rounded in an order of the device's own: see dot_slack

  WHORL_HOST_DEVICE static float scale_of(float) { return 1; }
  // To nearest, ties to even. Where a half is subnormal its last place is that of a float in
  // 0.5 .. 1, so that adding one half rounds there.
  WHORL_HOST_DEVICE static Code code_of(float number, float) {
    constexpr std::uint32_t kLeastNormal = 0x38800000, kRebias = 112U << 23U, kHalf = 0x3F000000;
    const std::uint32_t bits = bits_of(number), size = bits & 0x7FFFFFFFU;
    const std::uint32_t sign = bits >> 16U & 0x8000U;
    if (size < kLeastNormal) {
      return static_cast<Code>(sign | (bits_of(float_of(size) + float_of(kHalf)) - kHalf));
    }
    return static_cast<Code>(sign | ((size - kRebias + 0xFFFU + (size >> 13U & 1U)) >> 13U));
  }
  WHORL_HOST_DEVICE static double number_of(Code code, float) { return float_of_half(code); }
  WHORL_HOST_DEVICE static float float_of_half(Code code) {
    constexpr std::uint32_t kTwoTo112 = (112U + 127U) << 23U;
    const std::uint32_t sign = (code & 0x8000U) << 16U;
    const float size = float_of((code & 0x7FFFU) << 13U) * float_of(kTwoTo112);
    return float_of(sign | bits_of(size));
  }
  // What a device's sums of products may be off by. A product of halves is exact in a float. Tensor
  // cores add up to 16 of them to a sum at a time, each cut off at the last place of the largest
  // (Fasi, Higham, Mikaitis and Pranesh, "Numerical behavior of NVIDIA tensor cores", PeerJ
  // Computer Science 7:e330, 2021), which is 17/16 cuts of at most 2^-23 N^2 a code and one more
  // for each sum; lanes that round to nearest lose less. PTX promises nothing, so twice as much is
  // taken, and the GPU check looks at what a device really loses.
  static float dot_slack(int dimension) {
    return (9.0F / 8 * static_cast<float>(dimension + kFaceStride) + 16) / (1 << 22);
  }

 private:
  WHORL_HOST_DEVICE static std::uint32_t bits_of(float number) {
    std::uint32_t bits = 0;
    memcpy(&bits, &number, sizeof(bits));
    return bits;
  }
  WHORL_HOST_DEVICE static float float_of(std::uint32_t bits) {
    float number = 0;
    memcpy(&number, &bits, sizeof(number));
    return number;
  }
};

// What a code leaves over: exact but for the last digits of a double.
template <class Kind = FaceBytes>
WHORL_HOST_DEVICE double face_rest(float number, float scale, typename Kind::Code code) {
  return static_cast<double>(number) - Kind::number_of(code, scale);
}
template <class Kind = FaceBytes>
constexpr int padded_face_codes(int dimension) {
  constexpr int kStride = kFaceStride / static_cast<int>(sizeof(typename Kind::Code));
  return (dimension + kStride - 1) / kStride * kStride;
}

// The root of a sum of squares as a float that is not below it: 2^-20 is more than the sum of 4096
// doubles and the rounding to float take away.
WHORL_HOST_DEVICE inline float face_norm_above(double sum_of_squares) {
  return static_cast<float>(sqrt(sum_of_squares) * (1 + 1.0 / (1 << 20)));
}

// --- A pair's bounds

// Absolute; u = 2^-24. Each float operation adds at most u times its result:
//   the exact comparison  ceil(dimension / 8) + 3 roundings of at most N^2   (face_dot.h)
//   the similarity        4 of at most 1.7: ||p'|| and ||g'|| are below 1.26, as half a scale a
//                         component is sqrt(4096) / 254 of the norm
//   reach * error + own   4 of at most 0.7, with those of reach and own
//   lower, upper          1 of at most 2.4
// together below (ceil(dimension / 8) + 14) * 1.01 u. Twice as much is taken, a thousandth of what
// the rounding to 8 bits costs. Dot products of halves add dot_slack().
inline float face_slack(int dimension) {
  return static_cast<float>((dimension + 7) / 8 + 16) / (1 << 23);
}

// The order of operations is as written, each rounded by itself.
WHORL_HOST_DEVICE inline FaceBounds face_bounds(float similarity, const FaceProbeTerms& probe,
                                                const FaceRowTerms& row) {
  const float apart = probe.reach * row.error + probe.own;
  return {similarity, similarity - apart, similarity + apart};
}
// A dot product is one of codes: an int, or a float where they are halves.
template <class Dot>
WHORL_HOST_DEVICE FaceBounds coarse_bounds(const FaceProbeTerms& coarse, const FaceRowTerms& row,
                                           Dot dot) {
  return face_bounds(coarse.scale * row.scale * static_cast<float>(dot), coarse, row);
}
// `rest_dot` is the row's with the codes of what the first rounding left over. Both bounds hold, so
// the tighter of them does.
template <class Dot>
WHORL_HOST_DEVICE FaceBounds fine_bounds(const FaceProbeTerms& coarse, const FaceProbeTerms& fine,
                                         const FaceRowTerms& row, Dot dot, Dot rest_dot) {
  const float sum =
      coarse.scale * static_cast<float>(dot) + fine.scale * static_cast<float>(rest_dot);
  const FaceBounds first = coarse_bounds(coarse, row, dot);
  const FaceBounds second = face_bounds(row.scale * sum, fine, row);
  return {second.similarity, fmaxf(first.lower, second.lower), fminf(first.upper, second.upper)};
}

// Few operations that tell most rows from those whose coarse upper bound reaches `bar`, for rows
// whose error is at most `error`: such a row's dot * row.scale is never less than
// face_cut(probe, bar) - face_slope(probe) * error. 2^-18 covers the roundings of both sides, each
// u times at most 4 once multiplied by the probe's scale.
WHORL_HOST_DEVICE inline float face_cut(const FaceProbeTerms& coarse, float bar) {
  return (bar - coarse.own - 1.0F / (1 << 18)) / coarse.scale;
}
WHORL_HOST_DEVICE inline float face_slope(const FaceProbeTerms& coarse) {
  return coarse.reach / coarse.scale;
}
// A probe of zeros has a cut that is no number where its scale is zero: nothing is below it.
template <class Dot>
WHORL_HOST_DEVICE bool below_face_cut(Dot dot, float row_scale, float cut) {
  return static_cast<float>(dot) * row_scale < cut;
}

// --- Whole vectors, on the host

// codes [padded_face_codes<Kind>(dimension)] are written. The squares of the rests are added up in
// 32 partial sums, codes to sums a 32-bit word at a time, and those in pairs, 16 apart, 8, 4, 2, 1:
// the device's warps do the same.
template <class Kind = FaceBytes>
FaceRowTerms quantise_face(const float* vector, int dimension, typename Kind::Code* codes);

template <class Kind = FaceBytes>
struct FaceProbe {
  std::vector<typename Kind::Code> codes, rest;  // [padded_face_codes<Kind>(dimension)]
  FaceProbeTerms coarse{}, fine{};               // fine.scale is that of `rest`
};
template <class Kind = FaceBytes>
FaceProbe<Kind> quantise_face_probe(const float* vector, int dimension);

// At most kFaceNormMax long, and of numbers: what every bound here rests on.
bool is_face_vector(const float* vector, int dimension);

// A row that is listed, as the device keeps it.
struct FaceEntry {
  std::uint32_t row;
  float similarity, lower, upper;
};
static_assert(sizeof(FaceEntry) == 16);

// Leaves those whose upper bound is not below the keep-th largest lower bound: each row among the
// `keep` of largest inner product, ties included, is one of them, because `keep` rows reach that
// lower bound.
void keep_possible_faces(std::vector<FaceEntry>& entries, std::int64_t keep);
// Leaves those that are not below the keep-th largest similarity.
void keep_nearest_faces(std::vector<FaceCandidate>& list, std::int64_t keep);

// --- The definition

// kernels/accelerator.h's contract, slow and obvious. Its lists are the device's, but for the
// order.
class FaceScanReference final : public FaceScanner {
 public:
  explicit FaceScanReference(int dimension);  // 1 .. kMaxFaceCodes

  Status append(const float* vectors, std::int64_t rows) override;
  Status wipe(std::int64_t row) override;
  std::int64_t rows() const override { return static_cast<std::int64_t>(terms_.size()); }
  std::int64_t resident_bytes() const override;
  bool exact() const override { return false; }
  Status scan(const float* probes, int count, const std::uint32_t* admitted, int keep,
              std::vector<std::vector<FaceCandidate>>& lists) override;
  float last_kernel_ms() const override { return 0; }

 private:
  int dimension_;
  std::vector<std::int8_t> codes_;  // [rows, padded]
  std::vector<FaceRowTerms> terms_;
};

}  // namespace whorl::kernels
