#pragma once
// A picture filtered with a kernel of its own at each place, as enhancing ridges asks for.

#include <cstdint>

#include "kernels/core.h"

namespace whorl::kernels {

inline constexpr int kFilterSide = 24;  // kernels are this many rows of this many weights

// Four outputs of one kernel: at the spot, `step` to the right, `step` below, and both.
struct FilterSpot {
  std::int32_t first = 0;   // of the picture's values, the one under the kernel's first weight
  std::int32_t kernel = 0;  // which of the bank's
};

// out[4 s + 2 b + a] = sum over r, c of
//     bank[spot.kernel][r][c] * picture[spot.first + (b step + r) stride + a step + c]
//   picture  rows of `stride` values; all that a spot reaches must lie in it
//   bank     [kernels, kFilterSide, kFilterSide]
//   out      [4 spots]
// In 32 bits: the caller keeps sum |weight| * max |value| below 2^31, so every order of adding
// gives the same bits. Cost: 4 * 576 multiply-adds a spot.
struct FilterPicture {
  const std::int16_t* values;
  std::int64_t stride;
  int step;
};
using OrientedFilter = void (*)(const FilterPicture& picture, const std::int16_t* bank,
                                const FilterSpot* spots, std::int64_t count, std::int32_t* out);

void oriented_filter_reference(const FilterPicture& picture, const std::int16_t* bank,
                               const FilterSpot* spots, std::int64_t count, std::int32_t* out);
void oriented_filter_avx2(const FilterPicture& picture, const std::int16_t* bank,
                          const FilterSpot* spots, std::int64_t count, std::int32_t* out);
void oriented_filter_avx512(const FilterPicture& picture, const std::int16_t* bank,
                            const FilterSpot* spots, std::int64_t count, std::int32_t* out);

}  // namespace whorl::kernels
