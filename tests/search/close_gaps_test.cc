// Engine::close_gaps: the places of removed prints and faces are given back, and nobody notices.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/search/people_gallery.h"
#include "tests/search/scratch_engine.h"

namespace whorl::search {
namespace {

class CloseGapsTest : public ScratchEngine {
 protected:
  static constexpr std::uint64_t kPeople = 40;

  void SetUp() override {
    ScratchEngine::SetUp();
    ASSERT_TRUE(engine_->create_gallery("main"));
    for (std::uint64_t p = 0; p < kPeople; ++p) enrol(p);
  }
  Encounter visit(std::uint64_t person, std::uint64_t number) const {
    return visit_of(population_.person(person), {kRightIndex}, number, person % 2 == 0);
  }
  void enrol(std::uint64_t person) {
    const auto receipt = engine_->enrol("main", {SubjectId{person + 1}, visit(person, 0)});
    ASSERT_TRUE(receipt && !receipt->error);
  }
  Answer search(std::uint64_t person) const {
    Query query;
    query.templates = visit(person, 1).templates;
    return engine_->identify("main", {&query, 1})->front();
  }
  std::vector<std::pair<std::uint64_t, double>> candidates() const {
    std::vector<std::pair<std::uint64_t, double>> all;
    for (std::uint64_t p = 0; p < kPeople; p += 3) {
      for (const Candidate& c : search(p).candidates)
        all.emplace_back(c.subject.value(), c.value.ratio.value());
    }
    return all;
  }
  GalleryStatus status() const { return engine_->status().front(); }
};

TEST_F(CloseGapsTest, GivesMemoryBackAndKeepsEveryAnswer) {
  for (std::uint64_t p = 0; p < kPeople; p += 2)
    ASSERT_TRUE(engine_->delete_subject("main", SubjectId{p + 1}));
  const auto before = candidates();
  const GalleryStatus was = status();
  ASSERT_FALSE(before.empty());
  ASSERT_TRUE(engine_->close_gaps());
  EXPECT_EQ(candidates(), before);
  EXPECT_EQ(status().templates, was.templates);
  EXPECT_LT(status().resident_bytes, was.resident_bytes);
  enrol(0);
  EXPECT_EQ(search(0).candidates.at(0).subject, SubjectId{1});
  const auto after = candidates();
  ASSERT_TRUE(engine_->save_snapshot());
  reopen();
  EXPECT_TRUE(engine_->loaded_from_snapshot());
  EXPECT_EQ(candidates(), after);
}

TEST_F(CloseGapsTest, LeavesAnIndexWithFewGapsAlone) {
  ASSERT_TRUE(engine_->delete_subject("main", SubjectId{2}));
  const std::uint64_t form = search(3).seen.form;
  ASSERT_TRUE(engine_->close_gaps());
  EXPECT_EQ(search(3).seen.form, form);
  for (std::uint64_t s = 3; s < kPeople / 2; ++s)
    ASSERT_TRUE(engine_->delete_subject("main", SubjectId{s}));
  ASSERT_TRUE(engine_->close_gaps());
  EXPECT_NE(search(3).seen.form, form);
}

// Whatever the order of events, the index says at the end what the store says.
TEST_F(CloseGapsTest, ChangesAndSearchesGoOnMeanwhile) {
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> newest = 0;
  std::jthread changes([&] {
    for (std::uint64_t p = 0; p < 2 * kPeople; ++p) {
      const SubjectId subject{p % kPeople + 1};
      Result<Revision> changed{Revision{}};
      if (p % 4 == 0 && p < kPeople) changed = engine_->erase_subject("main", subject);
      if (p % 4 == 1 && p < kPeople) changed = engine_->delete_subject("main", subject);
      if (p % 4 == 2)
        changed = engine_->update("main", subject, EncounterId{1}, visit(p + kPeople, 0));
      EXPECT_TRUE(changed);
      enrol(p + 2 * kPeople);
      newest = p;
    }
    done = true;
  });
  std::jthread searches([&] {
    for (std::uint64_t p = 3; !done; p = (p + 4) % kPeople) {
      const Answer answer = search(p);
      ASSERT_FALSE(answer.candidates.empty());
      EXPECT_EQ(answer.candidates.front().subject, SubjectId{p + 1});
    }
  });
  while (!done) {
    ASSERT_TRUE(engine_->close_gaps(0));  // any gap will do
    const std::uint64_t last = newest;
    for (std::uint64_t p = last > 3 ? last - 3 : 0; p < last; ++p) {
      const Answer answer = search(p + 2 * kPeople);
      ASSERT_FALSE(answer.candidates.empty()) << p;
      EXPECT_EQ(answer.candidates.front().subject, SubjectId{p + 2 * kPeople + 1});
    }
  }
  changes.join(), searches.join();
  const auto said = candidates();
  const std::int64_t templates = status().templates;
  ASSERT_TRUE(engine_->rebuild_indexes());
  EXPECT_EQ(candidates(), said);
  EXPECT_EQ(status().templates, templates);
}

}  // namespace
}  // namespace whorl::search
