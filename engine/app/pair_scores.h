#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/matchers/finger_matcher.h"
#include "scanners/replay/capture_file.h"

namespace whorl::app {

// What a database's files are.
enum class PrintSource : std::uint8_t { templates, images };

// A folder of FINGER_IMPRESSION files, as the FVC competitions lay them out.
struct PrintDatabase {
  std::string name;  // the folder above and the folder: fvc2002_DB1_B
  std::filesystem::path folder;
  std::vector<std::filesystem::path> files;  // by finger, then impression, as numbers
};

// Which finger a file's name says it shows: FINGER_IMPRESSION as FVC has it, or, where people have
// numbers and their fingers too, PERSON_FINGER_IMPRESSION (then `number` is beyond any FINGER of
// the first form).
std::optional<scanners::NumberedName> print_name(const std::filesystem::path& file);

// The database `folder` is, or those its sub-folders are, by name. Files with other names or
// endings are passed over. Faults: io_error, not_found where there is no database at all.
Result<std::vector<PrintDatabase>> find_databases(const std::filesystem::path& folder,
                                                  PrintSource source = PrintSource::templates);

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
