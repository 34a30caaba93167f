#pragma once
// From the image of one finger to its template.

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/features/fingerprint/print_quality.h"
#include "engine/features/fingerprint/ridge_counts.h"
#include "engine/features/fingerprint/ridge_survey.h"
#include "engine/features/fingerprint/singular_points.h"
#include "engine/features/fingerprint/skeleton_minutiae.h"
#include "kernels/backend.h"

namespace whorl::features {

enum class ExtractionMode : std::uint8_t {
  fast,      // ridges are made clear in one way
  accurate,  // in two ways, and everywhere the truer one is read
};

struct ExtractionOptions {
  ExtractionMode mode = ExtractionMode::accurate;
  kernels::Backend backend = kernels::best_backend();
  std::optional<Sectors> ridge_counts = std::nullopt;  // nothing: ridges are not counted
};

// Every step of one extraction, for those who want to see it.
struct ExtractionTrace {
  Field grey;  // at 500 ppi
  Survey survey;
  std::vector<ClearRidges> ways;  // the two of the accurate mode
  ClearRidges ridges;             // what the minutiae were read from
  Bitmap skeleton;
  std::vector<FoundMinutia> found, kept;  // before and after filtered_minutiae
};

struct Extraction {
  FingerTemplate print;  // without codes; position unknown unless a record says it
  PrintQuality quality;  // its score is also the template's
  std::vector<SingularPoint> singular_points;
  std::vector<RidgesBetween> ridge_counts;  // of the template's minutiae, where asked for
  int width_px = 0, height_px = 0;          // of the picture at 500 ppi, in which the minutiae lie
};

// `ppi` overrides what the image says; without either it is bad_resolution: no guess is made. The
// same image gives the same template on every backend. Faults: those of at_500_ppi, and no_minutiae
// where not one minutia is found. Another picture without a finger gives a template of quality 0
// with the flaw not_a_fingerprint: whether to take it is the caller's to decide.
//
// Cost and accuracy of the two modes: docs/accuracy.md. One thread, about 50 bytes a pixel of
// 500 ppi at its highest, the picture not counted.
Result<Extraction> extract_print(const Image& image, std::optional<PixelsPerInch> ppi = {},
                                 const ExtractionOptions& options = {},
                                 ExtractionTrace* trace = nullptr);

}  // namespace whorl::features
