// Accidents around the service: clocks that jump, certificates that are taken back meanwhile.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "engine/service/certificates.h"
#include "engine/service/samples.h"
#include "tests/service/asked_service.h"

namespace whorl::service {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::days kYear{366};

class ServiceFaults : public ServiceTest {
 protected:
  void jump(std::chrono::milliseconds by) {
    house_.clock.set(UnixMillis{house_.clock.now().value() + by.count()});
  }
  Fault refusal(const Result<Bytes>& answer) { return answer ? Fault{} : answer.error().fault; }
};

TEST_F(ServiceFaults, AClockThatGoesBackForgetsNoAnswerAndLosesNoRecord) {
  enrol(enrolment("before", 5, 3));
  jump(-kYear);
  enrol(enrolment("after", 6, 4));
  ASSERT_TRUE(house_.service->tidy());
  EXPECT_TRUE(enrol(enrolment("before", 5, 3)).report->repeated);
  EXPECT_TRUE(enrol(enrolment("after", 6, 4)).report->repeated);
  EXPECT_EQ(identify(query("search", 3, 1)).result->candidates.front()->subject, 5U);
  house_.open();  // still a year behind what is on disk
  EXPECT_TRUE(enrol(enrolment("before", 5, 3)).report->repeated);
  EXPECT_EQ(people(), 2);
  const auto records = audited();
  ASSERT_EQ(records.size(), 6U);
  EXPECT_GT(records[0].at, records[1].at);
}

TEST_F(ServiceFaults, AYearAheadAndBackForgetsOldAnswersAndNobodyAndNoRecord) {
  enrol(enrolment("e", 5, 3));
  identify(query("search", 3, 1));
  jump(kYear);
  ASSERT_TRUE(house_.service->tidy());
  EXPECT_FALSE(identify(query("search", 3, 1)).report->repeated);
  jump(-kYear);
  ASSERT_TRUE(house_.service->tidy());
  EXPECT_TRUE(identify(query("search", 3, 1)).report->repeated);
  EXPECT_EQ(identify(query("another", 3, 1)).result->candidates.front()->subject, 5U);
  EXPECT_EQ(people(), 1);
  EXPECT_EQ(audited().size(), 5U);
}

TEST_F(ServiceFaults, AClientsRateNeitherLocksItOutNorLetsItFloodWhenTheClockJumps) {
  Policy policy = house_.policy();
  policy.roles.front().requests_per_minute = 60;
  policy.roles.front().burst = 2;
  house_.serve_under(std::make_unique<Gatekeeper>(policy, house_.clock));
  int asked = 0;
  const auto answered_of_five = [&] {
    int answered = 0;
    for (int i = 0; i < 5; ++i) {
      const auto answer = ask(&Service::identify, query(std::to_string(++asked), 3, 1));
      if (answer) {
        ++answered;
        continue;
      }
      EXPECT_EQ(answer.error().fault, Fault::busy);
      EXPECT_LE(house_.service->retry_after(call_by(kRegister), answer.error()), 1s);
    }
    return answered;
  };
  EXPECT_EQ(answered_of_five(), 2);
  jump(-kYear);
  EXPECT_EQ(answered_of_five(), 0);
  jump(1s);
  EXPECT_EQ(answered_of_five(), 1);
  jump(kYear);
  EXPECT_EQ(answered_of_five(), 2);
}

TEST_F(ServiceFaults, ACertificateThatIsTakenBackIsRefusedFromTheReloadOn) {
  auto authority = *ThrowAwayAuthority::make(house_.clock.now());
  const Credentials lost = *authority.issue_client("register");
  const Credentials good = *authority.issue_client("register");
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(house_.folder() / name) << text;
  };
  write("revoked.pem", *authority.revoke({}));
  write("policy.toml",
        "[service]\nrevoked = \"revoked.pem\"\n[[role]]\nname = \"register\"\n"
        "clients = [\"CN=register,O=Whorl\"]\nverbs = [\"stats\", \"reload\"]\n"
        "purposes = [\"*\"]\n");
  auto rules = Gatekeeper::open((house_.folder() / "policy.toml").string(), house_.clock,
                                authority.certificate());
  ASSERT_TRUE(rules) << describe(rules.error());
  house_.serve_under(*std::move(rules));

  int asked = 0;
  const auto stats_by = [&](const Credentials& credentials) {
    Call call = call_by(kRegister);
    call.caller.certificate_pem = credentials.certificate;
    wire::StatsRequestT request;
    request.heading = heading("s" + std::to_string(++asked), "");
    return refusal(house_.service->stats(call, packed(request)));
  };
  const auto reload = [&] {
    Call call = call_by(kRegister);
    call.caller.certificate_pem = good.certificate;
    wire::ReloadRequestT request;
    request.heading = heading("r" + std::to_string(++asked), "");
    return refusal(house_.service->reload(call, packed(request)));
  };
  EXPECT_EQ(stats_by(lost), Fault{});
  write("revoked.pem", *authority.revoke({lost.certificate}));
  EXPECT_EQ(reload(), Fault{});
  EXPECT_EQ(stats_by(lost), Fault::unknown_client);
  EXPECT_EQ(stats_by(good), Fault{});
  // A list that cannot be read gives nobody his right back.
  write("revoked.pem", "spoilt");
  EXPECT_EQ(reload(), Fault::bad_certificate);
  EXPECT_EQ(stats_by(lost), Fault::unknown_client);
  std::filesystem::remove(house_.folder() / "revoked.pem");
  EXPECT_EQ(reload(), Fault::io_error);
  EXPECT_EQ(stats_by(lost), Fault::unknown_client);
  EXPECT_EQ(stats_by(good), Fault{});
  EXPECT_EQ(std::ranges::count(audited(), static_cast<std::uint16_t>(Fault::unknown_client),
                               &AuditRecord::fault),
            3);
}

TEST_F(ServiceFaults, AWatcherWhoLosesTheRightHearsOfNoFurtherHit) {
  std::ofstream(house_.folder() / "policy.toml")
      << "[[role]]\nname = \"register\"\nclients = [\"CN=register,O=Whorl\"]\n"
         "galleries = [\"*\"]\npurposes = [\"*\"]\n"
         "verbs = [\"enrol\", \"identify\", \"watch-hits\", \"reload\"]\n";
  auto rules = Gatekeeper::open((house_.folder() / "policy.toml").string(), house_.clock, "");
  ASSERT_TRUE(rules) << describe(rules.error());
  house_.serve_under(*std::move(rules));
  enrol(enrolment("e", 5, 3));
  std::atomic<int> heard = 0;
  std::atomic<bool> watching = false;
  Result<> watched;
  std::jthread watcher([&] {
    wire::WatchHitsRequestT watch;
    watch.heading = heading("w");
    Call call = call_by(kRegister);
    call.patience.gave_up = [&] {
      watching = true;
      return false;
    };
    watched = house_.service->watch_hits(call, packed(watch), [&](const Bytes&) {
      ++heard;
      return true;
    });
  });
  while (!watching) std::this_thread::yield();
  identify(query("1", 3, 1));
  while (heard == 0) std::this_thread::yield();
  std::ofstream(house_.folder() / "policy.toml")
      << "[[role]]\nname = \"register\"\nclients = [\"CN=register,O=Whorl\"]\n"
         "galleries = [\"*\"]\npurposes = [\"*\"]\nverbs = [\"identify\"]\n";
  ASSERT_TRUE(house_.gatekeeper->reload());
  identify(query("2", 3, 2));
  watcher.join();
  EXPECT_EQ(heard, 1);
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().fault, Fault::not_allowed);
}

// A backup that reads what is in its folder waits for a file that nobody writes.
TEST_F(ServiceFaults, AnErasureWaitsForABackupByItsDeadlineAndKeepsNobodyElseWaiting) {
  enrol(enrolment("e5", 5, 3));
  enrol(enrolment("e6", 6, 4));
  const auto meta = house_.folder() / "backups" / "monday" / "meta";
  std::filesystem::create_directories(meta);
  ASSERT_EQ(::mkfifo((meta / "1").c_str(), 0600), 0);
  const auto forget = [&](const char* id, std::uint64_t subject, std::chrono::milliseconds within) {
    wire::EraseRequestT request;
    request.heading = heading(id);
    request.subject = subject;
    Call call = call_by(kRegister);
    call.patience.until = std::chrono::steady_clock::now() + within;
    return refusal(house_.service->erase(call, packed(request)));
  };
  Fault backed_up{}, erased = Fault::cancelled;
  std::jthread backup([&] {
    wire::BackupRequestT request;
    request.heading = heading("b", "");
    request.folder = "monday";
    backed_up = refusal(ask(&Service::backup, request));
  });
  int writer = -1;  // may be opened once the backup waits for it
  for (int looks = 0; writer < 0 && looks < 10'000; ++looks) {
    writer = ::open((meta / "1").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (writer < 0) std::this_thread::sleep_for(5ms);
  }
  ASSERT_GE(writer, 0) << "the backup did not look into its folder";
  std::jthread erasure([&] { erased = forget("forget-5", 5, 2min); });
  EXPECT_EQ(forget("forget-6", 6, 200ms), Fault::deadline_exceeded);
  enrol(enrolment("e7", 7, 5));
  EXPECT_EQ(people(), 3);
  ::close(writer);  // what it read is no backup of this store
  backup.join(), erasure.join();
  EXPECT_EQ(backed_up, Fault::already_exists);
  EXPECT_EQ(erased, Fault{});
  EXPECT_EQ(people(), 2);
}

// The client is asked for before each.
TEST_F(ServiceFaults, NoFurtherPictureIsReadForWhoGaveUp) {
  wire::IdentifyRequestT request = query("q", 3, 0);
  const Bytes message = packed(request);
  const auto* const root = flatbuffers::GetRoot<wire::IdentifyRequest>(message.data());
  ASSERT_EQ(root->samples()->size(), 2U);
  for (const int patient_for : {0, 1, 2}) {
    int looked = 0;
    const Patience patience{SteadyTime::max(), [&] { return looked++ == patient_for; }};
    const auto captured = read_samples(root->samples(), {}, patience);
    ASSERT_EQ(captured.has_value(), patient_for == 2);
    EXPECT_EQ(captured ? Fault{} : captured.error().fault,
              patient_for == 2 ? Fault{} : Fault::cancelled);
    EXPECT_EQ(looked, std::min(patient_for + 1, 2));
  }
}

}  // namespace
}  // namespace whorl::service
