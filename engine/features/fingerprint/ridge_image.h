#pragma once
// From a capture to a picture of ridges alone: one scale, one contrast, ridges positive.

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/features/fingerprint/grid.h"

namespace whorl::features {

// Cells of this many pixels carry everything that varies slowly: flow, period, masks.
inline constexpr int kCellPx = 4;

// The picture at 500 ppi in grey, 0 .. 255. `ppi` is the picture's. Finer pictures are smoothed to
// the new pixel before they are sampled. Faults: bad_resolution, limit_exceeded (at 500 ppi over
// kMaxPrintPixels, or a side that no minutia's coordinate reaches), empty_input (no pixels),
// unsupported (neither 1 nor 3 channels), length_mismatch (samples missing).
Result<Field> at_500_ppi(const Image& image, PixelsPerInch ppi);

// Less the local mean, over the local contrast, ridges positive, cut at +-kClip: dry, wet and
// unevenly lit parts come to look alike. The contrast has a floor, so that empty platen stays near
// zero: a tenth of the picture's own 90th percentile, and two grey levels.
Field normalised(const Field& grey);

// What each cell's own pixels are, in grey levels.
struct CellGrey {
  Field mean, deviation;
};
CellGrey cell_grey(const Field& grey);

inline constexpr float kClip = 1.6F;  // specs: saturated prints lose less than at 2.5

}  // namespace whorl::features
