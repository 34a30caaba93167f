#pragma once
// What similarities of pictures of faces say of a model, where the truth is known.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/app/error_rates.h"
#include "engine/features/face/face_calibration.h"

namespace whorl::app {

// Below every cosine: a picture without a face has none, and no threshold accepts it.
inline constexpr double kNoFace = -2;

struct ScoredPair {
  bool mated = false;
  double similarity = kNoFace;  // a cosine, or kNoFace
  int quality = 0;              // the lower of the two, 0 .. 100; 0 where one has no face
};
LabelledScores labelled(const std::vector<ScoredPair>& pairs);

// The share of right decisions in each fold, at the threshold that decides most of the pairs of all
// other folds rightly (LFW's view 2, in UMass Amherst 14-003). A pair without similarity is wrong,
// whatever it shows. Pre: folds >= 2, and divides the pairs.
std::vector<double> fold_accuracies(const std::vector<ScoredPair>& pairs, std::size_t folds);

// The least threshold at which at most a share of `fmr` of the impostors is accepted. Pre: some.
double threshold_at(std::vector<double> impostor, double fmr);

struct RejectPoint {
  double rejected = 0;  // share of mated pairs refused for their quality
  double fnmr = 0;      // of those that are left, at the threshold of all
};
// Grother and Tabassi, "Performance of biometric quality measures", IEEE TPAMI 29(4), 2007. Equal
// qualities keep the pairs' order. Pre: mated pairs.
std::vector<RejectPoint> error_versus_reject(const std::vector<ScoredPair>& pairs,
                                             double threshold);

// How similarities of many comparisons are spread, in memory that does not grow with their number.
class SimilarityCounts {
 public:
  SimilarityCounts() : counts_(kBins) {}
  void add(double similarity);
  std::int64_t total() const { return total_; }
  // The least edge of a bin above which lies at most a share of `rate`.
  double exceeded_by(double rate) const;

 private:
  static constexpr std::size_t kBins = 20'000;  // of 1e-4 each, -1 .. 1
  std::vector<std::int64_t> counts_;
  std::int64_t total_ = 0;
};

// FaceCalibration's numbers. The genuine ones are the mean and deviation of the mated pairs. The
// impostors' are of the normal distribution whose upper tail passes through what is exceeded by one
// stranger in 100 and by one in 100,000: decisions are made there, where the moments of all
// strangers are wrong by a power of ten. Fewer strangers than a million cannot show it; then the
// moments of the unmated pairs are taken. stranger_share is what the normal distribution leaves
// unexplained of the false non-matches at a rate of 1 in 1,000, and no less than 3 in the number of
// pairs, the most that none among them leaves likely (the rule of three). twin_share is not
// measured: mobilefacenet-128.toml says why it is 1e-6. Pre: some compared pairs of both kinds.
FaceCalibration fit_calibration(const std::vector<ScoredPair>& pairs,
                                const SimilarityCounts& strangers);
inline constexpr std::int64_t kLeastStrangers = 1'000'000;

}  // namespace whorl::app
