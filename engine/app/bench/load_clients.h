#pragma once
// The clients of a load run.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/app/bench/load_bench.h"

namespace whorl::app {

// Thread safety: `ask` may be called from any thread; `lock_` guards acknowledged_.
class LoadClients {
 public:
  // `probes` and `people` outlive it.
  static Result<std::unique_ptr<LoadClients>> connect(const LoadBench& bench, const Clock& clock,
                                                      const LoadPeople& people,
                                                      const std::vector<Probe>& probes);

  struct Told {
    bool right = false;  // the person first, a match, enrolled
    Result<> fault;      // why there is no answer
  };
  // A request ready to be sent, so that making it is no part of its latency.
  struct Request {
    LoadKind kind = LoadKind::identify;
    std::int64_t person = 0;
    std::size_t client = 0;
    wire::IdentifyRequestT identify;
    wire::VerifyRequestT verify;
    wire::EnrolRequestT enrol;
  };
  // About one of the probes; an enrolment is of a person nobody enrolled yet.
  Result<Request> request(LoadKind kind, std::uint64_t pick);
  // The enrolment of those whom the run searches for, under an id that does it once.
  Result<Request> first_enrolment(std::int64_t person);
  Told ask(const Request& request, int retries = 0);

  std::vector<std::uint64_t> acknowledged();  // subjects enrolled by `request`s
  Result<bool> knows(std::uint64_t subject);

 private:
  LoadClients(const LoadBench& bench, const LoadPeople& people, const std::vector<Probe>& probes,
              std::string run)
      : bench_(bench), people_(people), probes_(probes), run_(std::move(run)) {}
  Result<std::unique_ptr<wire::HeadingT>> heading(const std::string& id) const;
  std::string next_id() { return run_ + "-" + std::to_string(asked_++); }

  const LoadBench& bench_;
  const LoadPeople& people_;
  const std::vector<Probe>& probes_;
  const std::string run_;  // no two runs have one request id
  std::vector<std::unique_ptr<service::Client>> clients_;
  std::atomic<std::uint64_t> asked_ = 0;
  std::atomic<std::int64_t> newcomers_ = 0;
  std::mutex lock_;
  std::vector<std::uint64_t> acknowledged_;
};

}  // namespace whorl::app
