#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <thread>

#include "engine/base/limits.h"
#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(StoreTest, NumbersEncountersFromOneWithinEachSubject) {
  Batch batch;
  batch.enrol(gallery_, SubjectId{17}, sample_encounter(1));
  batch.enrol(gallery_, SubjectId{4}, sample_encounter(2));
  batch.enrol(gallery_, SubjectId{17}, sample_encounter(3));
  const auto commit = store_->commit(batch);
  ASSERT_TRUE(commit) << describe(commit.error());
  EXPECT_THAT(commit->encounters, ElementsAre(EncounterId{1}, EncounterId{1}, EncounterId{2}));
  EXPECT_EQ(commit->revision, Revision{3});
  EXPECT_THAT(contents(), ElementsAre("4/1", "17/1", "17/2"));
}

TEST_F(StoreTest, GivesBackWhatWasEnrolledAfterReopening) {
  ASSERT_TRUE(enrol(17, 3));
  reopen();
  const auto subject = store_->get_subject(gallery_, SubjectId{17});
  ASSERT_TRUE(subject) << describe(subject.error());
  ASSERT_EQ(subject->size(), 1U);
  EXPECT_EQ(subject->front().content, sample_encounter(3));
  EXPECT_EQ(store_->revision(), Revision{1});
  expect_sound();
}

TEST_F(StoreTest, UpdateReplacesAllOfAnEncounter) {
  ASSERT_TRUE(enrol(17, 3));
  Batch batch;
  batch.update(gallery_, SubjectId{17}, EncounterId{1}, sample_encounter(4));
  ASSERT_TRUE(store_->commit(batch));
  EXPECT_EQ(store_->get_encounter(gallery_, SubjectId{17}, EncounterId{1}), sample_encounter(4));
  expect_sound();
}

TEST_F(StoreTest, ChangesOfOneBatchSeeThoseBeforeThem) {
  Batch batch;
  batch.enrol(gallery_, SubjectId{17}, sample_encounter(1));
  batch.update(gallery_, SubjectId{17}, EncounterId{1}, sample_encounter(2));
  batch.enrol(gallery_, SubjectId{17}, sample_encounter(3));
  batch.delete_encounter(gallery_, SubjectId{17}, EncounterId{1});
  batch.enrol(gallery_, SubjectId{18}, sample_encounter(4));
  batch.delete_subject(gallery_, SubjectId{18});
  const auto commit = store_->commit(batch);
  ASSERT_TRUE(commit) << describe(commit.error());
  EXPECT_THAT(contents(), ElementsAre("17/2"));
  expect_sound();
}

TEST_F(StoreTest, ASubjectIsGoneWithItsLastEncounter) {
  ASSERT_TRUE(enrol(17, 1));
  Batch batch;
  batch.delete_encounter(gallery_, SubjectId{17}, EncounterId{1});
  ASSERT_TRUE(store_->commit(batch));
  EXPECT_EQ(store_->contains(gallery_, SubjectId{17}), false);
  EXPECT_EQ(store_->stats()->galleries.front().subjects, 0);
  expect_sound();
}

TEST_F(StoreTest, ANumberOfADeletedEncounterIsNotGivenAgainWhileTheSubjectStays) {
  ASSERT_TRUE(enrol(17, 1));
  ASSERT_TRUE(enrol(17, 2));
  Batch batch;
  batch.delete_encounter(gallery_, SubjectId{17}, EncounterId{2});
  batch.enrol(gallery_, SubjectId{17}, sample_encounter(3));
  EXPECT_THAT(store_->commit(batch)->encounters, ElementsAre(EncounterId{2}, EncounterId{3}));
}

TEST_F(StoreTest, ImportersGiveTheirOwnNumbers) {
  Batch batch;
  batch.enrol_as(gallery_, SubjectId{17}, EncounterId{9}, sample_encounter(1));
  batch.enrol(gallery_, SubjectId{17}, sample_encounter(2));
  EXPECT_THAT(store_->commit(batch)->encounters, ElementsAre(EncounterId{9}, EncounterId{10}));
}

// ------------------------------------------------------------------ refused

struct RefusedCase {
  const char* name;
  Fault fault;
  const char* where;
  std::function<void(Batch&, GalleryId)> spoil;
};

void PrintTo(const RefusedCase& c, std::ostream* os) { *os << c.name; }

Encounter changed(const std::function<void(Encounter&)>& change) {
  Encounter encounter = sample_encounter(3);
  change(encounter);
  return encounter;
}

FaceTemplate& face_of(Encounter& e) { return std::get<FaceTemplate>(e.templates.at(1)); }
FingerTemplate& finger_of(Encounter& e) { return std::get<FingerTemplate>(e.templates.at(0)); }

void enrol_changed(Batch& batch, GalleryId gallery, const std::function<void(Encounter&)>& change) {
  batch.enrol(gallery, SubjectId{30}, changed(change));
}

// Subject 17 has encounter 1; each row is one change that must be refused.
const RefusedCase kRefused[] = {
    {"TakenEncounterNumber", Fault::duplicate_id, "subject 17, encounter 1",
     [](Batch& b, GalleryId g) {
       b.enrol_as(g, SubjectId{17}, EncounterId{1}, sample_encounter(2));
     }},
    {"TakenWithinTheBatch", Fault::duplicate_id, "subject 18, encounter 5",
     [](Batch& b, GalleryId g) {
       b.enrol_as(g, SubjectId{18}, EncounterId{5}, sample_encounter(2));
       b.enrol_as(g, SubjectId{18}, EncounterId{5}, sample_encounter(3));
     }},
    {"SubjectNotNew", Fault::duplicate_id, "subject 17",
     [](Batch& b, GalleryId g) {
       b.enrol(g, SubjectId{17}, sample_encounter(2), Expect::new_subject);
     }},
    {"EncounterZero", Fault::out_of_range, "subject 17, encounter 0",
     [](Batch& b, GalleryId g) {
       b.enrol_as(g, SubjectId{17}, EncounterId{0}, sample_encounter(2));
     }},
    {"EncounterWithoutSuccessor", Fault::out_of_range, "subject 17, encounter 4294967295",
     [](Batch& b, GalleryId g) {
       b.enrol_as(g, SubjectId{17}, EncounterId{0xFFFFFFFFU}, sample_encounter(2));
     }},
    {"UnknownGallery", Fault::not_found, "gallery 77",
     [](Batch& b, GalleryId) { b.enrol(GalleryId{77}, SubjectId{1}, sample_encounter(2)); }},
    {"UpdateOfUnknownSubject", Fault::not_found, "subject 30",
     [](Batch& b, GalleryId g) {
       b.update(g, SubjectId{30}, EncounterId{1}, sample_encounter(2));
     }},
    {"UpdateOfUnknownEncounter", Fault::not_found, "subject 17, encounter 2",
     [](Batch& b, GalleryId g) {
       b.update(g, SubjectId{17}, EncounterId{2}, sample_encounter(2));
     }},
    {"DeleteOfUnknownEncounter", Fault::not_found, "subject 17, encounter 2",
     [](Batch& b, GalleryId g) { b.delete_encounter(g, SubjectId{17}, EncounterId{2}); }},
    {"DeleteOfUnknownSubject", Fault::not_found, "subject 30",
     [](Batch& b, GalleryId g) { b.delete_subject(g, SubjectId{30}); }},
    {"NoTemplates", Fault::empty_input, "subject 30",
     [](Batch& b, GalleryId g) { enrol_changed(b, g, [](Encounter& e) { e.templates.clear(); }); }},
    {"TooManyTemplates", Fault::limit_exceeded, "subject 30",
     [](Batch& b, GalleryId g) {
       enrol_changed(b, g, [](Encounter& e) {
         e.templates.resize(kMaxTemplatesPerEncounter + 1, e.templates.front());
       });
     }},
    {"SourceTooLong", Fault::limit_exceeded, "subject 30",
     [](Batch& b, GalleryId g) {
       enrol_changed(b, g, [](Encounter& e) { e.source.assign(kMaxSourceBytes + 1, 's'); });
     }},
    {"UnknownSex", Fault::out_of_range, "subject 30",
     [](Batch& b, GalleryId g) {
       enrol_changed(b, g, [](Encounter& e) { e.demographics.sex = static_cast<Sex>(9); });
     }},
    {"UnknownFinger", Fault::out_of_range, "subject 30",
     [](Batch& b, GalleryId g) {
       enrol_changed(b, g,
                     [](Encounter& e) { finger_of(e).position = static_cast<FingerPosition>(11); });
     }},
    {"FingerWithoutMinutiae", Fault::no_minutiae, "subject 30",
     [](Batch& b, GalleryId g) {
       enrol_changed(b, g, [](Encounter& e) {
         finger_of(e).minutiae.clear();
         finger_of(e).codes.clear();
         finger_of(e).code_version = 0;
       });
     }},
    {"NotANumberInAFace", Fault::not_finite, "subject 30",
     [](Batch& b, GalleryId g) {
       enrol_changed(b, g, [](Encounter& e) {
         face_of(e).vector[2] = std::numeric_limits<float>::quiet_NaN();
       });
     }},
    {"FaceWithoutDirection", Fault::zero_vector, "subject 30",
     [](Batch& b, GalleryId g) {
       enrol_changed(b, g, [](Encounter& e) { face_of(e).vector.assign(8, 0.0F); });
     }},
    {"TooManyChanges", Fault::limit_exceeded, "batch",
     [](Batch& b, GalleryId g) {
       for (int i = 0; i < kMaxChangesPerBatch; ++i) b.delete_subject(g, SubjectId{17});
     }},
};

class RefusedChange : public StoreTest, public ::testing::WithParamInterface<RefusedCase> {};

TEST_P(RefusedChange, NamesItsRecordAndStoresNothingOfTheBatch) {
  ASSERT_TRUE(enrol(17, 1));
  Batch batch;
  batch.enrol(gallery_, SubjectId{99}, sample_encounter(1));  // would be fine by itself
  GetParam().spoil(batch, gallery_);
  const auto commit = store_->commit(batch);
  ASSERT_FALSE(commit);
  EXPECT_EQ(commit.error().fault, GetParam().fault) << describe(commit.error());
  EXPECT_EQ(commit.error().where, GetParam().where);
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(contents(), ElementsAre("17/1"));
    EXPECT_EQ(store_->revision(), Revision{1});
    EXPECT_EQ(store_->stats()->galleries.front().encounters, 1);
    expect_sound();
    reopen();  // and nothing of it comes back from the log
  }
}

INSTANTIATE_TEST_SUITE_P(All, RefusedChange, ::testing::ValuesIn(kRefused),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(StoreTest, ARefusedBatchDoesNotHarmThoseThatShareItsWrite) {
  constexpr int kThreads = 8, kRounds = 20;
  std::vector<std::thread> threads;
  std::array<int, kThreads> refused{};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        Batch batch;
        batch.enrol(gallery_, SubjectId{static_cast<std::uint64_t>(t + 1)}, sample_encounter(1));
        if (i % 2 == 1) batch.update(gallery_, SubjectId{500}, EncounterId{1}, sample_encounter(2));
        if (!store_->commit(batch)) ++refused.at(static_cast<std::size_t>(t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : refused) EXPECT_EQ(count, kRounds / 2);
  EXPECT_EQ(store_->revision(), Revision{kThreads * kRounds / 2});
  for (std::uint64_t t = 1; t <= kThreads; ++t) {
    EXPECT_EQ(store_->get_subject(gallery_, SubjectId{t})->size(), kRounds / 2U);
  }
  expect_sound();
}

TEST_F(StoreTest, AnEmptyBatchChangesNothing) {
  const auto commit = store_->commit(Batch{});
  ASSERT_TRUE(commit);
  EXPECT_EQ(commit->revision, Revision{0});
  EXPECT_THAT(contents(), IsEmpty());
}

}  // namespace
}  // namespace whorl::gallery
