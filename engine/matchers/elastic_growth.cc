#include "engine/matchers/elastic_growth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace whorl::matchers {
namespace {

using namespace rules;

// Sums are made in strands, so that the compiler can make lanes of them.
using Strands = float[kStrands];
constexpr std::size_t padded(std::size_t size) {
  return (size + kStrands - 1) / kStrands * kStrands;
}

}  // namespace

void ElasticGrowth::Anchors::resize(std::size_t size) {
  for (auto* column : {&first_x, &first_y, &second_x, &second_y, &turn_x, &turn_y, &present}) {
    column->resize(padded(size), 0.0F);
  }
  for (std::size_t k = size; k < present.size(); ++k) present[k] = 0;
}

void ElasticGrowth::Directed::fill(const PreparedPrint& print) {
  const std::size_t n = print.size();
  for (auto* column : {&x, &y, &cosine, &sine}) column->resize(2 * n);
  minutia.resize(2 * n);
  std::array<std::uint16_t, Direction::kStepsPerTurn + 1> starts{};
  for (const std::uint8_t s : print.steps) ++starts[s + 1U];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  for (std::size_t s = 0; s < Direction::kStepsPerTurn; ++s) {
    first_at[s] = starts[s];
    first_at[s + Direction::kStepsPerTurn] = static_cast<std::uint16_t>(starts[s] + n);
  }
  first_at[2 * Direction::kStepsPerTurn] = static_cast<std::uint16_t>(2 * n);
  for (std::size_t b = 0; b < n; ++b) {
    const std::size_t place = starts[print.steps[b]]++;
    for (const std::size_t at : {place, place + n}) {
      x[at] = print.at[b].x, y[at] = print.at[b].y;
      cosine[at] = print.direction[b].x, sine[at] = print.direction[b].y;
      minutia[at] = static_cast<std::uint16_t>(b);
    }
  }
}

void ElasticGrowth::Seen::clear() { x.clear(), y.clear(), reliability.clear(); }
void ElasticGrowth::Seen::add(Point p, float reliable) {
  x.push_back(p.x), y.push_back(p.y), reliability.push_back(reliable);
}

// One pass over the anchors: moments about `where` and about the first anchor's place there, so
// that the numbers stay small.
Motion ElasticGrowth::motion_at(Point where, Way way) const {
  const Anchors& a = anchors_;
  const bool forward = way == Way::first_to_second;
  const float* own_x = forward ? a.first_x.data() : a.second_x.data();
  const float* own_y = forward ? a.first_y.data() : a.second_y.data();
  const float* other_x = forward ? a.second_x.data() : a.first_x.data();
  const float* other_y = forward ? a.second_y.data() : a.first_y.data();
  const Point there = {other_x[0], other_y[0]};
  const float lever_y = forward ? kLeverPx2 : -kLeverPx2;
  Strands total{}, from_x{}, from_y{}, to_x{}, to_y{}, aligned{}, crossed{};
  const std::size_t size = padded(matched_.size());
  for (std::size_t k = 0; k < size; k += kStrands) {
    for (std::size_t s = 0; s < kStrands; ++s) {
      const std::size_t at = k + s;
      const Moments m =
          moments_of({own_x[at], own_y[at]}, {other_x[at], other_y[at]},
                     {a.turn_x[at], a.turn_y[at]}, where, there, lever_y, a.present[at]);
      total[s] += m.total;
      from_x[s] += m.from_x, from_y[s] += m.from_y;
      to_x[s] += m.to_x, to_y[s] += m.to_y;
      aligned[s] += m.aligned, crossed[s] += m.crossed;
    }
  }
  return motion_of({sum_of(total), sum_of(from_x), sum_of(from_y), sum_of(to_x), sum_of(to_y),
                    sum_of(aligned), sum_of(crossed)},
                   where, there);
}

ElasticGrowth::Found ElasticGrowth::best_partner(std::size_t a, const Motion& motion,
                                                 float nearest_px) const {
  const Point expected = motion(first_->at[a]);
  const Point direction = motion.turned(first_->direction[a]);
  const float tolerance = tolerance_px(nearest_px);
  const ComparisonTables& tables = comparison_tables();
  const std::size_t lowest =
      static_cast<std::uint8_t>(first_->steps[a] + turn_steps_ - kTurnWindowSteps);
  const std::size_t end = directed_.first_at[lowest + 2 * kTurnWindowSteps + 1];
  Found best;
  for (std::size_t t = directed_.first_at[lowest]; t < end; ++t) {
    const float dx = directed_.x[t] - expected.x, dy = directed_.y[t] - expected.y;
    const float residual = dx * dx + dy * dy;
    const float cosine = direction.x * directed_.cosine[t] + direction.y * directed_.sine[t];
    if (residual > tolerance * tolerance || cosine < kMinCosine) continue;
    const std::size_t b = directed_.minutia[t];
    if (second_taken_[b] != 0) continue;
    const float share =
        residual_share(second_->bare_share, residual, cosine, tables) + likeness(a, b);
    if (share > best.share) best = {static_cast<int>(b), share};
  }
  return best;
}

float ElasticGrowth::likeness(std::size_t a, std::size_t b) const {
  if (first_->vectors.described[a] == 0 || second_->vectors.described[b] == 0) return 0;
  return likeness_share(likeness_->similarity(a, b));
}

void ElasticGrowth::put(std::size_t k, const GrownPair& pair) {
  const Point p = first_->at[pair.pair.first], q = second_->at[pair.pair.second];
  const Point d = first_->direction[pair.pair.first], e = second_->direction[pair.pair.second];
  anchors_.first_x[k] = p.x, anchors_.first_y[k] = p.y;
  anchors_.second_x[k] = q.x, anchors_.second_y[k] = q.y;
  anchors_.turn_x[k] = dot(d, e), anchors_.turn_y[k] = cross(d, e);
  anchors_.present[k] = 1;
}

void ElasticGrowth::match(const GrownPair& found) {
  const std::size_t k = matched_.size();
  matched_.push_back(found);
  if (k % kStrands == 0) anchors_.resize(k + 1);
  put(k, found);
  second_taken_[found.pair.second] = 1;
  closed_[found.pair.first] = kBeyond;
  const Point p = first_->at[found.pair.first];
  const Point* at = first_->at.data();
  float* nearest = nearest_px2_.data();
  const std::size_t size = first_->size();
  for (std::size_t i = 0; i < size; ++i)
    nearest[i] = std::min(nearest[i], squared_distance(at[i], p));
}

// The first minutia that is nearest to the matched ones among those still open; the lowest of equal
// ones. first_->size() when all had their turn.
std::size_t ElasticGrowth::nearest_open() const {
  Strands nearest_of = {kBeyond, kBeyond, kBeyond, kBeyond};
  for (std::size_t i = 0; i < nearest_px2_.size(); i += kStrands) {
    for (std::size_t s = 0; s < kStrands; ++s)
      nearest_of[s] = std::min(nearest_of[s], std::max(nearest_px2_[i + s], closed_[i + s]));
  }
  const float nearest =
      std::min(std::min(nearest_of[0], nearest_of[1]), std::min(nearest_of[2], nearest_of[3]));
  if (nearest == kBeyond) return first_->size();
  std::size_t i = 0;
  while (std::max(nearest_px2_[i], closed_[i]) != nearest) ++i;
  return i;
}

// Nearest first: each new pair makes the prediction of the next one safer.
void ElasticGrowth::extend() {
  std::ranges::fill(closed_, kBeyond);
  std::fill_n(closed_.begin(), first_->size(), 0.0F);
  for (const GrownPair& pair : matched_) closed_[pair.pair.first] = kBeyond;
  for (std::size_t next = nearest_open(); next < first_->size(); next = nearest_open()) {
    closed_[next] = kBeyond;
    const Motion motion = motion_at(first_->at[next], Way::first_to_second);
    const Found found = best_partner(next, motion, std::sqrt(nearest_px2_[next]));
    if (found.second < 0) continue;
    match({{static_cast<std::uint16_t>(next), static_cast<std::uint16_t>(found.second)},
           found.share});
  }
}

// Once the whole correspondence is known, each pair must still be where all the others say.
void ElasticGrowth::refine() {
  for (std::size_t k = 0; k < matched_.size() && matched_.size() > 2;) {
    const MinutiaPair pair = matched_[k].pair;
    float nearest = kBeyond;
    for (std::size_t other = 0; other < matched_.size(); ++other) {
      if (other == k) continue;
      nearest = std::min(nearest, squared_distance(first_->at[pair.first],
                                                   first_->at[matched_[other].pair.first]));
    }
    anchors_.present[k] = 0;
    const Motion motion = motion_at(first_->at[pair.first], Way::first_to_second);
    second_taken_[pair.second] = 0;
    const Found found = best_partner(pair.first, motion, std::sqrt(nearest));
    if (found.second >= 0) {
      second_taken_[static_cast<std::size_t>(found.second)] = 1;
      matched_[k] = {{pair.first, static_cast<std::uint16_t>(found.second)}, found.share};
      put(k, matched_[k]);
      ++k;
    } else {
      matched_.erase(matched_.begin() + static_cast<std::ptrdiff_t>(k));
      for (std::size_t later = k; later < matched_.size(); ++later) put(later, matched_[later]);
      anchors_.resize(matched_.size());
    }
  }
}

float ElasticGrowth::unmatched_price() {
  seen_matched_.clear(), seen_alone_.clear();
  std::vector<char>& taken = first_taken_;
  taken.assign(first_->size(), 0);
  for (const GrownPair& m : matched_) {
    seen_matched_.add(first_->at[m.pair.first], 0);
    taken[m.pair.first] = 1;
  }
  for (std::size_t a = 0; a < first_->size(); ++a) {
    const Point p = first_->at[a];
    if (taken[a] == 0 && second_->covers(motion_at(p, Way::first_to_second)(p)))
      seen_alone_.add(p, first_->reliability[a]);
  }
  for (std::size_t b = 0; b < second_->size(); ++b) {
    if (second_taken_[b] != 0) continue;
    const Point p = second_->at[b];
    const Point there = motion_at(p, Way::second_to_first)(p);
    if (first_->covers(there)) seen_alone_.add(there, second_->reliability[b]);
  }
  const auto around = [](const Seen& seen, Point p) {
    Strands near{};
    const std::size_t whole = seen.x.size() / kStrands * kStrands;
    const auto near_at = [&](std::size_t k) { return nearness({seen.x[k], seen.y[k]}, p); };
    for (std::size_t k = 0; k < whole; k += kStrands) {
      for (std::size_t s = 0; s < kStrands; ++s) near[s] += near_at(k + s);
    }
    for (std::size_t k = whole; k < seen.x.size(); ++k) near[k - whole] += near_at(k);
    return sum_of(near);
  };
  float price = 0;
  for (std::size_t k = 0; k < seen_alone_.x.size(); ++k) {
    if (seen_alone_.reliability[k] == 0) continue;
    const Point p = {seen_alone_.x[k], seen_alone_.y[k]};
    price +=
        lonely_price(seen_alone_.reliability[k], around(seen_matched_, p), around(seen_alone_, p));
  }
  return kUnmatchedPrice * price;
}

float ElasticGrowth::shares() const {
  float sum = 0;
  for (const GrownPair& m : matched_) sum += m.share;
  return sum;
}

void ElasticGrowth::start(std::span<const GrownPair> pairs) {
  matched_.clear();
  anchors_.resize(0);
  second_taken_.assign(second_->size(), 0);
  nearest_px2_.assign(padded(first_->size()), kBeyond);
  closed_.assign(padded(first_->size()), 0.0F);
  const MinutiaPair root = pairs.front().pair;
  turn_steps_ = second_->steps[root.second] - first_->steps[root.first];
  for (const GrownPair& pair : pairs) match(pair);
}

// Each seed is grown once, unless an earlier one has met it; best sprouts first.
void ElasticGrowth::sprout(std::span<const RankedPair> seeds) {
  sprout_count_ = 0;
  const auto sprouts = [this] { return std::span(sprouts_).first(sprout_count_); };
  for (const RankedPair& seed : seeds.first(std::min<std::size_t>(kSeeds, seeds.size()))) {
    const auto has_seed = [&](const Sprout& s) {
      return std::ranges::any_of(s.pairs, [&](const GrownPair& p) { return p.pair == seed.pair; });
    };
    if (std::ranges::any_of(sprouts(), has_seed)) continue;
    const GrownPair root{seed.pair, 0};
    start({&root, 1});
    extend();
    if (sprouts_.size() == sprout_count_) sprouts_.emplace_back();
    sprouts_[sprout_count_].pairs = matched_, sprouts_[sprout_count_].share = shares();
    ++sprout_count_;
  }
  std::ranges::stable_sort(sprouts(), std::greater<>(), &Sprout::share);
}

const Growth& ElasticGrowth::grow(const PreparedPrint& first, const PreparedPrint& second,
                                  std::span<const RankedPair> seeds, const LocalPairs& likeness) {
  first_ = &first, second_ = &second, likeness_ = &likeness;
  directed_.fill(second);
  best_.pairs.clear(), best_.log_likelihood = 0;
  sprout(seeds);
  for (std::size_t s = 0; s < sprout_count_ && s < kGrownOut; ++s) {
    if (sprouts_[s].share < sprouts_[0].share - kMaxTrail) break;
    start(sprouts_[s].pairs);
    refine();
    extend();
    const float log_likelihood = shares() - unmatched_price();
    if (s > 0 && log_likelihood <= best_.log_likelihood) continue;
    best_.log_likelihood = log_likelihood;
    best_.pairs = matched_;
  }
  return best_;
}

}  // namespace whorl::matchers
