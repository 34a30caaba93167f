#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "tests/fault/engine_people.h"
#include "tests/fault/killed_child.h"

namespace whorl::search {
namespace {

namespace fs = std::filesystem;
using ::whorl::testing::LifeFrom;

struct Told {
  std::set<std::uint64_t> enrolled, deleting, deleted;

  void listen(const std::string& lines) {
    std::istringstream in(lines);
    char what = 0;
    std::uint64_t subject = 0;
    while (in >> what >> subject) {
      (what == kEnrolled ? enrolled : what == kDeleting ? deleting : deleted).insert(subject);
    }
  }
};

// The answers to a few probes, to the last bit.
std::vector<double> answers(const Engine& engine, const std::set<std::uint64_t>& subjects) {
  std::vector<double> said;
  std::size_t n = 0;
  for (const std::uint64_t subject : subjects) {
    if (n++ % (subjects.size() / 8 + 1) != 0) continue;
    Query query;
    query.templates.emplace_back(
        scanners::Population(5).person(subject - 1).capture(FingerPosition::right_index, 1));
    const auto found = engine.identify(kStreamGallery, {&query, 1});
    EXPECT_TRUE(found);
    for (const Candidate& c : found->front().candidates) {
      said.push_back(static_cast<double>(c.subject.value()));
      said.push_back(c.value.ratio.value());
    }
  }
  return said;
}

bool noted(Engine& engine, char what, std::uint64_t subject) {
  const auto note = engine.store().get_note(note_of(what, SubjectId{subject}).name);
  EXPECT_TRUE(note) << describe(note.error());
  return note && note->has_value();
}

// A change is there exactly where its note is, and asked for again by that name it is refused.
void check_notes(Engine& engine, const Told& told, const std::map<std::uint64_t, int>& there) {
  for (const auto& [subject, count] : there) {
    EXPECT_TRUE(noted(engine, kEnrolled, subject)) << "subject " << subject;
    EXPECT_FALSE(noted(engine, kDeleted, subject)) << "subject " << subject;
  }
  for (const std::uint64_t subject : told.enrolled) {
    EXPECT_TRUE(noted(engine, kEnrolled, subject)) << "subject " << subject;
    EXPECT_EQ(noted(engine, kDeleted, subject), !there.contains(subject)) << "subject " << subject;
  }
  if (there.empty()) return;
  const auto asked_again = {there.begin()->first, there.rbegin()->first};
  for (const std::uint64_t subject : asked_again) {
    Enrolment again = enrolment_of(subject - 1);
    again.expect_new_subject = false;
    const auto receipt = engine.enrol(kStreamGallery, again);
    ASSERT_TRUE(receipt) << describe(receipt.error());
    EXPECT_EQ(receipt->outcome, Outcome::refused);
    EXPECT_EQ(engine.store().get_subject(GalleryId{1}, SubjectId{subject})->size(), 1U);
  }
}

// What was cut off before it was acknowledged is done by asking for it again, once.
void check_retry(Engine& engine, std::uint64_t first_unseen) {
  Enrolment retried = enrolment_of(first_unseen - 1);
  retried.expect_new_subject = false;
  for (const Outcome expected : {Outcome::enrolled, Outcome::refused}) {
    const auto receipt = engine.enrol(kStreamGallery, retried);
    ASSERT_TRUE(receipt) << describe(receipt.error());
    EXPECT_EQ(receipt->outcome, expected);
  }
  const auto stored = engine.store().get_subject(GalleryId{1}, SubjectId{first_unseen});
  EXPECT_EQ(stored->size(), 1U);
}

TEST(EngineKill, EveryAcknowledgedEncounterIsThereOnceAndTheIndexEqualsARebuild) {
  const fs::path folder =
      fs::temp_directory_path() / ("whorl-engine-kill-" + std::to_string(::getpid()));
  fs::remove_all(folder);
  fs::create_directories(folder);
  Told told;
  SeededRandom random(99);
  int from_snapshot = 0;
  for (int round = 0; round < ::whorl::testing::kill_rounds(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const bool young = round % 4 == 0;  // from before the store is open
    const std::chrono::milliseconds life(random.below(young ? 100 : 900));
    told.listen(::whorl::testing::run_until_killed(
        WHORL_ENGINE_STREAM,
        {(folder / "store").string(), std::to_string((round + 1) * 1'000'000),
         std::to_string(random.next())},
        life, young ? LifeFrom::start : LifeFrom::first_word));

    auto opened = open_engine((folder / "store").string());
    ASSERT_TRUE(opened) << describe(opened.error());
    Engine& engine = **opened;
    from_snapshot += engine.loaded_from_snapshot();
    std::map<std::uint64_t, int> there;
    const auto walked =
        engine.store().for_each_encounter({}, [&](const gallery::StoredEncounter& e) -> Result<> {
          ++there[e.subject.value()];
          const auto& stored = std::get<FingerTemplate>(e.content.templates.at(0));
          const Enrolment sent = enrolment_of(e.subject.value() - 1);
          EXPECT_EQ(stored.minutiae,
                    std::get<FingerTemplate>(sent.encounter.templates[0]).minutiae);
          return {};
        });
    ASSERT_TRUE(walked) << describe(walked.error());
    for (const auto& [subject, count] : there) EXPECT_EQ(count, 1) << "subject " << subject;
    for (const std::uint64_t s : told.enrolled) {
      EXPECT_TRUE(there.contains(s) || told.deleting.contains(s)) << "lost: subject " << s;
    }
    for (const std::uint64_t s : told.deleted) EXPECT_FALSE(there.contains(s)) << "subject " << s;
    if (engine.status().empty()) continue;  // killed before the gallery was made
    EXPECT_EQ(engine.status().front().subjects, std::ssize(there));
    check_notes(engine, told, there);
    const auto opened_answers = answers(engine, told.enrolled);
    ASSERT_TRUE(engine.rebuild_indexes());
    EXPECT_EQ(answers(engine, told.enrolled), opened_answers);
    check_retry(engine, std::max(there.empty() ? 0 : there.rbegin()->first,
                                 told.enrolled.empty() ? 0 : *told.enrolled.rbegin()) +
                            1);
    if (HasFailure()) break;
  }
  EXPECT_GT(told.enrolled.size(), 0U) << "no round lived long enough to enrol anyone";
  std::printf("%zu subjects acknowledged, %zu deleted, %d of %d starts from a snapshot\n",
              told.enrolled.size(), told.deleted.size(), from_snapshot,
              ::whorl::testing::kill_rounds());
  fs::remove_all(folder);
}

}  // namespace
}  // namespace whorl::search
