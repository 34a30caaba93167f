#include "engine/app/report/rigid_motion.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace whorl::app {
namespace {

double weight_of(const matchers::GrownPair& p) {
  return std::max(kLeastWeight, static_cast<double>(p.share));
}

ImagePoint unit(ImagePoint p) { return std::abs(p) > 0 ? p / std::abs(p) : ImagePoint{1, 0}; }

}  // namespace

double RigidMotion::degrees() const { return -std::arg(turn) * 180 / std::numbers::pi; }

Direction RigidMotion::operator()(Direction direction) const {
  const double turned = direction.steps() + degrees() * Direction::kStepsPerTurn / 360;
  return Direction{static_cast<std::uint8_t>(std::lround(turned) & 0xFF)};
}

RigidMotion consensus_motion(const FingerTemplate& probe, const FingerTemplate& reference,
                             const std::vector<matchers::GrownPair>& pairs) {
  RigidMotion motion;
  if (pairs.empty()) return motion;
  const auto fixed = [&](const auto& p) { return place_of(probe.minutiae.at(p.pair.first)); };
  const auto moved = [&](const auto& p) { return place_of(reference.minutiae.at(p.pair.second)); };
  double total = 0;
  for (const auto& p : pairs) {
    motion.from += weight_of(p) * moved(p), motion.to += weight_of(p) * fixed(p);
    total += weight_of(p);
  }
  motion.from /= total, motion.to /= total;
  if (pairs.size() == 1) {
    const int steps = signed_turn(reference.minutiae.at(pairs.front().pair.second).direction,
                                  probe.minutiae.at(pairs.front().pair.first).direction);
    motion.turn = std::polar(1.0, -2 * std::numbers::pi * steps / Direction::kStepsPerTurn);
  } else {
    ImagePoint lean{0, 0};
    for (const auto& p : pairs) {
      lean += weight_of(p) * (fixed(p) - motion.to) * std::conj(moved(p) - motion.from);
    }
    motion.turn = unit(lean);
  }
  double squared = 0;
  for (const auto& p : pairs) {
    motion.left_px.push_back(std::abs(fixed(p) - motion(moved(p))));
    squared += motion.left_px.back() * motion.left_px.back();
  }
  motion.residual_px = std::sqrt(squared / static_cast<double>(pairs.size()));
  return motion;
}

}  // namespace whorl::app
