// The service killed under load, again and again: what was acknowledged is there once, what is sent
// again is not done again, and the audit log has it all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <thread>

#include "engine/app/client_access.h"
#include "engine/formats/template_container.h"
#include "scanners/simulated/people.h"
#include "tests/app/serve_test_house.h"

namespace whorl::app {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kWorkers = 4;

// Each round starts the service, kills it, and starts it again.
int rounds() {
  const char* text = std::getenv("WHORL_SERVICE_KILL_ROUNDS");
  return text == nullptr ? 4 : std::atoi(text);
}

enum class Kind : std::uint8_t { enrol, remove, erase };

// One request, under one id for ever.
struct Asked {
  Kind kind;
  std::uint64_t subject;
  std::string id;
  bool acknowledged = false;
  std::uint32_t encounter = 0;
  std::uint64_t revision = 0;
};

std::unique_ptr<wire::HeadingT> heading(const std::string& id) {
  auto made = std::make_unique<wire::HeadingT>();
  made->request_id = id;
  made->gallery = "main";
  made->purpose = "test";
  return made;
}

// People of its own, whom nobody else touches.
class Worker {
 public:
  explicit Worker(std::uint64_t number) : number_(number), random_(number + 1) {}

  // Until the service is gone.
  void work(service::Client& client) {
    for (Asked& asked : history_) {
      if (!asked.acknowledged && !send(client, asked)) return;
    }
    while (repeat_one(client)) {
      Asked next = something_new();
      const bool sent = send(client, next);
      history_.push_back(next);
      if (!sent) return;
    }
  }

  // What was under way when the service was killed, asked once more.
  void settle(service::Client& client) {
    for (Asked& asked : history_) {
      if (asked.acknowledged) continue;
      EXPECT_TRUE(send(client, asked)) << asked.id;
    }
  }

  // Whom the service must know by now, and whom not.
  void count(std::map<std::uint64_t, int>& encounters) const {
    for (const Asked& asked : history_) {
      EXPECT_TRUE(asked.acknowledged) << asked.id;
      encounters[asked.subject] += asked.kind == Kind::enrol ? 1 : -1;
    }
  }
  const std::vector<Asked>& history() const { return history_; }

 private:
  Asked something_new() {
    const std::string id = std::to_string(number_) + "-" + std::to_string(++requests_);
    if (random_() % 5 == 0 && !live_.empty()) {
      const std::uint64_t subject = live_.back();
      live_.pop_back();
      return {random_() % 2 == 0 ? Kind::remove : Kind::erase, subject, id};
    }
    live_.push_back((number_ + 1) * 1'000'000 + requests_);
    return {Kind::enrol, live_.back(), id};
  }

  // Whether the service was there to answer.
  bool send(service::Client& client, Asked& asked) {
    const auto answer = ask(client, asked);
    if (!answer) return false;
    asked.acknowledged = true;
    asked.encounter = answer->first;
    asked.revision = answer->second->revision;
    return true;
  }

  // Something acknowledged, asked once more: the first answer, and nothing done.
  bool repeat_one(service::Client& client) {
    if (history_.empty()) return true;
    const Asked& asked = history_[random_() % history_.size()];
    const bool erased = std::ranges::any_of(history_, [&](const Asked& other) {
      return other.kind == Kind::erase && other.subject == asked.subject;
    });
    if (erased && asked.kind != Kind::erase) return true;  // its answer went with the person
    const auto answer = ask(client, asked);
    if (!answer) return false;
    EXPECT_TRUE(answer->second->repeated) << asked.id;
    EXPECT_EQ(answer->first, asked.encounter) << asked.id;
    EXPECT_EQ(answer->second->revision, asked.revision) << asked.id;
    return true;
  }

  using Answer = std::pair<std::uint32_t, std::unique_ptr<wire::ReportT>>;
  static std::optional<Answer> lost(const Error& error) {
    const bool gone = error.fault == Fault::unreachable || error.fault == Fault::cancelled;
    EXPECT_TRUE(gone) << describe(error);
    return std::nullopt;
  }
  std::optional<Answer> ask(service::Client& client, const Asked& asked) {
    if (asked.kind == Kind::enrol) {
      wire::EnrolRequestT request;
      request.heading = heading(asked.id);
      request.subject = asked.subject;
      const auto bytes = formats::encode_template(
          people_.person(asked.subject).capture(FingerPosition::right_index, 0));
      auto sample = std::make_unique<wire::SampleT>();
      for (const std::byte b : *bytes) sample->bytes.push_back(static_cast<std::uint8_t>(b));
      request.samples.push_back(std::move(sample));
      auto answer = client.enrol(request, {20s});
      if (!answer) return lost(answer.error());
      return Answer{answer->encounter, std::move(answer->report)};
    }
    auto answer = asked.kind == Kind::remove ? remove(client, asked) : erase(client, asked);
    if (!answer) return lost(answer.error());
    return Answer{0, std::move(answer->report)};
  }
  static Result<wire::ChangeAnswerT> remove(service::Client& client, const Asked& asked) {
    wire::DeleteRequestT request;
    request.heading = heading(asked.id);
    request.subject = asked.subject;
    return client.remove(request, {20s});
  }
  static Result<wire::ChangeAnswerT> erase(service::Client& client, const Asked& asked) {
    wire::EraseRequestT request;
    request.heading = heading(asked.id);
    request.subject = asked.subject;
    return client.erase(request, {20s});
  }

  const std::uint64_t number_;
  std::mt19937 random_;
  const scanners::Population people_{5};
  std::uint64_t requests_ = 0;
  std::vector<std::uint64_t> live_;
  std::vector<Asked> history_;
};

class ServiceKill : public ServedTest {
 protected:
  std::unique_ptr<service::Client> client() const {
    ServiceOptions options;
    options.dev = path("whorl-dev").string();
    auto where = service_from(options, clock_);
    EXPECT_TRUE(where) << describe(where.error());
    return std::move(*service::Client::connect(*where));
  }

 private:
  SystemClock clock_;
};

TEST_F(ServiceKill, LosesNothingAcknowledgedAndDoesNothingTwice) {
  std::deque<Worker> workers;
  for (std::uint64_t w = 0; w < kWorkers; ++w) workers.emplace_back(w);
  std::mt19937 random(1);
  for (int round = 0; round < rounds(); ++round) {
    SCOPED_TRACE(round);
    Running service = serve_dev();
    const auto asking = client();
    std::vector<std::jthread> threads;
    for (Worker& worker : workers) {
      threads.emplace_back([&] { worker.work(*asking); });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + random() % 800));
    service.signal(SIGKILL);
    threads.clear();
    service.wait();
    ASSERT_FALSE(HasFailure());
  }

  Running service = serve_dev();
  const auto asking = client();
  std::map<std::uint64_t, int> encounters;
  {
    // What was under way at the last kill is asked once more, then all is known.
    std::vector<std::jthread> threads;
    for (Worker& worker : workers) threads.emplace_back([&] { worker.settle(*asking); });
  }
  for (const Worker& worker : workers) worker.count(encounters);
  std::size_t live = 0;
  for (const auto& [subject, expected] : encounters) {
    wire::GetSubjectRequestT show;
    show.heading = heading("show-" + std::to_string(subject));
    show.subject = subject;
    const auto shown = asking->get_subject(show);
    ASSERT_EQ(shown.has_value(), expected == 1) << subject;
    if (shown) {
      EXPECT_EQ(shown->encounters.size(), 1U) << subject;
    } else {
      EXPECT_EQ(shown.error().fault, Fault::not_found);
    }
    live += expected == 1;
  }
  EXPECT_GT(live, 0U);
  wire::StatsRequestT ask_stats;
  ask_stats.heading = heading("stats");
  ask_stats.heading->gallery.clear();
  const auto stats = asking->stats(ask_stats);
  ASSERT_TRUE(stats) << describe(stats.error());
  EXPECT_EQ(stats->galleries.front()->subjects, live);
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait().exit_code, 0);

  const Ran verified = run_json({"audit", "verify", "--log", "store.audit"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
  const std::string log = run({"audit", "export", "--log", "store.audit", "--csv"}).out;
  for (const Worker& worker : workers) {
    for (const Asked& asked : worker.history()) {
      EXPECT_NE(log.find("," + asked.id + ","), std::string::npos) << asked.id;
    }
  }
}

}  // namespace
}  // namespace whorl::app
