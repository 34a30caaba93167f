// Pictures that a gallery keeps, and the settings that say so.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include "engine/base/limits.h"
#include "engine/gallery/records.h"
#include "tests/gallery/gallery_samples.h"
#include "tests/gallery/raw_store.h"

namespace whorl::gallery {
namespace {

using ::testing::HasSubstr;

// Large enough for a file of it not to be a coincidence.
Bytes picture_file(std::uint64_t seed) {
  SeededRandom random(seed);
  Bytes bytes;
  for (int i = 0; i < 300; ++i) bytes.push_back(static_cast<std::byte>(random.below(256)));
  return bytes;
}

class Pictures : public StoreTest {
 protected:
  std::string path() const { return folder_ / "store"; }

  // Seeds that three divides have a face behind the finger.
  Result<Commit> enrol_with(std::uint64_t subject, std::vector<Picture> pictures,
                            std::uint64_t seed = 3) {
    Batch batch;
    batch.enrol(gallery_, SubjectId{subject}, sample_encounter(seed));
    batch.keep(std::move(pictures));
    return store_->commit(batch);
  }
  std::vector<Picture> kept(std::uint64_t subject, std::uint32_t encounter = 1) const {
    const auto found = store_->get_pictures(gallery_, SubjectId{subject}, EncounterId{encounter});
    EXPECT_TRUE(found) << describe(found.error());
    return found.value_or(std::vector<Picture>{});
  }
  Result<> change(const std::function<void(Batch&)>& what) {
    Batch batch;
    what(batch);
    WHORL_TRY_VOID(store_->commit(batch));
    return {};
  }
  GallerySettings settings() const { return store_->find_gallery("civil")->settings; }

  const std::vector<Picture> one_{{1, 1, picture_file(1)}}, other_{{1, 1, picture_file(2)}};
};

TEST_F(Pictures, ComeBackAsTheyWereAndAreSealedOnDisk) {
  ASSERT_TRUE(enrol_with(7, one_));
  ASSERT_TRUE(enrol_with(8, {}));
  reopen();
  EXPECT_EQ(kept(7), one_);
  EXPECT_TRUE(kept(8).empty());
  EXPECT_EQ(store_->get_pictures(gallery_, SubjectId{9}, EncounterId{1}).error().fault,
            Fault::not_found);
  expect_sound();
  EXPECT_EQ(store_->verify()->pictures, 1);
  ASSERT_TRUE(store_->compact());
  store_.reset();
  EXPECT_EQ(files_with(path(), one_[0].file), 0);
}

TEST_F(Pictures, GoWithTheirEncounterAndTheirSubject) {
  for (const std::uint64_t subject : {1U, 2U, 3U, 4U, 5U}) ASSERT_TRUE(enrol_with(subject, one_));
  ASSERT_TRUE(enrol_with(1, other_));
  const SubjectId first{1}, second{2}, third{3}, fourth{4};
  const EncounterId visit{1};
  ASSERT_TRUE(change([&](Batch& b) { b.delete_encounter(gallery_, first, visit); }));
  EXPECT_TRUE(kept(1, 1).empty());
  EXPECT_EQ(kept(1, 2), other_);
  ASSERT_TRUE(change([&](Batch& b) { b.delete_subject(gallery_, second); }));
  ASSERT_TRUE(enrol_with(2, {}));
  EXPECT_TRUE(kept(2).empty());
  ASSERT_TRUE(change([&](Batch& b) { b.update(gallery_, third, visit, sample_encounter(6)); }));
  EXPECT_TRUE(kept(3).empty()) << "another visit's picture is not this one's";
  ASSERT_TRUE(change([&](Batch& b) {
    b.update(gallery_, third, visit, sample_encounter(6));
    b.keep(other_);
  }));
  EXPECT_EQ(kept(3), other_);
  ASSERT_TRUE(
      change([&](Batch& b) { b.update_templates(gallery_, fourth, visit, sample_encounter(9)); }));
  EXPECT_EQ(kept(4), one_);
  ASSERT_TRUE(store_->erase_subject(gallery_, SubjectId{5}));
  ASSERT_TRUE(enrol_with(5, {}));
  EXPECT_TRUE(kept(5).empty());
  EXPECT_EQ(store_->verify()->pictures, 3);
  expect_sound();
}

TEST_F(Pictures, AreRefusedWhereTheyAreOfNoFace) {
  struct Row {
    const char* what;
    std::vector<Picture> pictures;
    Fault fault;
  };
  const Bytes large(kMaxKeptPictureBytes + 1);
  for (const Row& row :
       {Row{"of nothing", {{1, 1, {}}}, Fault::empty_input},
        Row{"too large", {{1, 1, large}}, Fault::limit_exceeded},
        Row{"of a finger", {{0, 1, picture_file(1)}}, Fault::out_of_range},
        Row{"of no face", {{1, 0, picture_file(1)}}, Fault::empty_input},
        Row{"of more than there are", {{1, 2, picture_file(1)}}, Fault::out_of_range},
        Row{"of no template", {{2, 1, picture_file(1)}}, Fault::out_of_range},
        Row{"far beyond", {{255, 1, picture_file(1)}}, Fault::out_of_range},
        Row{"two of one",
            {{1, 1, picture_file(1)}, {1, 1, picture_file(2)}},
            Fault::out_of_range}}) {
    const auto refused = enrol_with(7, row.pictures);
    ASSERT_FALSE(refused) << row.what;
    EXPECT_EQ(refused.error().fault, row.fault) << row.what;
    EXPECT_THAT(refused.error().where, HasSubstr("subject 7")) << row.what;
  }
  EXPECT_TRUE(contents().empty());
  EXPECT_TRUE(enrol_with(7, {{1, 1, Bytes(kMaxKeptPictureBytes)}}));
}

TEST_F(Pictures, AreInABackup) {
  ASSERT_TRUE(enrol_with(7, one_));
  ASSERT_TRUE(store_->backup(folder_ / "backup"));
  store_.reset();
  std::filesystem::remove_all(path());
  ASSERT_TRUE(Store::restore(folder_ / "backup", path()));
  reopen();
  EXPECT_EQ(kept(7), one_);
}

TEST_F(Pictures, ThatWereAlteredMovedOrOrphanedAreTold) {
  ASSERT_TRUE(enrol_with(7, one_));
  ASSERT_TRUE(enrol_with(8, other_));
  const PicturePlace mine{{{gallery_, SubjectId{7}}, EncounterId{1}}, 0};
  const PicturePlace others{{{gallery_, SubjectId{8}}, EncounterId{1}}, 0};
  const PicturePlace nobodys{{{gallery_, SubjectId{9}}, EncounterId{1}}, 0};
  store_.reset();
  const Bytes sound = *RawStore(path()).get(Space::pictures, key_of(mine));
  const Bytes body(unframe(key_of(mine), sound)->begin(), unframe(key_of(mine), sound)->end());
  Bytes flipped = sound;
  flipped.back() ^= std::byte{1};
  struct Row {
    const char* what;
    PicturePlace place;
    Bytes value;
    Fault fault;
  };
  for (const Row& row :
       {Row{"altered", mine, flipped, Fault::bad_checksum},
        Row{"moved", others, frame(key_of(others), body), Fault::seal_broken},
        Row{"orphaned", nobodys, frame(key_of(nobodys), body), Fault::store_corrupt}}) {
    const auto before = RawStore(path()).get(Space::pictures, key_of(row.place));
    RawStore(path()).put(Space::pictures, key_of(row.place), row.value);
    reopen();
    const auto scrub = store_->verify();
    ASSERT_TRUE(scrub);
    ASSERT_EQ(scrub->damaged, 1) << row.what;
    EXPECT_EQ(scrub->damage[0].fault, row.fault) << row.what;
    EXPECT_THAT(scrub->damage[0].where, HasSubstr("picture 1")) << row.what;
    store_.reset();
    if (before) RawStore(path()).put(Space::pictures, key_of(row.place), *before);
  }
}

TEST_F(Pictures, SettingsAreDurableAndTheirAbsenceIsTheDefault) {
  EXPECT_EQ(settings(), GallerySettings{});
  const GallerySettings chosen{FaceIndexKind::hnsw, true, "other-model"};
  ASSERT_TRUE(store_->change_settings(gallery_, chosen));
  ASSERT_TRUE(store_->create_gallery("second", {FaceIndexKind::pq, false, ""}));
  reopen();
  EXPECT_EQ(settings(), chosen);
  EXPECT_EQ(store_->find_gallery("second")->settings.face_index, FaceIndexKind::pq);
  ASSERT_TRUE(store_->change_settings(gallery_, {}));
  reopen();
  EXPECT_EQ(settings(), GallerySettings{});
  EXPECT_EQ(store_->change_settings(GalleryId{9}, {}).error().fault, Fault::not_found);
}

TEST_F(Pictures, GoWhenTheGalleryIsToKeepNoneAnyLonger) {
  ASSERT_TRUE(store_->change_settings(gallery_, {FaceIndexKind::exact, true, ""}));
  const GalleryId second =
      store_->create_gallery("second", {FaceIndexKind::exact, true, ""}).value();
  ASSERT_TRUE(enrol_with(7, one_));
  Batch batch;
  batch.enrol(second, SubjectId{7}, sample_encounter(3));
  batch.keep(other_);
  ASSERT_TRUE(store_->commit(batch));
  ASSERT_TRUE(store_->compact());
  store_.reset();
  const PicturePlace mine{{{gallery_, SubjectId{7}}, EncounterId{1}}, 0};
  const Bytes sealed = *RawStore(path()).get(Space::pictures, key_of(mine));
  reopen();
  ASSERT_TRUE(store_->change_settings(gallery_, {}));
  EXPECT_TRUE(kept(7).empty());
  EXPECT_EQ(files_with(path(), sealed), 0);
  EXPECT_EQ(*store_->get_pictures(second, SubjectId{7}, EncounterId{1}), other_);
  expect_sound();
}

TEST_F(Pictures, AStoreFromBeforeThereWereAnyOpensAndTakesThem) {
  ASSERT_TRUE(enrol_with(7, {}));
  store_.reset();
  {
    std::vector<std::string> names;
    const std::string folder = path() + "/db";
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, folder, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> all;
    for (const std::string& name : names) all.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, folder, all, &handles, &db).ok());
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      if (handle->GetName() == "pictures") { ASSERT_TRUE(db->DropColumnFamily(handle).ok()); }
      db->DestroyColumnFamilyHandle(handle);
    }
    delete db;
  }
  reopen();
  EXPECT_TRUE(kept(7).empty());
  ASSERT_TRUE(enrol_with(8, one_));
  reopen();
  EXPECT_EQ(kept(8), one_);
  expect_sound();
}

}  // namespace
}  // namespace whorl::gallery
