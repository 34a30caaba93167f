#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tests/gallery/gallery_samples.h"

namespace whorl::gallery {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSubjects = 6'000;

// A disk that is filled until a change of master key finds only so much room.
class RotationOnAFullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=64m") != 0) {
      GTEST_SKIP() << "a small tmpfs cannot be mounted here: " << std::strerror(errno);
    }
    mounted_ = true;
    auto opened = open_store(folder_ / "store", sample_key(0));
    ASSERT_TRUE(opened) << describe(opened.error());
    ASSERT_TRUE((*opened)->create_gallery("civil"));
    for (std::uint64_t s = 1; s <= kSubjects;) {
      Batch batch;
      for (int i = 0; i < 1'000; ++i, ++s) {
        batch.enrol(GalleryId{1}, SubjectId{s}, sample_encounter(s));
      }
      ASSERT_TRUE((*opened)->commit(batch));
    }
    ASSERT_TRUE((*opened)->compact());
  }
  void TearDown() override {
    if (mounted_) ::umount(folder_.path().c_str());
  }

  void leave_room(std::uintmax_t bytes) const {
    const std::uintmax_t free = fs::space(folder_.path()).available;
    ASSERT_GT(free, bytes);
    std::ofstream(folder_ / "ballast") << std::string(free - bytes, 'b');
  }
  void make_room() const { fs::remove(folder_ / "ballast"); }

  // Whether the key opens the store; on a disk without room it may not be told.
  bool opens(unsigned key) const {
    const auto opened = Store::open(folder_ / "store", sample_key(key), {});
    if (!opened) {
      EXPECT_EQ(opened.error().fault, Fault::wrong_key) << describe(opened.error());
      return false;
    }
    std::uint64_t met = 0;
    const auto walked = (*opened)->for_each_encounter({}, [&](const StoredEncounter& e) {
      EXPECT_EQ(e.subject, SubjectId{++met});
      return Result<>{};
    });
    EXPECT_TRUE(walked) << describe(walked.error());
    EXPECT_EQ(met, kSubjects);
    return true;
  }

  TempFolder folder_;
  bool mounted_ = false;
};

TEST_F(RotationOnAFullDisk, LosesNothingAndGoesOnOnceThereIsRoom) {
  unsigned key = 0;
  int refused = 0, begun = 0;
  for (const std::uintmax_t kilobytes :
       {0U, 4U, 64U, 256U, 512U, 768U, 1024U, 2048U, 4096U, 16384U}) {
    SCOPED_TRACE(std::to_string(kilobytes) + " kB of room");
    ASSERT_NO_FATAL_FAILURE(leave_room(kilobytes * 1024));
    const auto tried =
        Store::rotate_master_key(folder_ / "store", sample_key(key), sample_key(key + 1), {});
    if (!tried) { EXPECT_EQ(tried.error().fault, Fault::disk_full) << describe(tried.error()); }
    refused += !tried;
    make_room();
    const bool old_opens = opens(key), new_opens = opens(key + 1);
    EXPECT_NE(old_opens, new_opens);
    EXPECT_TRUE(new_opens || !tried);
    begun += !tried && new_opens;
    const auto again =
        Store::rotate_master_key(folder_ / "store", sample_key(key), sample_key(key + 1), {});
    ASSERT_TRUE(again) << describe(again.error());
    EXPECT_TRUE(opens(++key));
    if (HasFailure()) return;
  }
  EXPECT_GT(refused, 0);
  std::printf("%d met a full disk, %d of them behind the point of no return\n", refused, begun);
}

}  // namespace
}  // namespace whorl::gallery
