#include <immintrin.h>

#include "kernels/oriented_filter.h"

namespace whorl::kernels {
namespace {

static_assert(kFilterSide == 24);

// Registers of 32 bytes: a row is one and a half of them, and would leave a quarter of a larger one
// empty. What is new is vpdpwssd, and enough registers to keep a kernel's rows.
__m256i load(const std::int16_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
__m128i load_half(const std::int16_t* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// A row of a kernel: sixteen weights, and the last eight twice.
struct Weights {
  __m256i first, last;
  explicit Weights(const std::int16_t* row)
      : first(load(row)), last(_mm256_broadcastsi128_si256(load_half(row + 16))) {}
};

// A row of the picture as the left and the right output see it; the last eight values of both fill
// a register together.
struct Values {
  __m256i left, right, last;
  Values(const std::int16_t* row, int step)
      : left(load(row)),
        right(load(row + step)),
        last(_mm256_inserti128_si256(_mm256_castsi128_si256(load_half(row + 16)),
                                     load_half(row + step + 16), 1)) {}
};

// Two outputs side by side.
struct Sums {
  __m256i left = _mm256_setzero_si256(), right = left, last = left;
  void add(const Values& v, const Weights& w) {
    left = _mm256_dpwssd_epi32(left, v.left, w.first);
    right = _mm256_dpwssd_epi32(right, v.right, w.first);
    last = _mm256_dpwssd_epi32(last, v.last, w.last);
  }
};

// The four outputs, in order.
__m128i total(const Sums& upper, const Sums& lower) {
  const __m256i firsts = _mm256_hadd_epi32(_mm256_hadd_epi32(upper.left, upper.right),
                                           _mm256_hadd_epi32(lower.left, lower.right));
  const __m256i pairs = _mm256_hadd_epi32(upper.last, lower.last);
  const __m256i lasts = _mm256_hadd_epi32(pairs, pairs);  // upper and lower: left, then right
  return _mm_add_epi32(
      _mm_add_epi32(_mm256_castsi256_si128(firsts), _mm256_extracti128_si256(firsts, 1)),
      _mm_unpacklo_epi32(_mm256_castsi256_si128(lasts), _mm256_extracti128_si256(lasts, 1)));
}

// Each row of the picture is loaded once: the upper outputs meet it with the kernel's row, the
// lower ones with the row `step` before, which is still in its registers. Loads are what this
// kernel waits for. Unrolled, or rows would wander from register to register.
__m128i filtered_by_one(const std::int16_t* row, std::int64_t stride, const std::int16_t* kernel) {
  Sums upper, lower;
  Weights before(kernel);
  upper.add(Values(row, 1), before);
#pragma GCC unroll 23
  for (int r = 1; r < kFilterSide; ++r) {
    const Values values(row + r * stride, 1);
    lower.add(values, before);
    before = Weights(kernel + r * kFilterSide);
    upper.add(values, before);
  }
  lower.add(Values(row + kFilterSide * stride, 1), before);
  return total(upper, lower);
}

__m128i filtered_by_two(const std::int16_t* row, std::int64_t stride, const std::int16_t* kernel) {
  Sums upper, lower;
  Weights even(kernel), odd(kernel + kFilterSide);
  upper.add(Values(row, 2), even);
  upper.add(Values(row + stride, 2), odd);
#pragma GCC unroll 11
  for (int r = 2; r < kFilterSide; r += 2) {
    const Values first(row + r * stride, 2), second(row + (r + 1) * stride, 2);
    lower.add(first, even);
    even = Weights(kernel + r * kFilterSide);
    upper.add(first, even);
    lower.add(second, odd);
    odd = Weights(kernel + (r + 1) * kFilterSide);
    upper.add(second, odd);
  }
  lower.add(Values(row + kFilterSide * stride, 2), even);
  lower.add(Values(row + (kFilterSide + 1) * stride, 2), odd);
  return total(upper, lower);
}

template <class Filtered>
void filter(const FilterPicture& picture, const std::int16_t* bank, const FilterSpot* spots,
            std::int64_t count, std::int32_t* out, Filtered filtered) {
  for (std::int64_t s = 0; s < count; ++s) {
    const std::int16_t* kernel = bank + std::int64_t{spots[s].kernel} * kFilterSide * kFilterSide;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 4 * s),
                     filtered(picture.values + spots[s].first, picture.stride, kernel));
  }
}

}  // namespace

void oriented_filter_avx512(const FilterPicture& picture, const std::int16_t* bank,
                            const FilterSpot* spots, std::int64_t count, std::int32_t* out) {
  if (picture.step == 1) {
    filter(picture, bank, spots, count, out, [](auto... a) { return filtered_by_one(a...); });
  } else if (picture.step == 2) {
    filter(picture, bank, spots, count, out, [](auto... a) { return filtered_by_two(a...); });
  } else {  // steps that nobody asks for
    oriented_filter_avx2(picture, bank, spots, count, out);
  }
}

}  // namespace whorl::kernels
