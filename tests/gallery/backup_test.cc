#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

using ::testing::ElementsAre;

class Backup : public StoreTest {
 protected:
  void back_up() {
    const auto done = store_->backup(to());
    ASSERT_TRUE(done) << describe(done.error());
  }
  // Replaces the store by what the backup holds.
  void restore_over() {
    store_.reset();
    std::filesystem::remove_all(folder_ / "store");
    const auto done = Store::restore(to(), folder_ / "store");
    ASSERT_TRUE(done) << describe(done.error());
    reopen();
  }
  std::string to() const { return folder_ / "backup"; }
};

TEST_F(Backup, RestoresWhatWasThereAndNothingLater) {
  ASSERT_TRUE(enrol(1, 1));
  ASSERT_TRUE(store_->put_side("side", as_bytes("value")));
  back_up();
  ASSERT_TRUE(enrol(2, 2));
  restore_over();
  EXPECT_THAT(contents(), ElementsAre("1/1"));
  EXPECT_EQ(store_->get_encounter(gallery_, SubjectId{1}, EncounterId{1}), sample_encounter(1));
  EXPECT_TRUE(store_->get_side("side")->has_value());
  EXPECT_EQ(store_->revision(), Revision{1});
  ASSERT_TRUE(enrol(3, 3));  // and it goes on from there
  expect_sound();
}

TEST_F(Backup, ReplacesAnEarlierOneOfTheSameStore) {
  ASSERT_TRUE(enrol(1, 1));
  back_up();
  ASSERT_TRUE(enrol(2, 2));
  back_up();
  restore_over();
  EXPECT_THAT(contents(), ElementsAre("1/1", "2/1"));
  expect_sound();
}

TEST_F(Backup, HoldsAPrefixOfTheCommitsMadeMeanwhile) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::uint64_t s = 1; !stop; ++s) EXPECT_TRUE(enrol(s, s));
  });
  while (store_->revision() < Revision{5}) std::this_thread::yield();
  const Revision before = store_->revision();
  back_up();
  const Revision after_it = store_->revision();
  stop = true;
  writer.join();
  restore_over();
  EXPECT_GE(store_->revision(), before);
  EXPECT_LE(store_->revision(), Revision{after_it.value() + 1});
  EXPECT_EQ(contents().size(), store_->revision().value());
  expect_sound();
}

TEST_F(Backup, RefusesAFolderThatHoldsAnythingElse) {
  std::filesystem::create_directory(to());
  std::ofstream(to() + "/letter.txt") << "mine";
  EXPECT_EQ(store_->backup(to()).error().fault, Fault::already_exists);
  EXPECT_TRUE(std::filesystem::exists(to() + "/letter.txt"));
}

TEST_F(Backup, RefusesTheBackupOfAnotherStore) {
  ASSERT_TRUE((*open_store(folder_ / "other"))->backup(to()));
  EXPECT_EQ(store_->backup(to()).error().fault, Fault::already_exists);
}

TEST_F(Backup, RestoreRefusesAFolderThatIsNotEmpty) {
  back_up();
  EXPECT_EQ(Store::restore(to(), folder_ / "store").error().fault, Fault::already_exists);
}

TEST_F(Backup, RestoreSaysThatThereIsNoBackup) {
  EXPECT_EQ(Store::restore(folder_ / "nothing", folder_ / "new").error().fault, Fault::no_store);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new"));
}

TEST_F(Backup, OpensWithItsOwnMasterKeyAlone) {
  back_up();
  ASSERT_TRUE(Store::restore(to(), folder_ / "copy"));
  EXPECT_EQ(open_store(folder_ / "copy", sample_key(9)).error().fault, Fault::wrong_key);
}

TEST_F(Backup, ALaterBackupForgetsTheKeyOfAnErasedSubject) {
  ASSERT_TRUE(enrol(1, 1));
  ASSERT_TRUE(enrol(2, 2));
  back_up();
  ASSERT_TRUE(store_->erase_subject(gallery_, SubjectId{1}));
  back_up();
  restore_over();
  EXPECT_THAT(contents(), ElementsAre("2/1"));
}

}  // namespace
}  // namespace whorl::gallery
