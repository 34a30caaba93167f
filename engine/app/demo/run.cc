#include "engine/app/demo/run.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace whorl::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kFirstClaim = 9'000'000;  // numbers that people in the stream come with
constexpr const char* kStation = "demo-station";

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

Result<search::StreamSummary> enrol_known(search::Engine& engine,
                                          const std::vector<DemoCapture>& known, Truth& truth,
                                          Progress& progress) {
  std::size_t at = 0;
  std::int64_t done = 0;
  const auto next = [&]() -> std::optional<search::Enrolment> {
    if (at == known.size()) return std::nullopt;
    const DemoCapture& from = known[at++];
    truth.enrolled(from.person, SubjectId{from.person});
    return search::Enrolment{SubjectId{from.person}, {{}, kStation, {}, {from.print}}, false};
  };
  auto summary =
      engine.enrol_stream(kDemoGallery, next, [&](const search::Receipt&) { progress.at(++done); });
  progress.finish();
  return summary;
}

class Stream {
 public:
  Stream(search::Engine& engine, const DemoPopulation& population, const search::Dedup& dedup,
         Truth& truth)
      : engine_(engine), population_(population), dedup_(dedup), truth_(truth) {}

  Result<scanners::EnrolOutcome> enrol(scanners::EnrolRequest request) {
    const std::size_t index = request.subject->value() - kFirstClaim;
    DemoVisit& visit = visits_.emplace_back();
    visit.capture = &population_.stream.at(index);
    visit.known = truth_.knows(visit.capture->person);
    const auto start = SteadyClock::now();
    WHORL_TRY(search::Receipt receipt,
              engine_.enrol(kDemoGallery, {*request.subject, std::move(request.encounter), true},
                            &dedup_));
    visit.latency_ms = 1000 * seconds_since(start);
    if (receipt.error) return tl::unexpected<Error>(*receipt.error);
    judge(visit, std::move(receipt));
    return visit.outcome == DemoOutcome::found || visit.outcome == DemoOutcome::false_hit
               ? scanners::EnrolOutcome::duplicate
               : scanners::EnrolOutcome::enrolled;
  }

  std::vector<DemoVisit> take() { return std::move(visits_); }

 private:
  void judge(DemoVisit& visit, search::Receipt receipt) {
    if (receipt.search) visit.answer = std::move(*receipt.search);
    const auto& candidates = visit.answer.candidates;
    visit.right_first =
        !candidates.empty() && truth_.is(candidates.front().subject, visit.capture->person);
    visit.outcome = outcome_of(visit.known, visit.right_first, visit.answer.decision);
    if (receipt.outcome == search::Outcome::enrolled) {
      truth_.enrolled(visit.capture->person, receipt.subject);
    }
  }

  search::Engine& engine_;
  const DemoPopulation& population_;
  const search::Dedup& dedup_;
  Truth& truth_;
  std::vector<DemoVisit> visits_;
};

}  // namespace

std::string_view name_of(DemoOutcome outcome) {
  constexpr std::string_view kNames[] = {"found",     "referred",       "missed", "enrolled",
                                         "false hit", "false referral", "refused"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Result<DemoRun> run_demo(search::Engine& engine, const DemoPopulation& population,
                         const search::Dedup& dedup, DemoProgress& progress) {
  DemoRun run;
  Truth truth;
  WHORL_TRY(run.known, enrol_known(engine, population.known, truth, progress.enrol));

  Stream stream(engine, population, dedup, truth);
  StreamDriver driver(population.stream);
  const auto start = SteadyClock::now();
  run.station = scanners::run_station(
      driver, {},
      {[&](scanners::EnrolRequest request) { return stream.enrol(std::move(request)); },
       [&](const scanners::Feedback& told) { progress.stream.at(told.number); }});
  run.stream_seconds = seconds_since(start);
  progress.stream.finish();
  if (run.station.failure) return tl::unexpected<Error>(*run.station.failure);
  run.visits = stream.take();
  for (const search::GalleryStatus& g : engine.status()) run.gallery_prints += g.templates;
  return run;
}

}  // namespace whorl::app
