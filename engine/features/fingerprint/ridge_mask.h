#pragma once
// Which cells show the finger: first where there may be ridges, then where there are.

#include "engine/features/fingerprint/grid.h"
#include "engine/features/fingerprint/ridge_flow.h"
#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {

using Mask = Grid<std::uint8_t>;  // a cell of kCellPx: 1 inside, 0 outside

// Where gradients are strong for this picture and agree. Generous: what it leaves out is lost.
Mask loose_mask(const Tensor& tensor);

// What the filters made of the picture, by cell.
struct Evidence {
  Field correlation;  // of the filtered with the unfiltered picture, -1 .. 1
  Field amplitude;    // of the filtered picture
  Field confidence;   // of the period in the unfiltered picture (ridge_period.h)
};
// Where the filtered picture is still the unfiltered one's, and strong, and that one was periodic.
// The bounds are the picture's own, so that they serve dry and creased prints alike. Gaps are
// filled, but for those at the picture's edge that are ground: even, and lighter than the print,
// such as the corners of a close cut. `grey` is of a picture with dark ridges.
Mask strict_mask(const Evidence& evidence, const Mask& loose, const CellGrey& grey);

// Grown and shrunk by a disc of `cells`; what lies beyond the picture's edge has no say.
Mask dilated(const Mask& mask, int cells);
Mask eroded(const Mask& mask, int cells);
std::int64_t area_of(const Mask& mask);  // cells

}  // namespace whorl::features
