#pragma once
// How pairs vote with AVX-512: step 2 of print_alignment.h. Everything stands in an unnamed
// namespace, as in alignment_pairs_avx512.h.
//
// A stranger's pairs hardly ever agree. So all 120 couples of pairs are sieved by the cheap half of
// the question, a little generously: are they as far apart in both prints, and have they turned
// alike? The few that are left are put side by side and judged by the definition, both ways at
// once.

#include "kernels/alignment_pairs_avx512.h"

namespace whorl::kernels {
namespace {

// Sixteen agreements at once: agreement() of alignment_rules.h, operation by operation. What is
// between the minutiae of two pairs is the same for both but for its sign, which changes nothing.
class Between {
 public:
  Between(__m512 ux, __m512 uy, __m512 vx, __m512 vy)
      : dot_(plus(times(ux, vx), times(uy, vy))), cross_(less(times(ux, vy), times(uy, vx))) {
    const __m512 d2 = plus(times(ux, ux), times(uy, uy)), e2 = plus(times(vx, vx), times(vy, vy));
    both_ = plus(d2, e2), product_ = times(times(_mm512_set1_ps(4), d2), e2);
    widest_ = plus(_mm512_set1_ps(alignment::kStretchPx2),
                   times(_mm512_set1_ps(alignment::kHalfShare2), both_));
  }
  // Of `who`: whether the line between them has turned as the pair with this turn has.
  __mmask16 along(__mmask16 who, __m512 cosine, __m512 sine) const {
    const __m512 along = plus(times(dot_, cosine), times(cross_, sine));
    const __m512 across = less(times(cross_, cosine), times(dot_, sine));
    return _mm512_mask_cmp_ps_mask(who, _mm512_abs_ps(across),
                                   times(_mm512_set1_ps(alignment::kMaxSlant), along), _CMP_LE_OQ);
  }
  // Of `who`: whether they are as far apart in both prints, and twice so.
  __mmask16 within(__mmask16 who) const { return within(who, widest_); }
  __mmask16 well_within(__mmask16 who) const {
    return within(who, times(widest_, _mm512_set1_ps(0.25F)));
  }

 private:
  static __m512 plus(__m512 l, __m512 r) { return _mm512_add_ps(l, r); }
  static __m512 less(__m512 l, __m512 r) { return _mm512_sub_ps(l, r); }
  static __m512 times(__m512 l, __m512 r) { return _mm512_mul_ps(l, r); }
  __mmask16 within(__mmask16 who, __m512 most2) const {
    const __m512 over = less(both_, most2);
    return _mm512_mask_cmp_ps_mask(who, times(over, _mm512_abs_ps(over)), product_, _CMP_LE_OQ);
  }
  __m512 dot_, cross_, both_, product_, widest_;
};

// Of whole numbers, rounded as single floats are.
inline __m512 apart(__m512i from, __m512i to) {
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(to, from));
}
inline __mmask16 turned_alike(__mmask16 who, __m512i from, __m512i to) {
  const __m512i further =
      _mm512_add_epi32(_mm512_sub_epi32(to, from), _mm512_set1_epi32(alignment::kMaxTurnSteps));
  return _mm512_mask_cmple_epu32_mask(who, _mm512_and_si512(further, _mm512_set1_epi32(255)),
                                      _mm512_set1_epi32(2 * alignment::kMaxTurnSteps));
}

// How much each pair agrees with the motion of pair p.
struct Agreed {
  __mmask16 at_all, fully;
  Agreed(const SmallPairs& pairs, int p) {
    const __m512i own = _mm512_set1_epi32(p);
    const auto of_p = [&](__m512i lanes) { return _mm512_permutexvar_epi32(own, lanes); };
    const auto to = [&](__m512i lanes) { return apart(of_p(lanes), lanes); };
    const Between between(to(pairs.ax), to(pairs.ay), to(pairs.bx), to(pairs.by));
    const __mmask16 open = between.along(turned_alike(pairs.real(), of_p(pairs.turn), pairs.turn),
                                         _mm512_permutexvar_ps(own, pairs.cosine),
                                         _mm512_permutexvar_ps(own, pairs.sine));
    at_all = between.within(open), fully = between.well_within(at_all);
  }
};

// What each pair has, a lane each; -1 in lanes that are none.
class Votes {
 public:
  explicit Votes(const SmallPairs& pairs) : pairs_(pairs) {
    // A pair agrees fully with itself.
    _mm512_store_si512(votes_, _mm512_mask_slli_epi32(_mm512_set1_epi32(-1), pairs.real(),
                                                      pairs.weight, kFullAgreement - 1));
    std::uint64_t couples[2];
    sieve(couples);
    const int near = std::popcount(couples[0]), all = near + std::popcount(couples[1]);
    if (all == 0) return;
    alignas(64) std::uint8_t firsts[3 * 64], seconds[3 * 64];
    const auto put = [](std::uint64_t chosen, const Bytes64& numbers, std::uint8_t* to) {
      _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(chosen, _mm512_load_si512(numbers.at)));
    };
    put(couples[0], kFirst, firsts), put(couples[1], kFirst, firsts + near);
    put(couples[0], kSecond[0], seconds), put(couples[1], kSecond[1], seconds + near);
    for (int done = 0; done < all; done += 16) judge(firsts + done, seconds + done, all - done);
  }
  struct Most {
    int pair, votes;
  };
  // The first of those that have the most.
  Most most() const {
    const __m512i all = _mm512_load_si512(votes_);
    const int votes = _mm512_reduce_max_epi32(all);
    return {std::countr_zero(
                static_cast<unsigned>(_mm512_cmpeq_epi32_mask(all, _mm512_set1_epi32(votes)))),
            votes};
  }
  void take_out(__mmask16 pairs) { _mm512_mask_store_epi32(votes_, pairs, _mm512_set1_epi32(-1)); }

 private:
  // Couples (p, p + r) for r = 1 .. 8, modulo 16, 16 bits each; those of r = 8 once.
  void sieve(std::uint64_t (&couples)[2]) const {
    const auto packed = [](__m512i x, __m512i y) {
      return _mm512_mask_blend_epi16(0xAAAAAAAA, x, _mm512_slli_epi32(y, 16));
    };
    const __m512i a = packed(pairs_.ax, pairs_.ay), b = packed(pairs_.bx, pairs_.by);
    __m512i from = a, to = b;
    std::uint64_t alike[2] = {0, 0};
#pragma GCC unroll 8
    for (int r = 1; r <= 8; ++r) {
      from = _mm512_alignr_epi32(from, from, 1), to = _mm512_alignr_epi32(to, to, 1);
      const __m512i u = _mm512_sub_epi16(from, a), v = _mm512_sub_epi16(to, b);
      const std::uint64_t far = alike_far(_mm512_madd_epi16(u, u), _mm512_madd_epi16(v, v));
      alike[(r - 1) / 4] |= (r == 8 ? far & 0xFF : far) << (r - 1) % 4 * 16;
    }
    const __m512i turn = _mm512_broadcast_i32x4(_mm512_cvtepi32_epi8(pairs_.turn));
    const __m512i real = _mm512_set1_epi8(static_cast<char>(pairs_.count));
    for (int half = 0; half < 2; ++half) {
      const __m512i second = _mm512_load_si512(kSecond[half].at);
      const __m512i further = _mm512_sub_epi8(_mm512_shuffle_epi8(turn, second), turn);
      const __m512i steps = _mm512_set1_epi8(alignment::kMaxTurnSteps);
      couples[half] = _mm512_mask_cmple_epu8_mask(alike[half], _mm512_add_epi8(further, steps),
                                                  _mm512_add_epi8(steps, steps));
      if (pairs_.count == kVoters) continue;
      couples[half] = _mm512_mask_cmplt_epu8_mask(couples[half], second, real);
      couples[half] =
          _mm512_mask_cmplt_epu8_mask(couples[half], _mm512_load_si512(kFirst.at), real);
    }
  }

  // |d - e| <= T of agreement() by d^2 and e^2, and a little more: `over` is less by 2^-16 of both,
  // while no step here or there errs by more than 2^-22 of it.
  static __mmask16 alike_far(__m512i d2, __m512i e2) {
    constexpr float kSlack = 1.0F / 65536;
    constexpr float kKept = (1 - alignment::kHalfShare2 - kSlack) / 2;
    const __m512 d = _mm512_cvtepi32_ps(d2), e = _mm512_cvtepi32_ps(e2);
    const __m512 over = _mm512_fmadd_ps(_mm512_add_ps(d, e), _mm512_set1_ps(kKept),
                                        _mm512_set1_ps(-alignment::kStretchPx2 / 2));
    return _mm512_cmp_ps_mask(_mm512_mul_ps(over, _mm512_abs_ps(over)), _mm512_mul_ps(d, e),
                              _CMP_LE_OQ);
  }

  // Up to 16 couples whose turns are alike, both ways at once.
  void judge(const std::uint8_t* firsts, const std::uint8_t* seconds, int count) {
    const auto real = static_cast<__mmask16>(count < 16 ? (1U << count) - 1 : 0xFFFF);
    const auto numbers = [](const std::uint8_t* bytes) {
      return _mm512_cvtepu8_epi32(
          _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(bytes))));
    };
    const __m512i p = numbers(firsts), q = numbers(seconds);
    const auto between = [&](__m512i lanes) {
      return apart(_mm512_permutexvar_epi32(p, lanes), _mm512_permutexvar_epi32(q, lanes));
    };
    const Between both(between(pairs_.ax), between(pairs_.ay), between(pairs_.bx),
                       between(pairs_.by));
    const auto open = [&](__m512i own) {
      return both.along(real, _mm512_permutexvar_ps(own, pairs_.cosine),
                        _mm512_permutexvar_ps(own, pairs_.sine));
    };
    const __mmask16 open_p = open(p), open_q = open(q), fair = both.within(open_p | open_q);
    if (fair == 0) return;
    const __mmask16 full = both.well_within(fair);
    const auto given = [&](__mmask16 to, __m512i by) {
      const __m512i weight = _mm512_maskz_permutexvar_epi32(fair & to, by, pairs_.weight);
      return _mm512_mask_slli_epi32(weight, full, weight, kFullAgreement - 1);
    };
    alignas(64) std::int32_t to_first[16], to_second[16];
    _mm512_store_si512(to_first, given(open_p, q));
    _mm512_store_si512(to_second, given(open_q, p));
    for (unsigned left = fair; left != 0; left &= left - 1) {
      const int couple = std::countr_zero(left);
      votes_[firsts[couple]] += to_first[couple];
      votes_[seconds[couple]] += to_second[couple];
    }
  }

  static_assert(kFullAgreement == 2 && kVoters == 16);
  static constexpr Bytes64 kFirst = bytes_by([](int k) { return k % 16; });
  static constexpr Bytes64 kSecond[2] = {
      bytes_by([](int k) { return (k % 16 + k / 16 + 1) % 16; }),
      bytes_by([](int k) { return (k % 16 + k / 16 + 5) % 16; })};

  const SmallPairs& pairs_;
  alignas(64) std::int32_t votes_[kVoters];
};

}  // namespace
}  // namespace whorl::kernels
