#pragma once
// Records to templates and back: from each dialect's pixels and angles to the engine's canonical
// 500 ppi and 256 steps a turn.

#include <optional>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

// What conversion left behind, over all views.
struct ConversionLosses {
  int outside_frame = 0;  // beyond the image's width or height: dropped, not moved to the edge,
                          // where no ridge ends
  int duplicates = 0;     // tidy_minutiae.h
  int trimmed = 0;        // likewise
  bool operator==(const ConversionLosses&) const = default;
};

// The capture's image as the record frames it, scaled as the minutiae are.
struct CaptureFrame {
  float width_px = 0, height_px = 0;  // at 500 ppi
  bool operator==(const CaptureFrame&) const = default;
};

struct ConvertedRecord {
  std::vector<FingerTemplate> templates;  // one a view, in the record's order; without codes
  std::vector<CaptureFrame> frames;       // likewise
  ConversionLosses losses;
};

// `ppi` overrides the resolution the record claims (FVC2002 DB2 says 500 and is 569). 197 px/cm is
// exactly 500 ppi, not 500.38: records round. Minutiae keep the record's order.
// Faults: bad_resolution (0, or outside kMinPixelsPerInch .. kMaxPixelsPerInch), no_minutiae (a
// view without any inside its frame), limit_exceeded (a frame over kMaxCoordinatePx at 500 ppi).
// `where` tells the view, counted from 1. A finger quality of 0 in the forms of 2004 and 2005,
// which have no other way to say so, is "not reported".
Result<ConvertedRecord> to_finger_templates(const MinutiaeRecord& record,
                                            std::optional<PixelsPerInch> ppi = std::nullopt);

// One view a template, at 197 px/cm, in the smallest frame that holds all of them: a template does
// not know its image's size. Codes are not exported. The angle's rounding to ANSI's 2 degrees moves
// a direction by at most one step. Faults: no_minutiae, out_of_range, limit_exceeded, as encoding.
Result<MinutiaeRecord> to_minutiae_record(std::span<const FingerTemplate> templates,
                                          MinutiaeFormat format);

}  // namespace whorl::formats
