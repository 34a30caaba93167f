#pragma once
// Which bands travel and how coarsely: IAFIS-IC-0110 (V3.1), part 3 (encoder number 1). Bins follow
// from how much each band varies, so that a wanted rate is spent where the picture is.

#include <array>
#include <cstdint>
#include <vector>

#include "engine/formats/images/wsq_bands.h"
#include "engine/formats/images/wsq_segments.h"

namespace whorl::formats::wsq {

using Variances = std::array<double, kCodedBands>;

// How much the coefficients of each band vary, in the middle of the picture where the finger is; in
// all of it where the middle is nearly blank.
Variances band_variances(const BandTree& tree, const Planes& planes);

// The bins for `rate` bits a pixel, the standard's estimate; as a stream stores them.
Quantisers choose_quantisers(const Variances& variances, double rate);

// The coefficients of the bands [first, last) that travel, as numbers of bins, -65535 .. 65535;
// appended band after band, row after row.
void quantise(const BandTree& tree, const Planes& planes, const Quantisers& quantisers, int first,
              int last, std::vector<std::int32_t>& into);

}  // namespace whorl::formats::wsq
