#include "kernels/face_sift_avx512.h"

namespace whorl::kernels {
namespace {

constexpr int kMostProbes = 8;
// Bytes asked for ahead in the only pass, a line at a time: at a page's end the hardware does not
// look on.
constexpr std::int64_t kAhead = 4096;
constexpr int kGroups = 2;  // share the loads of the probes' codes

// Of sums for one probe, whose latency nothing else would hide.
template <int kProbes>
constexpr int kChains = kProbes == 1 ? 2 : 1;

template <int kHere, int kProbes>
void sift_groups(const FaceSiftProbes& probes, int first, const FaceCodeBlock& block,
                 std::int64_t g, const NextGroups& next, int pass, int passes,
                 std::uint16_t* passed, std::int32_t* dots) {
  const std::int64_t bytes = std::int64_t{block.codes} * kFaceGroupRows;
  const std::uint8_t* lanes = block.lanes + g * bytes;
  const std::int8_t* codes = probes.codes + probe_code_place(first, 0, block.codes);
  __m512i sums[kChains<kProbes>][kHere][kProbes];
  for (auto& chain : sums) {
    for (auto& group : chain) {
      for (__m512i& sum : group) sum = _mm512_setzero_si512();
    }
  }
  for (int d = 0; d < block.codes; d += kFaceStride, codes += kProbeTile * kFaceStride) {
    if (passes > 1) next.fetch(pass, d / kFaceStride);
#pragma GCC unroll 16
    for (int k = 0; k < kFaceStride; k += kFaceCodesTogether) {
      constexpr int kMask = kChains<kProbes> - 1;
      auto& chain = sums[k / kFaceCodesTogether & kMask];
      __m512i rows[kHere];
      for (int h = 0; h < kHere; ++h) {
        rows[h] = _mm512_load_si512(lanes + h * bytes);
        if (passes == 1) __builtin_prefetch(lanes + h * bytes + kAhead, 0, 2);
      }
      lanes += kFaceGroupRows * kFaceCodesTogether;
#pragma GCC unroll 16
      for (int p = 0; p < kProbes; ++p) {
        std::int32_t four;
        __builtin_memcpy(&four, codes + p * kFaceStride + k, sizeof four);
        const __m512i mine = _mm512_set1_epi32(four);
        for (int h = 0; h < kHere; ++h)
          chain[h][p] = _mm512_dpbusd_epi32(chain[h][p], rows[h], mine);
      }
    }
  }
  for (int h = 0; h < kHere; ++h) {
    for (int p = 0; p < kProbes && first + p < probes.count; ++p) {
      __m512i sum = sums[0][h][p];
      for (int c = 1; c < kChains<kProbes>; ++c) sum = _mm512_add_epi32(sum, sums[c][h][p]);
      const __m512i excess = _mm512_set1_epi32(kFaceCodeZero * probes.sums[first + p]);
      tell_passed(probes, first + p, block, g + h, _mm512_sub_epi32(sum, excess), passed, dots);
    }
  }
}

template <int kHere>
void sift_pass(const FaceSiftProbes& probes, const FaceCodeBlock& block, std::int64_t g,
               std::uint16_t* passed, std::int32_t* dots) {
  const std::int64_t bytes = std::int64_t{block.codes} * kFaceGroupRows;
  const int passes = (probes.count + kMostProbes - 1) / kMostProbes;
  const NextGroups next(block.lanes + g * bytes, bytes, kHere, kFaceStride * kFaceGroupRows,
                        passes);
  for (int pass = 0; pass < passes; ++pass) {
    const int first = pass * kMostProbes, left = probes.count - first;
    const auto sift = left > 4   ? sift_groups<kHere, kMostProbes>
                      : left > 1 ? sift_groups<kHere, 4>
                                 : sift_groups<kHere, 1>;
    sift(probes, first, block, g, next, pass, passes, passed, dots);
  }
}

}  // namespace

// Groups outside, so that they come from memory once and evenly.
void sift_faces_avx512(const FaceSiftProbes& probes, const FaceCodeBlock& block,
                       std::uint16_t* passed, std::int32_t* dots) {
  check_sift(probes, block);
  if (probes.count == 0) return;
  std::int64_t g = 0;
  for (; g + kGroups <= block.groups; g += kGroups) {
    sift_pass<kGroups>(probes, block, g, passed, dots);
  }
  for (; g < block.groups; ++g) sift_pass<1>(probes, block, g, passed, dots);
}

// A product with 128 is taken off by itself: no sums of codes need be kept.
std::int32_t face_code_dot_avx512(const std::int8_t* a, const std::int8_t* b, int codes) {
  const __m512i zero = _mm512_set1_epi8(static_cast<char>(kFaceCodeZero));
  __m512i sum = _mm512_setzero_si512(), excess = sum;
  for (int d = 0; d < codes; d += kFaceStride) {
    const __m512i mine = _mm512_loadu_si512(a + d);
    const __m512i theirs = _mm512_xor_si512(_mm512_loadu_si512(b + d), zero);
    sum = _mm512_dpbusd_epi32(sum, theirs, mine);
    excess = _mm512_dpbusd_epi32(excess, zero, mine);
  }
  return _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, excess));
}

}  // namespace whorl::kernels
