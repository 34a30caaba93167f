#pragma once
// How minutiae are laid on one another with AVX-512: steps 3 and 4 of print_alignment.h, for prints
// and probes of up to 64 minutiae. Everything stands in an unnamed namespace, as in
// alignment_pairs_avx512.h.
//
// Who is near whom is told by bytes, 64 minutiae a probe minutia; the few couples that are found so
// are put side by side and weighed 16 at a time; and those that count for something, fewer still,
// choose each other one after another.

#include "kernels/alignment_votes_avx512.h"

namespace whorl::kernels {
namespace {

// Lanes l and l + 8, then l and l + 4, and so on: as sum_of_lanes() has it.
inline float sum_in_order(__m512 lanes) {
  const __m256 eight =
      _mm256_add_ps(_mm512_castps512_ps256(lanes), _mm512_extractf32x8_ps(lanes, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// The rigid motion of pair p and of those that agree with it.
inline alignment::Motion motion_by(const SmallPairs& pairs, int p, const Agreed& agreed) {
  const __m512i own = _mm512_set1_epi32(p);
  const auto of_p = [&](__m512i lanes) { return _mm512_permutexvar_epi32(own, lanes); };
  const auto to = [&](__m512i lanes) { return _mm512_sub_epi32(lanes, of_p(lanes)); };
  const __m512i once = _mm512_maskz_mov_epi32(agreed.at_all, pairs.weight);
  const __m512i weight = _mm512_mask_slli_epi32(once, agreed.fully, once, kFullAgreement - 1);
  const __m512i ux = to(pairs.ax), uy = to(pairs.ay), vx = to(pairs.bx), vy = to(pairs.by);
  const __m512i further =
      _mm512_srai_epi32(_mm512_slli_epi32(to(pairs.turn), 24), 24);  // -128 .. 127
  const auto sum = [&](__m512i values) {
    return _mm512_reduce_add_epi32(_mm512_mullo_epi32(weight, values));
  };
  const auto plus = [](__m512 l, __m512 r) { return _mm512_add_ps(l, r); };
  const auto times = [](__m512 l, __m512 r) { return _mm512_mul_ps(l, r); };
  const __m512 fux = _mm512_cvtepi32_ps(ux), fuy = _mm512_cvtepi32_ps(uy);
  const __m512 fvx = _mm512_cvtepi32_ps(vx), fvy = _mm512_cvtepi32_ps(vy);
  const __m512 w = _mm512_cvtepi32_ps(weight), lever = _mm512_set1_ps(alignment::kLeverPx2);
  const __m512 along =
      times(w, plus(plus(times(fux, fvx), times(fuy, fvy)), times(lever, pairs.cosine)));
  const __m512 across =
      times(w, plus(_mm512_sub_ps(times(fux, fvy), times(fuy, fvx)), times(lever, pairs.sine)));
  const auto lane = [&](__m512i lanes) {
    return _mm_cvtsi128_si32(_mm512_castsi512_si128(of_p(lanes)));
  };
  return alignment::motion_of({_mm512_reduce_add_epi32(weight), sum(further), sum(ux), sum(uy),
                               sum(vx), sum(vy), sum_in_order(along), sum_in_order(across)},
                              lane(pairs.ax), lane(pairs.ay), lane(pairs.bx), lane(pairs.by),
                              static_cast<std::int8_t>(lane(pairs.turn)));
}

// A print's minutiae as bytes, and its frame.
struct SmallLayout {
  __m512i x, y, direction;
  alignment::Frame frame;

  explicit SmallLayout(const SmallPrint& print) {
    static_assert(alignment::Chunk::kStepPx == 4);
    x = bytes_of(print.x, 2), y = bytes_of(print.y, 2), direction = bytes_of(print.others, 0);
    const __m512i far = _mm512_set1_epi32(kMaxPlace), near = _mm512_setzero_si512();
    __m512i left = far, right = near, bottom = near, top = _mm512_sub_epi32(near, far);
#pragma GCC unroll 4
    for (int part = 0; part < 4; ++part) {
      const auto here = static_cast<__mmask16>(print.there >> (16 * part));
      left = _mm512_mask_min_epi32(left, here, left, print.x[part]);
      right = _mm512_mask_max_epi32(right, here, right, print.x[part]);
      bottom = _mm512_mask_min_epi32(bottom, here, bottom, print.y[part]);
      top = _mm512_mask_max_epi32(top, here, top, print.y[part]);
    }
    frame.left = _mm512_reduce_min_epi32(left), frame.right = _mm512_reduce_max_epi32(right);
    frame.bottom = _mm512_reduce_min_epi32(bottom), frame.top = _mm512_reduce_max_epi32(top);
    frame.finish(std::popcount(print.there), alignment::kHeights);
  }

 private:
  static __m512i bytes_of(const __m512i (&lanes)[4], unsigned shift) {
    __m512i all = _mm512_castsi128_si512(_mm512_cvtepi32_epi8(_mm512_srai_epi32(lanes[0], shift)));
    all = _mm512_inserti32x4(all, _mm512_cvtepi32_epi8(_mm512_srai_epi32(lanes[1], shift)), 1);
    all = _mm512_inserti32x4(all, _mm512_cvtepi32_epi8(_mm512_srai_epi32(lanes[2], shift)), 2);
    return _mm512_inserti32x4(all, _mm512_cvtepi32_epi8(_mm512_srai_epi32(lanes[3], shift)), 3);
  }
};

// kLikeness as bytes, so that one instruction looks 64 of them up.
inline constexpr int kLikenessBias = 16;
struct LikenessBytes {
  alignas(64) std::uint8_t at[kCodeBits / 2];
  constexpr LikenessBytes() : at{} {
    for (int h = 0; h < kCodeBits / 2; ++h)
      at[h] = static_cast<std::uint8_t>(alignment::kLikeness.units[h] + kLikenessBias);
  }
};
inline constexpr LikenessBytes kLikenessBytes;
constexpr bool likeness_fits() {
  for (int h = 0; h < kCodeBits / 2; ++h) {
    if (kLikenessBytes.at[h] != alignment::kLikeness.units[h] + kLikenessBias) return false;
  }
  return true;
}
static_assert(likeness_fits());

// What one motion's couples count together. Made once for a probe: holds what is made on the way.
class SmallLikelihood {
 public:
  explicit SmallLikelihood(const SmallProbe& probe) : probe_(probe) {}

  int operator()(const alignment::Motion& motion, const SmallPrint& print,
                 const SmallLayout& layout) {
    const int within = move(motion, layout.frame);
    const int counted = weigh(list_couples(print.there, layout), print, layout.frame.height);
    return choose(counted, within);
  }

 private:
  // Where the probe's minutiae come to lie: moved(), in the same order. How many within the frame.
  int move(const alignment::Motion& motion, const alignment::Frame& frame) {
    constexpr int kAway = 1 << 16;  // as whole() has it
    const auto whole = [](__m512 v) {
      return _mm512_sub_epi32(_mm512_cvttps_epi32(_mm512_add_ps(v, _mm512_set1_ps(kAway + 0.5F))),
                              _mm512_set1_epi32(kAway));
    };
    const auto times = [](__m512 l, __m512 r) { return _mm512_mul_ps(l, r); };
    const __m512 cosine = _mm512_set1_ps(motion.cosine), sine = _mm512_set1_ps(motion.sine);
    // The lowest byte that is near a place, four times over.
    const auto lowest = [](__m512i bytes, int width) {
      return _mm512_shuffle_epi8(_mm512_sub_epi32(bytes, _mm512_set1_epi32(width / 2)),
                                 _mm512_load_si512(kFourfold.at));
    };
    int within = 0;
    for (int part = 0; 16 * part < probe_.count; ++part) {
      const __m512 dx = _mm512_sub_ps(probe_.x[part], _mm512_set1_ps(motion.from_x));
      const __m512 dy = _mm512_sub_ps(probe_.y[part], _mm512_set1_ps(motion.from_y));
      const __m512i x = whole(_mm512_add_ps(_mm512_set1_ps(motion.to_x),
                                            _mm512_sub_ps(times(cosine, dx), times(sine, dy))));
      const __m512i y = whole(_mm512_add_ps(_mm512_set1_ps(motion.to_y),
                                            _mm512_add_ps(times(sine, dx), times(cosine, dy))));
      const int left = probe_.count - 16 * part;
      const auto real = static_cast<__mmask16>(left < 16 ? (1U << left) - 1 : 0xFFFF);
      within += std::popcount(inside(real, x, y, frame));
      moved_x_[part] = x, moved_y_[part] = y;
      const __m512i turned =
          _mm512_add_epi32(probe_.steps[part], _mm512_set1_epi32(motion.turn_steps));
      turned_[part] = turned;
      _mm512_store_si512(lowest_x_ + 16 * part,
                         lowest(_mm512_srai_epi32(x, 2), alignment::kNear.x));
      _mm512_store_si512(lowest_y_ + 16 * part,
                         lowest(_mm512_srai_epi32(y, 2), alignment::kNear.y));
      _mm512_store_si512(lowest_direction_ + 16 * part, lowest(turned, alignment::kNear.direction));
    }
    return within;
  }
  static __mmask16 inside(__mmask16 who, __m512i x, __m512i y, const alignment::Frame& frame) {
    const auto all = [](int value) { return _mm512_set1_epi32(value); };
    constexpr int kMargin = alignment::kFrameMarginPx;
    who = _mm512_mask_cmpge_epi32_mask(who, x, all(frame.left - kMargin));
    who = _mm512_mask_cmple_epi32_mask(who, x, all(frame.right + kMargin));
    who = _mm512_mask_cmpge_epi32_mask(who, y, all(frame.bottom - kMargin));
    return _mm512_mask_cmple_epi32_mask(who, y, all(frame.top + kMargin));
  }

  // Every couple whose bytes are near, by the probe's minutia and then the print's: how many.
  int list_couples(std::uint64_t there, const SmallLayout& layout) {
    using alignment::kNear;
    static_assert(kNear.x == kNear.y && kNear.direction >= kNear.x);
    const __m512i more = _mm512_set1_epi8(kNear.direction - kNear.x);
    const __m512i widest = _mm512_set1_epi8(kNear.x);
    const auto fourfold = [](std::uint32_t bytes) {
      return _mm512_set1_epi32(static_cast<int>(bytes));
    };
    int couples = 0;
    for (int i = 0; i < probe_.count; ++i) {
      const __m512i dx = _mm512_sub_epi8(layout.x, fourfold(lowest_x_[i]));
      const __m512i dy = _mm512_sub_epi8(layout.y, fourfold(lowest_y_[i]));
      const __m512i turn = _mm512_sub_epi8(layout.direction, fourfold(lowest_direction_[i]));
      const __m512i most = _mm512_max_epu8(_mm512_max_epu8(dx, dy), _mm512_subs_epu8(turn, more));
      near_[i] = _mm512_mask_cmple_epu8_mask(there, most, widest);
    }
    std::uint64_t finders = 0;
    for (int i = 0; i < probe_.count; i += 8) {
      const __m512i eight = _mm512_load_si512(near_ + i);
      finders |= std::uint64_t{_mm512_test_epi64_mask(eight, eight)} << i;
    }
    for (; finders != 0; finders &= finders - 1) {
      const int i = std::countr_zero(finders);
      const std::uint64_t near = near_[i];
      _mm512_storeu_si512(theirs_ + couples,
                          _mm512_maskz_compress_epi8(near, _mm512_load_si512(kCounted.at)));
      _mm512_storeu_si512(own_ + couples, _mm512_set1_epi8(static_cast<char>(i)));
      couples += std::popcount(near);
    }
    return couples;
  }

  // Those that count for something, as worth << 16 | own << 8 | theirs: how many.
  int weigh(int couples, const SmallPrint& print, int height) {
    int counted = 0;
    for (int done = 0; done < couples; done += 16) {
      const int left = couples - done;
      const auto real = static_cast<__mmask16>(left < 16 ? (1U << left) - 1 : 0xFFFF);
      const __m512i i = numbers(own_ + done), j = numbers(theirs_ + done);
      const __m512i worth = worth_of(i, j, print, height);
      const __mmask16 good = _mm512_mask_cmpgt_epi32_mask(real, worth, _mm512_setzero_si512());
      const __m512i all = _mm512_or_si512(_mm512_slli_epi32(worth, 16),
                                          _mm512_or_si512(_mm512_slli_epi32(i, 8), j));
      _mm512_storeu_si512(counted_ + counted, _mm512_maskz_compress_epi32(good, all));
      counted += std::popcount(good);
    }
    return counted;
  }
  static __m512i numbers(const std::uint8_t* bytes) {
    return _mm512_cvtepu8_epi32(
        _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(bytes))));
  }

  // Zero out of reach. Numbers that are squared are whole and small, in the lower 16 bits.
  __m512i worth_of(__m512i i, __m512i j, const SmallPrint& print, int height) const {
    using namespace alignment;
    const auto all = [](int value) { return _mm512_set1_epi32(value); };
    const __m512i dx = _mm512_abs_epi32(_mm512_sub_epi32(of_64(print.x, j), of_64(moved_x_, i)));
    const __m512i dy = _mm512_abs_epi32(_mm512_sub_epi32(of_64(print.y, j), of_64(moved_y_, i)));
    const __m512i others = of_64(print.others, j);
    const __m512i turned = _mm512_sub_epi32(others, of_64(turned_, i));
    const __m512i turn = _mm512_abs_epi32(_mm512_srai_epi32(_mm512_slli_epi32(turned, 24), 24));
    const __m512i d2 = _mm512_add_epi32(_mm512_madd_epi16(dx, dx), _mm512_madd_epi16(dy, dy));
    const __mmask16 near = _mm512_cmple_epu32_mask(_mm512_max_epu32(dx, dy), all(kReachPx));
    const __mmask16 reached = _mm512_mask_cmple_epi32_mask(near, d2, all(kReachPx * kReachPx));
    const __m512i squares =
        _mm512_add_epi32(_mm512_madd_epi16(d2, all(kDistanceCost)),
                         _mm512_madd_epi16(_mm512_madd_epi16(turn, turn), all(kTurnCost)));
    const __m512i cost = _mm512_srai_epi32(_mm512_madd_epi16(squares, all(kCostScale)), kCostShift);
    // What the codes say.
    const __m512i column = print.columns_of(j);
    const __mmask16 coded =
        _mm512_mask_cmpneq_epi32_mask(_mm512_cmplt_epi32_mask(i, all(probe_.codes)),
                                      SmallPrint::code_of(others), all(PackedMinutia::kNoCode));
    const __mmask16 named =
        _mm512_mask_cmpeq_epi32_mask(_mm512_mask_cmplt_epi32_mask(coded, column, all(kNoPartner)),
                                     _mm512_and_si512(column, all(255)), i);
    const __m512i likeness = _mm512_and_si512(
        _mm512_permutex2var_epi8(_mm512_load_si512(kLikenessBytes.at), _mm512_srli_epi32(column, 8),
                                 _mm512_load_si512(kLikenessBytes.at + 64)),
        all(255));
    __m512i said = _mm512_maskz_mov_epi32(coded, all(kOtherPartner));
    said = _mm512_mask_sub_epi32(said, named, likeness, all(kLikenessBias));
    return _mm512_maskz_add_epi32(reached, _mm512_sub_epi32(all(height), cost), said);
  }

  // Each probe minutia takes the best, the first of equal ones; each of the print's keeps the best
  // that took it.
  int choose(int counted, int within) {
    const auto own = [this](int at) { return counted_[at] >> 8 & 255U; };
    for (int part = 0; part < kFewMinutiae; part += 16)
      _mm512_store_si512(taken_ + part, _mm512_setzero_si512());
    int worth = 0, couples = 0;
    for (int at = 0; at < counted;) {
      std::uint32_t best = counted_[at];
      const unsigned i = own(at);
      while (++at < counted && own(at) == i)
        best = counted_[at] >> 16 > best >> 16 ? counted_[at] : best;
      const int offered = static_cast<int>(best >> 16);
      std::int32_t& taken = taken_[best & 255U];
      couples += taken == 0 ? 1 : 0;
      const int gain = offered > taken ? offered - taken : 0;
      worth += gain, taken += gain;
    }
    return worth - alignment::kMissingCost * (within > couples ? within - couples : 0);
  }

  static constexpr int kMostCouples = kFewMinutiae * kFewMinutiae;
  static constexpr Bytes64 kFourfold = bytes_by([](int k) { return k % 16 / 4 * 4; });

  const SmallProbe& probe_;
  __m512i moved_x_[4] = {}, moved_y_[4] = {}, turned_[4] = {};  // the probe's minutiae, moved
  alignas(64) std::uint32_t lowest_x_[kFewMinutiae], lowest_y_[kFewMinutiae],
      lowest_direction_[kFewMinutiae];
  alignas(64) std::uint64_t near_[kFewMinutiae] = {};  // of the print's minutiae, a bit each
  std::uint8_t own_[kMostCouples + 64], theirs_[kMostCouples + 64];
  std::uint32_t counted_[kMostCouples + 16];
  alignas(64) std::int32_t taken_[kFewMinutiae];  // what the best that took it counts
};

}  // namespace
}  // namespace whorl::kernels
