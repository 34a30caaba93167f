#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "engine/base/limits.h"
#include "engine/service/audit_files.h"
#include "engine/service/audit_tail.h"
#include "tests/service/audit_samples.h"

namespace whorl::service {
namespace {

TEST_F(AuditTest, WhatWasAppendedIsReadBackInOrder) {
  ASSERT_TRUE(open());
  std::vector<AuditRecord> sent;
  for (std::uint64_t n = 1; n <= 300; ++n) {
    sent.push_back(sample_record(n));
    append(n, kMorning, n % 3 == 0 ? Durable::now : Durable::soon);
  }
  EXPECT_EQ(requests(), sent) << "while it is open";
  close();
  EXPECT_EQ(requests(), sent) << "closed";
  ASSERT_TRUE(open());
  sent.push_back(sample_record(301));
  append(301);
  close();
  EXPECT_EQ(requests(), sent) << "opened again";
}

TEST_F(AuditTest, EveryOpeningIsRecordedAndNumbersRunOn) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(open());
    append(1);
  }
  close();
  std::vector<AuditEntry> entries;
  const auto summary = walk(&entries);
  ASSERT_TRUE(summary);
  ASSERT_EQ(entries.size(), 6U);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].place.number, i + 1);
    EXPECT_EQ(std::holds_alternative<AuditOpened>(entries[i].content), i % 2 == 0);
  }
  EXPECT_EQ(summary->records, 3);
  EXPECT_EQ(summary->purged, 0);
  EXPECT_EQ(summary->torn_bytes, 0U);
  EXPECT_EQ(summary->newest, entries.back().place);
}

TEST_F(AuditTest, TheNewestOnDiskIsTheAnchorOfTheWalk) {
  ASSERT_TRUE(open());
  append(1, kMorning, Durable::now);
  const AuditPlace anchor = log_->newest();
  EXPECT_EQ(anchor, walk()->newest);
  append(2, kMorning, Durable::now);
  EXPECT_NE(anchor, log_->newest());
  EXPECT_EQ(log_->newest(), walk()->newest);
}

TEST_F(AuditTest, WhatIsNotAwaitedIsOnDiskInASecond) {
  ASSERT_TRUE(open());
  append(1, kMorning, Durable::soon);
  const AuditPlace written = walk()->newest;
  // Waits for it, however slow the machine is; a log that never synced would hang here.
  while (log_->newest() != written) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

TEST_F(AuditTest, AnotherMasterKeyIsToldFromATamperedLog) {
  ASSERT_TRUE(open(7));
  append(1);
  close();
  const Contents before = contents_of(folder());
  EXPECT_EQ(open(8).error().fault, Fault::wrong_key);
  EXPECT_EQ(walk(nullptr, 8).error().fault, Fault::wrong_key);
  EXPECT_EQ(contents_of(folder()), before);
}

TEST_F(AuditTest, ALogIsOpenOnceAndMayBeWalkedMeanwhile) {
  ASSERT_TRUE(open());
  append(1);
  const auto second = AuditLog::open(folder(), sample_key(), clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::store_in_use);
  EXPECT_EQ(rewrap_audit_key(folder(), sample_key(), sample_key(9)).error().fault,
            Fault::store_in_use);
  EXPECT_EQ(walk()->records, 1);
}

TEST_F(AuditTest, WalkingWhatIsNoLogIsAFault) {
  EXPECT_EQ(walk().error().fault, Fault::io_error);
  EXPECT_FALSE(std::filesystem::exists(folder())) << "looking makes nothing";
  std::filesystem::create_directories(folder());
  EXPECT_EQ(walk().error().fault, Fault::audit_broken);
}

TEST_F(AuditTest, ALogWhoseMakingWasCutShortIsMadeAnew) {
  ASSERT_TRUE(open());
  close();
  const Contents whole = contents_of(folder());
  Contents begun;  // as a crash before the key leaves it, at every step
  for (const char* name : {"lock", "00000000000000000001.audit", "audit.newest"}) {
    begun[name] = whole.at(name);
    begun["00000000000000000001.audit"].resize(
        std::min<std::size_t>(50, begun["00000000000000000001.audit"].size()));
    write_contents(folder(), begun);
    ASSERT_TRUE(open()) << name;
    append(1);
    close();
    EXPECT_EQ(requests().size(), 1U) << name;
  }
}

TEST_F(AuditTest, ClocksThatJumpChangeNeitherOrderNorTimes) {
  ASSERT_TRUE(open());
  std::vector<AuditRecord> sent;
  const std::int64_t days[] = {0, 5, 2, 5, -400, 5, 0, 30'000, 1};
  for (const std::int64_t d : days) {
    sent.push_back(sample_record(sent.size() + 1, day(d)));
    ASSERT_TRUE(log_->append(sent.back(), Durable::now));
  }
  close();
  EXPECT_EQ(requests(), sent);
}

TEST_F(AuditTest, AFileSpansADayAndTheChainRunsOnAcrossFiles) {
  ASSERT_TRUE(open());
  for (std::uint64_t n = 0; n < 40; ++n) {
    append(n, UnixMillis{kMorning.value() + static_cast<std::int64_t>(n) * kDayMs / 4});
  }
  close();
  EXPECT_EQ(record_files(contents_of(folder())).size(), 10U);
  EXPECT_EQ(requests().size(), 40U);
}

TEST_F(AuditTest, AFileThatIsFullIsFollowedByAnother) {
  ASSERT_TRUE(open());
  AuditRecord large = sample_record(1);
  large.client = std::string(kMaxClientNameBytes, 'c');
  std::int64_t sent = 0;
  while (list_audit_files(folder())->size() == 1) {
    for (int i = 0; i < 1000; ++i, ++sent) ASSERT_TRUE(log_->append(large, Durable::soon));
    ASSERT_LT(sent, 1'000'000);
  }
  close();
  const auto files = *list_audit_files(folder());
  ASSERT_EQ(files.size(), 2U);
  const std::uint64_t size = std::filesystem::file_size(files[0].path);
  EXPECT_GE(size, kAuditFileBytes);
  EXPECT_LT(size, kAuditFileBytes + 4096);
  EXPECT_EQ(walk()->records, sent);
}

TEST_F(AuditTest, ManyThreadsLoseNothingAndEachKeepsItsOrder) {
  constexpr std::uint64_t kThreads = 8, kEach = 200;
  ASSERT_TRUE(open());
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < kEach; ++i) {
        AuditRecord record = sample_record(t * kEach + i, day(static_cast<std::int64_t>(i) / 50));
        record.subject = t;
        EXPECT_TRUE(log_->append(record, i % 4 == 0 ? Durable::now : Durable::soon));
      }
    });
  }
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const auto walked = walk();
      EXPECT_TRUE(walked) << describe(walked.error());
    }
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  reader.join();
  close();
  std::map<std::uint64_t, std::uint64_t> next;
  const auto records = requests();
  EXPECT_EQ(records.size(), kThreads * kEach);
  for (const AuditRecord& record : records) {
    const std::uint64_t n = record.subject * kEach + next[record.subject]++;
    EXPECT_EQ(record.request_id, "request-" + std::to_string(n));
  }
}

TEST_F(AuditInMemory, ATornEndIsRemovedAtTheNextOpeningAndThatIsRecorded) {
  ASSERT_TRUE(open());
  append(1, kMorning, Durable::now);
  close();
  const Contents whole = contents_of(folder());
  const std::string file = record_files(whole).back();
  // A record that a crash cut off at each of its bytes, and what a file system leaves of one whose
  // length reached the disk and whose bytes did not.
  const Bytes record(whole.at(file).begin() + 50, whole.at(file).end());
  std::vector<Bytes> torn{Bytes(1), Bytes(500), Bytes(100'000)};
  for (std::size_t length = 1; length < record.size(); ++length) {
    torn.emplace_back(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(length));
  }
  for (const Bytes& tail : torn) {
    SCOPED_TRACE(std::to_string(tail.size()) + " bytes");
    Contents cut = whole;
    cut[file].insert(cut[file].end(), tail.begin(), tail.end());
    write_contents(folder(), cut);
    EXPECT_EQ(walk()->torn_bytes, tail.size());
    ASSERT_TRUE(open());
    append(2);
    close();
    std::vector<AuditEntry> entries;
    ASSERT_EQ(walk(&entries)->torn_bytes, 0U);
    ASSERT_EQ(entries.size(), 4U);
    EXPECT_EQ(std::get<AuditOpened>(entries[2].content).torn_bytes, tail.size());
    EXPECT_EQ(std::get<AuditRecord>(entries[3].content), sample_record(2));
  }
}

TEST_F(AuditTest, ANewMasterKeyRewritesTheKeyFileAlone) {
  ASSERT_NO_FATAL_FAILURE(make_three_days());
  const Contents before = contents_of(folder());
  EXPECT_EQ(rewrap_audit_key(folder(), sample_key(8), sample_key(9)).error().fault,
            Fault::wrong_key);
  EXPECT_EQ(contents_of(folder()), before);
  for (int again = 0; again < 2; ++again) {  // a rotation that was cut short is made once more
    const auto done = rewrap_audit_key(folder(), sample_key(7), sample_key(9));
    ASSERT_TRUE(done) << describe(done.error());
  }
  Contents after = contents_of(folder());
  EXPECT_NE(after["audit.key"], before.at("audit.key"));
  after["audit.key"] = before.at("audit.key");
  EXPECT_EQ(after, before);
  EXPECT_EQ(walk(nullptr, 7).error().fault, Fault::wrong_key);
  EXPECT_EQ(walk(nullptr, 9)->records, 12);
  ASSERT_TRUE(open(9));
  append(13, day(2));
  close();
  EXPECT_EQ(walk(nullptr, 9)->records, 13);
}

TEST_F(AuditTest, RewrappingWhatIsNoLogIsAFault) {
  EXPECT_EQ(rewrap_audit_key(folder(), sample_key(7), sample_key(9)).error().fault,
            Fault::io_error);
  std::filesystem::create_directories(folder());
  EXPECT_EQ(rewrap_audit_key(folder(), sample_key(7), sample_key(9)).error().fault,
            Fault::audit_broken);
}

}  // namespace
}  // namespace whorl::service
