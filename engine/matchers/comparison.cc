#include "engine/matchers/comparison.h"

#include <optional>
#include <utility>

#include "engine/matchers/finger_calibration.h"

namespace whorl::matchers {
Result<Scored> PairMatcher::compare(const Template& probe, const Template& reference) {
  if (const auto* print = std::get_if<FingerTemplate>(&probe)) {
    const Similarity s =
        fingers_.compare(*print, std::get<FingerTemplate>(reference), Rotation::any);
    return Scored{s, calibrate(kDefaultFingerCalibration, s)};
  }
  const auto& face = std::get<FaceTemplate>(probe);
  WHORL_TRY(const Similarity s, faces_.compare(face, std::get<FaceTemplate>(reference)));
  WHORL_TRY(const FaceCalibration calibration, face_calibration(face.model));
  return Scored{s, calibrate(calibration, s)};
}

Result<Comparison> best_comparison(const std::vector<Template>& probe,
                                   const std::vector<Template>& reference) {
  PairMatcher comparer;
  std::optional<Comparison> best;
  for (std::size_t p = 0; p < probe.size(); ++p) {
    for (std::size_t r = 0; r < reference.size(); ++r) {
      if (modality_of(probe[p]) != modality_of(reference[r])) continue;
      WHORL_TRY(const Scored scored, comparer.compare(probe[p], reference[r]));
      if (!best || scored.value.ratio > best->value.ratio ||
          (scored.value.ratio == best->value.ratio && scored.similarity > best->similarity)) {
        best = Comparison{p, r, scored.similarity, scored.value};
      }
    }
  }
  if (!best) return fail(Fault::bad_argument, 0, "one side holds fingers, the other faces");
  return *best;
}

Similarity similarity_at(FalseMatchRate rate) {
  float low = 0, high = 1000;  // beyond any similarity seen
  for (int halving = 0; halving < 40; ++halving) {
    const float middle = (low + high) / 2;
    const bool enough = calibrate(kDefaultFingerCalibration, Similarity{middle}).fmr <= rate;
    (enough ? high : low) = middle;
  }
  return Similarity{high};
}

}  // namespace whorl::matchers
