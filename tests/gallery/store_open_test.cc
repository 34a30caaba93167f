#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "engine/gallery/records.h"
#include "tests/gallery/gallery_samples.h"
#include "tests/gallery/raw_store.h"

namespace whorl::gallery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Fault fault_of_opening(const std::string& folder, const Key& key = sample_key(),
                       bool create = false) {
  StoreOptions options;
  options.create = create;
  const auto opened = Store::open(folder, key, options);
  EXPECT_FALSE(opened);
  return opened ? Fault{} : opened.error().fault;
}

TEST(StoreOpen, SaysThatThereIsNoStore) {
  const TempFolder folder;
  EXPECT_EQ(fault_of_opening(folder / "nothing"), Fault::no_store);
  EXPECT_FALSE(std::filesystem::exists(folder / "nothing"));
}

TEST(StoreOpen, RefusesAFolderThatCannotBeMade) {
  const TempFolder folder;
  std::ofstream(folder / "file") << "not a folder";
  EXPECT_EQ(fault_of_opening(folder / "file/store", sample_key(), true), Fault::io_error);
}

TEST_F(StoreTest, RefusesAnotherMasterKey) {
  ASSERT_TRUE(enrol(17, 1));
  store_.reset();
  EXPECT_EQ(fault_of_opening(folder_ / "store", sample_key(8)), Fault::wrong_key);
  reopen();
  EXPECT_THAT(contents(), ElementsAre("17/1"));
}

TEST_F(StoreTest, RefusesASecondOpeningInTheSameProcess) {
  EXPECT_EQ(fault_of_opening(folder_ / "store"), Fault::store_in_use);
}

TEST_F(StoreTest, RefusesASecondProcess) {
  const std::string path = folder_ / "store";
  const pid_t child = ::fork();
  if (child == 0) {
    const auto opened = open_store(path);
    ::_exit(!opened && opened.error().fault == Fault::store_in_use ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(StoreTest, NeverMakesANewStoreWhereOneWas) {
  ASSERT_TRUE(enrol(17, 1));
  store_.reset();
  std::filesystem::remove(folder_ / "store/db/CURRENT");
  EXPECT_EQ(fault_of_opening(folder_ / "store", sample_key(), true), Fault::store_corrupt);
}

TEST_F(StoreTest, MakesAStoreWhoseMakingWasCutShort) {
  const std::string half = folder_ / "half";
  std::filesystem::create_directories(half + "/db.new");
  std::ofstream(half + "/db.new/CURRENT") << "MANIFEST-00";
  const auto opened = open_store(half);
  EXPECT_TRUE(opened) << describe(opened.error());
}

TEST_F(StoreTest, RefusesAnotherVersionsStore) {
  store_.reset();
  {
    RawStore raw(folder_ / "store");
    const Bytes key(as_bytes(kHeaderKey).begin(), as_bytes(kHeaderKey).end());
    Bytes header = *raw.get(Space::meta, key);
    header.front() = std::byte{kStoreVersion + 1};
    raw.put(Space::meta, key, header);
  }
  EXPECT_EQ(fault_of_opening(folder_ / "store"), Fault::store_version);
}

TEST_F(StoreTest, SeesThatTheFilesEndBeforeWhatWasAcknowledged) {
  ASSERT_TRUE(enrol(17, 1));
  store_.reset();
  std::filesystem::copy(folder_ / "store", folder_ / "older",
                        std::filesystem::copy_options::recursive);
  reopen();
  ASSERT_TRUE(enrol(17, 2));
  store_.reset();
  // The database of before with the mark of after: what a lost log tail looks like.
  std::filesystem::copy_file(folder_ / "store/db/ACKNOWLEDGED", folder_ / "older/db/ACKNOWLEDGED",
                             std::filesystem::copy_options::overwrite_existing);
  const auto opened = open_store(folder_ / "older");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::store_corrupt);
  EXPECT_THAT(opened.error().where, HasSubstr("end at revision 1; revision 2 was acknowledged"));
}

TEST_F(StoreTest, RefusesAStoreWithoutItsMark) {
  store_.reset();
  std::filesystem::remove(folder_ / "store/db/ACKNOWLEDGED");
  EXPECT_EQ(fault_of_opening(folder_ / "store"), Fault::store_corrupt);
}

TEST_F(StoreTest, RefusesTheMarkOfAnotherStore) {
  store_.reset();
  ASSERT_TRUE(open_store(folder_ / "other"));
  std::filesystem::copy_file(folder_ / "other/db/ACKNOWLEDGED", folder_ / "store/db/ACKNOWLEDGED",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(fault_of_opening(folder_ / "store"), Fault::store_corrupt);
}

// ------------------------------------------------------------------ galleries

TEST_F(StoreTest, KeepsSeveralGalleriesApart) {
  const auto border = store_->create_gallery("border");
  ASSERT_TRUE(border);
  EXPECT_EQ(*border, GalleryId{2});
  Batch batch;
  batch.enrol(gallery_, SubjectId{17}, sample_encounter(1));
  batch.enrol(*border, SubjectId{17}, sample_encounter(2));
  ASSERT_TRUE(store_->commit(batch));
  reopen();
  EXPECT_EQ(store_->find_gallery("border")->id, *border);
  EXPECT_EQ(store_->list_galleries().size(), 2U);
  EXPECT_EQ(store_->get_subject(*border, SubjectId{17})->front().content, sample_encounter(2));
  std::vector<GalleryId> met;
  const auto visit = [&](const StoredEncounter& e) -> Result<> {
    met.push_back(e.gallery);
    return {};
  };
  ASSERT_TRUE(store_->for_each_encounter(*border, visit));
  EXPECT_THAT(met, ElementsAre(*border));
  expect_sound();
}

TEST_F(StoreTest, RefusesGalleryNamesOutsideTheAlphabet) {
  const std::string names[] = {"", "Civil", "a b", "a/b", "..", "\xC3\xA9", std::string(65, 'a')};
  for (const std::string& name : names) {
    EXPECT_EQ(store_->create_gallery(name).error().fault, Fault::bad_name) << name;
    EXPECT_EQ(store_->find_gallery(name).error().fault, Fault::bad_name) << name;
  }
  EXPECT_TRUE(store_->create_gallery(std::string(64, 'a')));
}

TEST_F(StoreTest, RefusesAGalleryTwice) {
  EXPECT_EQ(store_->create_gallery("civil").error().fault, Fault::already_exists);
  EXPECT_EQ(store_->find_gallery("border").error().fault, Fault::not_found);
}

}  // namespace
}  // namespace whorl::gallery
