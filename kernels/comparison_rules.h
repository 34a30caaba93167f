#pragma once
// The constants and formulas that every twin of print_comparison.h shares, on host and device:
// plain arithmetic, each operation rounded by itself, no function of a library but the square root.
// What needs one stands in ComparisonTables, made once by the host. C++17.

#include <cmath>
#include <cstdint>

#include "kernels/alignment_rules.h"
#include "kernels/core.h"
#include "kernels/vector_dot.h"

namespace whorl::kernels::comparison {

struct Point {
  float x = 0, y = 0;
};
WHORL_HOST_DEVICE inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
WHORL_HOST_DEVICE inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
WHORL_HOST_DEVICE inline float dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
WHORL_HOST_DEVICE inline float cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }
WHORL_HOST_DEVICE inline float squared_distance(Point a, Point b) { return dot(a - b, a - b); }
WHORL_HOST_DEVICE inline float least(float a, float b) { return b < a ? b : a; }
WHORL_HOST_DEVICE inline float most(float a, float b) { return a < b ? b : a; }

inline constexpr int kStepsPerTurn = 256;
inline constexpr float kTurn = 6.2831853F;
inline constexpr float kRadiansPerStep = kTurn / kStepsPerTurn;

// --- 1. Pairs with similar neighbourhoods

inline constexpr int kVectorLength = 360;  // of a minutia's vector; a full product is its square
inline constexpr std::int32_t kFullProduct = kVectorLength * kVectorLength;
// Upright captures are turned against each other by up to 45 degrees, and directions of mates by up
// to 25 more (kMinCosine); a wider gate lets chance pairs in (measured).
inline constexpr int kUprightGateSteps = 50;  // 70 degrees
// Strangers' neighbourhoods have cosines of 0 +- 0.12; what is less alike says nothing.
inline constexpr auto kLeastProduct = static_cast<std::int32_t>(0.05F * kFullProduct);
inline constexpr int kMaxPairs = 32;  // 24 to 48 were tried: no difference

WHORL_HOST_DEVICE inline float cosine_of(std::int32_t product) {
  return static_cast<float>(product) / static_cast<float>(kFullProduct);
}
WHORL_HOST_DEVICE inline int turn_between(int from_steps, int to_steps) {  // -128 .. 127
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(to_steps - from_steps));
}
WHORL_HOST_DEVICE inline bool within_gate(int from_steps, int to_steps, int gate_steps) {
  const int turn = turn_between(from_steps, to_steps);
  return turn <= gate_steps && turn >= -gate_steps;
}

// --- 2. Pairs that vouch for each other

// A pair among few is divided by at least so many voters: five pairs of a small print that agree by
// chance must not count for as much as a dozen. 12 to 31 were tried: the false hits of small prints
// go with 12, and more costs mates.
inline constexpr int kLeastVoters = 12;
inline constexpr int kRounds = 5;     // paper: n_rel
inline constexpr float kKeep = 0.5F;  // paper: w_R
// Sigmoids that turn a disagreement into 0 .. 1, paper Table: mu and tau for distance (px) and
// angles.
inline constexpr float kDistanceMu = 5, kDistanceTau = -1.6F, kMaxStretchPx = 10;
inline constexpr float kAngleMu = 0.2617994F, kAngleTau = -30;  // pi / 12
inline constexpr int kMaxTurnSteps = 22;                        // 31 degrees: below 0.001
inline constexpr float kMaxSlant = 0.75F;  // tangent of 37 degrees: the sigmoid is below 0.00001

// n_P of the paper: how many of the best pairs the support averages. The paper lets it fall to 4
// for small prints, of which four pairs agree by chance: strangers of 11 to 14 minutiae then scored
// what one pair in 10,000 of whole prints does ten times as often. Missing pairs count as nothing.
inline constexpr int kLeastCounted = 9, kMostCounted = 12;
inline constexpr float kCountMu = 20, kCountTau = 0.4F;

// --- 3. Growth

// How near a mate must be to where its neighbours predict it. Skin stretches, so the tolerance
// grows with the distance to the nearest neighbour that vouches for it.
inline constexpr float kTolerancePx = 11, kTolerancePerPx = 0.07F, kMaxTolerancePx = 18;
inline constexpr float kMinCosine = 0.9063078F;  // directions of mates agree within 25 degrees
// Weight 1 / (d^2 + h^2) of a matched neighbour at distance d; h keeps the nearest from deciding
// alone.
inline constexpr float kNearPx2 = 40 * 40;
// A direction counts like a second point this far from the minutia.
inline constexpr float kLeverPx2 = 18 * 18;
// Of mates, one of the eight best supported pairs is right nearly always; of sprouts, the best one
// or its close second (1 to 4 were tried: no difference beyond noise).
inline constexpr int kSeeds = 8, kGrownOut = 2;
inline constexpr float kMaxTrail = 6;  // nats behind the best sprout: never catches up
// Partners are looked for among directions that have turned like the first pair's, within what
// directions may differ by (kMinCosine) and as much again for how far skin turns across a print.
inline constexpr int kTurnWindowSteps = 36;
inline constexpr float kBeyond = 3.40282347e38F;  // any distance

// Residuals of true mates: a narrow normal and, for one in eight, a wide one; positions per axis in
// px, directions in radians. Elastic residuals of mated captures are 3.0 to 3.7 px per axis after a
// rigid fit; captures that are hard to match lie above the mean, and it is they that decide
// (3.5 to 6 px were tried: docs/decisions/finger-matcher.md).
inline constexpr float kNarrow = 0.87F, kWide = 1 - kNarrow;
inline constexpr float kNarrowPx2 = 4.5F * 4.5F, kWidePx2 = 8.0F * 8.0F;
inline constexpr float kNarrowRad = 0.105F, kWideRad = 0.26F;

// Of the minutiae both captures show, an extractor finds this share in each.
inline constexpr float kFound = 0.7F;
// Directions of strangers agree more often than uniform ones would: both follow the ridge flow.
inline constexpr float kDirectionCrowding = 2;
// How alike the neighbourhoods of matched minutiae are, as cosines: measured on the simulated and
// on several real sets, which agree to 0.03. Neighbourhoods overlap, so one match says part of what
// the next one says: the logarithm counts for a fifth of itself (0.15 to 0.3: no difference).
inline constexpr float kMatesLike = 0.68F, kMatesLikeSd = 0.17F;
inline constexpr float kStrangersLike = 0.20F, kStrangersLikeSd = 0.13F;
inline constexpr float kLikenessWeight = 0.2F;
inline constexpr float kMostUnlike = -2;
inline constexpr auto kLikeNarrower =
    static_cast<float>(alignment::logarithm(kStrangersLikeSd / kMatesLikeSd));

// What a minutia costs that should be there and is not: about -ln(1 - kFound) = 1.2 where half of
// those around it match, down to a share of it where none does (1.2 to 1.35 differ by less than
// noise). Its neighbours count by nearness (biweight kernel).
inline constexpr float kUnmatchedPrice = 1.3F;
inline constexpr float kLonelyShare = 0.3F;
inline constexpr float kAroundPx2 = 106 * 106;

// The two opinions fail on different pairs (measured); one unit of support weighs this many nats.
inline constexpr float kSupportWeight = 500;

// Functions of one number as straight lines between entries a step apart.
template <int kEntries>
struct Curve {
  float values[kEntries + 1] = {};
  WHORL_HOST_DEVICE float at(float place) const {  // 0 .. below kEntries
    const int k = static_cast<int>(place);
    return values[k] + (place - static_cast<float>(k)) * (values[k + 1] - values[k]);
  }
};

struct ComparisonTables {
  static constexpr float kPerPx = 16, kPerSlant = 256, kPerUnit = 2000;
  Curve<161> distance;  // agreement by stretch, kPerPx entries a px
  Curve<193> slant;     // agreement of a bearing by the tangent of how far it is off
  float turn_agreement[kMaxTurnSteps + 1];  // of directions, by steps
  // ln of how residuals and turns of mates are distributed: nearly straight in the squared distance
  // and in 1 - cosine.
  Curve<325> residual;                          // by px^2
  Curve<188> turn;                              // by 1 - cosine, kPerUnit entries a unit
  std::uint8_t counted[kMaxPrintMinutiae + 1];  // pairs, by the minutiae of the smaller print
  alignment::TurnTable turns;
};
const ComparisonTables& comparison_tables();  // the host's

// What a couple counts before its residuals, by the other print's minutiae and area.
float bare_share(int minutiae, float area_px2);

WHORL_HOST_DEVICE inline int counted_pairs(int smaller, const ComparisonTables& tables) {
  return tables.counted[smaller < kMaxPrintMinutiae ? smaller : kMaxPrintMinutiae];
}

// How strongly a pair vouches for another: by the vectors u and v between their minutiae in the
// two prints and how far each pair's directions have turned; what the other one gives to `own`.
WHORL_HOST_DEVICE inline float bond(Point u, Point v, int own_turn, int apart_steps,
                                    const ComparisonTables& tables) {
  const float stretch = std::fabs(std::sqrt(dot(u, u)) - std::sqrt(dot(v, v)));
  if (stretch > kMaxStretchPx) return 0;
  const auto step = static_cast<std::uint8_t>(own_turn);
  const float c = tables.turns.cosine[step], s = tables.turns.sine[step];
  const float along = dot(u, v) * c + cross(u, v) * s;
  const float across = std::fabs(cross(u, v) * c - dot(u, v) * s);
  if (!(across < kMaxSlant * along)) return 0;
  return tables.distance.at(stretch * ComparisonTables::kPerPx) *
         tables.turn_agreement[apart_steps] *
         tables.slant.at(across / along * ComparisonTables::kPerSlant);
}

// q = to + turn (p - from), with turn a unit complex number.
struct Motion {
  Point turn, from, to;
  WHORL_HOST_DEVICE Point operator()(Point p) const {
    const Point v = p - from;
    return {to.x + turn.x * v.x - turn.y * v.y, to.y + turn.y * v.x + turn.x * v.y};
  }
  WHORL_HOST_DEVICE Point turned(Point d) const {
    return {turn.x * d.x - turn.y * d.y, turn.y * d.x + turn.x * d.y};
  }
};

// Weighted sums over matched pairs, about `where` on one side and `there` on the other. They are
// made in kStrands strands, pair k in strand k % kStrands, and those added as sum_of() does.
inline constexpr int kStrands = 4;
struct Moments {
  float total, from_x, from_y, to_x, to_y, aligned, crossed;
};
inline constexpr int kMoments = 7;
WHORL_HOST_DEVICE inline float sum_of(const float (&s)[kStrands]) {
  return (s[0] + s[2]) + (s[1] + s[3]);
}
// One pair's summands. `turn` is from the first minutia's direction to the second's; `lever_y` is
// kLeverPx2, or less than nothing of it from the second print to the first. 0 for `present`: none.
WHORL_HOST_DEVICE inline Moments moments_of(Point own, Point other, Point turn, Point where,
                                            Point there, float lever_y, float present) {
  const float ux = own.x - where.x, uy = own.y - where.y;
  const float vx = other.x - there.x, vy = other.y - there.y;
  const float weight = present / (ux * ux + uy * uy + kNearPx2);
  return {weight,
          weight * ux,
          weight * uy,
          weight * vx,
          weight * vy,
          weight * (ux * vx + uy * vy + kLeverPx2 * turn.x),
          weight * (ux * vy - uy * vx + lever_y * turn.y)};
}
WHORL_HOST_DEVICE inline Motion motion_of(const Moments& m, Point where, Point there) {
  const float inverse = 1 / m.total;
  const Point from = {m.from_x, m.from_y}, to = {m.to_x, m.to_y};
  const float cosine = m.aligned - dot(from, to) * inverse;
  const float sine = m.crossed - cross(from, to) * inverse;
  const Point middle = {from.x * inverse + where.x, from.y * inverse + where.y};
  const Point goal = {to.x * inverse + there.x, to.y * inverse + there.y};
  const float length = std::sqrt(cosine * cosine + sine * sine);
  if (length == 0) return {{1, 0}, middle, goal};
  return {{cosine / length, sine / length}, middle, goal};
}

WHORL_HOST_DEVICE inline float tolerance_px(float nearest_px) {
  return least(kMaxTolerancePx, kTolerancePx + kTolerancePerPx * nearest_px);
}
// Of a couple within tolerance, but for its neighbourhoods.
WHORL_HOST_DEVICE inline float residual_share(float bare, float residual_px2, float cosine,
                                              const ComparisonTables& tables) {
  return bare + tables.residual.at(residual_px2) +
         tables.turn.at(most(0, 1 - cosine) * ComparisonTables::kPerUnit);
}
WHORL_HOST_DEVICE inline float likeness_share(float like) {
  const float mates = most(0, kMatesLike - like) / kMatesLikeSd;  // more alike is no worse
  const float strangers = (like - kStrangersLike) / kStrangersLikeSd;
  const float ratio = (strangers * strangers - mates * mates) / 2 + kLikeNarrower;
  return kLikenessWeight * most(ratio, kMostUnlike);
}

WHORL_HOST_DEVICE inline float nearness(Point a, Point b) {
  const float left = most(0, 1 - squared_distance(a, b) * (1 / kAroundPx2));
  return left * left;
}
// Of a minutia alone, by how many stand around it that match and that do not.
WHORL_HOST_DEVICE inline float lonely_price(float reliability, float matched, float alone) {
  const float share = 2 * matched / (2 * matched + alone);  // a pair is two minutiae
  return reliability * (kLonelyShare + (1 - kLonelyShare) * 2 * share);
}

WHORL_HOST_DEVICE inline float similarity_of(float log_likelihood, float support) {
  return most(0, log_likelihood + kSupportWeight * support);
}

}  // namespace whorl::kernels::comparison
