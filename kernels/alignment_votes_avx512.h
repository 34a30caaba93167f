#pragma once
// How a print's pairs are chosen and vote with AVX-512. What stands here is for prints and probes
// of up to 64 minutiae, nearly all there are: their columns, distances and places stay in
// registers. Everything stands in an unnamed namespace: include it in the twin alone.
//
// A stranger's pairs hardly ever agree: of 120 couples of pairs five turn alike and lie alike far
// apart, and less than one agrees. So all couples are sieved by that alone, a little generously,
// and those few that are left are put side by side and judged by the definition.

#include <immintrin.h>

#include <bit>
#include <cstdint>

#include "kernels/alignment_lanes.h"

namespace whorl::kernels {
namespace {

using alignment::Electorate;
using alignment::Pairs;
using alignment::ProbeLanes;

struct Bytes64 {
  alignas(64) std::uint8_t at[64];
};
template <class Formula>
constexpr Bytes64 bytes_by(Formula formula) {
  Bytes64 made{};
  for (int k = 0; k < 64; ++k) made.at[k] = static_cast<std::uint8_t>(formula(k));
  return made;
}

// Columns, pairs and votes are the contract's steps 1 and 2 (print_alignment.h).
class Election {
 public:
  static constexpr int kMost = 64;

  static bool choose(const ProbeLanes& probe, const PackedMinutia* minutiae, int count,
                     const FingerColumns* columns_of_block, Electorate& chosen) {
    if (count > kMost || probe.count > kMost || columns_of_block == nullptr) return false;
    Print print;
    read(minutiae, count, columns_of_block, print);
    _mm512_store_si512(chosen.columns, print.columns[0]);
    _mm512_store_si512(chosen.columns + 32, print.columns[1]);
    chosen.codes = std::popcount(print.coded);
    pair_up(probe, print, nearest(print.distances), chosen.pairs);
    return true;
  }

  static void count_votes(const Pairs& pairs, std::int32_t* votes) {
    const __m512i weight = _mm512_load_si512(pairs.weight);
    const auto real = static_cast<__mmask16>((1U << pairs.count) - 1);
    // A pair agrees fully with itself.
    _mm512_store_si512(votes, _mm512_mask_add_epi32(_mm512_set1_epi32(-1), real, weight, weight));
    std::uint64_t couples[2];
    sieve(pairs, couples);
    if ((couples[0] | couples[1]) == 0) return;
    const int near = std::popcount(couples[0]), all = near + std::popcount(couples[1]);
    alignas(64) std::uint8_t firsts[2 * 64 + 64], seconds[2 * 64 + 64];
    for (int half = 0; half < 2; ++half) {
      const int from = half == 0 ? 0 : near;
      const auto put = [&](std::uint8_t* to, const Bytes64& numbers) {
        _mm512_storeu_si512(
            to + from, _mm512_maskz_compress_epi8(couples[half], _mm512_load_si512(numbers.at)));
      };
      put(firsts, kFirst), put(seconds, kSecond[half]);
    }
    for (int done = 0; done < all; done += 16) {
      const int here = all - done < 16 ? all - done : 16;
      judge(pairs, firsts + done, seconds + done, static_cast<__mmask16>((1U << here) - 1), votes);
    }
    _mm512_mask_store_epi32(votes, _knot_mask16(real), _mm512_set1_epi32(-1));
  }

  static int most(const std::int32_t* votes) {
    const __m512i all = _mm512_load_si512(votes);
    const __m512i best = _mm512_set1_epi32(_mm512_reduce_max_epi32(all));
    return std::countr_zero(static_cast<unsigned>(_mm512_cmpeq_epi32_mask(all, best)));
  }

 private:
  struct Print {
    __m512i places[4], others[4];  // the halves of 16 minutiae each
    __m512i columns[2];
    __m512i distances;
    std::uint64_t coded;
  };

  // The print's minutiae and what the block's columns say of them.
  static void read(const PackedMinutia* minutiae, int count, const FingerColumns* columns_of_block,
                   Print& print) {
    const __m512i even =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_or_si512(even, _mm512_set1_epi32(1));
    const std::uint64_t there =
        count == kMost ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    const __m512i nobody = _mm512_set1_epi32(kNoPartner);
    __m256i columns[4];
    __m128i distances[4];
    print.coded = 0;
#pragma GCC unroll 4
    for (int part = 0; part < 4; ++part) {
      const auto here = static_cast<unsigned>(there >> (16 * part)) & 0xFFFFU;
      const PackedMinutia* from = minutiae + 16 * part;
      if (part == 3 && here == 0) {  // few prints have so many
        columns[part] = _mm512_cvtepi32_epi16(nobody);
        distances[part] = _mm512_cvtepi32_epi8(_mm512_srli_epi32(nobody, 8));
        print.places[part] = print.others[part] = _mm512_setzero_si512();
        continue;
      }
      const __m512i lower = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(here), from);
      const __m512i upper = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(here >> 8), from + 8);
      print.places[part] = _mm512_permutex2var_epi32(lower, even, upper);
      print.others[part] = _mm512_permutex2var_epi32(lower, odd, upper);
      const __m512i code = _mm512_and_si512(_mm512_srli_epi32(print.others[part], 16),
                                            _mm512_set1_epi32(PackedMinutia::kNoCode));
      const __mmask16 coded = _mm512_mask_cmpneq_epi32_mask(
          static_cast<__mmask16>(here), code, _mm512_set1_epi32(PackedMinutia::kNoCode));
      // Two columns at a time, of which one is wanted.
      const __m512i two = _mm512_mask_i32gather_epi32(nobody, coded, _mm512_srli_epi32(code, 1),
                                                      columns_of_block, 4);
      const __m512i side = _mm512_slli_epi32(_mm512_and_si512(code, _mm512_set1_epi32(1)), 4);
      const __m512i column = _mm512_mask_and_epi32(nobody, coded, _mm512_srlv_epi32(two, side),
                                                   _mm512_set1_epi32(0xFFFF));
      columns[part] = _mm512_cvtepi32_epi16(column);
      distances[part] = _mm512_cvtepi32_epi8(_mm512_srli_epi32(column, 8));
      print.coded |= std::uint64_t{coded} << (16 * part);
    }
    const auto whole = [](__m256i low, __m256i high) {
      return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    };
    print.columns[0] = whole(columns[0], columns[1]);
    print.columns[1] = whole(columns[2], columns[3]);
    print.distances = whole(_mm256_set_m128i(distances[1], distances[0]),
                            _mm256_set_m128i(distances[3], distances[2]));
  }

  // The kVoters least distances below chance, of equal ones the first.
  static std::uint64_t nearest(__m512i distances) {
    const auto below = [&](int limit) {
      return _mm512_cmplt_epu8_mask(distances, _mm512_set1_epi8(static_cast<char>(limit)));
    };
    int limit = 0;  // of which there are too few below
    const auto raise = [&](int step) {
      limit += step * static_cast<int>(std::popcount(below(limit + step)) < kVoters);
    };
    const auto raise_by_quarters = [&](int step) {
      const int one = std::popcount(below(limit + step)) < kVoters,
                two = std::popcount(below(limit + 2 * step)) < kVoters,
                three = std::popcount(below(limit + 3 * step)) < kVoters;
      limit += step * (one + two + three);
    };
    static_assert(kCodeBits / 2 == 128);
    raise_by_quarters(32), raise_by_quarters(8), raise_by_quarters(2), raise(1);
    const std::uint64_t nearer = below(limit);
    const std::uint64_t equal =
        _mm512_cmpeq_epi8_mask(distances, _mm512_set1_epi8(static_cast<char>(limit)));
    const int spare = kVoters - std::popcount(nearer);
    return nearer | _pdep_u64((std::uint64_t{1} << spare) - 1, equal);
  }

  static __m512i of_64(const __m512i (&table)[4], __m512i index) {
    return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(index, _mm512_set1_epi32(32)),
                                   _mm512_permutex2var_epi32(table[0], index, table[1]),
                                   _mm512_permutex2var_epi32(table[2], index, table[3]));
  }
  static __m512 of_64(const float* table, __m512i index) {
    return _mm512_mask_blend_ps(
        _mm512_test_epi32_mask(index, _mm512_set1_epi32(32)),
        _mm512_permutex2var_ps(_mm512_load_ps(table), index, _mm512_load_ps(table + 16)),
        _mm512_permutex2var_ps(_mm512_load_ps(table + 32), index, _mm512_load_ps(table + 48)));
  }

  static void pair_up(const ProbeLanes& probe, const Print& print, std::uint64_t chosen,
                      Pairs& pairs) {
    pairs.count = std::popcount(chosen);
    const auto real = static_cast<__mmask16>((1U << pairs.count) - 1);
    const __m128i numbers =
        _mm512_castsi512_si128(_mm512_maskz_compress_epi8(chosen, _mm512_load_si512(kCounted.at)));
    const __m512i j = _mm512_cvtepu8_epi32(numbers);
    const __m512i column = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(_mm512_permutex2var_epi16(
        print.columns[0], _mm512_castsi256_si512(_mm256_cvtepu8_epi16(numbers)),
        print.columns[1])));
    const __m512i low_byte = _mm512_set1_epi32(255);
    const __m512i i = _mm512_and_si512(column, low_byte);
    const __m512i place = of_64(print.places, j);
    const __m512i x = _mm512_srai_epi32(_mm512_slli_epi32(place, 16), 16);
    const __m512i y = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_srai_epi32(place, 16));
    _mm512_store_ps(pairs.ax, of_64(probe.x, i));
    _mm512_store_ps(pairs.ay, of_64(probe.y, i));
    _mm512_store_ps(pairs.bx, _mm512_cvtepi32_ps(x));
    _mm512_store_ps(pairs.by, _mm512_cvtepi32_ps(y));
    const __m512i from = _mm512_permutexvar_epi8(i, _mm512_load_si512(probe.directions));
    const __m512i turn = _mm512_and_si512(_mm512_sub_epi32(of_64(print.others, j), from), low_byte);
    _mm512_store_ps(pairs.cosine, _mm512_i32gather_ps(turn, alignment::kTurns.cosine, 4));
    _mm512_store_ps(pairs.sine, _mm512_i32gather_ps(turn, alignment::kTurns.sine, 4));
    _mm512_store_si512(pairs.turn, _mm512_slli_epi32(turn, 24));
    _mm512_store_si512(pairs.weight, _mm512_maskz_sub_epi32(real, _mm512_set1_epi32(kCodeBits / 2),
                                                            _mm512_srli_epi32(column, 8)));
  }

  // Couples (p, p + r) for r = 1 .. 8, modulo 16, 16 bits each; those of r = 8 once.
  static void sieve(const Pairs& pairs, std::uint64_t (&couples)[2]) {
    const auto packed = [](const float* xs, const float* ys) {
      const __m512i x = _mm512_cvttps_epi32(_mm512_load_ps(xs));
      const __m512i y = _mm512_cvttps_epi32(_mm512_load_ps(ys));
      return _mm512_mask_blend_epi16(0xAAAAAAAA, x, _mm512_slli_epi32(y, 16));
    };
    const __m512i a = packed(pairs.ax, pairs.ay), b = packed(pairs.bx, pairs.by);
    __m512i from = a, to = b;
    std::uint64_t alike[2] = {0, 0};
#pragma GCC unroll 8
    for (int r = 1; r <= 8; ++r) {
      from = _mm512_alignr_epi32(from, from, 1), to = _mm512_alignr_epi32(to, to, 1);
      const __m512i u = _mm512_sub_epi16(from, a), v = _mm512_sub_epi16(to, b);
      const std::uint64_t far = alike_far(_mm512_madd_epi16(u, u), _mm512_madd_epi16(v, v));
      alike[(r - 1) / 4] |= (r == 8 ? far & 0xFF : far) << (r - 1) % 4 * 16;
    }
    const __m128i turns =
        _mm512_cvtepi32_epi8(_mm512_srli_epi32(_mm512_load_si512(pairs.turn), 24));
    const __m512i turn = _mm512_broadcast_i32x4(turns);
    for (int half = 0; half < 2; ++half) {
      const __m512i other = _mm512_shuffle_epi8(turn, _mm512_load_si512(kSecond[half].at));
      const __m512i further =
          _mm512_add_epi8(_mm512_sub_epi8(other, turn), _mm512_set1_epi8(alignment::kMaxTurnSteps));
      couples[half] = alike[half] & _mm512_cmple_epu8_mask(
                                        further, _mm512_set1_epi8(2 * alignment::kMaxTurnSteps));
    }
  }

  // |d - e| <= T of agreement() by d^2 and e^2, and a little more than that: `over` is less by
  // 2^-16 of what it comes from, and no sum or product here or there errs by more than 2^-22 of it.
  static __mmask16 alike_far(__m512i d2, __m512i e2) {
    constexpr float kSlack = 1.0F / 65536;
    constexpr float kKept = (1 - alignment::kHalfShare2 - kSlack) / 2;
    const __m512 d = _mm512_cvtepi32_ps(d2), e = _mm512_cvtepi32_ps(e2);
    const __m512 over = _mm512_fmadd_ps(_mm512_add_ps(d, e), _mm512_set1_ps(kKept),
                                        _mm512_set1_ps(-alignment::kStretchPx2 / 2));
    return _mm512_cmp_ps_mask(_mm512_mul_ps(over, _mm512_abs_ps(over)), _mm512_mul_ps(d, e),
                              _CMP_LE_OQ);
  }

  // Couples by the definition, both ways at once: what is between the minutiae is the same but for
  // its sign.
  static void judge(const Pairs& pairs, const std::uint8_t* firsts, const std::uint8_t* seconds,
                    __mmask16 real, std::int32_t* votes) {
    using namespace alignment;
    const auto numbers = [](const std::uint8_t* bytes) {
      return _mm512_cvtepu8_epi32(
          _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(bytes))));
    };
    const __m512i p = numbers(firsts), q = numbers(seconds);
    const auto between = [&](const float* lanes) {
      const __m512 all = _mm512_load_ps(lanes);
      return _mm512_sub_ps(_mm512_permutexvar_ps(q, all), _mm512_permutexvar_ps(p, all));
    };
    const auto sum = [](__m512 l, __m512 r) { return _mm512_add_ps(l, r); };
    const auto less = [](__m512 l, __m512 r) { return _mm512_sub_ps(l, r); };
    const auto times = [](__m512 l, __m512 r) { return _mm512_mul_ps(l, r); };
    const __m512 ux = between(pairs.ax), uy = between(pairs.ay);
    const __m512 vx = between(pairs.bx), vy = between(pairs.by);
    const __m512 d2 = sum(times(ux, ux), times(uy, uy)), e2 = sum(times(vx, vx), times(vy, vy));
    const __m512 both = sum(d2, e2), product = times(times(_mm512_set1_ps(4), d2), e2);
    const __m512 widest =
        sum(_mm512_set1_ps(kStretchPx2), times(_mm512_set1_ps(kHalfShare2), both));
    const auto within = [&](__mmask16 who, __m512 most2) {
      const __m512 over = less(both, most2);
      return _mm512_mask_cmp_ps_mask(who, times(over, _mm512_abs_ps(over)), product, _CMP_LE_OQ);
    };
    const __m512 dot = sum(times(ux, vx), times(uy, vy)),
                 cross = less(times(ux, vy), times(uy, vx));
    const __m512 cosines = _mm512_load_ps(pairs.cosine), sines = _mm512_load_ps(pairs.sine);
    const auto open = [&](__m512i own) {
      const __m512 cosine = _mm512_permutexvar_ps(own, cosines);
      const __m512 sine = _mm512_permutexvar_ps(own, sines);
      const __m512 along = sum(times(dot, cosine), times(cross, sine));
      const __m512 across = less(times(cross, cosine), times(dot, sine));
      return _mm512_mask_cmp_ps_mask(real, _mm512_abs_ps(across),
                                     times(_mm512_set1_ps(kMaxSlant), along), _CMP_LE_OQ);
    };
    const __mmask16 open_p = open(p), open_q = open(q);
    const __mmask16 fair = within(open_p | open_q, widest);
    if (fair == 0) return;
    const __mmask16 full = within(fair, times(widest, _mm512_set1_ps(0.25F)));
    const __m512i weights = _mm512_load_si512(pairs.weight);
    const auto given = [&](__mmask16 to, __m512i by) {
      const __m512i weight = _mm512_maskz_permutexvar_epi32(fair & to, by, weights);
      return _mm512_mask_slli_epi32(weight, full, weight, 1);
    };
    alignas(64) std::int32_t to_first[16], to_second[16];
    _mm512_store_si512(to_first, given(open_p, q));
    _mm512_store_si512(to_second, given(open_q, p));
    for (unsigned left = fair; left != 0; left &= left - 1) {
      const int couple = std::countr_zero(left);
      votes[firsts[couple]] += to_first[couple];
      votes[seconds[couple]] += to_second[couple];
    }
  }

  static constexpr Bytes64 kCounted = bytes_by([](int k) { return k; });
  static constexpr Bytes64 kFirst = bytes_by([](int k) { return k % 16; });
  static constexpr Bytes64 kSecond[2] = {
      bytes_by([](int k) { return (k % 16 + k / 16 + 1) % 16; }),
      bytes_by([](int k) { return (k % 16 + k / 16 + 5) % 16; })};
};

}  // namespace
}  // namespace whorl::kernels
