#pragma once
// The wavelet transform of a plane, there and back: IAFIS-IC-0110 (V3.1), A.2 and A.3. One step
// splits a signal x of N samples into a low pass of (N + 1) / 2 and a high pass of N / 2:
//
//   odd lengths    low[n]  = sum over k of h0[|k|] * x[2n + k]
//                  high[n] = sum over k of h1[|k|] * x[2n + 1 + k]
//   even lengths   low[n]  = sum over j of h0[j] * (x[2n - j] + x[2n + 1 + j])
//                  high[n] = sum over j of h1[j] * (x[2n - j] - x[2n + 1 + j])
//
// where x beyond its ends is x mirrored: about its end samples for odd lengths, about the places
// half a sample beyond them for even ones. The way back uses h1 and h0 with alternating signs.

#include <cstdint>
#include <span>

#include "engine/formats/images/wsq_bands.h"
#include "engine/formats/images/wsq_segments.h"

namespace whorl::formats::wsq {

// From plane 0, which holds the picture, to the bands. Cost: 17 products a pixel and level, twice.
void analyse(const BandTree& tree, const FilterBank& bank, Planes& planes);

// From the bands to grey, sample * frame.scale + frame.middle, rounded and held to 0 .. 255;
// `grey` is of width * height. The planes are used up.
void synthesise(const BandTree& tree, const FilterBank& bank, const Frame& frame, Planes& planes,
                std::span<std::uint8_t> grey);

}  // namespace whorl::formats::wsq
