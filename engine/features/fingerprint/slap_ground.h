#pragma once
// First look at a slap: where there are ridges at all.

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/features/fingerprint/ridge_mask.h"

namespace whorl::features {

// Fingers are told apart on cells of 4 pixels of 500 ppi (kCellPx): 0.2 mm.
inline constexpr float kCellsPerMm = 500 / 25.4F / 4;

struct SlapGround {
  float cell_px = 0;  // the picture's own pixels to a cell
  Field ridges;       // how periodic a cell is, smoothed over 0.5 mm: 0 .. about 1
  Mask mask;          // where there is skin
};

// Of a picture at half scale (250 ppi). First where gradients are strong for this picture and keep
// to a direction; there, how periodic it is across them (Period::confidence, at every second
// window). Fingertips score 0.4 to 0.7, phalanges below them half of that, print and handwriting
// less, joints and gaps next to nothing; the threshold is the picture's own. What is thinner
// than 2.4 mm goes.
//
// The binary picture at low resolution is NBIS nfseg's way (NISTIR 7392); periodicity in place of
// darkness is ours: it tells ink from ridges. Local variance, as in most of the literature, took
// handwriting and the lines of a form for skin on NIST's sample cards, and so did coherence.
//
// Faults: empty_input, length_mismatch, bad_resolution, limit_exceeded (over kMaxPrintPixels at 500
// ppi). Cost: docs/slaps.md.
Result<SlapGround> slap_ground(const Image& image, PixelsPerInch ppi);

}  // namespace whorl::features
