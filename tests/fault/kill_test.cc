#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <sstream>

#include "tests/fault/kill_subject.h"
#include "tests/fault/killed_child.h"
#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

using ::whorl::testing::kill_rounds;
using ::whorl::testing::LifeFrom;
using ::whorl::testing::run_until_killed;

struct Told {
  std::set<std::uint64_t> enrolled, erasing, erased;

  void listen(const std::string& lines) {
    std::istringstream in(lines);
    char what = 0;
    std::uint64_t subject = 0;
    while (in >> what >> subject) {
      (what == kEnrolled ? enrolled : what == kErasing ? erasing : erased).insert(subject);
    }
  }
};

// Every subject in the store is whole and as it was sent; returns which there are.
std::set<std::uint64_t> check_contents(Store& store) {
  std::map<std::uint64_t, int> met;
  const auto visit = [&](const StoredEncounter& e) -> Result<> {
    const int n = met[e.subject.value()]++;
    EXPECT_EQ(e.id, EncounterId{static_cast<std::uint32_t>(n + 1)});
    EXPECT_EQ(e.content, sample_encounter(seed_of(e.subject.value(), n)));
    return {};
  };
  const auto walked = store.for_each_encounter({}, visit);
  EXPECT_TRUE(walked) << describe(walked.error());
  std::set<std::uint64_t> subjects;
  for (const auto& [subject, count] : met) {
    EXPECT_EQ(count, kEncountersPerSubject) << "subject " << subject;
    subjects.insert(subject);
  }
  return subjects;
}

TEST(Kill, LosesNothingAcknowledgedAndLeavesNothingHalf) {
  const TempFolder folder;
  Told told;
  SeededRandom random(20250101);
  for (int round = 0; round < kill_rounds(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const bool young = round % 4 == 0;  // from before the store is open
    const std::chrono::milliseconds life(random.below(young ? 80 : 600));
    const std::uint64_t first = static_cast<std::uint64_t>(round + 1) * 10'000'000;
    told.listen(
        run_until_killed(WHORL_ENROL_STREAM,
                         {folder / "store", std::to_string(first), std::to_string(random.next())},
                         life, young ? LifeFrom::start : LifeFrom::first_word));

    const auto opened = open_store(folder / "store");
    ASSERT_TRUE(opened) << describe(opened.error());
    const std::set<std::uint64_t> there = check_contents(**opened);
    for (const std::uint64_t s : told.enrolled) {
      EXPECT_TRUE(there.contains(s) || told.erasing.contains(s)) << "lost: subject " << s;
    }
    for (const std::uint64_t s : told.erased) EXPECT_FALSE(there.contains(s)) << "subject " << s;
    const auto scrub = (*opened)->verify();
    ASSERT_TRUE(scrub) << describe(scrub.error());
    for (const Error& error : scrub->damage) ADD_FAILURE() << describe(error);
    if (HasFailure()) return;
  }
  EXPECT_GT(told.enrolled.size(), 0U) << "no round lived long enough to enrol anyone";
  RecordProperty("acknowledged_subjects", static_cast<int>(told.enrolled.size()));
  std::printf("%zu subjects acknowledged, %zu erased, over %d kills\n", told.enrolled.size(),
              told.erased.size(), kill_rounds());
}

}  // namespace
}  // namespace whorl::gallery
