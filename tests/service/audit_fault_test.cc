// Kills and a full disk.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <sstream>

#include "engine/base/random.h"
#include "tests/fault/killed_child.h"
#include "tests/service/audit_samples.h"

namespace whorl::service {
namespace {

namespace fs = std::filesystem;

TEST_F(AuditTest, KillsTakeNothingThatWasAppended) {
  const int rounds = std::max(30, testing::kill_rounds());
  std::set<std::string> told;
  SeededRandom random(20260101);
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const bool young = round % 4 == 0;  // from before the log is open
    const std::chrono::milliseconds life(random.below(young ? 60 : 400));
    const auto said = testing::run_until_killed(
        WHORL_AUDIT_STREAM, {folder(), std::to_string((round + 1) * 10'000'000)}, life,
        young ? testing::LifeFrom::start : testing::LifeFrom::first_word);
    std::istringstream lines(said);
    for (std::string n; lines >> n;) told.insert("request-" + n);
    if (!fs::exists(folder() + "/audit.key")) continue;  // killed while the log was being made

    const auto looked = walk();  // as the crash left it
    ASSERT_TRUE(looked) << describe(looked.error());
    const auto opened = open();
    ASSERT_TRUE(opened) << describe(opened.error());
    close();
    std::set<std::string> there;
    std::map<std::uint64_t, std::uint64_t> newest;  // of each thread's stream
    for (const AuditRecord& r : requests()) {
      there.insert(r.request_id);
      const std::uint64_t n = r.subject / 1'000'003;
      EXPECT_EQ(r, sample_record(n, r.at));
      std::uint64_t& before = newest[n / 1'000'000];
      EXPECT_TRUE(before == 0 || n == before + 1) << n << " after " << before;
      before = n;
    }
    EXPECT_TRUE(std::ranges::includes(there, told));
    if (HasFailure()) return;
  }
  EXPECT_GT(told.size(), 0U) << "no round lived long enough to append anything";
  RecordProperty("appended", static_cast<int>(told.size()));
  std::printf("%zu requests appended over %d kills, in %zu files\n", told.size(), rounds,
              record_files(contents_of(folder())).size());
}

// A disk of 1 MiB that the test may fill.
class AuditFullDisk : public AuditTest {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
      GTEST_SKIP() << "a small tmpfs cannot be mounted here: " << std::strerror(errno);
    }
    mounted_ = true;
    std::ofstream(ballast()) << std::string(std::size_t{512} * 1024, 'b');
    ASSERT_TRUE(open());
  }
  void TearDown() override {
    close();
    if (mounted_) ::umount(folder_.path().c_str());
  }
  std::string ballast() const { return folder_ / "ballast"; }

  void fill(Durable durable) {
    while (true) {
      const AuditRecord record = sample_record(sent_.size() + 1, day(0));
      const auto done = log_->append(record, durable);
      if (!done) {
        ASSERT_EQ(done.error().fault, Fault::disk_full) << describe(done.error());
        break;
      }
      sent_.push_back(record);
    }
    ASSERT_GT(sent_.size(), 100U);
  }

  std::vector<AuditRecord> sent_;
  bool mounted_ = false;
};

TEST_F(AuditFullDisk, RefusesWhatHasNoRoomAndGoesOnOnceThereIsSome) {
  for (const Durable durable : {Durable::soon, Durable::now}) {
    ASSERT_NO_FATAL_FAILURE(fill(durable));
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(log_->append(sample_record(99), durable));
    EXPECT_EQ(requests(), sent_) << "all that was taken and nothing that was refused";
    fs::resize_file(ballast(), fs::file_size(ballast()) / 2);
  }
  ASSERT_TRUE(log_->append(sample_record(7), Durable::now));
  sent_.push_back(sample_record(7));
  EXPECT_EQ(requests(), sent_);
  close();
  ASSERT_TRUE(open());
  EXPECT_EQ(requests(), sent_);
}

TEST_F(AuditFullDisk, WhatIsReadyHasRoomThoughOthersFillTheDisk) {
  ASSERT_TRUE(log_->make_ready());
  std::ofstream hog(folder_ / "hog");
  while (hog << std::string(4096, 'h') << std::flush) continue;
  hog.close();
  for (std::uint64_t n = 1; n <= 100; ++n) {
    sent_.push_back(sample_record(n, day(0)));
    ASSERT_TRUE(log_->append(sent_.back(), Durable::now)) << n;
  }
  EXPECT_EQ(requests(), sent_);
  // Once that is used up, it is told before anything is done.
  Result<> ready;
  for (int n = 0; n < 2000 && ready; ++n) {
    sent_.push_back(sample_record(7, day(0)));
    ASSERT_TRUE(log_->append(sent_.back(), Durable::soon));
    ready = log_->make_ready();
  }
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().fault, Fault::disk_full);
  fs::remove(folder_ / "hog");
  EXPECT_TRUE(log_->make_ready());
  close();
  ASSERT_TRUE(open());
  EXPECT_EQ(requests(), sent_);
}

TEST_F(AuditFullDisk, ANewFileThatHasNoRoomIsBegunLater) {
  ASSERT_NO_FATAL_FAILURE(fill(Durable::soon));
  EXPECT_EQ(log_->append(sample_record(99, day(1)), Durable::soon).error().fault, Fault::disk_full);
  EXPECT_EQ(requests(), sent_);
  fs::remove(ballast());
  ASSERT_TRUE(log_->append(sample_record(8, day(1)), Durable::soon));
  sent_.push_back(sample_record(8, day(1)));
  EXPECT_EQ(requests(), sent_);
}

TEST_F(AuditFullDisk, OpeningOnItIsRefusedOrRight) {
  ASSERT_NO_FATAL_FAILURE(fill(Durable::soon));
  close();
  const auto opened = open();
  if (!opened) { EXPECT_EQ(opened.error().fault, Fault::disk_full) << describe(opened.error()); }
  EXPECT_EQ(requests(), sent_);
  close();
  fs::remove(ballast());
  ASSERT_TRUE(open());
  EXPECT_EQ(requests(), sent_);
}

}  // namespace
}  // namespace whorl::service
