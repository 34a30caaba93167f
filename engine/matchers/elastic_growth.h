#pragma once

#include <cstdint>
#include <vector>

#include "engine/matchers/local_pairs.h"
#include "engine/matchers/minutia_field.h"

namespace whorl::matchers {

struct GrownPair {
  MinutiaPair pair;
  float share = 0;  // log p(residual | mates) / p(residual | chance), natural units
};

struct Growth {
  std::vector<GrownPair> pairs;
  float log_likelihood =
      0;  // sum of the shares less the price of what should have matched but did not
};

// Grows a correspondence from one seed pair over the whole print. Each further minutia is looked
// for where its matched neighbours say it should be: a rigid motion fitted to them alone, weighted
// by nearness, so that the mapping may bend across the print as skin does.
//
// Source: moving least squares after Schaefer, McPhail, Warren, ACM TOG 25(3), 2006 (rigid case);
// consolidation by growth as in Ratha et al. 2000 and Bazen and Gerez, Pattern Recognition 36(8),
// 2003; weighing against chance after Pankanti, Prabhakar, Jain, IEEE TPAMI 24(8), 2002.
class ElasticGrowth {
 public:
  void grow(const MinutiaField& first, const MinutiaField& second, MinutiaPair seed,
            Growth& result);

 private:
  struct Motion {  // q = to + turn (p - from), with turn a unit complex number
    Point turn, from, to;
    Point operator()(Point p) const;
  };
  struct Found {
    int second = -1;
    float share = 0;
  };
  enum class Way { first_to_second, second_to_first };

  Motion motion_at(Point where, int leave_out, Way way) const;
  Found best_partner(std::size_t a, const Motion& motion, float nearest_px) const;
  void match(std::size_t a, const Found& found);
  void extend();
  void refine();
  float unmatched_price() const;

  const MinutiaField* first_ = nullptr;  // of the call in progress
  const MinutiaField* second_ = nullptr;
  std::vector<GrownPair> matched_;
  std::vector<char> first_taken_, second_taken_, tried_;
  std::vector<float> nearest_px2_;  // of each first minutia to the matched ones, squared
};

}  // namespace whorl::matchers
