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
// How alike the neighbourhoods of matched minutiae are, as cosines: measured on the simulated and
// on several real sets, which agree to 0.03. Neighbourhoods overlap, so one match says part of what
// the next one says: the logarithm counts for a third of itself.
constexpr float kMatesLike = 0.68F, kMatesLikeSd = 0.17F;
constexpr float kStrangersLike = 0.20F, kStrangersLikeSd = 0.13F;
constexpr float kLikenessWeight = 0.3F;
constexpr float kMostUnlike = -2;

// What a minutia costs that should be there and is not: -ln(1 - kFound) where half of those around
// it match, down to a share of it where none does. Its neighbours count by nearness (biweight
// kernel).
constexpr float kUnmatchedPrice = 1;
constexpr float kLonelyShare = 0.4F;
constexpr float kAroundPx2 = 106 * 106;

constexpr std::size_t kSeeds = 5;  // 4 to 16 were tried: no difference beyond noise
constexpr std::size_t kGrownOut = 4;
constexpr float kMaxTrail = 6;  // nats behind the best sprout: never catches up

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

// One pass over the anchors: moments about `where` and about the first anchor's place there, so
// that the numbers stay small.
ElasticGrowth::Motion ElasticGrowth::motion_at(Point where, int leave_out, Way way) const {
  const bool forward = way == Way::first_to_second;
  const Point there = forward ? matched_.front().second : matched_.front().first;
  float total = 0, aligned = 0, crossed = 0;
  Point from, to;
  for (int k = 0; k < static_cast<int>(matched_.size()); ++k) {
    if (k == leave_out) continue;
    const Anchor& anchor = matched_[static_cast<std::size_t>(k)];
    const Point u = (forward ? anchor.first : anchor.second) - where;
    const Point v = (forward ? anchor.second : anchor.first) - there;
    const float weight = 1 / (dot(u, u) + kNearPx2);
    total += weight;
    from = {from.x + weight * u.x, from.y + weight * u.y};
    to = {to.x + weight * v.x, to.y + weight * v.y};
    aligned += weight * (dot(u, v) + kLeverPx2 * anchor.turn.x);
    crossed += weight * (cross(u, v) + (forward ? kLeverPx2 : -kLeverPx2) * anchor.turn.y);
  }
  const float inverse = 1 / total;
  const float cosine = aligned - dot(from, to) * inverse;
  const float sine = crossed - cross(from, to) * inverse;
  const Point middle = {from.x * inverse + where.x, from.y * inverse + where.y};
  const Point goal = {to.x * inverse + there.x, to.y * inverse + there.y};
  const float length = std::sqrt(cosine * cosine + sine * sine);
  if (length == 0) return {{1, 0}, middle, goal};
  return {{cosine / length, sine / length}, middle, goal};
}

ElasticGrowth::Found ElasticGrowth::best_partner(std::size_t a, const Motion& motion,
                                                 float nearest_px) const {
  const Point expected = motion(first_->at[a]);
  const Point d = first_->direction[a];
  const Point direction = {motion.turn.x * d.x - motion.turn.y * d.y,
                           motion.turn.y * d.x + motion.turn.x * d.y};
  const float tolerance = std::min(kMaxTolerancePx, kTolerancePx + kTolerancePerPx * nearest_px);
  Found best;
  for (std::size_t b = 0; b < second_->size(); ++b) {
    const float residual = squared_distance(second_->at[b], expected);
    if (residual > tolerance * tolerance || second_taken_[b] != 0) continue;
    const float cosine = dot(direction, second_->direction[b]);
    if (cosine < kMinCosine) continue;
    const float turn = std::acos(std::min(cosine, 1.0F));
    const float share = share_of(residual, turn, chance_per_px2_) + likeness_share(a, b);
    if (share > best.share) best = {static_cast<int>(b), share};
  }
  return best;
}

float ElasticGrowth::likeness_share(std::size_t a, std::size_t b) const {
  if (first_->vectors.described[a] == 0 || second_->vectors.described[b] == 0) return 0;
  const float like = likeness_->similarity(a, b);
  const float mates = std::max(0.0F, kMatesLike - like) / kMatesLikeSd;  // more alike is no worse
  const float strangers = (like - kStrangersLike) / kStrangersLikeSd;
  const float ratio =
      (strangers * strangers - mates * mates) / 2 + std::log(kStrangersLikeSd / kMatesLikeSd);
  return kLikenessWeight * std::max(ratio, kMostUnlike);
}

ElasticGrowth::Anchor ElasticGrowth::anchor(std::size_t a, const Found& found) const {
  const auto b = static_cast<std::size_t>(found.second);
  const Point d = first_->direction[a], e = second_->direction[b];
  return {{{static_cast<std::uint16_t>(a), static_cast<std::uint16_t>(b)}, found.share},
          first_->at[a],
          second_->at[b],
          {dot(d, e), cross(d, e)}};
}

void ElasticGrowth::match(const Anchor& found) {
  matched_.push_back(found);
  first_taken_[found.found.pair.first] = second_taken_[found.found.pair.second] = 1;
  for (std::size_t i = 0; i < first_->size(); ++i) {
    nearest_px2_[i] = std::min(nearest_px2_[i], squared_distance(first_->at[i], found.first));
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
    if (found.second >= 0) match(anchor(next, found));
  }
}

// Once the whole correspondence is known, each pair must still be where all the others say.
void ElasticGrowth::refine() {
  for (std::size_t k = 0; k < matched_.size() && matched_.size() > 2;) {
    const MinutiaPair pair = matched_[k].found.pair;
    float nearest = std::numeric_limits<float>::max();
    for (std::size_t other = 0; other < matched_.size(); ++other) {
      if (other == k) continue;
      nearest = std::min(nearest, squared_distance(matched_[k].first, matched_[other].first));
    }
    const Motion motion =
        motion_at(first_->at[pair.first], static_cast<int>(k), Way::first_to_second);
    second_taken_[pair.second] = 0;
    const Found found = best_partner(pair.first, motion, std::sqrt(nearest));
    if (found.second >= 0) {
      second_taken_[static_cast<std::size_t>(found.second)] = 1;
      matched_[k] = anchor(pair.first, found);
      ++k;
    } else {
      first_taken_[pair.first] = 0;
      matched_.erase(matched_.begin() + static_cast<std::ptrdiff_t>(k));
    }
  }
}

float ElasticGrowth::unmatched_price() {
  seen_.clear();
  for (const Anchor& a : matched_) seen_.push_back({a.first, 0});
  for (std::size_t a = 0; a < first_->size(); ++a) {
    const Point p = first_->at[a];
    if (first_taken_[a] != 0 || !second_->covers(motion_at(p, -1, Way::first_to_second)(p)))
      continue;
    seen_.push_back({p, first_->reliability[a]});
  }
  for (std::size_t b = 0; b < second_->size(); ++b) {
    const Point p = second_->at[b];
    if (second_taken_[b] != 0) continue;
    const Point there = motion_at(p, -1, Way::second_to_first)(p);
    if (first_->covers(there)) seen_.push_back({there, second_->reliability[b]});
  }
  float price = 0;
  for (std::size_t missing = matched_.size(); missing < seen_.size(); ++missing) {
    if (seen_[missing].reliability == 0) continue;
    float matched = 0, unmatched = 0;
    for (std::size_t other = 0; other < seen_.size(); ++other) {
      const float far = squared_distance(seen_[missing].at, seen_[other].at) / kAroundPx2;
      const float near = far < 1 ? (1 - far) * (1 - far) : 0;
      (other < matched_.size() ? matched : unmatched) += near;
    }
    const float around = 2 * matched / (2 * matched + unmatched);  // a pair is two minutiae
    price += seen_[missing].reliability * (kLonelyShare + (1 - kLonelyShare) * 2 * around);
  }
  return kUnmatchedPrice * price;
}

float ElasticGrowth::shares() const {
  float sum = 0;
  for (const Anchor& a : matched_) sum += a.found.share;
  return sum;
}

void ElasticGrowth::start(std::span<const Anchor> anchors) {
  matched_.clear();
  first_taken_.assign(first_->size(), 0), second_taken_.assign(second_->size(), 0);
  nearest_px2_.assign(first_->size(), std::numeric_limits<float>::max());
  for (const Anchor& anchor : anchors) match(anchor);
}

const Growth& ElasticGrowth::grow(const PreparedPrint& first, const PreparedPrint& second,
                                  std::span<const RankedPair> seeds, const LocalPairs& likeness) {
  first_ = &first, second_ = &second, likeness_ = &likeness;
  chance_per_px2_ = static_cast<float>(second.size()) / std::max(second.area, 1.0F);
  best_.pairs.clear(), best_.log_likelihood = 0;
  std::size_t count = 0;
  for (const RankedPair& seed : seeds.first(std::min(kSeeds, seeds.size()))) {
    const auto has_seed = [&](const Sprout& s) {
      return std::ranges::any_of(s.anchors,
                                 [&](const Anchor& a) { return a.found.pair == seed.pair; });
    };
    if (std::any_of(sprouts_.begin(), sprouts_.begin() + static_cast<std::ptrdiff_t>(count),
                    has_seed))
      continue;
    const Anchor root = anchor(seed.pair.first, {seed.pair.second, 0});
    start({&root, 1});
    extend();
    if (sprouts_.size() == count) sprouts_.emplace_back();
    sprouts_[count].anchors = matched_, sprouts_[count].share = shares();
    ++count;
  }
  std::stable_sort(sprouts_.begin(), sprouts_.begin() + static_cast<std::ptrdiff_t>(count),
                   [](const Sprout& a, const Sprout& b) { return a.share > b.share; });
  for (std::size_t s = 0; s < count && s < kGrownOut; ++s) {
    if (sprouts_[s].share < sprouts_[0].share - kMaxTrail) break;
    start(sprouts_[s].anchors);
    refine();
    extend();
    const float log_likelihood = shares() - unmatched_price();
    if (s > 0 && log_likelihood <= best_.log_likelihood) continue;
    best_.log_likelihood = log_likelihood;
    best_.pairs.clear();
    for (const Anchor& a : matched_) best_.pairs.push_back(a.found);
  }
  return best_;
}

}  // namespace whorl::matchers
