#include "engine/app/demo/run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/formats/template_container.h"
#include "engine/service/wire.h"

namespace whorl::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kFirstClaim = 9'000'000;  // numbers that people in the stream come with
constexpr const char* kStation = "demo-station";
constexpr std::size_t kEnrolTogether = 32;  // they share writes to the disk
const service::CallOptions kPatient{std::chrono::minutes(5), 10};

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

// Hands the stream to the station as a scanner would, each capture under a number of its own.
class StreamDriver final : public scanners::Driver {
 public:
  explicit StreamDriver(const std::vector<DemoCapture>& stream) : stream_(stream) {}

  Result<std::optional<scanners::Capture>> next(std::stop_token) override {
    if (at_ == stream_.size()) return std::nullopt;
    const DemoCapture& from = stream_[at_];
    scanners::Capture capture;
    capture.claimed = SubjectId{kFirstClaim + at_++};
    capture.position = from.print.position;
    capture.source = kStation;
    capture.templates.emplace_back(from.print);
    return capture;
  }

 private:
  const std::vector<DemoCapture>& stream_;
  std::size_t at_ = 0;
};

// Who is enrolled under which numbers: the truth the outcome is held against.
class Truth {
 public:
  void enrolled(std::uint64_t person, SubjectId subject) {
    person_of_[subject] = person;
    known_.insert(person);
  }
  bool knows(std::uint64_t person) const { return known_.contains(person); }
  bool is(SubjectId subject, std::uint64_t person) const {
    const auto found = person_of_.find(subject);
    return found != person_of_.end() && found->second == person;
  }

 private:
  std::unordered_map<SubjectId, std::uint64_t> person_of_;
  std::unordered_set<std::uint64_t> known_;
};

DemoOutcome outcome_of(bool known, bool right_first, search::Decision decision) {
  switch (decision) {
    case search::Decision::hit:
      return right_first ? DemoOutcome::found : DemoOutcome::false_hit;
    case search::Decision::refer:
      return right_first ? DemoOutcome::referred : DemoOutcome::false_referral;
    case search::Decision::no_hit:
      break;
  }
  return known ? DemoOutcome::missed : DemoOutcome::enrolled;
}

std::unique_ptr<wire::HeadingT> heading_of(std::uint64_t number, const char* purpose,
                                           wire::Priority priority) {
  auto heading = std::make_unique<wire::HeadingT>();
  heading->request_id = std::string(purpose) + "-" + std::to_string(number);
  heading->gallery = kDemoGallery;
  heading->purpose = purpose;
  heading->priority = priority;
  return heading;
}

Result<std::unique_ptr<wire::SampleT>> sample_of(const Template& t) {
  WHORL_TRY(const Bytes bytes, formats::encode_template(t));
  auto sample = std::make_unique<wire::SampleT>();
  sample->bytes.resize(bytes.size());
  std::ranges::copy(bytes, std::as_writable_bytes(std::span(sample->bytes)).begin());
  return sample;
}

Result<wire::EnrolRequestT> enrolment_of(std::uint64_t subject, const std::vector<Template>& from) {
  wire::EnrolRequestT request;
  request.subject = subject;
  request.source = kStation;
  for (const Template& t : from) {
    WHORL_TRY(auto sample, sample_of(t));
    request.samples.push_back(std::move(sample));
  }
  return request;
}

Result<> enrol_one(service::Client& client, const DemoCapture& from, std::uint64_t number) {
  WHORL_TRY(wire::EnrolRequestT request, enrolment_of(from.person, {from.print}));
  request.heading = heading_of(number, "enrolment", wire::Priority::bulk);
  WHORL_TRY_VOID(client.enrol(request, kPatient));
  return {};
}

// As a register's own workers would: each waits for its answer before it sends the next.
Result<search::StreamSummary> enrol_known(service::Client& client,
                                          const std::vector<DemoCapture>& known, Truth& truth,
                                          Progress& progress) {
  for (const DemoCapture& from : known) truth.enrolled(from.person, SubjectId{from.person});
  const auto start = SteadyClock::now();
  std::mutex telling;  // guards progress, done and failure
  std::int64_t done = 0;
  Result<> failure;
  std::atomic<std::size_t> next = 0;
  {
    std::vector<std::jthread> workers(kEnrolTogether);
    for (std::jthread& worker : workers) {
      worker = std::jthread([&] {
        for (std::size_t at = next++; at < known.size(); at = next++) {
          const Result<> enrolled = enrol_one(client, known[at], at);
          const std::lock_guard lock(telling);
          if (!enrolled) failure = enrolled;
          if (!failure) return;
          progress.at(++done);
        }
      });
    }
  }
  progress.finish();
  if (!failure) return tl::unexpected<Error>(failure.error());
  search::StreamSummary summary;
  summary.enrolled = summary.templates = done;
  summary.seconds = seconds_since(start);
  return summary;
}

class Stream {
 public:
  Stream(service::Client& client, const DemoPopulation& population, Truth& truth)
      : client_(client), population_(population), truth_(truth) {}

  Result<scanners::EnrolOutcome> enrol(const scanners::EnrolRequest& visitor) {
    const std::uint64_t subject = visitor.subject->value();
    const std::size_t index = subject - kFirstClaim;
    WHORL_TRY(wire::EnrolRequestT request, enrolment_of(subject, visitor.encounter.templates));
    request.heading = heading_of(index, "deduplication", wire::Priority::interactive);
    request.expect_new_subject = true;
    DemoVisit visit;
    visit.capture = &population_.stream.at(index);
    visit.known = truth_.knows(visit.capture->person);
    const auto start = SteadyClock::now();
    WHORL_TRY(const wire::EnrolAnswerT answer, client_.enrol_with_dedup(request, kPatient));
    visit.latency_ms = 1000 * seconds_since(start);
    judge(visit, answer);
    visits_.push_back(std::move(visit));
    return answer.outcome == wire::Outcome::duplicate ? scanners::EnrolOutcome::duplicate
                                                      : scanners::EnrolOutcome::enrolled;
  }

  std::vector<DemoVisit> take() { return std::move(visits_); }

 private:
  void judge(DemoVisit& visit, const wire::EnrolAnswerT& told) {
    if (told.search && told.report && told.report->timings) {
      visit.answer = service::from_wire(*told.search, *told.report->timings);
    }
    const auto& candidates = visit.answer.candidates;
    visit.right_first =
        !candidates.empty() && truth_.is(candidates.front().subject, visit.capture->person);
    visit.outcome = outcome_of(visit.known, visit.right_first, visit.answer.decision);
    if (told.outcome == wire::Outcome::enrolled) {
      truth_.enrolled(visit.capture->person, SubjectId{told.subject});
    }
  }

  service::Client& client_;
  const DemoPopulation& population_;
  Truth& truth_;
  std::vector<DemoVisit> visits_;
};

}  // namespace

std::string_view name_of(DemoOutcome outcome) {
  constexpr std::string_view kNames[] = {"found",     "referred",       "missed", "enrolled",
                                         "false hit", "false referral", "refused"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Result<DemoRun> run_demo(service::Client& client, const DemoPopulation& population,
                         DemoProgress& progress) {
  DemoRun run;
  Truth truth;
  WHORL_TRY(run.known, enrol_known(client, population.known, truth, progress.enrol));

  Stream stream(client, population, truth);
  StreamDriver driver(population.stream);
  const auto start = SteadyClock::now();
  run.station = scanners::run_station(
      driver, {},
      {[&](const scanners::EnrolRequest& request) { return stream.enrol(request); },
       [&](const scanners::Feedback& told) { progress.stream.at(told.number); }});
  run.stream_seconds = seconds_since(start);
  progress.stream.finish();
  if (run.station.failure) return tl::unexpected<Error>(*run.station.failure);
  run.visits = stream.take();
  wire::StatsRequestT ask;
  ask.heading = heading_of(0, "statistics", wire::Priority::routine);
  WHORL_TRY(const wire::StatsAnswerT stats, client.stats(ask, kPatient));
  for (const auto& g : stats.galleries) {
    run.gallery_prints += static_cast<std::int64_t>(g->templates);
  }
  return run;
}

}  // namespace whorl::app
