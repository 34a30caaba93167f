#include "kernels/oriented_filter.h"

namespace whorl::kernels {

void oriented_filter_reference(const FilterPicture& picture, const std::int16_t* bank,
                               const FilterSpot* spots, std::int64_t count, std::int32_t* out) {
  for (std::int64_t s = 0; s < count; ++s) {
    const std::int16_t* kernel = bank + std::int64_t{spots[s].kernel} * kFilterSide * kFilterSide;
    for (int place = 0; place < 4; ++place) {
      const std::int16_t* from = picture.values + spots[s].first +
                                 (place / 2) * picture.step * picture.stride +
                                 (place % 2) * picture.step;
      std::int32_t sum = 0;
      for (int r = 0; r < kFilterSide; ++r) {
        for (int c = 0; c < kFilterSide; ++c) {
          sum += kernel[r * kFilterSide + c] * from[r * picture.stride + c];
        }
      }
      out[4 * s + place] = sum;
    }
  }
}

}  // namespace whorl::kernels
