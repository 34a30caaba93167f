#include <immintrin.h>

#include <cstring>

#include "kernels/sign_projection.h"

namespace whorl::kernels {
namespace {

constexpr int kLanes = 16;                   // projections side by side, one in each 32-bit lane
constexpr int kSlices = kCylinderCells / 4;  // vpdpbusd takes four cells at a time
constexpr int kStripes = 2;                  // registers of projections: two share a broadcast
constexpr int kCylinders = 4;                // kStripes * kCylinders chains hide the latency
constexpr int kWordsOut = kSignBits / kLanes;
static_assert(kSlices % kLanes == 0);

// [slice][stripe]: lane l holds cells 4 * slice .. + 3 of projection 16 * stripe + l.
using Sliced = __m512i[kSlices][kStripes];

// Turns 16 rows of 16 slices into 16 slices of 16 rows: a transposition in four rounds.
void transpose(__m512i (&v)[kLanes]) {
  __m512i t[kLanes];
  for (int i = 0; i < kLanes; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
  for (int i = 0; i < kLanes; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  // v[4 * q + c], quarter k: rows 4 * q .. + 3 of slice 4 * k + c.
  for (int c = 0; c < 4; ++c) {
    const __m512i low_even = _mm512_shuffle_i32x4(v[c], v[4 + c], 0x88);
    const __m512i low_odd = _mm512_shuffle_i32x4(v[c], v[4 + c], 0xDD);
    const __m512i high_even = _mm512_shuffle_i32x4(v[8 + c], v[12 + c], 0x88);
    const __m512i high_odd = _mm512_shuffle_i32x4(v[8 + c], v[12 + c], 0xDD);
    t[c] = _mm512_shuffle_i32x4(low_even, high_even, 0x88);
    t[4 + c] = _mm512_shuffle_i32x4(low_odd, high_odd, 0x88);
    t[8 + c] = _mm512_shuffle_i32x4(low_even, high_even, 0xDD);
    t[12 + c] = _mm512_shuffle_i32x4(low_odd, high_odd, 0xDD);
  }
  for (int i = 0; i < kLanes; ++i) v[i] = t[i];
}

void slice(const std::int8_t* rows, Sliced& sliced) {
  for (int stripe = 0; stripe < kStripes; ++stripe) {
    for (int first = 0; first < kSlices; first += kLanes) {
      __m512i v[kLanes];
      for (int l = 0; l < kLanes; ++l) {
        v[l] = _mm512_loadu_si512(rows + (stripe * kLanes + l) * kCylinderCells + 4 * first);
      }
      transpose(v);
      for (int s = 0; s < kLanes; ++s) sliced[first + s][stripe] = v[s];
    }
  }
}

// The sums of kCylinders cylinders with all projections of `sliced`. Left to itself gcc 12 takes
// one slice a turn, a sixth slower.
void project(const std::uint8_t* const (&cells)[kCylinders], const Sliced& sliced,
             __m512i (&sums)[kCylinders][kStripes]) {
  for (auto& cylinder : sums) {
    for (__m512i& sum : cylinder) sum = _mm512_setzero_si512();
  }
#pragma GCC unroll 4
  for (int s = 0; s < kSlices; ++s) {
#pragma GCC unroll 4
    for (int c = 0; c < kCylinders; ++c) {
      std::int32_t four;
      std::memcpy(&four, cells[c] + 4 * s, sizeof four);
      const __m512i mine = _mm512_set1_epi32(four);
#pragma GCC unroll 2
      for (int stripe = 0; stripe < kStripes; ++stripe) {
        sums[c][stripe] = _mm512_dpbusd_epi32(sums[c][stripe], mine, sliced[s][stripe]);
      }
    }
  }
}

// Calls take(cylinder, stripe, sums less thresholds) for all cylinders and the leading stripes of
// 16 projections each. The rows are sliced anew for each call, a tenth of the time for a usual
// print.
template <class Take>
void project_all(const SignProjection& projection, const std::uint8_t* cells, std::int64_t count,
                 int stripes, Take&& take) {
  Sliced sliced;
  for (int first = 0; first < stripes; first += kStripes) {
    slice(projection.rows + first * kLanes * kCylinderCells, sliced);
    for (std::int64_t i = 0; i < count; i += kCylinders) {
      const std::uint8_t* mine[kCylinders];  // past the end the last stands in
      for (int c = 0; c < kCylinders; ++c) {
        mine[c] = cells + (i + c < count ? i + c : count - 1) * kCylinderCells;
      }
      __m512i sums[kCylinders][kStripes];
      project(mine, sliced, sums);
      for (int c = 0; c < kCylinders && i + c < count; ++c) {
        for (int stripe = 0; stripe < kStripes; ++stripe) {
          const __m512i bound =
              _mm512_loadu_si512(projection.thresholds + (first + stripe) * kLanes);
          take(i + c, first + stripe, _mm512_sub_epi32(sums[c][stripe], bound));
        }
      }
    }
  }
}

}  // namespace

// A stripe gives one word of each code: its signs are the word's bits.
void project_signs_avx512(const SignProjection& projection, const std::uint8_t* cells,
                          std::int64_t count, std::uint16_t* words) {
  project_all(projection, cells, count, kWordsOut, [&](std::int64_t i, int word, __m512i sums) {
    words[i * kWordsOut + word] = _mm512_cmpgt_epi32_mask(sums, _mm512_setzero_si512());
  });
}

void project_sums_avx512(const SignProjection& projection, const std::uint8_t* cells,
                         std::int64_t count, int rows, std::int32_t* out) {
  project_all(projection, cells, count, rows / kLanes,
              [&](std::int64_t i, int stripe, __m512i sums) {
                _mm512_storeu_si512(out + i * rows + stripe * kLanes, sums);
              });
}

}  // namespace whorl::kernels
