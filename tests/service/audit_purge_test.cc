#include <gtest/gtest.h>

#include <thread>

#include "tests/service/audit_samples.h"

namespace whorl::service {
namespace {

// Opens at the end of the third day and purges.
class AuditPurge : public AuditTest {
 protected:
  void SetUp() override {
    make_three_days();
    clock_.set(day(2, 1000));
  }
  Result<std::int64_t> purge(UnixMillis oldest) {
    if (auto opened = open(); !opened) return tl::unexpected(opened.error());
    auto purged = log_->purge_before(oldest);
    close();
    return purged;
  }
  std::size_t files() const { return record_files(contents_of(folder())).size(); }
};

TEST_F(AuditPurge, RemovesWhatIsOlderAndProvesIt) {
  std::vector<AuditEntry> before, after;
  ASSERT_TRUE(walk(&before));
  EXPECT_EQ(*purge(day(1)), 5) << "the opening and four requests";
  EXPECT_EQ(files(), 2U);
  const auto summary = walk(&after);
  ASSERT_TRUE(summary) << describe(summary.error());
  EXPECT_EQ(summary->purged, 5);
  EXPECT_EQ(summary->records, 8);
  EXPECT_EQ(summary->first, day(1));
  ASSERT_EQ(after.size(), 10U);
  const auto& proof = std::get<AuditPurged>(after.back().content);
  EXPECT_EQ(proof, (AuditPurged{clock_.now(), {}, before.at(4).place}));
  EXPECT_EQ(requests().front(), sample_record(5, day(1)));
}

TEST_F(AuditPurge, KeepsAFileWhoseNewestRecordIsNotOlder) {
  EXPECT_EQ(*purge(day(0)), 0);
  EXPECT_EQ(files(), 3U);
  EXPECT_EQ(walk()->records, 12);
}

TEST_F(AuditPurge, GoesOnWhereTheLastOneStopped) {
  EXPECT_EQ(*purge(day(1)), 5);
  EXPECT_EQ(*purge(day(1)), 0);
  EXPECT_EQ(*purge(day(2)), 4);
  clock_.set(day(20));
  EXPECT_EQ(*purge(day(10)), 4 + 3 + 2) << "four requests, three openings, two proofs";
  const auto summary = walk();
  ASSERT_TRUE(summary) << describe(summary.error());
  EXPECT_EQ(summary->records, 0);
  EXPECT_EQ(files(), 1U);
  ASSERT_TRUE(open());
  append(13, day(20));
  close();
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(AuditPurge, StopsAtARecordFromTheFuture) {
  ASSERT_TRUE(open());
  append(13, day(400));
  append(14, day(401));
  clock_.set(day(500));
  EXPECT_EQ(*log_->purge_before(day(300)), 5 + 4 + 5);
  close();
  EXPECT_EQ(walk()->records, 2);
}

TEST_F(AuditPurge, CutShortAnywhereLeavesALogThatVerifies) {
  const Contents whole = contents_of(folder());
  const auto names = record_files(whole);
  EXPECT_EQ(*purge(day(2)), 9);
  const Contents purged = contents_of(folder());
  // The proofs are on disk before the first file goes, and the oldest goes first.
  Contents crashed = purged;
  for (const std::string& name : {names[1], names[0]}) {
    crashed[name] = whole.at(name);
    write_contents(folder(), crashed);
    const auto summary = walk();
    ASSERT_TRUE(summary) << describe(summary.error());
    EXPECT_EQ(*purge(day(2)), name == names[1] ? 4 : 9) << "the next one goes on";
    EXPECT_TRUE(walk());
    EXPECT_EQ(files(), 1U);
  }
  // No purge leaves this.
  crashed = purged;
  crashed[names[0]] = whole.at(names[0]);
  write_contents(folder(), crashed);
  EXPECT_EQ(walk().error().fault, Fault::audit_broken);
}

TEST_F(AuditPurge, WithoutTheProofAMissingBeginningIsTold) {
  EXPECT_EQ(*purge(day(1)), 5);
  const Contents purged = contents_of(folder());
  for (const std::string& name : record_files(purged)) {
    Contents less = purged;
    less.erase(name);
    write_contents(folder(), less);
    const auto walked = walk();
    ASSERT_FALSE(walked) << name;
    EXPECT_EQ(walked.error().fault, Fault::audit_broken) << name;
  }
}

TEST_F(AuditPurge, RemovesNothingThatDoesNotVerify) {
  const Contents whole = contents_of(folder());
  const auto names = record_files(whole);
  for (const std::string& name : {names[0], names[1]}) {
    Contents altered = whole;
    altered[name].at(200) ^= std::byte{1};
    write_contents(folder(), altered);
    const auto purged = purge(day(2));
    ASSERT_FALSE(purged) << name;
    EXPECT_EQ(purged.error().fault, Fault::audit_broken);
    EXPECT_EQ(files(), 3U);
  }
  Contents gap = whole;
  gap.erase(names[1]);
  write_contents(folder(), gap);
  EXPECT_EQ(purge(day(2)).error().fault, Fault::audit_broken);
  EXPECT_EQ(files(), 2U);
}

TEST_F(AuditPurge, RunsBesideAppends) {
  ASSERT_TRUE(open());
  std::thread appender([&] {
    for (std::uint64_t n = 0; n < 200; ++n) {
      EXPECT_TRUE(log_->append(sample_record(n, day(2)), Durable::soon));
    }
  });
  EXPECT_EQ(*log_->purge_before(day(2)), 9);
  appender.join();
  close();
  EXPECT_EQ(walk()->records, 204);
}

}  // namespace
}  // namespace whorl::service
