#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/features/fingerprint/extract.h"

namespace whorl::app {

// An extraction to be shown step by step.
struct TracedExtraction {
  const features::Extraction& extraction;
  const features::ExtractionTrace& trace;
  PixelsPerInch ppi;  // of the picture as it came
};

// One page that walks a print from its picture to its template, in the order of the code
// (engine/features/fingerprint/extract.cc), with every intermediate as a picture and the numbers
// between them. The trace is a whole one, as extract_print leaves it. The page holds the picture of
// a fingerprint and nothing else of the person: no file's name, no position. Faults: those of
// embed_raster.
Result<std::string> extraction_page(const TracedExtraction& traced);

}  // namespace whorl::app
