#include "engine/matchers/elastic_growth.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace whorl::matchers {
namespace {

// How near a mate must be to where its neighbours predict it. Skin stretches, so the tolerance
// grows with the distance to the nearest neighbour that vouches for it. specs: elastic residuals of
// mated captures are 3.0 to 3.7 px per axis after a rigid fit (measured on several sensors).
constexpr float kTolerancePx = 9, kTolerancePerPx = 0.07F, kMaxTolerancePx = 18;
constexpr float kMinCosine = 0.9063078F;  // directions of mates agree within 25 degrees
// Weight 1 / (d^2 + h^2) of a matched neighbour at distance d; h keeps the nearest from deciding
// alone.
constexpr float kNearPx2 = 40 * 40;
// A direction counts like a second point this far from the minutia.
constexpr float kLeverPx2 = 18 * 18;

// Residuals of true mates: a narrow normal and, for one in eight, a wide one; positions per axis in
// px, directions in radians.
constexpr float kNarrow = 0.87F, kWide = 1 - kNarrow;
constexpr float kNarrowPx2 = 3.5F * 3.5F, kWidePx2 = 8.0F * 8.0F;
constexpr float kNarrowRad = 0.105F, kWideRad = 0.26F;
// Of the minutiae both captures show, an extractor finds this share in each.
constexpr float kFound = 0.7F;
// Directions of strangers agree more often than uniform ones would: both follow the ridge flow.
constexpr float kDirectionCrowding = 2;
constexpr float kTurn = 6.2831853F;
// What a minutia costs that should be there and is not: softer than ln(1 - kFound), because whole
// regions go missing together (measured: the hard price loses on worn prints).
constexpr float kUnmatchedPrice = 0.5F;

float normal2(float squared, float variance) {  // density of two axes at once
  return std::exp(-squared / (2 * variance)) / (kTurn * variance);
}
float normal1(float value, float sd) {
  return std::exp(-value * value / (2 * sd * sd)) / (std::sqrt(kTurn) * sd);
}

float share_of(float residual_px2, float turn_rad, float chance_per_px2) {
  const float mates =
      kFound *
      (kNarrow * normal2(residual_px2, kNarrowPx2) + kWide * normal2(residual_px2, kWidePx2)) *
      (kNarrow * normal1(turn_rad, kNarrowRad) + kWide * normal1(turn_rad, kWideRad)) * 2;
  return std::log(mates / (chance_per_px2 * kDirectionCrowding / (kTurn / 2)));
}

}  // namespace

Point ElasticGrowth::Motion::operator()(Point p) const {
  const Point v = p - from;
  return {to.x + turn.x * v.x - turn.y * v.y, to.y + turn.y * v.x + turn.x * v.y};
}

ElasticGrowth::Motion ElasticGrowth::motion_at(Point where, int leave_out, Way way) const {
  const bool forward = way == Way::first_to_second;
  const MinutiaField& here = forward ? *first_ : *second_;
  const MinutiaField& there = forward ? *second_ : *first_;
  float total = 0, cosine = 0, sine = 0;
  Point from, to;
  const auto each = [&](auto&& visit) {
    for (int k = 0; k < static_cast<int>(matched_.size()); ++k) {
      if (k == leave_out) continue;
      const MinutiaPair pair = matched_[static_cast<std::size_t>(k)].pair;
      const std::size_t a = forward ? pair.first : pair.second,
                        b = forward ? pair.second : pair.first;
      visit(a, b, 1 / (squared_distance(here.at[a], where) + kNearPx2));
    }
  };
  each([&](std::size_t a, std::size_t b, float weight) {
    total += weight;
    from = {from.x + weight * here.at[a].x, from.y + weight * here.at[a].y};
    to = {to.x + weight * there.at[b].x, to.y + weight * there.at[b].y};
  });
  from = {from.x / total, from.y / total};
  to = {to.x / total, to.y / total};
  each([&](std::size_t a, std::size_t b, float weight) {
    const Point u = here.at[a] - from, v = there.at[b] - to;
    cosine += weight * (dot(u, v) + kLeverPx2 * dot(here.direction[a], there.direction[b]));
    sine += weight * (cross(u, v) + kLeverPx2 * cross(here.direction[a], there.direction[b]));
  });
  const float length = std::sqrt(cosine * cosine + sine * sine);
  if (length == 0) return {{1, 0}, from, to};
  return {{cosine / length, sine / length}, from, to};
}

ElasticGrowth::Found ElasticGrowth::best_partner(std::size_t a, const Motion& motion,
                                                 float nearest_px) const {
  const Point expected = motion(first_->at[a]);
  const Point d = first_->direction[a];
  const Point direction = {motion.turn.x * d.x - motion.turn.y * d.y,
                           motion.turn.y * d.x + motion.turn.x * d.y};
  const float tolerance = std::min(kMaxTolerancePx, kTolerancePx + kTolerancePerPx * nearest_px);
  const float chance = static_cast<float>(second_->size()) / std::max(second_->area, 1.0F);
  Found best;
  for (std::size_t b = 0; b < second_->size(); ++b) {
    if (second_taken_[b] != 0) continue;
    const float residual = squared_distance(second_->at[b], expected);
    if (residual > tolerance * tolerance) continue;
    const float cosine = dot(direction, second_->direction[b]);
    if (cosine < kMinCosine) continue;
    const float turn = std::acos(std::min(cosine, 1.0F));
    const float share = share_of(residual, turn, chance);
    if (share > best.share) best = {static_cast<int>(b), share};
  }
  return best;
}

void ElasticGrowth::match(std::size_t a, const Found& found) {
  const auto b = static_cast<std::size_t>(found.second);
  matched_.push_back({{static_cast<std::uint16_t>(a), static_cast<std::uint16_t>(b)}, found.share});
  first_taken_[a] = second_taken_[b] = 1;
  for (std::size_t i = 0; i < first_->size(); ++i) {
    nearest_px2_[i] = std::min(nearest_px2_[i], squared_distance(first_->at[i], first_->at[a]));
  }
}

// Nearest first: each new pair makes the prediction of the next one safer.
void ElasticGrowth::extend() {
  tried_.assign(first_->size(), 0);
  for (;;) {
    std::size_t next = first_->size();
    for (std::size_t a = 0; a < first_->size(); ++a) {
      if (first_taken_[a] != 0 || tried_[a] != 0) continue;
      if (next == first_->size() || nearest_px2_[a] < nearest_px2_[next]) next = a;
    }
    if (next == first_->size()) return;
    tried_[next] = 1;
    const Motion motion = motion_at(first_->at[next], -1, Way::first_to_second);
    const Found found = best_partner(next, motion, std::sqrt(nearest_px2_[next]));
    if (found.second >= 0) match(next, found);
  }
}

// Once the whole correspondence is known, each pair must still be where all the others say.
void ElasticGrowth::refine() {
  for (std::size_t k = 0; k < matched_.size() && matched_.size() > 2;) {
    const MinutiaPair pair = matched_[k].pair;
    float nearest = std::numeric_limits<float>::max();
    for (std::size_t other = 0; other < matched_.size(); ++other) {
      if (other == k) continue;
      nearest = std::min(nearest, squared_distance(first_->at[pair.first],
                                                   first_->at[matched_[other].pair.first]));
    }
    const Motion motion =
        motion_at(first_->at[pair.first], static_cast<int>(k), Way::first_to_second);
    second_taken_[pair.second] = 0;
    const Found found = best_partner(pair.first, motion, std::sqrt(nearest));
    if (found.second >= 0) {
      second_taken_[static_cast<std::size_t>(found.second)] = 1;
      matched_[k] = {{pair.first, static_cast<std::uint16_t>(found.second)}, found.share};
      ++k;
    } else {
      first_taken_[pair.first] = 0;
      matched_.erase(matched_.begin() + static_cast<std::ptrdiff_t>(k));
    }
  }
}

float ElasticGrowth::unmatched_price() const {
  int missing = 0;
  for (std::size_t a = 0; a < first_->size(); ++a) {
    if (first_taken_[a] != 0) continue;
    const Point p = first_->at[a];
    missing += second_->covers(motion_at(p, -1, Way::first_to_second)(p)) ? 1 : 0;
  }
  for (std::size_t b = 0; b < second_->size(); ++b) {
    if (second_taken_[b] != 0) continue;
    const Point p = second_->at[b];
    missing += first_->covers(motion_at(p, -1, Way::second_to_first)(p)) ? 1 : 0;
  }
  return kUnmatchedPrice * static_cast<float>(missing);
}

void ElasticGrowth::grow(const MinutiaField& first, const MinutiaField& second, MinutiaPair seed,
                         Growth& result) {
  first_ = &first, second_ = &second;
  matched_.clear();
  first_taken_.assign(first.size(), 0), second_taken_.assign(second.size(), 0);
  nearest_px2_.assign(first.size(), std::numeric_limits<float>::max());
  match(seed.first, {seed.second, 0});
  extend();
  refine();
  extend();
  result.pairs = matched_;
  result.log_likelihood = -unmatched_price();
  for (const GrownPair& p : matched_) result.log_likelihood += p.share;
}

}  // namespace whorl::matchers
