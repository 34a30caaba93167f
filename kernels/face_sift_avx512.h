#pragma once
// What the AVX-512 and the AMX twin of face_sift.h share.

#include <immintrin.h>

#include "kernels/face_sift.h"

namespace whorl::kernels {
namespace {  // each file its own, made with its own flags

// The last step for a probe and a group, whose sixteen exact products are `dot`.
inline void tell_passed(const FaceSiftProbes& probes, int p, const FaceCodeBlock& block,
                        std::int64_t g, __m512i dot, std::uint16_t* passed, std::int32_t* dots) {
  const float slack = probes.slopes[p] * block.errors[g];
  const __m512 cut = _mm512_set1_ps(probes.cuts[p] - slack);
  const __m512 scaled =
      _mm512_mul_ps(_mm512_cvtepi32_ps(dot), _mm512_load_ps(block.scales + g * kFaceGroupRows));
  const __mmask16 bits = _mm512_cmp_ps_mask(scaled, cut, _CMP_NLT_UQ);
  const std::int64_t at = p * block.groups + g;
  passed[at] = bits;
  if (bits != 0) _mm512_store_si512(dots + at * kFaceGroupRows, dot);
}

// Asks for the groups after these while they are passed over, in each pass its share and in each
// step of a pass the lines that are a step of them: bursts wait for themselves.
class NextGroups {
 public:
  // `step_bytes` of each of `groups` groups of `group_bytes` at a time, in `passes` passes.
  NextGroups(const std::uint8_t* lanes, std::int64_t group_bytes, int groups, int step_bytes,
             int passes)
      : next_(lanes + groups * group_bytes),
        step_bytes_(groups * step_bytes),
        lines_(step_bytes_ / kLine),
        passes_(passes) {}
  void fetch(int pass, std::int64_t step) const {
    const std::uint8_t* at = next_ + step * step_bytes_;
    for (int line = pass * lines_ / passes_; line < (pass + 1) * lines_ / passes_; ++line) {
      __builtin_prefetch(at + line * kLine, 0, 2);
    }
  }

 private:
  static constexpr int kLine = 64;
  const std::uint8_t* next_;
  int step_bytes_, lines_, passes_;
};

}  // namespace
}  // namespace whorl::kernels
