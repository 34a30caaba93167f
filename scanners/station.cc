#include "scanners/station.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/limits.h"

namespace whorl::scanners {
namespace {

// Accepted captures of the person who stands there.
class Visit {
 public:
  bool empty() const { return captures_ == 0; }
  int captures() const { return captures_; }

  bool takes(const Capture& next) const {
    if (empty()) return true;
    return next.claimed && next.claimed == request_.subject && next.visit == number_ &&
           !holds_any_of(next) &&
           request_.encounter.templates.size() + next.templates.size() <= kMaxTemplatesPerEncounter;
  }

  void add(Capture capture) {
    Encounter& encounter = request_.encounter;
    if (empty()) {
      request_.subject = capture.claimed;
      number_ = capture.visit;
      encounter.captured_at = capture.captured_at;
      encounter.source = std::move(capture.source);
      encounter.demographics = capture.demographics;
    }
    std::ranges::move(capture.templates, std::back_inserter(encounter.templates));
    ++captures_;
  }

  EnrolRequest take() { return std::exchange(*this, Visit{}).request_; }

 private:
  bool holds_any_of(const Capture& next) const {
    const auto same = [](const Template& a, const Template& b) {
      const auto *p = std::get_if<FingerTemplate>(&a), *q = std::get_if<FingerTemplate>(&b);
      if (p == nullptr || q == nullptr) return p == q;  // both are faces
      return p->position == q->position && p->position != FingerPosition::unknown;
    };
    return std::ranges::any_of(next.templates, [&](const Template& a) {
      return std::ranges::any_of(request_.encounter.templates,
                                 [&](const Template& b) { return same(a, b); });
    });
  }

  EnrolRequest request_;
  std::uint32_t number_ = 0;
  int captures_ = 0;
};

class Station {
 public:
  Station(const GateLimits& limits, const StationCalls& calls) : limits_(limits), calls_(calls) {}

  void take(Capture capture) {
    ++summary_.captures;
    if (auto refusal = refusal_of(capture, limits_)) {
      tell(refusal->worth_a_retry ? Verdict::retry : Verdict::refused, refusal->fault,
           std::move(refusal->reason));
      return;
    }
    if (!visit_.takes(capture)) enrol();
    if (summary_.failure) return;
    visit_.add(std::move(capture));
    tell(Verdict::accepted, std::nullopt, {});
  }

  void fail_capture(const Error& error) {
    ++summary_.captures;
    tell(Verdict::refused, error.fault, describe(error));
  }

  void enrol() {
    if (visit_.empty()) return;
    const Result<EnrolOutcome> outcome = calls_.enrol(visit_.take());
    if (outcome) {
      ++(*outcome == EnrolOutcome::enrolled ? summary_.enrolled : summary_.duplicates);
      return;
    }
    ++summary_.not_enrolled;
    if (text_of(outcome.error().fault).blame == Blame::machine) summary_.failure = outcome.error();
    if (calls_.tell) {
      calls_.tell(
          {summary_.captures, Verdict::refused, outcome.error().fault, describe(outcome.error())});
    }
  }

  void close(Error failure) { summary_.failure = std::move(failure); }
  void stop() {
    summary_.stopped = true;
    summary_.abandoned = visit_.captures();
  }
  const StationSummary& summary() const { return summary_; }

 private:
  void tell(Verdict verdict, std::optional<Fault> fault, std::string reason) {
    switch (verdict) {
      case Verdict::accepted:
        ++summary_.accepted;
        break;
      case Verdict::retry:
        ++summary_.retries;
        break;
      case Verdict::refused:
        ++summary_.refused;
        break;
    }
    if (calls_.tell) calls_.tell({summary_.captures, verdict, fault, std::move(reason)});
  }

  const GateLimits& limits_;
  const StationCalls& calls_;
  StationSummary summary_;
  Visit visit_;
};

}  // namespace

StationSummary run_station(Driver& driver, const GateLimits& limits, const StationCalls& calls,
                           const std::stop_token& stop) {
  Station station(limits, calls);
  while (!station.summary().failure) {
    if (stop.stop_requested()) {
      station.stop();
      break;
    }
    Result<std::optional<Capture>> capture = driver.next(stop);
    if (!capture && stop.stop_requested()) continue;  // a cancelled wait is no failed capture
    if (!capture) {
      station.fail_capture(capture.error());
      if (!driver.usable()) {
        station.enrol();  // what was captured of this person is sound
        station.close(capture.error());
      }
    } else if (!*capture) {
      station.enrol();
      break;
    } else {
      station.take(std::move(**capture));
    }
  }
  return station.summary();
}

}  // namespace whorl::scanners
