#include <algorithm>
#include <tuple>

#include "kernels/print_comparison.h"

namespace whorl::kernels {
namespace {

using namespace comparison;

struct Print {
  const ComparedMinutia* minutiae;
  const std::int8_t* vectors;
  const Point* corners;
  int size, corner_count;
  float bare_share;

  Print(const PrintBatch& batch, const ComparedPrint& print)
      : minutiae(batch.minutiae.data() + print.first_minutia),
        vectors(batch.vectors.data() + std::int64_t{print.first_minutia} * kVectorSize),
        corners(batch.corners.data() + print.first_corner),
        size(print.minutiae),
        corner_count(print.corners),
        bare_share(print.bare_share) {
    WHORL_CHECK(size >= 0 && size <= kMaxComparedMinutiae);
  }
  bool covers(Point p) const {
    for (int i = 0; i < corner_count; ++i) {
      const Point from = corners[i], to = corners[(i + 1) % corner_count];
      if (cross(to - from, p - from) < 0) return false;
    }
    return corner_count >= 3;
  }
};

struct Couple {
  int first, second;
  float share = 0;  // a support while pairs are chosen
  float efficiency = 0;
};
using Couples = std::vector<Couple>;

float sum_of_shares(const Couples& couples) {
  float sum = 0;
  for (const Couple& c : couples) sum += c.share;
  return sum;
}

class Comparison {
 public:
  Comparison(const Print& first, const Print& second)
      : first_(first), second_(second), tables_(comparison_tables()) {}

  float similarity() {
    Couples pairs = choose();
    relax(pairs);
    const int counted = counted_pairs(smaller(), tables_);
    float support = 0;
    for (int i = 0; i < std::min<int>(counted, static_cast<int>(pairs.size())); ++i)
      support += pairs[static_cast<std::size_t>(i)].share;
    return similarity_of(grow(pairs), support / static_cast<float>(counted));
  }

 private:
  int smaller() const { return std::min(first_.size, second_.size); }

  std::int32_t product(int a, int b) const {
    std::int32_t sum = 0;
    for (int k = 0; k < kVectorSize; ++k)
      sum += first_.vectors[a * kVectorSize + k] * second_.vectors[b * kVectorSize + k];
    return sum;
  }

  Couples choose() const {
    std::vector<std::tuple<std::int32_t, int, int>> candidates;
    for (int a = 0; a < first_.size; ++a) {
      for (int b = 0; b < second_.size; ++b) {
        if (product(a, b) >= kLeastProduct &&
            within_gate(first_.minutiae[a].steps, second_.minutiae[b].steps, kUprightGateSteps))
          candidates.emplace_back(-product(a, b), a, b);
      }
    }
    std::sort(candidates.begin(), candidates.end());
    Couples pairs;
    for (const auto& [product, a, b] : candidates) {
      const auto meets = [a = a, b = b](const Couple& c) { return c.first == a || c.second == b; };
      if (static_cast<int>(pairs.size()) == kMaxPairs) break;
      if (std::none_of(pairs.begin(), pairs.end(), meets))
        pairs.push_back({a, b, cosine_of(-product)});
    }
    return pairs;
  }

  float bond_from(const Couple& own, const Couple& other) const {
    const ComparedMinutia &a = first_.minutiae[own.first], &b = second_.minutiae[own.second];
    const ComparedMinutia &c = first_.minutiae[other.first], &d = second_.minutiae[other.second];
    const int turn = turn_between(a.steps, b.steps);
    const int apart = std::abs(turn_between(turn, turn_between(c.steps, d.steps)));
    return apart > kMaxTurnSteps ? 0 : bond(c.at - a.at, d.at - b.at, turn, apart, tables_);
  }

  // Best supported first.
  void relax(Couples& pairs) const {
    if (pairs.size() < 2) return;
    const auto voters = static_cast<float>(std::max(smaller() - 1, kLeastVoters));
    const Couples chosen = pairs;
    for (int round = 0; round < kRounds; ++round) {
      const Couples before = pairs;
      for (Couple& own : pairs) {
        float received = 0;
        for (const Couple& other : before) {
          if (other.first != own.first) received += bond_from(own, other) * other.share;
        }
        own.share = kKeep * own.share + (1 - kKeep) * received / voters;
      }
    }
    for (std::size_t i = 0; i < pairs.size(); ++i)
      pairs[i].efficiency = pairs[i].share / chosen[i].share;
    std::sort(pairs.begin(), pairs.end(), [](const Couple& a, const Couple& b) {
      return std::tuple(-a.efficiency, a.first) < std::tuple(-b.efficiency, b.first);
    });
  }

  // The motion at a place of one print, by all matched couples but `without`.
  Motion motion_at(Point where, bool forward, int without = -1) const {
    const auto side = [&](const Couple& c, bool of_first) {
      return of_first ? first_.minutiae[c.first] : second_.minutiae[c.second];
    };
    const Point there = side(matched_[0], !forward).at;
    float strands[kMoments][kStrands] = {};
    for (int k = 0; k < static_cast<int>(matched_.size()); ++k) {
      const Couple& c = matched_[static_cast<std::size_t>(k)];
      const Point d = side(c, true).direction, e = side(c, false).direction;
      const Moments m =
          moments_of(side(c, forward).at, side(c, !forward).at, {dot(d, e), cross(d, e)}, where,
                     there, forward ? kLeverPx2 : -kLeverPx2, k == without ? 0.0F : 1.0F);
      const float all[kMoments] = {m.total, m.from_x,  m.from_y, m.to_x,
                                   m.to_y,  m.aligned, m.crossed};
      for (int i = 0; i < kMoments; ++i) strands[i][k % kStrands] += all[i];
    }
    float sums[kMoments];
    for (int i = 0; i < kMoments; ++i) sums[i] = sum_of(strands[i]);
    return motion_of({sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6]}, where, there);
  }

  bool second_taken(int b, int without) const {
    for (int k = 0; k < static_cast<int>(matched_.size()); ++k) {
      if (k != without && matched_[static_cast<std::size_t>(k)].second == b) return true;
    }
    return false;
  }

  // Of equal ones the first by direction, from the window's end on. No partner: second is -1.
  Couple best_partner(int a, float nearest_px2, int without = -1) const {
    const ComparedMinutia& own = first_.minutiae[a];
    const Motion motion = motion_at(own.at, true, without);
    const Point expected = motion(own.at), direction = motion.turned(own.direction);
    const float tolerance = tolerance_px(std::sqrt(nearest_px2));
    const int lowest = own.steps + turn_steps_ - kTurnWindowSteps;
    Couple best{a, -1};
    int best_place = 0;
    for (int b = 0; b < second_.size; ++b) {
      const ComparedMinutia& other = second_.minutiae[b];
      const int place = static_cast<std::uint8_t>(other.steps - lowest);
      const float residual = squared_distance(other.at, expected);
      const float cosine = dot(direction, other.direction);
      if (place > 2 * kTurnWindowSteps || residual > tolerance * tolerance || cosine < kMinCosine ||
          second_taken(b, without))
        continue;
      const bool told = own.described != 0 && other.described != 0;
      const float share = residual_share(second_.bare_share, residual, cosine, tables_) +
                          (told ? likeness_share(cosine_of(product(a, b))) : 0);
      if (share > best.share || (best.second >= 0 && share == best.share && place < best_place))
        best = {a, b, share}, best_place = place;
    }
    return best;
  }

  float px2_to_matched(int a) const {
    float nearest = kBeyond;
    for (const Couple& c : reached_)
      nearest =
          least(nearest, squared_distance(first_.minutiae[a].at, first_.minutiae[c.first].at));
    return nearest;
  }

  void match(const Couple& c) { matched_.push_back(c), reached_.push_back(c); }
  void start(const Couples& couples) {
    matched_.clear(), reached_.clear();
    turn_steps_ =
        second_.minutiae[couples[0].second].steps - first_.minutiae[couples[0].first].steps;
    for (const Couple& c : couples) match(c);
  }

  // Nearest to the matched ones first, each once.
  void extend() {
    std::vector<char> closed(static_cast<std::size_t>(first_.size));
    for (const Couple& c : matched_) closed[static_cast<std::size_t>(c.first)] = 1;
    for (;;) {
      int next = -1;
      float nearest = kBeyond;
      for (int a = 0; a < first_.size; ++a) {
        if (closed[static_cast<std::size_t>(a)] != 0 || !(px2_to_matched(a) < nearest)) continue;
        next = a, nearest = px2_to_matched(a);
      }
      if (next < 0) return;
      closed[static_cast<std::size_t>(next)] = 1;
      if (const Couple found = best_partner(next, nearest); found.second >= 0) match(found);
    }
  }

  // Each couple must still be where all the others say.
  void refine() {
    for (int k = 0; k < static_cast<int>(matched_.size()) && matched_.size() > 2;) {
      const auto at = matched_.begin() + k;
      float nearest = kBeyond;
      for (const Couple& other : matched_) {
        if (other.first == at->first) continue;
        nearest = least(nearest, squared_distance(first_.minutiae[at->first].at,
                                                  first_.minutiae[other.first].at));
      }
      const Couple found = best_partner(at->first, nearest, k);
      if (found.second >= 0) {
        *at = found, ++k;
      } else {
        matched_.erase(at);
      }
    }
  }

  struct Alone {
    Point at;
    float reliability;
  };
  float unmatched_price() const {
    std::vector<Alone> alone;  // in the first print's frame
    for (int a = 0; a < first_.size; ++a) {
      const ComparedMinutia& m = first_.minutiae[a];
      const auto is_it = [a](const Couple& c) { return c.first == a; };
      if (std::none_of(matched_.begin(), matched_.end(), is_it) &&
          second_.covers(motion_at(m.at, true)(m.at)))
        alone.push_back({m.at, m.reliability});
    }
    for (int b = 0; b < second_.size; ++b) {
      const ComparedMinutia& m = second_.minutiae[b];
      if (second_taken(b, -1)) continue;
      const Point there = motion_at(m.at, false)(m.at);
      if (first_.covers(there)) alone.push_back({there, m.reliability});
    }
    float price = 0;
    for (const Alone& one : alone) {
      if (one.reliability == 0) continue;
      float matched[kStrands] = {}, others[kStrands] = {};
      for (std::size_t k = 0; k < matched_.size(); ++k)
        matched[k % kStrands] += nearness(first_.minutiae[matched_[k].first].at, one.at);
      for (std::size_t k = 0; k < alone.size(); ++k)
        others[k % kStrands] += nearness(alone[k].at, one.at);
      price += lonely_price(one.reliability, sum_of(matched), sum_of(others));
    }
    return kUnmatchedPrice * price;
  }

  float grow(const Couples& seeds) {
    std::vector<Couples> sprouts;
    for (std::size_t s = 0; s < seeds.size() && s < kSeeds; ++s) {
      const auto is_seed = [&](const Couple& c) {
        return c.first == seeds[s].first && c.second == seeds[s].second;
      };
      const auto met = [&](const Couples& c) { return std::any_of(c.begin(), c.end(), is_seed); };
      if (std::any_of(sprouts.begin(), sprouts.end(), met)) continue;
      start({{seeds[s].first, seeds[s].second}});
      extend();
      sprouts.push_back(matched_);
    }
    std::stable_sort(sprouts.begin(), sprouts.end(), [](const Couples& a, const Couples& b) {
      return sum_of_shares(a) > sum_of_shares(b);
    });
    float best = 0;
    for (std::size_t s = 0; s < sprouts.size() && s < kGrownOut; ++s) {
      if (sum_of_shares(sprouts[s]) < sum_of_shares(sprouts[0]) - kMaxTrail) break;
      start(sprouts[s]);
      refine();
      extend();
      const float log_likelihood = sum_of_shares(matched_) - unmatched_price();
      if (s == 0 || log_likelihood > best) best = log_likelihood;
    }
    return best;
  }

  const Print first_, second_;
  const ComparisonTables& tables_;
  int turn_steps_ = 0;  // of the couple that the growth in hand began with
  Couples matched_;     // now
  Couples reached_;     // and those that refining let go: extend() measures from them, too
};

}  // namespace

void compare_prints_reference(const PrintBatch& batch, const PrintPair* pairs, std::int64_t count,
                              float* similarities) {
  for (std::int64_t p = 0; p < count; ++p) {
    const auto print = [&](std::int32_t number) {
      return Print(batch, batch.prints[static_cast<std::size_t>(number)]);
    };
    similarities[p] = Comparison(print(pairs[p].first), print(pairs[p].second)).similarity();
  }
}

}  // namespace whorl::kernels
