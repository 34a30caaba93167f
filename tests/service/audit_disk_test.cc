// What reaches the disk and when, and what is done while it fails. The calls that bring bytes to
// the disk are this program's own here: they count, refuse, and keep what a power cut would leave.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "tests/service/audit_samples.h"
#include "tests/service/service_house.h"

namespace whorl::service {
namespace {

namespace fs = std::filesystem;

class Disk {
 public:
  // Files of `folder` are on disk, in `copy`, as they were when they were last synced.
  void watch(const std::string& folder, const std::string& copy) {
    const std::lock_guard lock(mutex_);
    folder_ = fs::canonical(folder).string();
    copy_ = copy;
    fs::remove_all(copy_);
    fs::copy(folder_, copy_);
  }
  // What is left in `there`: no page that was not synced, but for those of the file `early`.
  void cut_power(const std::string& there, const std::string& early) {
    const std::lock_guard lock(mutex_);
    fs::remove_all(there);
    fs::copy(copy_, there);
    if (early.empty()) return;
    fs::copy_file(folder_ + "/" + early, there + "/" + early, fs::copy_options::overwrite_existing);
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    folder_.clear();
  }

  int sync(int descriptor) {
    const std::string path = fs::read_symlink("/proc/self/fd/" + std::to_string(descriptor));
    if (path.ends_with(".audit")) {
      std::unique_lock lock(mutex_);
      ++log_syncs_;
      entered_.notify_all();
      opened_.wait(lock, [&] { return !held_; });
    }
    if (const int error = failing_; error != 0 && (path.ends_with(".audit") || !log_alone_)) {
      if (errors_left_ < 0 || errors_left_-- > 0) {
        errno = error;
        return -1;
      }
    }
    const std::lock_guard lock(mutex_);
    if (!folder_.empty() && path.starts_with(folder_)) keep(path);
    return 0;
  }

  void fail_log_with(int error) {
    fail_with(error);
    log_alone_ = true;
  }
  void fail_with(int error, int times = -1) {
    log_alone_ = false;
    errors_left_ = times;
    failing_ = error;
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    opened_.notify_all();
  }
  void wait_for_a_sync() {
    std::unique_lock lock(mutex_);
    entered_.wait(lock, [&] { return log_syncs_ > 0; });
  }
  int log_syncs() {
    const std::lock_guard lock(mutex_);
    return log_syncs_;
  }
  void count_anew() {
    const std::lock_guard lock(mutex_);
    log_syncs_ = 0;
  }

 private:
  void keep(const std::string& path) {
    if (fs::is_directory(path)) {  // names: renamed and removed files
      for (const auto& entry : fs::directory_iterator(folder_)) {
        const fs::path there = copy_ / entry.path().filename();
        if (fs::exists(there.string() + ".new")) fs::rename(there.string() + ".new", there);
      }
      return;
    }
    fs::copy_file(path, copy_ / fs::path(path).filename(), fs::copy_options::overwrite_existing);
  }

  std::mutex mutex_;
  std::condition_variable entered_, opened_;
  std::string folder_;
  fs::path copy_;
  bool held_ = false;
  int log_syncs_ = 0;
  std::atomic<int> failing_ = 0, errors_left_ = -1;
  std::atomic<bool> log_alone_ = false;
};

Disk& disk() {
  static Disk the_disk;
  return the_disk;
}

}  // namespace
}  // namespace whorl::service

extern "C" int fdatasync(int descriptor) { return whorl::service::disk().sync(descriptor); }
extern "C" int fsync(int descriptor) { return whorl::service::disk().sync(descriptor); }

namespace whorl::service {
namespace {

class AuditDisk : public AuditTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(open());
    disk().count_anew();
  }
  void TearDown() override {
    disk().fail_with(0);
    close();
    disk().forget();
  }
  std::set<std::string> ids() const {
    std::set<std::string> all;
    for (const AuditRecord& r : requests()) all.insert(r.request_id);
    return all;
  }
};

TEST_F(AuditDisk, ThoseWhoWaitShareOneSync) {
  constexpr std::uint64_t kWaiting = 30;
  disk().hold();
  std::vector<std::thread> threads;
  std::atomic<int> refused = 0;
  const auto append_now = [&](std::uint64_t n) {
    if (!log_->append(sample_record(n), Durable::now)) ++refused;
  };
  threads.emplace_back(append_now, 1000);
  disk().wait_for_a_sync();
  for (std::uint64_t n = 0; n < kWaiting; ++n) threads.emplace_back(append_now, n);
  while (walk()->records < static_cast<std::int64_t>(kWaiting) + 1) std::this_thread::yield();
  disk().let_go();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 0);
  // One for the first, one for all that came meanwhile; the thread may have made one more.
  EXPECT_LE(disk().log_syncs(), 3);
}

TEST_F(AuditDisk, APowerCutTakesNothingThatWasAwaited) {
  disk().watch(folder(), folder_ / "cut");
  std::set<std::string> awaited;
  for (std::uint64_t n = 0; n < 60; ++n) {
    // Some rounds end a file.
    const AuditRecord record = sample_record(n, day(static_cast<std::int64_t>(n) / 13));
    const Durable durable = n % 3 == 0 ? Durable::now : Durable::soon;
    ASSERT_TRUE(log_->append(record, durable));
    if (durable == Durable::now) awaited.insert(record.request_id);
    for (const char* early : {"", "audit.newest"}) {
      SCOPED_TRACE("cut after " + std::to_string(n) + ", early: " + early);
      const std::string there = folder_ / "there";
      disk().cut_power(there, early);
      std::set<std::string> left;
      const auto walked = walk_audit(there, sample_key(), [&](const AuditEntry& entry) {
        if (const auto* r = std::get_if<AuditRecord>(&entry.content)) left.insert(r->request_id);
      });
      ASSERT_TRUE(walked) << describe(walked.error());
      ASSERT_TRUE(std::ranges::includes(left, awaited));
    }
  }
}

TEST_F(AuditDisk, ARefusedSyncIsToldToThoseWhoWaitAndNothingIsLostAfterIt) {
  for (const int error : {EIO, ENOSPC}) {
    append(1, kMorning, Durable::now);
    disk().fail_with(error);
    for (int i = 0; i < 3; ++i) {
      const auto refused = log_->append(sample_record(2), Durable::now);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().fault, error == EIO ? Fault::io_error : Fault::disk_full);
      // Nor is more taken on than was: what is not awaited is refused as well.
      EXPECT_FALSE(log_->append(sample_record(3), Durable::soon));
    }
    EXPECT_TRUE(walk());
    disk().fail_with(0);
    append(4, kMorning, Durable::soon);
    append(5, kMorning, Durable::now);
    EXPECT_EQ(log_->newest(), walk()->newest);
    EXPECT_TRUE(ids().contains("request-5"));
  }
}

// A system may drop pages that it failed to write, and call the next sync a success.
TEST_F(AuditDisk, WhatARefusedSyncLostIsWrittenAgain) {
  append(1, kMorning, Durable::now);
  const std::string file = folder() + "/" + record_files(contents_of(folder())).back();
  const auto synced_bytes = fs::file_size(file);
  append(2, kMorning, Durable::soon);
  disk().fail_with(EIO);
  EXPECT_FALSE(log_->append(sample_record(3), Durable::now));
  const auto size = fs::file_size(file);
  fs::resize_file(file, synced_bytes);
  fs::resize_file(file, size);  // as zeros
  disk().fail_with(0);
  append(4, kMorning, Durable::now);
  const std::set<std::string> all = ids();
  EXPECT_EQ(all.size(), 4U);
  EXPECT_EQ(walk()->torn_bytes, 0U);
}

TEST_F(AuditDisk, AFileThatCannotBeBegunRefusesTheRecordAndIsBegunLater) {
  append(1, day(0), Durable::now);
  disk().fail_with(ENOSPC);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(log_->append(sample_record(2, day(1)), Durable::soon));
  EXPECT_FALSE(log_->append(sample_record(3, day(0)), Durable::soon)) << "the file is done";
  EXPECT_TRUE(walk());
  disk().fail_with(0);
  append(4, day(0), Durable::now);
  append(5, day(1), Durable::now);
  EXPECT_EQ(ids(), (std::set<std::string>{"request-1", "request-4", "request-5"}));
  close();
  ASSERT_TRUE(open());
  EXPECT_EQ(requests().size(), 3U);
}

TEST_F(AuditDisk, AFaultDuringAPurgeRemovesNothing) {
  append(1, day(0), Durable::now);
  append(2, day(1), Durable::now);
  append(3, day(2), Durable::now);
  clock_.set(day(2));
  disk().fail_with(EIO);
  EXPECT_FALSE(log_->purge_before(day(2)));
  EXPECT_EQ(record_files(contents_of(folder())).size(), 3U);
  EXPECT_TRUE(walk());
  disk().fail_with(0);
  EXPECT_EQ(*log_->purge_before(day(2)), 3);
  EXPECT_EQ(walk()->records, 1);
}

// The store's disk works, the log's does not.
TEST(AuditedService, TellsWhatWasDoneUnrecordedAndDoesNothingMoreUntilTheLogWorks) {
  House house("AuditedService");
  const auto enrol = [&](const std::string& id, std::uint64_t subject) {
    return house.service->enrol(call_by(kRegister), packed(enrolment(id, subject, subject)));
  };
  disk().fail_log_with(EIO);
  const auto unrecorded = enrol("first", 5);
  ASSERT_FALSE(unrecorded);
  EXPECT_EQ(unrecorded.error().fault, Fault::unrecorded);
  EXPECT_EQ(*house.engine->people("main"), 1);
  const auto refused = enrol("second", 6);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::io_error);
  wire::EraseRequestT erase;
  erase.heading = heading("third");
  erase.subject = 5;
  EXPECT_EQ(house.service->erase(call_by(kRegister), packed(erase)).error().fault, Fault::io_error);
  EXPECT_EQ(*house.engine->people("main"), 1);
  disk().fail_with(0);
  const auto again = enrol("first", 5);
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_TRUE(unpacked<wire::EnrolAnswerT>(*again).report->repeated);
  EXPECT_TRUE(enrol("second", 6));
  EXPECT_EQ(*house.engine->people("main"), 2);
}

// Its folder moved away, to be kept as evidence for instance.
TEST(AuditedService, ChangesNothingWhileItsLogIsAway) {
  House house("AuditedServiceAway");
  const auto enrol = [&](const std::string& id, std::uint64_t subject) {
    return house.service->enrol(call_by(kRegister), packed(enrolment(id, subject, subject)));
  };
  ASSERT_TRUE(enrol("first", 5));
  fs::rename(house.audit_folder(), house.audit_folder() + "-evidence");
  EXPECT_EQ(enrol("second", 6).error().fault, Fault::audit_broken);
  EXPECT_EQ(*house.engine->people("main"), 1);
  fs::rename(house.audit_folder() + "-evidence", house.audit_folder());
  EXPECT_TRUE(enrol("second", 6));
}

}  // namespace
}  // namespace whorl::service
