#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/gallery/records.h"
#include "tests/gallery/gallery_samples.h"
#include "tests/gallery/raw_store.h"

namespace whorl::gallery {
namespace {

using ::testing::ElementsAre;

class Erasure : public StoreTest {
 protected:
  std::string path() const { return folder_ / "store"; }

  // The wrapped key as it lies in the subject's record.
  Bytes wrapped_key(SubjectPlace place) {
    store_.reset();
    const Bytes value = *RawStore(path()).get(Space::subjects, key_of(place));
    return decode_subject(*unframe(key_of(place), value))->wrapped_key;
  }

  void erase(std::uint64_t subject) {
    const auto erased = store_->erase_subject(gallery_, SubjectId{subject});
    ASSERT_TRUE(erased) << describe(erased.error());
  }
};

TEST_F(Erasure, LeavesNoCopyOfTheKeyInAnyFile) {
  // The key passes through the log, and through table files of several generations.
  for (std::uint64_t s = 1; s <= 40; ++s) ASSERT_TRUE(enrol(s, s));
  const Bytes key = wrapped_key({gallery_, SubjectId{17}});
  const Bytes other = wrapped_key({gallery_, SubjectId{18}});
  reopen();
  ASSERT_TRUE(enrol(17, 100));
  ASSERT_TRUE(store_->compact());
  ASSERT_TRUE(enrol(17, 101));
  ASSERT_GE(files_with(path(), key), 2);  // in a table and in the log

  erase(17);
  EXPECT_EQ(files_with(path(), key), 0) << "while the store is open";
  store_.reset();
  EXPECT_EQ(files_with(path(), key), 0);
  EXPECT_GE(files_with(path(), other), 1);
  reopen();
  EXPECT_EQ(store_->contains(gallery_, SubjectId{17}), false);
  EXPECT_EQ(store_->get_subject(gallery_, SubjectId{18})->front().content, sample_encounter(18));
  expect_sound();
}

TEST_F(Erasure, AnOldCopyOfTheDataDoesNotOpenWithoutTheKeyRecord) {
  ASSERT_TRUE(enrol(17, 1));
  ASSERT_TRUE(enrol(18, 2));
  store_.reset();
  const EncounterPlace at{{gallery_, SubjectId{17}}, EncounterId{1}};
  const Bytes old_value = *RawStore(path()).get(Space::encounters, key_of(at));
  reopen();
  erase(17);
  // The thief has the master key, the store as it is, and the old record: he puts it back.
  store_.reset();
  {
    RawStore raw(path());
    EXPECT_FALSE(raw.get(Space::encounters, key_of(at)));
    raw.put(Space::encounters, key_of(at), old_value);
  }
  reopen();
  EXPECT_FALSE(store_->get_subject(gallery_, SubjectId{17}));
  // Nor does a new key of the same subject help.
  store_.reset();
  RawStore(path()).remove(Space::encounters, key_of(at));
  reopen();
  ASSERT_TRUE(enrol(17, 3));
  store_.reset();
  RawStore(path()).put(Space::encounters, key_of(at), old_value);
  reopen();
  EXPECT_EQ(store_->get_encounter(gallery_, SubjectId{17}, EncounterId{1}).error().fault,
            Fault::seal_broken);
}

TEST_F(Erasure, DestroysTheKeyOfTheIndexSnapshot) {
  ASSERT_TRUE(enrol(17, 1));
  ASSERT_TRUE(store_->put_side(kIndexSnapshotKey, as_bytes("the key of a snapshot with 17")));
  ASSERT_TRUE(store_->put_side("another", as_bytes("stays")));
  store_.reset();
  const Bytes sealed =
      *RawStore(path()).get(Space::meta, meta_key(kSidePrefix, as_bytes(kIndexSnapshotKey)));
  reopen();
  ASSERT_GE(files_with(path(), sealed), 1);
  erase(17);
  EXPECT_FALSE(store_->get_side(kIndexSnapshotKey)->has_value());
  EXPECT_EQ(files_with(path(), sealed), 0);
  EXPECT_TRUE(store_->get_side("another")->has_value());
}

TEST_F(Erasure, EndsSnapshotsThatStillShowTheSubject) {
  ASSERT_TRUE(enrol(17, 1));
  ASSERT_TRUE(enrol(18, 2));
  const Snapshot snapshot = store_->snapshot();
  erase(17);
  EXPECT_EQ(snapshot.get_subject(gallery_, SubjectId{18}).error().fault, Fault::cancelled);
  EXPECT_EQ(store_->snapshot().get_subject(gallery_, SubjectId{18})->size(), 1U);
}

TEST_F(Erasure, MayHappenInTheMiddleOfAWalk) {
  Batch batch;
  for (std::uint64_t s = 1000; s <= 1600; ++s) {
    batch.enrol(gallery_, SubjectId{s}, sample_encounter(s));
  }
  ASSERT_TRUE(store_->commit(batch));
  int calls = 0;
  const auto visit = [&](const StoredEncounter&) -> Result<> {
    if (++calls == 1) erase(1300);
    return {};
  };
  EXPECT_EQ(store_->for_each_encounter({}, visit).error().fault, Fault::cancelled);
}

TEST_F(Erasure, IsToldInTheChangeLogAndTheCounters) {
  ASSERT_TRUE(enrol(17, 1));
  ASSERT_TRUE(enrol(17, 3));
  const auto erased = store_->erase_subject(gallery_, SubjectId{17});
  EXPECT_EQ(erased, Revision{3});
  const ChangeEntry last = store_->changes_since(Revision{2})->front();
  EXPECT_EQ(last.operation, Operation::erase_subject);
  EXPECT_EQ(last.subject, SubjectId{17});
  EXPECT_EQ(store_->stats()->galleries.front().encounters, 0);
  expect_sound();
}

TEST_F(Erasure, OfSomeoneUnknownIsRefused) {
  EXPECT_EQ(store_->erase_subject(gallery_, SubjectId{17}).error(),
            (Error{Fault::not_found, 0, "subject 17"}));
  EXPECT_EQ(store_->erase_subject(GalleryId{9}, SubjectId{17}).error().fault, Fault::not_found);
}

TEST_F(Erasure, IsFinishedByTheNextOpeningWhenTheProcessDiedInBetween) {
  ASSERT_TRUE(enrol(17, 1));
  const Bytes key = wrapped_key({gallery_, SubjectId{17}});
  reopen();
  ASSERT_TRUE(store_->compact());  // the key is in a table file
  store_.reset();
  {  // what erase_subject writes first, and no more
    RawStore raw(path());
    raw.remove(Space::subjects, key_of(SubjectPlace{gallery_, SubjectId{17}}));
    raw.remove(Space::encounters,
               key_of(EncounterPlace{{gallery_, SubjectId{17}}, EncounterId{1}}));
    const Bytes note = meta_key(kErasingPrefix, key_of(SubjectPlace{gallery_, SubjectId{17}}));
    raw.put(Space::meta, note, frame(note, {}));
  }
  ASSERT_GE(files_with(path(), key), 1);
  reopen();
  EXPECT_EQ(files_with(path(), key), 0);
}

TEST_F(Erasure, CompactionDestroysTheKeysOfDeletedSubjects) {
  ASSERT_TRUE(enrol(17, 1));
  const Bytes key = wrapped_key({gallery_, SubjectId{17}});
  reopen();
  Batch batch;
  batch.delete_subject(gallery_, SubjectId{17});
  ASSERT_TRUE(store_->commit(batch));
  ASSERT_TRUE(store_->compact());
  EXPECT_EQ(files_with(path(), key), 0);
}

}  // namespace
}  // namespace whorl::gallery
