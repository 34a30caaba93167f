#include "engine/matchers/local_pairs.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace whorl::matchers {
namespace {

// Two captures of a finger are rarely turned by more; a wider gate costs impostor pairs (measured).
constexpr int kGateSteps = 64;     // 90 degrees
constexpr int kMaxDistance = 112;  // bits; less similar than 1 - 2 * 112 / 256 = 0.125 is chance
constexpr std::size_t kMaxPairs = 32;
// A pair among few is divided by at least so many voters: five pairs of a small print that agree by
// chance must not count for as much as a dozen. 12 to 31 were tried: the false hits of small prints
// go with 12, and more costs mates.
constexpr std::size_t kLeastVoters = 12;
constexpr int kRounds = 5;     // paper: n_rel
constexpr float kKeep = 0.5F;  // paper: w_R
// Sigmoids that turn a disagreement into 0 .. 1, paper Table: mu and tau for distance (px) and
// angles.
constexpr float kDistanceMu = 5, kDistanceTau = -1.6F;
constexpr float kAngleMu = 0.2617994F, kAngleTau = -30;  // pi / 12

float sigmoid(float value, float mu, float tau) { return 1 / (1 + std::exp(-tau * (value - mu))); }

bool has_code(const MinutiaCode& code) {
  return std::ranges::any_of(code, [](std::uint16_t word) { return word != 0; });
}

// The vector from minutia `from` to `to`, in the frame of `from`'s direction.
Point bearing(const MinutiaField& field, std::size_t from, std::size_t to) {
  const Point v = field.at[to] - field.at[from];
  return {dot(field.direction[from], v), cross(field.direction[from], v)};
}
Point relative_direction(const MinutiaField& field, std::size_t from, std::size_t to) {
  return {dot(field.direction[from], field.direction[to]),
          cross(field.direction[from], field.direction[to])};
}
float angle_between(Point a, Point b) { return std::fabs(std::atan2(cross(a, b), dot(a, b))); }

// rho(t, k): does pair k stand to pair t alike in both prints?
float agreement(const MinutiaField& first, const MinutiaField& second, MinutiaPair t,
                MinutiaPair k) {
  const Point a = bearing(first, t.first, k.first), b = bearing(second, t.second, k.second);
  const float stretch = std::fabs(std::sqrt(dot(a, a)) - std::sqrt(dot(b, b)));
  if (stretch > 12) return 0;
  const float turn = angle_between(relative_direction(first, t.first, k.first),
                                   relative_direction(second, t.second, k.second));
  const float swing = angle_between(a, b);
  return sigmoid(stretch, kDistanceMu, kDistanceTau) * sigmoid(turn, kAngleMu, kAngleTau) *
         sigmoid(swing, kAngleMu, kAngleTau);
}

}  // namespace

const std::vector<RankedPair>& LocalPairs::find(const FingerTemplate& first,
                                                const MinutiaField& first_field,
                                                const FingerTemplate& second,
                                                const MinutiaField& second_field) {
  pairs_.clear();
  support_ = 0;
  if (first.codes.empty() || second.codes.empty()) return pairs_;
  choose(first, second);
  relax(first_field, second_field);
  const std::size_t smaller = std::min(first.codes.size(), second.codes.size());
  const std::size_t counted = std::clamp<std::size_t>(smaller / 3 + 2, 6, 14);
  for (std::size_t i = 0; i < pairs_.size() && i < counted; ++i) support_ += pairs_[i].relaxed;
  support_ /= static_cast<float>(counted);  // too few pairs: the missing ones count as nothing
  return pairs_;
}

void LocalPairs::choose(const FingerTemplate& first, const FingerTemplate& second) {
  const std::size_t rows = first.codes.size(), columns = second.codes.size();
  distances_.resize(rows * columns);
  hamming_({first.codes.data()->data(), std::ssize(first.codes), kernels::kHammingWords},
           {second.codes.data()->data(), std::ssize(second.codes), kernels::kHammingWords},
           {distances_.data(), std::ssize(first.codes), std::ssize(second.codes)});
  scored_.clear();
  for (std::size_t a = 0; a < rows; ++a) {
    if (!has_code(first.codes[a])) continue;
    for (std::size_t b = 0; b < columns; ++b) {
      const std::uint16_t distance = distances_[a * columns + b];
      if (distance > kMaxDistance || !has_code(second.codes[b])) continue;
      if (turn_between(first.minutiae[a].direction, second.minutiae[b].direction) > kGateSteps)
        continue;
      scored_.push_back({distance, static_cast<std::uint16_t>(a), static_cast<std::uint16_t>(b)});
    }
  }
  std::ranges::sort(scored_, {},
                    [](const Scored& s) { return std::tuple(s.distance, s.first, s.second); });
  std::vector<bool> first_taken(rows), second_taken(columns);
  for (const Scored& s : scored_) {
    if (pairs_.size() == kMaxPairs) break;
    if (first_taken[s.first] || second_taken[s.second]) continue;
    first_taken[s.first] = second_taken[s.second] = true;
    const float similarity = 1 - 2 * static_cast<float>(s.distance) / kMinutiaCodeBits;
    pairs_.push_back({{s.first, s.second}, similarity, similarity, 0});
  }
}

void LocalPairs::relax(const MinutiaField& first, const MinutiaField& second) {
  const std::size_t n = pairs_.size();
  if (n < 2) return;
  agreement_.assign(n * n, 0);
  for (std::size_t t = 0; t < n; ++t) {
    for (std::size_t k = 0; k < n; ++k) {
      if (k != t) agreement_[t * n + k] = agreement(first, second, pairs_[t].pair, pairs_[k].pair);
    }
  }
  next_.resize(n);
  const auto voters = static_cast<float>(std::max(n - 1, kLeastVoters));
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t t = 0; t < n; ++t) {
      float sum = 0;
      for (std::size_t k = 0; k < n; ++k) sum += agreement_[t * n + k] * pairs_[k].relaxed;
      next_[t] = kKeep * pairs_[t].relaxed + (1 - kKeep) * sum / voters;
    }
    for (std::size_t t = 0; t < n; ++t) pairs_[t].relaxed = next_[t];
  }
  for (RankedPair& p : pairs_) p.efficiency = p.relaxed / p.similarity;
  std::ranges::sort(pairs_, [](const RankedPair& a, const RankedPair& b) {
    return std::tuple(-a.efficiency, a.pair.first, a.pair.second) <
           std::tuple(-b.efficiency, b.pair.first, b.pair.second);
  });
}

}  // namespace whorl::matchers
