#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>

#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST_F(StoreTest, WalksInAscendingOrderOverManyChunks) {
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  Batch batch;
  for (std::uint64_t i = 0; i < 700; ++i) {
    batch.enrol(gallery_, SubjectId{kLast - i * 1'000'003}, sample_encounter(i));
  }
  for (std::uint64_t i = 0; i < 300; ++i) {  // more of one subject than a chunk holds
    batch.enrol(gallery_, SubjectId{5}, sample_encounter(i));
  }
  ASSERT_TRUE(store_->commit(batch));
  std::vector<std::pair<SubjectId, EncounterId>> met;
  const auto visit = [&](const StoredEncounter& e) -> Result<> {
    met.emplace_back(e.subject, e.id);
    return {};
  };
  ASSERT_TRUE(store_->for_each_encounter({}, visit));
  EXPECT_EQ(met.size(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(met));
  EXPECT_EQ(std::ranges::adjacent_find(met), met.end());
  EXPECT_EQ(met.back().first, SubjectId{kLast});
  expect_sound();
}

TEST_F(StoreTest, WalksSubjectsWithoutOpeningThem) {
  ASSERT_TRUE(enrol(9, 1));
  ASSERT_TRUE(enrol(4, 2));
  ASSERT_TRUE(enrol(4, 3));
  std::vector<std::pair<std::uint64_t, std::int64_t>> met;
  const auto visit = [&](const EnrolledSubject& s) -> Result<> {
    met.emplace_back(s.subject.value(), s.encounters);
    return {};
  };
  ASSERT_TRUE(store_->snapshot().for_each_subject(gallery_, visit));
  EXPECT_THAT(met, ElementsAre(std::pair(4U, 2), std::pair(9U, 1)));
}

TEST_F(StoreTest, AVisitorEndsTheWalkWithItsOwnError) {
  ASSERT_TRUE(enrol(1, 1));
  ASSERT_TRUE(enrol(2, 2));
  int calls = 0;
  const auto visit = [&](const StoredEncounter&) -> Result<> {
    ++calls;
    return fail(Fault::cancelled);
  };
  EXPECT_EQ(store_->for_each_encounter({}, visit).error().fault, Fault::cancelled);
  EXPECT_EQ(calls, 1);
}

TEST_F(StoreTest, ASnapshotDoesNotSeeLaterChanges) {
  ASSERT_TRUE(enrol(1, 1));
  const Snapshot snapshot = store_->snapshot();
  Batch batch;
  batch.update(gallery_, SubjectId{1}, EncounterId{1}, sample_encounter(2));
  batch.enrol(gallery_, SubjectId{2}, sample_encounter(3));
  ASSERT_TRUE(store_->commit(batch));
  EXPECT_EQ(snapshot.revision(), Revision{1});
  EXPECT_EQ(snapshot.get_subject(gallery_, SubjectId{1})->front().content, sample_encounter(1));
  EXPECT_EQ(snapshot.get_subject(gallery_, SubjectId{2}).error().fault, Fault::not_found);
  EXPECT_EQ(store_->snapshot().revision(), Revision{3});
}

TEST_F(StoreTest, ASnapshotOutlivesTheStoreObject) {
  ASSERT_TRUE(enrol(1, 1));
  const Snapshot snapshot = store_->snapshot();
  store_.reset();
  EXPECT_EQ(snapshot.get_subject(gallery_, SubjectId{1})->front().content, sample_encounter(1));
}

TEST_F(StoreTest, SaysWhatIsNotThere) {
  ASSERT_TRUE(enrol(1, 1));
  EXPECT_EQ(store_->get_subject(gallery_, SubjectId{2}).error(),
            (Error{Fault::not_found, 0, "subject 2"}));
  EXPECT_EQ(store_->get_encounter(gallery_, SubjectId{1}, EncounterId{2}).error(),
            (Error{Fault::not_found, 0, "subject 1, encounter 2"}));
  EXPECT_EQ(store_->get_subject(GalleryId{9}, SubjectId{1}).error().fault, Fault::not_found);
}

// ------------------------------------------------------------------ the change log

TEST_F(StoreTest, TellsEveryChangeInOrderAndOnce) {
  ASSERT_TRUE(enrol(1, 1));
  Batch batch;
  batch.enrol(gallery_, SubjectId{2}, sample_encounter(2));
  batch.update(gallery_, SubjectId{1}, EncounterId{1}, sample_encounter(3));
  batch.delete_encounter(gallery_, SubjectId{1}, EncounterId{1});
  batch.delete_subject(gallery_, SubjectId{2});
  ASSERT_TRUE(store_->commit(batch));
  std::vector<Operation> told;
  Revision at;
  while (true) {  // two at a time
    const auto entries = store_->changes_since(at, 2);
    ASSERT_TRUE(entries) << describe(entries.error());
    if (entries->empty()) break;
    for (const ChangeEntry& entry : *entries) {
      EXPECT_EQ(entry.revision.value(), at.value() + 1);
      at = entry.revision;
      told.push_back(entry.operation);
    }
  }
  EXPECT_THAT(told, ElementsAre(Operation::enrol, Operation::enrol, Operation::update,
                                Operation::delete_encounter, Operation::delete_subject));
  EXPECT_THAT(*store_->changes_since(store_->revision()), SizeIs(0));
  EXPECT_THAT(*store_->changes_since(Revision{1000}), SizeIs(0));
}

TEST_F(StoreTest, ReadersSeeWholeBatchesWhileOthersWrite) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < 60; ++i) {
      Batch batch;  // three encounters of one subject, always together
      for (int e = 0; e < 3; ++e) batch.enrol(gallery_, SubjectId{i + 1}, sample_encounter(i));
      EXPECT_TRUE(store_->commit(batch));
    }
    stop = true;
  });
  while (!stop) {
    std::map<SubjectId, int> met;
    const auto visit = [&](const StoredEncounter& e) -> Result<> {
      ++met[e.subject];
      return {};
    };
    const Snapshot snapshot = store_->snapshot();
    ASSERT_TRUE(snapshot.for_each_encounter({}, visit));
    for (const auto& [subject, count] : met) EXPECT_EQ(count, 3) << subject.value();
    EXPECT_EQ(met.size() * 3, snapshot.revision().value());
  }
  writer.join();
}

// ------------------------------------------------------------------ counters

TEST_F(StoreTest, CountsWithoutScanning) {
  Batch batch;
  batch.enrol(gallery_, SubjectId{1}, sample_encounter(3));   // position 4, and a face
  batch.enrol(gallery_, SubjectId{1}, sample_encounter(1));   // position 2
  batch.enrol(gallery_, SubjectId{2}, sample_encounter(11));  // position 2
  batch.update(gallery_, SubjectId{2}, EncounterId{1}, sample_encounter(4));  // position 5
  ASSERT_TRUE(store_->commit(batch));
  for (int round = 0; round < 2; ++round) {
    const auto stats = store_->stats();
    ASSERT_TRUE(stats);
    const GalleryStats& civil = stats->galleries.front();
    EXPECT_EQ(civil.gallery.name, "civil");
    EXPECT_EQ(civil.subjects, 2);
    EXPECT_EQ(civil.encounters, 3);
    EXPECT_THAT(civil.fingers, ElementsAre(0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0));
    EXPECT_EQ(civil.faces, 1);
    EXPECT_GT(stats->disk_bytes, 0);
    EXPECT_EQ(stats->revision, Revision{4});
    reopen();
  }
  Batch away;
  away.delete_subject(gallery_, SubjectId{1});
  away.delete_encounter(gallery_, SubjectId{2}, EncounterId{1});
  ASSERT_TRUE(store_->commit(away));
  const GalleryStats empty = store_->stats()->galleries.front();
  EXPECT_EQ(empty.subjects + empty.encounters + empty.faces, 0);
  EXPECT_THAT(empty.fingers, ::testing::Each(0));
  expect_sound();
}

// ------------------------------------------------------------------ side values

TEST_F(StoreTest, KeepsSideValuesSealed) {
  const std::string secret = "a key of the index, thirty-two b";
  ASSERT_TRUE(store_->put_side("index-test", as_bytes(secret)));
  reopen();
  const auto value = store_->get_side("index-test");
  ASSERT_TRUE(value && *value);
  EXPECT_TRUE(std::ranges::equal(**value, as_bytes(secret)));
  ASSERT_TRUE(store_->delete_side("index-test"));
  ASSERT_TRUE(store_->delete_side("index-test"));  // an absent one is no fault
  EXPECT_FALSE(store_->get_side("index-test")->has_value());
  EXPECT_EQ(store_->put_side("Bad Name", {}).error().fault, Fault::bad_name);
  EXPECT_EQ(store_->get_side("../x").error().fault, Fault::bad_name);
}

}  // namespace
}  // namespace whorl::gallery
