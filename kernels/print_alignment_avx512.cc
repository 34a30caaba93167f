#include <immintrin.h>

#include "kernels/alignment_likelihood_avx512.h"
#include "kernels/print_alignment_twin.h"

namespace whorl::kernels {
namespace {

struct Vector {
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

// A probe of up to kFewMinutiae against prints of as many.
class SmallAligner {
 public:
  SmallAligner(const AlignmentProbe& probe, const FingerColumns* columns)
      : probe_(probe), columns_(columns), likelihood_(probe_) {}

  int score(const PackedMinutia* minutiae, int count, int least_votes) {
    const SmallPrint print(minutiae, count, columns_);
    const SmallPairs pairs(probe_, print);
    if (pairs.count == 0) return 0;
    Votes votes(pairs);
    const bool all_heard = probe_.codes < kFewCodes || std::popcount(print.coded) < kFewCodes;
    const Votes::Most first = votes.most();
    if (first.votes < least_votes && !all_heard) return 0;
    const SmallLayout layout(print);
    const Agreed agreed(pairs, first.pair);
    int best = likelihood_(motion_by(pairs, first.pair, agreed), print, layout);
    static_assert(alignment::kSameMotion == kFullAgreement);
    votes.take_out(agreed.fully);
    const Votes::Most second = votes.most();
    if (second.votes >= 0 && (all_heard || second.votes >= least_votes)) {
      const Agreed others(pairs, second.pair);
      const int other = likelihood_(motion_by(pairs, second.pair, others), print, layout);
      best = other > best ? other : best;
    }
    const int score = kAlignmentZero + best;
    return score < 1 ? 1 : score > 65535 ? 65535 : score;
  }

 private:
  SmallProbe probe_;
  const FingerColumns* columns_;
  SmallLikelihood likelihood_;
};

}  // namespace

void align_prints_avx512(const AlignmentProbe& probe, const BlockMinutiae& block,
                         const FingerColumns* columns, std::uint64_t eligible, int least_votes,
                         std::uint16_t* scores) {
  std::uint64_t small = 0;
  for (int b = 0; b < kBlockPrints; ++b) {
    small |= std::uint64_t{block.starts[b + 1] - block.starts[b] <= kFewMinutiae} << b;
  }
  if (probe.count > kFewMinutiae || columns == nullptr) small = 0;
  alignment::align_prints<Vector>(probe, block, columns, eligible & ~small, least_votes, scores);
  if ((eligible & small) == 0) return;
  SmallAligner aligner(probe, columns);
  for (std::uint64_t left = eligible & small; left != 0; left &= left - 1) {
    const int b = std::countr_zero(left);
    scores[b] = static_cast<std::uint16_t>(aligner.score(
        block.minutiae + block.starts[b], block.starts[b + 1] - block.starts[b], least_votes));
  }
}

}  // namespace whorl::kernels
