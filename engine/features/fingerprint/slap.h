#pragma once
// From the picture of several fingers to pictures of each: slap segmentation. docs/slaps.md.

#include <optional>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/formats/images/finger_images.h"

namespace whorl::features {

// A rectangle in the slap's own pixels, from the left and top edges of the picture; parts of it may
// lie outside. `lean_degrees` is how far it is turned from upright, clockwise as seen: a finger
// that points up and to the right leans by more than 0.
struct LeaningBox {
  float centre_x_px = 0, centre_y_px = 0;
  float width_px = 0, height_px = 0;
  float lean_degrees = 0;

  bool operator==(const LeaningBox&) const = default;
};

struct SlapFinger {
  FingerPosition position = FingerPosition::unknown;
  // How sure that is, 0 .. 1: 1 where the record says whose hand it is. Of a hand told from the
  // heights and sizes of its tips alone, the chance that it is not the other; below
  // kLeastHandConfidence the position is left unknown.
  float position_confidence = 0;
  LeaningBox box;
  Image image;  // the box, turned upright, at the slap's own resolution; white beyond its edges
};

inline constexpr float kLeastHandConfidence = 0.9F;

// The fingers of an area, left to right as the picture shows them, palm down on the platen and seen
// from above it: a right hand from index to little finger, a left one from little to index finger.
// Empty for unknown.
std::vector<FingerPosition> fingers_shown(formats::CapturedArea area);

// Finds the distal phalanges and cuts them out, left to right. `area` says which fingers the
// picture should show; those in `missing` are not expected, and the others are named in order. The
// hand may lean by up to 45 degrees either way, fingers may touch, phalanges below the tips do not
// disturb. With area unknown, four tips are a hand, told by its shape; any other number stays
// unnamed, as do all where a finger is missing.
//
// Faults: those of slap_ground (slap_ground.h); bad_resolution where the picture has no ppi;
// quality_too_low where the number of fingertips is not the number expected, or there are none, and
// the fault's `where` says how many were found. Nothing is assigned then. Cost: docs/slaps.md.
Result<std::vector<SlapFinger>> segment_slap(const Image& image, formats::CapturedArea area,
                                             std::span<const FingerPosition> missing = {});

// The fingers of whatever read_finger_images gives. A picture of one finger is handed on as it is,
// with its position and a box around all of it. Of several, the record's own segments are cut out
// where it has one for each finger that it should show, of a finger's size and apart from each
// other; else segment_slap. A picture of unknown area is taken for a slap only where it is wider
// than 45 mm, which no single finger's is, and shows two to four fingertips.
Result<std::vector<SlapFinger>> fingers_in(const formats::FingerImage& finger);

}  // namespace whorl::features
