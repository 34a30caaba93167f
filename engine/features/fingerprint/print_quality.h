#pragma once
// How much a print will be worth in a comparison, and what the clerk can do about it while the
// finger is still there. In the spirit of ISO/IEC 29794-4: 0 .. 100, higher matches better.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/features/fingerprint/ridge_survey.h"

namespace whorl::features {

enum class QualityFlaw : std::uint8_t {
  not_a_fingerprint,
  too_small,     // little of the finger shows
  cut_off,       // it ends at the picture's edges, and what is left is not ample
  off_centre,    // it runs over one edge while there is room at the other
  too_dry,       // thin and broken ridges
  too_wet,       // valleys filled
  faint,         // hardly darker than the platen
  smudged,       // much of the finger's area shows no clear ridges, for whatever reason
  few_minutiae,  // clear, but with little in it to compare
};
inline constexpr int kQualityFlaws = 9;

std::string_view name_of(QualityFlaw flaw);  // for programs: "too-dry"
// One sentence for the clerk: what is wrong and what to do.
std::string_view text_of(QualityFlaw flaw);

struct PrintQuality {
  Quality score;                   // always reported
  std::vector<QualityFlaw> flaws;  // most serious first; not_a_fingerprint stands alone

  // What it rests on.
  int minutiae = 0;
  float reliability = 0;  // of a minutia on average, 0 .. 1: how surely its mate is found
  // What all of them bring to a comparison, reliability times count, times reliability again, as
  // those without a mate speak against the pair. The score is 100 (1 - exp(-this / 5.3)).
  float effective_minutiae = 0;
  float area_mm2 = 0;       // of ridges that can be believed
  float clear_share = 0;    // of the finger's area
  float contrast_grey = 0;  // valleys less ridges, 0 .. 255
  float dark_share = 0;     // of pixels darker than their surroundings
  float cut_mm = 0;         // along which the print runs over one edge of the picture
  float room_mm = 0;        // free at the opposite edge
};

// Of the picture at 500 ppi, what extraction saw in it and the minutiae it found. Works on cells of
// kCellPx and every fourth pixel (every second one each way): under 1 ms for 400 x 400 px
// (docs/quality.md). Pure; a picture without any finger is a valid argument.
PrintQuality quality_of(const Field& grey, const Survey& survey, const ClearRidges& clear,
                        const std::vector<Minutia>& minutiae);

}  // namespace whorl::features
