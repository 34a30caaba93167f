#pragma once
// What extraction computes, as pictures that a page carries within itself.

#include <vector>

#include "engine/app/report/embedded_image.h"
#include "engine/app/report/svg.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/features/fingerprint/grid.h"
#include "engine/features/fingerprint/ridge_mask.h"
#include "engine/features/fingerprint/skeleton.h"

namespace whorl::app {

// Which value is drawn black and which white, either way round; between them grey, beyond them as
// the nearer of the two.
struct GreyRange {
  float black = 0, white = 1;
};

Image grey_image(const features::Field& field, GreyRange range);
Image line_image(const features::Bitmap& ridges);  // ridges black on white

// Losslessly, as PNG. Faults: those of formats::encode_png and embed_image.
Result<EmbeddedImage> embed_raster(const Image& image);

// The border between a mask's inside and outside, in cells from the top left: straight pieces,
// each as long as it goes. The picture's edge is a border too.
struct BorderPiece {
  At from, to;
};
std::vector<BorderPiece> border_of(const features::Mask& mask);

}  // namespace whorl::app
