#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "engine/features/fingerprint/extract.h"
#include "engine/features/fingerprint/print_quality.h"

namespace whorl::features::test {

struct MeasuredPrint {
  FingerTemplate print;
  PrintQuality quality;
};

// Extracts and judges; a picture without minutiae is judged without any.
inline MeasuredPrint measured(const Image& image, PixelsPerInch ppi = PixelsPerInch{500}) {
  ExtractionTrace trace;
  auto extraction = extract_print(image, ppi, {}, &trace);
  MeasuredPrint out;
  if (extraction) out.print = std::move(extraction->print);
  if (trace.skeleton.size() == 0) {
    ADD_FAILURE() << "not extracted: " << describe(extraction.error());
    return out;
  }
  out.quality = quality_of(trace.grey, trace.survey, trace.ridges, out.print.minutiae);
  return out;
}

}  // namespace whorl::features::test
