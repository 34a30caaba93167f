#include "engine/matchers/local_pairs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

namespace whorl::matchers {
namespace {

constexpr float kFullProduct = features::kVectorLength * features::kVectorLength;
// Two captures of a finger are rarely turned by more; a wider gate costs impostor pairs (measured).
constexpr int kGateSteps = 64;  // 90 degrees
// Strangers' neighbourhoods have cosines of 0 +- 0.12; what is less alike says nothing.
constexpr auto kLeastProduct = static_cast<std::int32_t>(0.05F * kFullProduct);
constexpr std::size_t kMaxPairs = 32;  // 24 to 48 were tried: no difference
// A pair among few is divided by at least so many voters: five pairs of a small print that agree by
// chance must not count for as much as a dozen. 12 to 31 were tried: the false hits of small prints
// go with 12, and more costs mates.
constexpr std::size_t kLeastVoters = 12;
constexpr int kRounds = 5;     // paper: n_rel
constexpr float kKeep = 0.5F;  // paper: w_R
// Sigmoids that turn a disagreement into 0 .. 1, paper Table: mu and tau for distance (px) and
// angles.
constexpr float kDistanceMu = 5, kDistanceTau = -1.6F, kMaxStretchPx = 10;
constexpr float kAngleMu = 0.2617994F, kAngleTau = -30;  // pi / 12
constexpr int kMaxTurnSteps = 22;                        // 31 degrees: the sigmoid is below 0.001
constexpr float kRadiansPerStep = 6.2831853F / Direction::kStepsPerTurn;

float sigmoid(float value, float mu, float tau) { return 1 / (1 + std::exp(-tau * (value - mu))); }

const std::array<float, kMaxTurnSteps + 1>& turn_agreement() {
  static const auto table = [] {
    std::array<float, kMaxTurnSteps + 1> values{};
    for (std::size_t s = 0; s < values.size(); ++s) {
      values[s] = sigmoid(static_cast<float>(s) * kRadiansPerStep, kAngleMu, kAngleTau);
    }
    return values;
  }();
  return table;
}

// Steps by which the second print's direction is turned against the first's, -128 .. 127.
int turn_of(const PreparedPrint& first, const PreparedPrint& second, MinutiaPair p) {
  return static_cast<std::int8_t>(second.steps[p.second] - first.steps[p.first]);
}

// Agreement of a bearing that turned by `bearing` with a minutia that turned by `turn` steps.
float bearing_agreement(float bearing, int turn) {
  constexpr float kTurn = 6.2831853F;
  float away = std::fabs(bearing - static_cast<float>(turn) * kRadiansPerStep);
  if (away > kTurn / 2) away = std::fabs(kTurn - away);
  return sigmoid(away, kAngleMu, kAngleTau);
}

// n_P of the paper: how many of the best pairs the support averages. The paper lets it fall to 4
// for small prints, of which four pairs agree by chance: strangers of 11 to 14 minutiae then scored
// what one pair in 10,000 of whole prints does ten times as often. Missing pairs count as nothing.
constexpr std::size_t kLeastCounted = 9;
std::size_t counted_pairs(std::size_t smaller) {
  const auto counted =
      static_cast<std::size_t>(4.5F + 8 * sigmoid(static_cast<float>(smaller), 20, 0.4F));
  return std::max(counted, kLeastCounted);
}

}  // namespace

float LocalPairs::similarity(std::size_t a, std::size_t b) const {
  return static_cast<float>(products_[a * columns_ + b]) / kFullProduct;
}

const std::vector<RankedPair>& LocalPairs::find(const PreparedPrint& first,
                                                const PreparedPrint& second) {
  pairs_.clear();
  support_ = 0;
  columns_ = second.size();
  products_.resize(first.size() * second.size());
  dots_({first.vectors.values.data(), std::ssize(first.at), kernels::kVectorSize},
        {second.vectors.values.data(), std::ssize(second.at), kernels::kVectorSize},
        {products_.data(), std::ssize(first.at), std::ssize(second.at)});
  choose(first, second);
  bind(first, second);
  const std::size_t smaller = std::min(first.size(), second.size());
  relax(smaller);
  const std::size_t counted = counted_pairs(smaller);
  for (std::size_t i = 0; i < pairs_.size() && i < counted; ++i) support_ += pairs_[i].relaxed;
  support_ /= static_cast<float>(counted);  // too few pairs: the missing ones count as nothing
  return pairs_;
}

void LocalPairs::choose(const PreparedPrint& first, const PreparedPrint& second) {
  candidates_.clear();  // least similar last, ties by first and second: one number a candidate
  for (std::size_t a = 0; a < first.size(); ++a) {
    const std::int32_t* products = &products_[a * columns_];
    for (std::size_t b = 0; b < columns_; ++b) {
      if (products[b] < kLeastProduct) continue;
      const auto turn = static_cast<std::int8_t>(second.steps[b] - first.steps[a]);
      if (turn > kGateSteps || turn < -kGateSteps) continue;
      const auto less =
          static_cast<std::uint64_t>(2 * kFullProduct) - static_cast<std::uint64_t>(products[b]);
      candidates_.push_back(less << 32U | a << 16U | b);
    }
  }
  std::ranges::sort(candidates_);
  first_taken_.assign(first.size(), 0), second_taken_.assign(second.size(), 0);
  for (const std::uint64_t candidate : candidates_) {
    if (pairs_.size() == kMaxPairs) break;
    const auto a = static_cast<std::uint16_t>(candidate >> 16U);
    const auto b = static_cast<std::uint16_t>(candidate);
    if (first_taken_[a] != 0 || second_taken_[b] != 0) continue;
    first_taken_[a] = second_taken_[b] = 1;
    pairs_.push_back({{a, b}, similarity(a, b), similarity(a, b), 0});
  }
}

// Most couples of pairs contradict each other at once; only the rest is looked at with care.
void LocalPairs::bind(const PreparedPrint& first, const PreparedPrint& second) {
  bonds_.clear();
  for (std::size_t t = 0; t < pairs_.size(); ++t) {
    const MinutiaPair p = pairs_[t].pair;
    const int turn = turn_of(first, second, p);
    for (std::size_t k = t + 1; k < pairs_.size(); ++k) {
      const MinutiaPair q = pairs_[k].pair;
      const int other_turn = turn_of(first, second, q);
      const int apart = std::abs(static_cast<std::int8_t>(other_turn - turn));
      if (apart > kMaxTurnSteps) continue;
      const Point u = first.at[q.first] - first.at[p.first];
      const Point v = second.at[q.second] - second.at[p.second];
      const float stretch = std::fabs(std::sqrt(dot(u, u)) - std::sqrt(dot(v, v)));
      if (stretch > kMaxStretchPx) continue;
      const float both = sigmoid(stretch, kDistanceMu, kDistanceTau) *
                         turn_agreement()[static_cast<std::size_t>(apart)];
      const float bearing = std::atan2(cross(u, v), dot(u, v));
      bonds_.push_back({static_cast<std::uint16_t>(t), static_cast<std::uint16_t>(k),
                        both * bearing_agreement(bearing, turn),
                        both * bearing_agreement(bearing, other_turn)});
    }
  }
}

void LocalPairs::relax(std::size_t smaller) {
  if (pairs_.size() < 2) return;
  const auto voters = static_cast<float>(std::max(smaller - 1, kLeastVoters));
  for (int round = 0; round < kRounds; ++round) {
    received_.assign(pairs_.size(), 0);
    for (const Bond& bond : bonds_) {
      received_[bond.first] += bond.to_first * pairs_[bond.second].relaxed;
      received_[bond.second] += bond.to_second * pairs_[bond.first].relaxed;
    }
    for (std::size_t t = 0; t < pairs_.size(); ++t) {
      pairs_[t].relaxed = kKeep * pairs_[t].relaxed + (1 - kKeep) * received_[t] / voters;
    }
  }
  for (RankedPair& p : pairs_) p.efficiency = p.relaxed / p.similarity;
  std::ranges::sort(pairs_, [](const RankedPair& a, const RankedPair& b) {
    return std::tuple(-a.efficiency, a.pair.first, a.pair.second) <
           std::tuple(-b.efficiency, b.pair.first, b.pair.second);
  });
}

}  // namespace whorl::matchers
