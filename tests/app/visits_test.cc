#include "engine/app/visits.h"

#include <gtest/gtest.h>

namespace whorl::app {
namespace {

std::vector<Visit> visits(std::string_view rows) {
  const auto parsed = scanners::parse_manifest(
      "subject,modality,position,path,encounter\n" + std::string(rows), "");
  EXPECT_TRUE(parsed.has_value());
  return visits_of(parsed.value_or(std::vector<scanners::ManifestRow>{}));
}

std::vector<std::size_t> sizes(const std::vector<Visit>& all) {
  std::vector<std::size_t> counts;
  for (const Visit& v : all) counts.push_back(v.files.size());
  return counts;
}

using Sizes = std::vector<std::size_t>;

TEST(Visits, AreConsecutiveRowsOfOneSubject) {
  EXPECT_EQ(sizes(visits("1,finger,2,a,\n1,finger,7,b,\n2,finger,2,c,\n1,finger,1,d,\n")),
            (Sizes{2, 1, 1}));
}

TEST(Visits, EndWhereAFingerOrTheFaceComesAgain) {
  EXPECT_EQ(sizes(visits("1,finger,2,a,\n1,face,,b,\n1,finger,2,c,\n1,face,,d,\n1,face,,e,\n")),
            (Sizes{2, 2, 1}));
}

TEST(Visits, AreWhatTheEncounterColumnSays) {
  EXPECT_EQ(sizes(visits("1,finger,2,a,1\n1,finger,2,b,1\n1,finger,7,c,2\n2,finger,7,d,2\n")),
            (Sizes{2, 1, 1}));
}

TEST(Visits, KeepUnknownFingersTogether) {
  EXPECT_EQ(sizes(visits("1,finger,,a,\n1,finger,0,b,\n1,finger,unknown,c,\n")), (Sizes{3}));
}

TEST(Demographics, RefusesWhatIsNeitherSexNorYear) {
  EXPECT_TRUE(demographics_of("", std::nullopt).has_value());
  EXPECT_EQ(demographics_of("female", 1980)->birth_year, 1980);
  EXPECT_EQ(demographics_of("f", std::nullopt).error().fault, Fault::bad_argument);
  EXPECT_EQ(demographics_of("", 1849).error().fault, Fault::bad_argument);
  EXPECT_EQ(demographics_of("", 2201).error().fault, Fault::bad_argument);
}

}  // namespace
}  // namespace whorl::app
