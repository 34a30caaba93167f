#pragma once
// The pairs of Labeled Faces in the Wild, as its pairs.txt and pairsDevTest.txt name them.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace whorl::app {

// NAME/NAME_0007.jpg, of any picture's ending.
struct LfwPicture {
  std::string person;
  std::uint32_t number = 0;  // from 1
  auto operator<=>(const LfwPicture&) const = default;
};

struct LfwPair {
  LfwPicture probe, reference;
  bool mated() const { return probe.person == reference.person; }
};

struct LfwPairs {
  std::size_t folds = 1;
  std::vector<LfwPair> pairs;  // fold after fold, all of one length
};

// The first line is "FOLDS COUNT", or "COUNT" where there is one fold; each fold has COUNT lines
// "NAME I J" of one person and COUNT lines "NAME I OTHER J" of two, in any order. Source: Huang,
// Ramesh, Berg, Learned-Miller, "Labeled Faces in the Wild", UMass Amherst 07-49, 2007. Fault:
// bad_manifest, with the line in `where`; limit_exceeded.
Result<LfwPairs> parse_lfw_pairs(std::string_view text);

inline constexpr std::size_t kMaxLfwPairs = 1'000'000;
inline constexpr std::size_t kMaxLfwPairsBytes = 64 * 1024 * 1024;

}  // namespace whorl::app
