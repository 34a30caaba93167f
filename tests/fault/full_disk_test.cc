#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

namespace fs = std::filesystem;

// Removed, it leaves room to write the store's log out once more, which an erasure does.
constexpr std::uintmax_t kBallastBytes = 14U << 20U;

// A disk of 24 MiB that the test may fill.
class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=24m") != 0) {
      GTEST_SKIP() << "a small tmpfs cannot be mounted here: " << std::strerror(errno);
    }
    mounted_ = true;
    std::ofstream(ballast()) << std::string(kBallastBytes, 'b');
    ASSERT_EQ(fs::file_size(ballast()), kBallastBytes);
    reopen();
    ASSERT_TRUE(store_->create_gallery("civil"));
  }
  void TearDown() override {
    store_.reset();
    if (mounted_) ::umount(folder_.path().c_str());
  }

  void reopen() {
    store_.reset();
    auto opened = open_store(folder_ / "store");
    ASSERT_TRUE(opened) << describe(opened.error());
    store_ = std::move(*opened);
  }
  std::string ballast() const { return folder_ / "ballast"; }

  Result<Commit> enrol_next() {
    Batch batch;
    for (std::uint64_t i = 0; i < 64; ++i) {
      const std::uint64_t s = acknowledged_ + 1 + i;
      batch.enrol(GalleryId{1}, SubjectId{s}, sample_encounter(s));
    }
    auto commit = store_->commit(batch);
    if (commit) acknowledged_ += 64;
    return commit;
  }

  void fill() {
    Result<Commit> last = enrol_next();
    while (last) last = enrol_next();
    ASSERT_EQ(last.error().fault, Fault::disk_full) << describe(last.error());
    ASSERT_GT(acknowledged_, 0U);
  }

  // All that was acknowledged and nothing else, each as it was sent.
  void expect_all_and_no_more() {
    std::uint64_t met = 0;
    const auto visit = [&](const StoredEncounter& e) -> Result<> {
      ++met;
      EXPECT_EQ(e.subject, SubjectId{met});
      EXPECT_EQ(e.content, sample_encounter(met));
      return {};
    };
    const auto walked = store_->for_each_encounter({}, visit);
    EXPECT_TRUE(walked) << describe(walked.error());
    EXPECT_EQ(met, acknowledged_);
    EXPECT_EQ(store_->stats()->galleries.front().subjects,
              static_cast<std::int64_t>(acknowledged_));
  }

  TempFolder folder_;
  std::unique_ptr<Store> store_;
  std::uint64_t acknowledged_ = 0;
  bool mounted_ = false;
};

TEST_F(FullDisk, IsToldAndTheStoreStaysReadable) {
  ASSERT_NO_FATAL_FAILURE(fill());
  expect_all_and_no_more();
  for (int i = 0; i < 3; ++i) {
    const auto again = enrol_next();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().fault, Fault::disk_full) << describe(again.error());
  }
  EXPECT_EQ(store_->create_gallery("border").error().fault, Fault::disk_full);
  EXPECT_EQ(store_->put_side("side", as_bytes("x")).error().fault, Fault::disk_full);
  expect_all_and_no_more();
}

TEST_F(FullDisk, WritesGoOnOnceThereIsRoom) {
  ASSERT_NO_FATAL_FAILURE(fill());
  fs::remove(ballast());
  const auto commit = enrol_next();
  ASSERT_TRUE(commit) << describe(commit.error());
  expect_all_and_no_more();
  const auto scrub = store_->verify();
  ASSERT_TRUE(scrub);
  for (const Error& error : scrub->damage) ADD_FAILURE() << describe(error);
  reopen();
  expect_all_and_no_more();
}

TEST_F(FullDisk, NothingRefusedComesBackAndNothingAcknowledgedIsLostByReopening) {
  ASSERT_NO_FATAL_FAILURE(fill());
  store_.reset();
  fs::remove(ballast());
  reopen();
  expect_all_and_no_more();
}

TEST_F(FullDisk, OpeningOnItIsRefusedOrRight) {
  ASSERT_NO_FATAL_FAILURE(fill());
  store_.reset();
  auto opened = open_store(folder_ / "store");
  if (opened) {
    store_ = std::move(*opened);
    expect_all_and_no_more();
    store_.reset();
  } else {
    EXPECT_EQ(opened.error().fault, Fault::disk_full) << describe(opened.error());
  }
  fs::remove(ballast());
  reopen();
  expect_all_and_no_more();
}

TEST_F(FullDisk, ABackupThatDoesNotFitLeavesNothingBehind) {
  ASSERT_NO_FATAL_FAILURE(fill());
  const auto done = store_->backup(folder_ / "backup");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::disk_full) << describe(done.error());
  EXPECT_FALSE(fs::exists(folder_ / "backup"));
  expect_all_and_no_more();
}

TEST_F(FullDisk, AnErasureIsFinishedOnceThereIsRoom) {
  ASSERT_NO_FATAL_FAILURE(fill());
  const auto refused = store_->erase_subject(GalleryId{1}, SubjectId{1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::disk_full) << describe(refused.error());
  fs::remove(ballast());
  const auto erased = store_->erase_subject(GalleryId{1}, SubjectId{1});
  ASSERT_TRUE(erased) << describe(erased.error());
  EXPECT_EQ(store_->contains(GalleryId{1}, SubjectId{1}), false);
  EXPECT_TRUE(enrol_next());
}

}  // namespace
}  // namespace whorl::gallery
