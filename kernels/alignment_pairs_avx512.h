#pragma once
// How a print's pairs are chosen with AVX-512: step 1 of print_alignment.h, for prints and probes
// of up to 64 minutiae, nearly all there are. Their columns, distances and places stay in
// registers. Everything stands in an unnamed namespace: include it in the twin alone.

#include <immintrin.h>

#include <bit>
#include <cstdint>

#include "kernels/alignment_lanes.h"

namespace whorl::kernels {
namespace {

inline constexpr int kFewMinutiae = 64;

// A table of 64 bytes.
struct Bytes64 {
  alignas(64) std::uint8_t at[64];
};
template <class Formula>
constexpr Bytes64 bytes_by(Formula formula) {
  Bytes64 made{};
  for (int k = 0; k < 64; ++k) made.at[k] = static_cast<std::uint8_t>(formula(k));
  return made;
}
inline constexpr Bytes64 kCounted = bytes_by([](int k) { return k; });

// Lane k: table[index of lane k], of 64 numbers in order.
inline __m512i of_64(const __m512i (&table)[4], __m512i index) {
  return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(index, _mm512_set1_epi32(32)),
                                 _mm512_permutex2var_epi32(table[0], index, table[1]),
                                 _mm512_permutex2var_epi32(table[2], index, table[3]));
}
inline __m512 of_64(const __m512 (&table)[4], __m512i index) {
  return _mm512_mask_blend_ps(_mm512_test_epi32_mask(index, _mm512_set1_epi32(32)),
                              _mm512_permutex2var_ps(table[0], index, table[1]),
                              _mm512_permutex2var_ps(table[2], index, table[3]));
}

struct SmallProbe {
  __m512 x[4], y[4];   // y upwards
  __m512i steps[4];    // directions
  __m512i directions;  // the same in bytes
  int codes, count;
  explicit SmallProbe(const AlignmentProbe& probe) : codes(probe.codes), count(probe.count) {
    alignas(64) float xs[kFewMinutiae] = {}, ys[kFewMinutiae] = {};
    alignas(64) std::uint8_t bytes[kFewMinutiae] = {};
    for (int i = 0; i < count; ++i) {
      xs[i] = static_cast<float>(probe.minutiae[i].x_px);
      ys[i] = static_cast<float>(-probe.minutiae[i].y_px);
      bytes[i] = probe.minutiae[i].direction_steps;
    }
    for (int part = 0; part < 4; ++part) {
      x[part] = _mm512_load_ps(xs + 16 * part), y[part] = _mm512_load_ps(ys + 16 * part);
      steps[part] = _mm512_cvtepu8_epi32(
          _mm_load_si128(static_cast<const __m128i*>(static_cast<const void*>(bytes + 16 * part))));
    }
    directions = _mm512_load_si512(bytes);
  }
};

// A print's minutiae and what the columns of its block say of them; y upwards.
struct SmallPrint {
  __m512i x[4], y[4];
  __m512i others[4];   // the direction in the lowest byte, the code in the upper 16 bits
  __m512i columns[2];  // 32 bits hold two
  __m512i distances;   // bytes; chance where there is no partner or no minutia
  std::uint64_t there, coded;

  static __m512i code_of(__m512i others) {
    return _mm512_and_si512(_mm512_srli_epi32(others, 16),
                            _mm512_set1_epi32(PackedMinutia::kNoCode));
  }

  SmallPrint(const PackedMinutia* minutiae, int count, const FingerColumns* columns_of_block)
      : there(count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1), coded(0) {
    const __m512i nobody = _mm512_set1_epi32(kNoPartner);
    __m256i words[4];
    __m128i bytes[4];
#pragma GCC unroll 4
    for (int part = 0; part < 4; ++part) {
      const auto here = static_cast<unsigned>(there >> (16 * part)) & 0xFFFFU;
      __m512i column = nobody;
      if (part < 3 || here != 0) {  // few prints have so many
        column = read(part, here, minutiae + 16 * part, columns_of_block);
      } else {
        x[part] = y[part] = others[part] = _mm512_setzero_si512();
      }
      words[part] = _mm512_cvtepi32_epi16(column);
      bytes[part] = _mm512_cvtepi32_epi8(_mm512_srli_epi32(column, 8));
    }
    const auto whole = [](__m256i low, __m256i high) {
      return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    };
    columns[0] = whole(words[0], words[1]), columns[1] = whole(words[2], words[3]);
    distances = whole(_mm256_set_m128i(bytes[1], bytes[0]), _mm256_set_m128i(bytes[3], bytes[2]));
  }

  __m512i columns_of(__m512i j) const {
    const __m512i two = _mm512_permutex2var_epi16(columns[0], j, columns[1]);
    return _mm512_and_si512(two, _mm512_set1_epi32(0xFFFF));
  }

 private:
  // Sixteen minutiae, and their columns.
  __m512i read(int part, unsigned here, const PackedMinutia* from,
               const FingerColumns* columns_of_block) {
    const __m512i even =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_or_si512(even, _mm512_set1_epi32(1));
    const __m512i lower = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(here), from);
    const __m512i upper = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(here >> 8), from + 8);
    const __m512i places = _mm512_permutex2var_epi32(lower, even, upper);
    x[part] = _mm512_srai_epi32(_mm512_slli_epi32(places, 16), 16);
    y[part] = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_srai_epi32(places, 16));
    others[part] = _mm512_permutex2var_epi32(lower, odd, upper);
    const __m512i code = code_of(others[part]);
    const __mmask16 own = _mm512_mask_cmpneq_epi32_mask(static_cast<__mmask16>(here), code,
                                                        _mm512_set1_epi32(PackedMinutia::kNoCode));
    coded |= std::uint64_t{own} << (16 * part);
    // Two columns at a time, of which one is wanted.
    const __m512i nobody = _mm512_set1_epi32(kNoPartner);
    const __m512i two =
        _mm512_mask_i32gather_epi32(nobody, own, _mm512_srli_epi32(code, 1), columns_of_block, 4);
    const __m512i side = _mm512_slli_epi32(_mm512_and_si512(code, _mm512_set1_epi32(1)), 4);
    return _mm512_mask_and_epi32(nobody, own, _mm512_srlv_epi32(two, side),
                                 _mm512_set1_epi32(0xFFFF));
  }
};

// The kVoters least distances below chance, of equal ones the first.
inline std::uint64_t nearest(__m512i distances) {
  const auto below = [&](int limit) {
    return _mm512_cmplt_epu8_mask(distances, _mm512_set1_epi8(static_cast<char>(limit)));
  };
  int limit = 0;  // there are too few below it
  const auto too_few = [&](int higher) {
    return static_cast<int>(std::popcount(below(limit + higher)) < kVoters);
  };
  static_assert(kCodeBits / 2 == 128);
  for (int step = 32; step > 1; step /= 4) {
    limit += step * (too_few(step) + too_few(2 * step) + too_few(3 * step));
  }
  limit += too_few(1);
  const std::uint64_t nearer = below(limit);
  const std::uint64_t equal =
      _mm512_cmpeq_epi8_mask(distances, _mm512_set1_epi8(static_cast<char>(limit)));
  const int spare = kVoters - std::popcount(nearer);
  return nearer | _pdep_u64((std::uint64_t{1} << spare) - 1, equal);
}

// A quarter of kTurns in whole units, which two registers hold; the others are the same but for
// signs.
inline constexpr float kTurnUnits = 16384;
struct QuarterTurn {
  alignas(64) std::int16_t cosine[64], sine[64];
  constexpr QuarterTurn() : cosine{}, sine{} {
    for (int k = 0; k < 64; ++k) {
      cosine[k] = static_cast<std::int16_t>(alignment::kTurns.cosine[k] * kTurnUnits);
      sine[k] = static_cast<std::int16_t>(alignment::kTurns.sine[k] * kTurnUnits);
    }
  }
  constexpr bool makes_all() const {
    for (int k = 0; k < 256; ++k) {
      const int c = k / 64 % 2 == 0 ? cosine[k % 64] : sine[k % 64];
      const int s = k / 64 % 2 == 0 ? sine[k % 64] : cosine[k % 64];
      const auto same = [](float turned, int units) {
        return turned * kTurnUnits == static_cast<float>(units);
      };
      if (!same(alignment::kTurns.cosine[k], (k + 64) / 128 % 2 == 0 ? c : -c)) return false;
      if (!same(alignment::kTurns.sine[k], k / 128 % 2 == 0 ? s : -s)) return false;
    }
    return true;
  }
};
inline constexpr QuarterTurn kQuarter;
static_assert(kQuarter.makes_all());

// The pairs that vote, a lane each; lanes from `count` on weigh nothing.
struct SmallPairs {
  __m512i ax, ay, bx, by;  // whole numbers
  __m512i turn;            // 0 .. 255
  __m512i weight;
  __m512 cosine, sine;
  int count;

  SmallPairs(const SmallProbe& probe, const SmallPrint& print) {
    const std::uint64_t chosen = nearest(print.distances);
    count = std::popcount(chosen);
    const __m512i j = _mm512_cvtepu8_epi32(
        _mm512_castsi512_si128(_mm512_maskz_compress_epi8(chosen, _mm512_load_si512(kCounted.at))));
    const __m512i column = print.columns_of(j), low_byte = _mm512_set1_epi32(255);
    const __m512i i = _mm512_and_si512(column, low_byte);
    ax = _mm512_cvttps_epi32(of_64(probe.x, i)), ay = _mm512_cvttps_epi32(of_64(probe.y, i));
    bx = of_64(print.x, j), by = of_64(print.y, j);
    const __m512i from = _mm512_permutexvar_epi8(i, probe.directions);
    turn = _mm512_and_si512(_mm512_sub_epi32(of_64(print.others, j), from), low_byte);
    weight = _mm512_maskz_sub_epi32(real(), _mm512_set1_epi32(kCodeBits / 2),
                                    _mm512_srli_epi32(column, 8));
    look_up_turns();
  }
  __mmask16 real() const { return static_cast<__mmask16>((1U << count) - 1); }

 private:
  void look_up_turns() {
    const auto all = [](int value) { return _mm512_set1_epi32(value); };
    const auto of_quarter = [&](const std::int16_t* table) {
      return _mm512_and_si512(
          all(0xFFFF),
          _mm512_permutex2var_epi16(_mm512_load_si512(table), _mm512_and_si512(turn, all(63)),
                                    _mm512_load_si512(table + 32)));
    };
    const auto signed_by = [&](__mmask16 negative, __m512i units) {
      units = _mm512_mask_sub_epi32(units, negative, _mm512_setzero_si512(), units);
      return _mm512_mul_ps(_mm512_cvtepi32_ps(units), _mm512_set1_ps(1 / kTurnUnits));
    };
    const __m512i c = of_quarter(kQuarter.cosine), s = of_quarter(kQuarter.sine);
    const __mmask16 across = _mm512_test_epi32_mask(turn, all(64));
    cosine = signed_by(_mm512_test_epi32_mask(_mm512_add_epi32(turn, all(64)), all(128)),
                       _mm512_mask_blend_epi32(across, c, s));
    sine = signed_by(_mm512_test_epi32_mask(turn, all(128)), _mm512_mask_blend_epi32(across, s, c));
  }
};

}  // namespace
}  // namespace whorl::kernels
