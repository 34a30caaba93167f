#include "kernels/comparison_rules.h"

namespace whorl::kernels::comparison {
namespace {

float sigmoid(float value, float mu, float tau) { return 1 / (1 + std::exp(-tau * (value - mu))); }
float normal2(float squared, float variance) {  // density of two axes at once
  return std::exp(-squared / (2 * variance)) / (kTurn * variance);
}
float normal1(float value, float sd) {
  return std::exp(-value * value / (2 * sd * sd)) / (std::sqrt(kTurn) * sd);
}

template <int kEntries, class Function>
void fill(Curve<kEntries>& curve, Function function) {
  for (int k = 0; k <= kEntries; ++k) curve.values[k] = function(static_cast<float>(k));
}

ComparisonTables make_tables() {
  ComparisonTables t{};
  fill(t.distance,
       [](float k) { return sigmoid(k / ComparisonTables::kPerPx, kDistanceMu, kDistanceTau); });
  fill(t.slant, [](float k) {
    return sigmoid(std::atan(k / ComparisonTables::kPerSlant), kAngleMu, kAngleTau);
  });
  for (int s = 0; s <= kMaxTurnSteps; ++s)
    t.turn_agreement[s] = sigmoid(static_cast<float>(s) * kRadiansPerStep, kAngleMu, kAngleTau);
  fill(t.residual, [](float px2) {
    return std::log(kNarrow * normal2(px2, kNarrowPx2) + kWide * normal2(px2, kWidePx2));
  });
  fill(t.turn, [](float k) {
    const float turn = std::acos(1 - k / ComparisonTables::kPerUnit);
    return std::log(kNarrow * normal1(turn, kNarrowRad) + kWide * normal1(turn, kWideRad));
  });
  for (int n = 0; n <= kMaxPrintMinutiae; ++n) {
    const auto counted = static_cast<int>(
        4.5F + (kMostCounted - 4) * sigmoid(static_cast<float>(n), kCountMu, kCountTau));
    t.counted[n] = static_cast<std::uint8_t>(counted < kLeastCounted ? kLeastCounted : counted);
  }
  return t;
}
static_assert(161 > kMaxStretchPx * ComparisonTables::kPerPx);
static_assert(193 > kMaxSlant * ComparisonTables::kPerSlant);
static_assert(325 > kMaxTolerancePx * kMaxTolerancePx);
static_assert(188 > (1 - kMinCosine) * ComparisonTables::kPerUnit);

}  // namespace

const ComparisonTables& comparison_tables() {
  static const ComparisonTables made = make_tables();
  return made;
}

float bare_share(int minutiae, float area_px2) {
  const float chance_per_px2 = static_cast<float>(minutiae) / most(area_px2, 1);
  return std::log(2 * kFound / (chance_per_px2 * kDirectionCrowding / (kTurn / 2)));
}

}  // namespace whorl::kernels::comparison
