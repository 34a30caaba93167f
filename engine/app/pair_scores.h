#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::app {

// A folder of FINGER_IMPRESSION template files, as the FVC competitions lay them out.
struct PrintDatabase {
  std::string name;  // the folder above and the folder: fvc2002_DB1_B
  std::filesystem::path folder;
  std::vector<std::filesystem::path> files;  // by finger, then impression, as numbers
};

// The database `folder` is, or those its sub-folders are, by name. Files with other names or
// endings are passed over. Faults: io_error, not_found where there is no database at all.
Result<std::vector<PrintDatabase>> find_databases(const std::filesystem::path& folder);

// Of two prints or people with several views each, the pair that is most alike.
struct BestPair {
  std::size_t probe = 0, reference = 0;
  Similarity similarity{0};
};
BestPair best_pair(matchers::FingerMatcher& matcher, const std::vector<FingerTemplate>& probe,
                   const std::vector<FingerTemplate>& reference);

// -1 where either side could not be read; FVC counts that as a rejection.
inline constexpr Similarity kNotCompared{-1};

struct PairScore {
  std::size_t probe = 0, reference = 0;  // indices into the database's files, probe < reference
  Similarity similarity = kNotCompared;
};
std::vector<PairScore> all_pairs(std::size_t files);

}  // namespace whorl::app
