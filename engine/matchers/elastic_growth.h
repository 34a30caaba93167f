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
  using Motion = rules::Motion;
  struct Found {
    int second = -1;
    float share = 0;
  };
  struct Sprout {
    std::vector<GrownPair> pairs;
    float share = 0;
  };
  enum class Way { first_to_second, second_to_first };

  // The matched pairs as the motions need them, in columns that are padded to whole strands. A
  // place whose `present` is 0 does not count.
  struct Anchors {
    std::vector<float> first_x, first_y, second_x, second_y;
    std::vector<float> turn_x, turn_y;  // from the first minutia's direction to the second's
    std::vector<float> present;
    void resize(std::size_t size);
  };
  // The second print's minutiae by direction, twice over, so that those within a turn of any
  // direction stand side by side.
  struct Directed {
    std::vector<float> x, y, cosine, sine;
    std::vector<std::uint16_t> minutia;
    std::uint16_t
        first_at[2 * Direction::kStepsPerTurn + 1];  // of those with so many steps or more
    void fill(const PreparedPrint& print);
  };
  struct Seen {  // minutiae that both prints should show, in the first one's frame
    std::vector<float> x, y;
    std::vector<float> reliability;
    void clear();
    void add(Point p, float reliable);
  };

  void start(std::span<const GrownPair> pairs);
  void put(std::size_t k, const GrownPair& pair);
  Motion motion_at(Point where, Way way) const;
  Found best_partner(std::size_t a, const Motion& motion, float nearest_px) const;
  float likeness(std::size_t a, std::size_t b) const;
  void match(const GrownPair& found);
  std::size_t nearest_open() const;
  void extend();
  void refine();
  float shares() const;
  float unmatched_price();
  void sprout(std::span<const RankedPair> seeds);

  const PreparedPrint* first_ = nullptr;  // of the call in progress
  const PreparedPrint* second_ = nullptr;
  const LocalPairs* likeness_ = nullptr;
  int turn_steps_ = 0;  // of the pair that the growth in hand began with
  Directed directed_;
  std::vector<GrownPair> matched_;
  Anchors anchors_;  // of matched_
  std::vector<char> first_taken_, second_taken_;
  std::vector<float> nearest_px2_;  // of each first minutia to the matched ones, squared
  std::vector<float> closed_;       // 0, or beyond any distance for who has had its turn
  std::vector<Sprout> sprouts_;
  std::size_t sprout_count_ = 0;
  Seen seen_matched_, seen_alone_;
  Growth best_;
};

}  // namespace whorl::matchers
