// Watching, stations' visits, and keeping the service well, without a network:
// engine/service/service.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <list>
#include <sstream>
#include <thread>

#include "engine/base/limits.h"
#include "engine/service/service.h"
#include "tests/service/asked_service.h"

namespace whorl::service {
namespace {

TEST_F(ServiceTest, AWatcherHearsOfHitsInItsGalleryAlone) {
  enrol(enrolment("e", 5, 3));
  enrol(enrolment("o", 6, 3, 0, "other"));
  std::vector<wire::HitT> heard;
  std::atomic<bool> watching = false;
  std::thread watcher([&] {
    wire::WatchHitsRequestT watch;
    watch.heading = heading("w");
    Call call = call_by(kRegister);
    call.patience.gave_up = [&] {
      watching = true;
      return false;
    };
    const auto watched = house_.service->watch_hits(call, packed(watch), [&](const Bytes& hit) {
      heard.push_back(unpacked<wire::HitT>(hit));
      return heard.size() < 2;
    });
    EXPECT_TRUE(watched) << describe(watched.error());
  });
  while (!watching) std::this_thread::yield();
  identify(query("1", 3, 1, "other"));
  identify(query("2", 400, 1));
  identify(query("3", 3, 1));
  identify(query("4", 3, 2));
  watcher.join();
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(heard[0].request_id, "3");
  EXPECT_EQ(heard[0].candidates.front()->subject, 5U);
  EXPECT_EQ(heard[1].request_id, "4");
}

// Asks until it is answered, and tells whether it was seen waiting.
struct Waiting {
  Waiting(Service& service, std::uint64_t subject, wire::Priority priority)
      : thread([&service, subject, priority, this] {
          wire::DeleteRequestT request;
          request.heading = heading("delete-" + std::to_string(subject));
          request.heading->priority = priority;
          request.subject = subject;
          Call call = call_by(kRegister);
          call.patience.gave_up = [this] {
            ++looks;
            return false;
          };
          const auto answer = service.remove(call, packed(request));
          EXPECT_TRUE(answer) << describe(answer.error());
          if (answer) revision = unpacked<wire::ChangeAnswerT>(*answer).report->revision;
        }) {}
  bool waits() const { return looks > 4; }  // on its way in it looks once or twice

  std::atomic<int> looks = 0;
  std::uint64_t revision = 0;
  std::thread thread;
};

TEST_F(ServiceTest, ChangesWaitInTheOrderOfTheirPriorities) {
  for (std::uint64_t subject = 1; subject <= 3; ++subject) {
    enrol(enrolment("e" + std::to_string(subject), subject, subject));
  }
  std::promise<void> engine_is_busy, go_on;
  std::thread holding([&] {  // the engine's own turn
    search::Enrolment slow{SubjectId{9}, {}};
    slow.encounter.templates.emplace_back(
        scanners::Population(77).person(9).capture(FingerPosition::right_index, 0));
    slow.note = [&](const auto&) -> std::optional<gallery::Note> {
      engine_is_busy.set_value();
      go_on.get_future().wait();
      return std::nullopt;
    };
    EXPECT_TRUE(house_.engine->enrol("main", slow));
  });
  engine_is_busy.get_future().wait();
  Waiting one(*house_.service, 1, wire::Priority::bulk),
      two(*house_.service, 2, wire::Priority::bulk);
  while (!one.waits() && !two.waits()) std::this_thread::yield();  // for the other, in the engine
  Waiting gate(*house_.service, 3, wire::Priority::interactive);
  while (!gate.waits()) std::this_thread::yield();
  go_on.set_value();
  for (std::thread* t : {&holding, &one.thread, &two.thread, &gate.thread}) t->join();
  EXPECT_GT(gate.revision, std::min(one.revision, two.revision)) << "that one was in the engine";
  EXPECT_LT(gate.revision, std::max(one.revision, two.revision));
}

wire::CaptureRequestT capture_of(std::uint64_t person, FingerPosition finger) {
  wire::CaptureRequestT request;
  request.sample = std::move(samples_of(person, 0, {finger}).front());
  return request;
}

TEST_F(ServiceTest, AStationsVisitIsToldOfEachCaptureAndEnrolledAtItsEnd) {
  const Call call = call_by(kRegister);
  const auto take = [](Service::Visit& visit, const wire::CaptureRequestT& request) {
    const auto feedback = visit.take(packed(request));
    EXPECT_TRUE(feedback) << describe(feedback.error());
    return feedback ? unpacked<wire::FeedbackT>(*feedback) : wire::FeedbackT{};
  };
  {
    Service::Visit visit(*house_.service, call);
    auto first = capture_of(3, FingerPosition::right_index);
    first.heading = heading("visit");
    first.subject = 5;
    const auto accepted = take(visit, first);
    EXPECT_TRUE(accepted.accepted) << accepted.refused_because;
    EXPECT_FALSE(accepted.duplicate_suspected);
    wire::CaptureRequestT garbage;
    garbage.sample = std::make_unique<wire::SampleT>();
    garbage.sample->bytes.assign(50, 7);
    const auto refused = take(visit, garbage);
    EXPECT_FALSE(refused.accepted);
    EXPECT_THAT(refused.refused_because, ::testing::HasSubstr("bad-magic"));
    take(visit, capture_of(3, FingerPosition::left_thumb));
    EXPECT_EQ(people(), 0);
    wire::CaptureRequestT finish;
    finish.finish = true;
    const auto done = take(visit, finish);
    ASSERT_NE(done.enrolment, nullptr);
    EXPECT_EQ(done.enrolment->outcome, wire::Outcome::enrolled);
    EXPECT_EQ(done.enrolment->encounter, 1U);
    EXPECT_FALSE(visit.take(packed(finish)));
  }
  EXPECT_EQ(people(), 1);
  Service::Visit returning(*house_.service, call);
  auto first = capture_of(3, FingerPosition::right_index);
  first.heading = heading("another-visit");
  first.subject = 9;
  EXPECT_TRUE(take(returning, first).duplicate_suspected);
  EXPECT_EQ(people(), 1);  // it was never finished
}

TEST_F(ServiceTest, EveryCaptureOfAVisitIsInTheAuditLogAndWhatEndedIt) {
  enrol(enrolment("e", 5, 3));
  const Call call = call_by(kRegister);
  auto first = capture_of(3, FingerPosition::right_index);
  first.heading = heading("unfinished");
  first.subject = 9;
  {
    Service::Visit visit(*house_.service, call);
    EXPECT_TRUE(visit.take(packed(first)));
    EXPECT_TRUE(visit.take(packed(capture_of(3, FingerPosition::left_thumb))));
  }
  {
    Service::Visit visit(*house_.service, call);
    first.heading = heading("a space");
    EXPECT_FALSE(visit.take(packed(first)));
    first.heading = heading("late");
    EXPECT_FALSE(visit.take(packed(first))) << "the fault ended it";
  }
  {
    const Call gate = call_by(kGate);
    Service::Visit visit(*house_.service, gate);
    first.heading = heading("forbidden");
    EXPECT_FALSE(visit.take(packed(first)));
  }
  auto records = audited();
  ASSERT_EQ(records.size(), 5U);
  for (const std::size_t capture : {1U, 2U}) {
    EXPECT_EQ(records[capture].verb, Verb::capture);
    EXPECT_EQ(records[capture].request_id, "unfinished");
    EXPECT_EQ(records[capture].subject, 9U);
    EXPECT_EQ(records[capture].samples, 1U);
    EXPECT_EQ(records[capture].decision, "hit");
  }
  EXPECT_EQ(records[3].fault, static_cast<std::uint16_t>(Fault::bad_request));
  EXPECT_EQ(records[4].fault, static_cast<std::uint16_t>(Fault::not_allowed));
  EXPECT_EQ(records[4].request_id, "") << "it may capture nowhere: its message was not read";
}

TEST_F(ServiceTest, AVisitIsOneRequestOfTheClientsRate) {
  Policy policy = house_.policy();
  policy.roles.front().requests_per_minute = 1;
  policy.roles.front().burst = 1;
  house_.serve_under(std::make_unique<Gatekeeper>(policy, house_.clock));
  const Call call = call_by(kRegister);
  auto first = capture_of(3, FingerPosition::right_index);
  first.heading = heading("visit");
  first.subject = 5;
  Service::Visit visit(*house_.service, call);
  EXPECT_TRUE(visit.take(packed(first)));
  auto last = capture_of(3, FingerPosition::left_thumb);
  last.finish = true;
  const auto done = visit.take(packed(last));
  ASSERT_TRUE(done) << describe(done.error());
  EXPECT_EQ(people(), 1);
  Service::Visit next(*house_.service, call);
  EXPECT_EQ(next.take(packed(first)).error().fault, Fault::busy);
}

TEST_F(ServiceTest, NoMoreVisitsAreOpenThanMayBe) {
  constexpr std::size_t kClients = kMaxVisits / kMaxVisitsOfClient;
  Policy policy = house_.policy();
  std::vector<Call> calls{call_by(kRegister)};
  for (std::size_t c = 1; c <= kClients; ++c) {
    calls.push_back(call_by("CN=station " + std::to_string(c)));
    policy.roles.front().clients.push_back(calls.back().caller.name);
  }
  house_.serve_under(std::make_unique<Gatekeeper>(policy, house_.clock));
  auto first = capture_of(3, FingerPosition::right_index);
  first.heading = heading("visit");
  first.subject = 5;
  std::list<Service::Visit> visits;
  const auto open = [&](const Call& call) {
    return visits.emplace_back(*house_.service, call).open();
  };
  for (std::size_t c = 0; c < kClients; ++c) {
    for (int i = 0; i < kMaxVisitsOfClient; ++i) ASSERT_TRUE(open(calls.at(c)));
    EXPECT_EQ(open(calls.at(c)).error().where, "visits of one client");
  }
  EXPECT_EQ(open(calls.back()).error().where, "visits");
  visits.pop_front();
  EXPECT_TRUE(open(calls.back()));
  EXPECT_TRUE(visits.back().take(packed(first)));
  EXPECT_EQ(visits.front().take({}).error().fault, Fault::bad_request);
}

TEST_F(ServiceTest, WhoMayNotCaptureHoldsNoVisitAndIsRecorded) {
  for (const auto& [client, fault] :
       {std::pair{"CN=stranger", Fault::unknown_client}, std::pair{kGate, Fault::not_allowed}}) {
    const Call call = call_by(client);
    Service::Visit visit(*house_.service, call);
    EXPECT_EQ(visit.open().error().fault, fault);
    EXPECT_TRUE(visit.finished());
  }
  EXPECT_NE(house_.metrics->text().find("\nwhorl_streams 0\n"), std::string::npos);
  const auto records = audited();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].client, kGate);
  EXPECT_EQ(records[1].verb, Verb::capture);
  EXPECT_EQ(records[1].fault, static_cast<std::uint16_t>(Fault::not_allowed));
}

TEST_F(ServiceTest, ADrainingServiceTakesNothingNew) {
  enrol(enrolment("e", 5, 3));
  bool told = false;
  house_.service->on_drain([&] { told = true; });
  wire::DrainRequestT drain;
  drain.heading = heading("d", "");
  EXPECT_TRUE(ask(&Service::drain, drain));
  EXPECT_TRUE(told);
  const auto refused = ask(&Service::identify, query("i", 3, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::draining);
  EXPECT_TRUE(house_.service->wait_until_idle(std::chrono::steady_clock::now()));
}

TEST_F(ServiceTest, ABackupGoesBelowThePolicysFolderAndNowhereElse) {
  enrol(enrolment("e", 5, 3));
  wire::BackupRequestT backup;
  backup.heading = heading("b1", "");
  backup.folder = "../elsewhere";
  EXPECT_EQ(ask(&Service::backup, backup).error().fault, Fault::bad_name);
  std::filesystem::create_directories(house_.folder() / "backups");
  backup.heading = heading("b2", "");
  backup.folder = "monday";
  const auto done = ask(&Service::backup, backup);
  ASSERT_TRUE(done) << describe(done.error());
  EXPECT_FALSE(std::filesystem::is_empty(house_.folder() / "backups" / "monday"));
}

TEST_F(ServiceTest, WhatIsNotAboutPeopleNeedsNoPurpose) {
  wire::StatsRequestT stats;
  stats.heading = heading("s", "", "");
  const auto told = ask(&Service::stats, stats);
  EXPECT_TRUE(told) << describe(told.error());
  auto search = query("i", 3, 1);
  search.heading->purpose.clear();
  EXPECT_EQ(ask(&Service::identify, search).error().fault, Fault::bad_request);
}

TEST_F(ServiceTest, NoLogLineOrMetricNamesAPerson) {
  enrol(enrolment("e", 987654321, 3));
  identify(query("i", 3, 1));
  const std::string metrics = house_.metrics->text();
  house_.close();
  std::ifstream file(house_.folder() / "log");
  std::stringstream log;
  log << file.rdbuf();
  EXPECT_THAT(log.str(), ::testing::HasSubstr("\"i\""));
  EXPECT_THAT(log.str(), ::testing::Not(::testing::HasSubstr("987654321")));
  EXPECT_THAT(metrics, ::testing::HasSubstr("identify"));
  EXPECT_THAT(metrics, ::testing::Not(::testing::HasSubstr("987654321")));
}

}  // namespace
}  // namespace whorl::service
