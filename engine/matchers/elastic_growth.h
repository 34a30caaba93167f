#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/matchers/local_pairs.h"
#include "engine/matchers/prepared_print.h"

namespace whorl::matchers {

struct GrownPair {
  MinutiaPair pair;
  float share = 0;  // log p(residual, likeness | mates) / p(the same | chance), natural units
};

struct Growth {
  std::vector<GrownPair> pairs;
  float log_likelihood = 0;  // sum of the shares less the price of what should have matched
};

// Grows a correspondence from a seed pair over the whole print. Each further minutia is looked for
// where its matched neighbours say it should be: a rigid motion fitted to them alone, weighted by
// nearness, so that the mapping may bend across the print as skin does. Several seeds are grown;
// the best of them are grown to the end and the likelier result is kept.
//
// A minutia without a partner costs much among matched ones and little in a region where nothing
// matches: a smudge loses whole regions, chance loses them one by one.
//
// Source: moving least squares after Schaefer, McPhail, Warren, ACM TOG 25(3), 2006 (rigid case);
// consolidation by growth as in Ratha et al. 2000 and Bazen and Gerez, Pattern Recognition 36(8),
// 2003; weighing against chance after Pankanti, Prabhakar, Jain, IEEE TPAMI 24(8), 2002.
class ElasticGrowth {
 public:
  // `seeds` best first; `likeness` holds the similarities of these two prints.
  const Growth& grow(const PreparedPrint& first, const PreparedPrint& second,
                     std::span<const RankedPair> seeds, const LocalPairs& likeness);

 private:
  struct Motion {  // q = to + turn (p - from), with turn a unit complex number
    Point turn, from, to;
    Point operator()(Point p) const;
  };
  struct Found {
    int second = -1;
    float share = 0;
  };
  struct Anchor {  // a matched pair as the motions need it
    GrownPair found;
    Point first, second;
    Point turn;  // from the first minutia's direction to the second's, a unit complex number
  };
  struct Sprout {
    std::vector<Anchor> anchors;
    float share = 0;
  };
  struct Seen {  // a minutia that both prints should show, in the first one's frame
    Point at;
    float reliability;  // 0 for one that did match
  };
  enum class Way { first_to_second, second_to_first };

  void start(std::span<const Anchor> anchors);
  Anchor anchor(std::size_t a, const Found& found) const;
  Motion motion_at(Point where, int leave_out, Way way) const;
  Found best_partner(std::size_t a, const Motion& motion, float nearest_px) const;
  float likeness_share(std::size_t a, std::size_t b) const;
  void match(const Anchor& found);
  void extend();
  void refine();
  float shares() const;
  float unmatched_price();

  const PreparedPrint* first_ = nullptr;  // of the call in progress
  const PreparedPrint* second_ = nullptr;
  const LocalPairs* likeness_ = nullptr;
  float chance_per_px2_ = 0;
  std::vector<Anchor> matched_;
  std::vector<char> first_taken_, second_taken_, tried_;
  std::vector<float> nearest_px2_;  // of each first minutia to the matched ones, squared
  std::vector<Sprout> sprouts_;
  std::vector<Seen> seen_;
  Growth best_;
};

}  // namespace whorl::matchers
