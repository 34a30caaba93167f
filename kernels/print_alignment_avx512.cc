#include <immintrin.h>

#include "kernels/alignment_votes_avx512.h"
#include "kernels/print_alignment_twin.h"

namespace whorl::kernels {
namespace {

struct Vector : Election {
  static constexpr int kLanes = 16;
  typedef float Floats __attribute__((vector_size(4 * kLanes), may_alias));
  typedef std::int32_t Ints __attribute__((vector_size(4 * kLanes), may_alias));
  typedef std::uint32_t Words __attribute__((vector_size(4 * kLanes), may_alias));
  static Ints whole_part(const Floats& v) { return (Ints)_mm512_cvttps_epi32((__m512)v); }
  static Floats size(const Floats& v) { return (Floats)_mm512_abs_ps((__m512)v); }

  static __m512i load(const void* address) { return _mm512_loadu_si512(address); }
  static __m512i all(std::uint8_t byte) { return _mm512_set1_epi8(static_cast<char>(byte)); }

  static std::uint64_t below(const std::uint8_t* bytes, int limit) {
    return _mm512_cmplt_epu8_mask(load(bytes), all(static_cast<std::uint8_t>(limit)));
  }

  static void near(const alignment::Chunk& chunk, const std::uint8_t* x, const std::uint8_t* y,
                   const std::uint8_t* direction, int count, std::uint64_t* out) {
    const __m512i xs = load(chunk.x), ys = load(chunk.y), directions = load(chunk.direction);
    const __m512i wide_x = all(alignment::kNear.x), wide_y = all(alignment::kNear.y),
                  wide_turn = all(alignment::kNear.direction);
    for (int i = 0; i < count; ++i) {
      const __mmask64 near_x = _mm512_cmple_epu8_mask(_mm512_sub_epi8(xs, all(x[i])), wide_x);
      const __mmask64 near_y =
          _mm512_mask_cmple_epu8_mask(near_x, _mm512_sub_epi8(ys, all(y[i])), wide_y);
      out[i] = _mm512_mask_cmple_epu8_mask(near_y, _mm512_sub_epi8(directions, all(direction[i])),
                                           wide_turn);
    }
  }
};

}  // namespace

void align_prints_avx512(const AlignmentProbe& probe, const BlockMinutiae& block,
                         const FingerColumns* columns, std::uint64_t eligible, int least_votes,
                         std::uint16_t* scores) {
  alignment::align_prints<Vector>(probe, block, columns, eligible, least_votes, scores);
}

}  // namespace whorl::kernels
