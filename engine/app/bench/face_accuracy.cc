#include "engine/app/bench/face_accuracy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "kernels/core.h"

namespace whorl::app {
namespace {

constexpr double kRounding = 1e-12;  // a share that is the limit itself counts

// The lowest of the thresholds that decide most pairs rightly, in the middle between the scores
// that it separates. Pairs without similarity are wrong at every one.
double best_threshold(std::vector<ScoredPair> pairs) {
  std::erase_if(pairs, [](const ScoredPair& p) { return p.similarity <= kNoFace; });
  if (pairs.empty()) return 0;
  std::ranges::sort(pairs, {}, &ScoredPair::similarity);
  auto right = std::ranges::count(pairs, true, &ScoredPair::mated);  // where all are accepted
  auto most = right;
  double best = pairs.front().similarity;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    right += pairs[i].mated ? -1 : 1;
    const bool last = i + 1 == pairs.size();
    if (!last && pairs[i + 1].similarity == pairs[i].similarity) continue;
    if (right <= most) continue;
    most = right;
    best = last ? std::numeric_limits<double>::infinity()
                : (pairs[i].similarity + pairs[i + 1].similarity) / 2;
  }
  return best;
}

struct Moments {
  double mean = 0, sd = 0;
};
Moments moments_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  for (const double v : values) squares += (v - sum / count) * (v - sum / count);
  return {sum / count, std::sqrt(squares / count)};
}

// Of the standard normal distribution: z exceeded by 1 in 100, and by 1 in 100,000.
constexpr double kOneIn100 = 2.326348, kOneIn100000 = 4.264891;

Moments tail_of(const SimilarityCounts& strangers) {
  const double near = strangers.exceeded_by(1e-2), far = strangers.exceeded_by(1e-5);
  const double sd = (far - near) / (kOneIn100000 - kOneIn100);
  return {near - kOneIn100 * sd, sd};
}

double lower_tail(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

}  // namespace

LabelledScores labelled(const std::vector<ScoredPair>& pairs) {
  LabelledScores scores{"pairs", {}, {}};
  for (const ScoredPair& p : pairs) {
    (p.mated ? scores.genuine : scores.impostor).push_back(p.similarity);
  }
  return scores;
}

std::vector<double> fold_accuracies(const std::vector<ScoredPair>& pairs, std::size_t folds) {
  WHORL_CHECK(folds >= 2);
  WHORL_CHECK(!pairs.empty());
  WHORL_CHECK(pairs.size() % folds == 0);
  const auto length = static_cast<std::ptrdiff_t>(pairs.size() / folds);
  std::vector<double> accuracies;
  for (auto first = pairs.begin(); first != pairs.end(); first += length) {
    std::vector<ScoredPair> others(pairs.begin(), first);
    others.insert(others.end(), first + length, pairs.end());
    const double threshold = best_threshold(std::move(others));
    const auto right = std::count_if(first, first + length, [=](const ScoredPair& p) {
      return p.similarity > kNoFace && (p.similarity >= threshold) == p.mated;
    });
    accuracies.push_back(static_cast<double>(right) / static_cast<double>(length));
  }
  return accuracies;
}

double threshold_at(std::vector<double> impostor, double fmr) {
  WHORL_CHECK(!impostor.empty());
  std::ranges::sort(impostor, std::greater());
  const double allowed = std::floor(fmr * static_cast<double>(impostor.size()) + kRounding);
  const auto first_refused = static_cast<std::size_t>(allowed);
  if (first_refused >= impostor.size()) return kNoFace;
  return std::nextafter(impostor[first_refused], std::numeric_limits<double>::infinity());
}

std::vector<RejectPoint> error_versus_reject(const std::vector<ScoredPair>& pairs,
                                             double threshold) {
  std::vector<ScoredPair> mated;
  std::ranges::copy_if(pairs, std::back_inserter(mated), &ScoredPair::mated);
  WHORL_CHECK(!mated.empty());
  std::ranges::stable_sort(mated, {}, &ScoredPair::quality);
  std::vector<RejectPoint> curve;
  for (const double rejected : {0.0, 0.05, 0.1, 0.2, 0.3}) {
    const auto first =
        mated.begin() +
        static_cast<std::ptrdiff_t>(rejected * static_cast<double>(mated.size()) + kRounding);
    const auto missed = std::count_if(
        first, mated.end(), [=](const ScoredPair& p) { return p.similarity < threshold; });
    curve.push_back(
        {rejected, static_cast<double>(missed) / static_cast<double>(mated.end() - first)});
  }
  return curve;
}

void SimilarityCounts::add(double similarity) {
  const double share = std::clamp((similarity + 1) / 2, 0.0, 1.0);
  ++counts_[std::min(static_cast<std::size_t>(share * kBins), kBins - 1)];
  ++total_;
}

double SimilarityCounts::exceeded_by(double rate) const {
  std::int64_t above = 0;
  const double allowed = rate * static_cast<double>(total_) + kRounding;
  for (std::size_t bin = kBins; bin > 0; --bin) {
    above += counts_[bin - 1];
    if (static_cast<double>(above) > allowed) return 2 * static_cast<double>(bin) / kBins - 1;
  }
  return -1;
}

FaceCalibration fit_calibration(const std::vector<ScoredPair>& pairs,
                                const SimilarityCounts& strangers) {
  std::vector<ScoredPair> compared;
  std::ranges::copy_if(pairs, std::back_inserter(compared),
                       [](const ScoredPair& p) { return p.similarity > kNoFace; });
  const LabelledScores scores = labelled(compared);
  WHORL_CHECK(scores.measurable());
  const Moments genuine = moments_of(scores.genuine);
  const Moments impostor =
      strangers.total() >= kLeastStrangers ? tail_of(strangers) : moments_of(scores.impostor);
  const double threshold = threshold_at(scores.impostor, 1e-3);
  const double missed = operating_point(scores, threshold).fnmr;
  const double unexplained = missed - lower_tail((threshold - genuine.mean) / genuine.sd);
  const double least = 3 / static_cast<double>(scores.genuine.size());
  FaceCalibration fitted;
  fitted.version = 1;
  fitted.genuine_mean = genuine.mean, fitted.genuine_sd = genuine.sd;
  fitted.impostor_mean = impostor.mean, fitted.impostor_sd = impostor.sd;
  fitted.stranger_share = std::min(std::max(unexplained, least), 0.5);
  fitted.twin_share = 1e-6;
  return fitted;
}

}  // namespace whorl::app
