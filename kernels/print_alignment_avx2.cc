#include <immintrin.h>

#include "kernels/print_alignment_twin.h"

namespace whorl::kernels {
namespace {

struct Vector {
  static constexpr int kLanes = 8;
  typedef float Floats __attribute__((vector_size(4 * kLanes), may_alias));
  typedef std::int32_t Ints __attribute__((vector_size(4 * kLanes), may_alias));
  typedef std::uint32_t Words __attribute__((vector_size(4 * kLanes), may_alias));
  static Ints whole_part(const Floats& v) { return (Ints)_mm256_cvttps_epi32((__m256)v); }
  static Floats size(const Floats& v) {
    return (Floats)_mm256_andnot_ps(_mm256_set1_ps(-0.0F), (__m256)v);
  }

  static __m256i load(const void* address) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(address));
  }
  static __m256i all(std::uint8_t byte) { return _mm256_set1_epi8(static_cast<char>(byte)); }
  static __m256i at_most(__m256i bytes, __m256i bound) {
    return _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, bound), bytes);
  }
  static std::uint32_t bits_of(__m256i bytes) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
  }

  static std::uint64_t below(const std::uint8_t* bytes, int limit) {
    const __m256i bound = all(static_cast<std::uint8_t>(limit - 1));
    return bits_of(at_most(load(bytes), bound)) |
           std::uint64_t{bits_of(at_most(load(bytes + 32), bound))} << 32U;
  }

  static void near(const alignment::Chunk& chunk, const std::uint8_t* x, const std::uint8_t* y,
                   const std::uint8_t* direction, int count, std::uint64_t* out) {
    const __m256i wide_x = all(alignment::kNear.x), wide_y = all(alignment::kNear.y),
                  wide_turn = all(alignment::kNear.direction);
    for (int i = 0; i < count; ++i) {
      const __m256i left = all(x[i]), low = all(y[i]), turn = all(direction[i]);
      const auto half = [&](int at) {
        const __m256i near_x = at_most(_mm256_sub_epi8(load(chunk.x + at), left), wide_x);
        const __m256i near_y = at_most(_mm256_sub_epi8(load(chunk.y + at), low), wide_y);
        const __m256i turned =
            at_most(_mm256_sub_epi8(load(chunk.direction + at), turn), wide_turn);
        return bits_of(_mm256_and_si256(_mm256_and_si256(near_x, near_y), turned));
      };
      out[i] = half(0) | std::uint64_t{half(32)} << 32U;
    }
  }
};

}  // namespace

void align_prints_avx2(const AlignmentProbe& probe, const BlockMinutiae& block,
                       const FingerColumns* columns, std::uint64_t eligible, int least_votes,
                       std::uint16_t* scores) {
  alignment::align_prints<Vector>(probe, block, columns, eligible, least_votes, scores);
}

}  // namespace whorl::kernels
