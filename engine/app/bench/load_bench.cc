#include "engine/app/bench/load_bench.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

#include "engine/app/bench/load_clients.h"
#include "engine/app/words.h"
#include "engine/base/limits.h"

namespace whorl::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::int64_t kProbes = 256;
constexpr std::int64_t kChecked = 32;
constexpr int kCrowd = 16;  // clients that ask as fast as they are answered
constexpr auto kAfterRefusal = std::chrono::milliseconds(500);
constexpr int kPatientRetries = 1000;

double seconds_since(SteadyClock::time_point begun) {
  return std::chrono::duration<double>(SteadyClock::now() - begun).count();
}

// What one thread saw; added up when it is done.
struct Tally {
  LoadStep counts;
  std::array<std::vector<double>, kLoadKinds> accepted_ms;
  std::vector<double> refused_ms, late_ms;

  void count(LoadKind kind, const LoadClients::Told& told, double ms) {
    ++counts.asked;
    if (told.fault) {
      ++counts.accepted;
      counts.wrong += !told.right;
      accepted_ms.at(static_cast<std::size_t>(kind)).push_back(ms);
    } else if (told.fault.error().fault == Fault::busy) {
      ++counts.refused;
      refused_ms.push_back(ms);
    } else {
      ++counts.failed;
    }
  }
  void add(const Tally& other) {
    const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    counts.asked += other.counts.asked, counts.accepted += other.counts.accepted;
    counts.refused += other.counts.refused, counts.failed += other.counts.failed;
    counts.wrong += other.counts.wrong;
    for (std::size_t k = 0; k < kLoadKinds; ++k) {
      append(accepted_ms.at(k), other.accepted_ms.at(k));
    }
    append(refused_ms, other.refused_ms), append(late_ms, other.late_ms);
  }
  LoadStep step() const {
    LoadStep step = counts;
    std::vector<double> all;
    for (std::size_t k = 0; k < kLoadKinds; ++k) {
      const auto& some = accepted_ms.at(k);
      all.insert(all.end(), some.begin(), some.end());
      step.by_kind.at(k) = latency_of(some);
    }
    step.all = latency_of(std::move(all));
    step.refusals = latency_of(refused_ms), step.lateness = latency_of(late_ms);
    return step;
  }
};

class LoadRun {
 public:
  LoadRun(const LoadBench& bench, LoadClients& clients, const OwnGround* own)
      : bench_(bench), clients_(clients), own_(own) {}

  Result<> enrol_people(std::int64_t people, Progress& progress);
  Result<> check(LoadFigures& figures);
  // As fast as it goes: `askers` threads, each with one request under way.
  Result<LoadStep> crowd(int askers, const LoadShares& shares);
  Result<LoadStep> at_rate(double rate);
  Result<> look_for_lost(LoadFigures& figures);

 private:
  // `work(tally)` by so many threads together, timed; the first fault ends it.
  Result<LoadStep> together(int threads, const std::function<Result<>(Tally&)>& work);
  Result<double> cpu_s() const {
    if (own_ == nullptr) return 0.0;
    WHORL_TRY(const ProcessUse use, own_->use());
    return use.cpu_s;
  }

  const LoadBench& bench_;
  LoadClients& clients_;
  const OwnGround* own_;
  std::uint64_t runs_ = 0;  // each has random numbers of its own
};

Result<LoadStep> LoadRun::together(int threads, const std::function<Result<>(Tally&)>& work) {
  ++runs_;
  WHORL_TRY(const double cpu, cpu_s());
  const auto begun = SteadyClock::now();
  std::mutex lock;  // guards all and failed
  Tally all;
  Result<> failed;
  {
    std::vector<std::jthread> askers(static_cast<std::size_t>(threads));
    for (std::jthread& asker : askers) {
      asker = std::jthread([&] {
        Tally own;
        Result<> done = work(own);
        const std::lock_guard guard(lock);
        all.add(own);
        if (!done && failed) failed = std::move(done);
      });
    }
  }
  if (!failed) return tl::unexpected<Error>(failed.error());
  LoadStep step = all.step();
  step.seconds = seconds_since(begun);
  if (own_ != nullptr) {
    WHORL_TRY(step.use, own_->use());
    step.use->cpu_s -= cpu;
  }
  return step;
}

Result<> LoadRun::enrol_people(std::int64_t people, Progress& progress) {
  std::atomic<std::int64_t> next = 0;
  std::mutex lock;  // guards progress and done
  std::int64_t done = 0;
  return together(kCrowd,
                  [&](Tally&) -> Result<> {
                    for (std::int64_t person = next++; person < people; person = next++) {
                      WHORL_TRY(const auto request, clients_.first_enrolment(person));
                      WHORL_TRY_VOID(clients_.ask(request, kPatientRetries).fault);
                      const std::lock_guard guard(lock);
                      progress.at(++done);
                    }
                    return {};
                  })
      .map([](const LoadStep&) {});
}

Result<> LoadRun::check(LoadFigures& figures) {
  for (std::int64_t i = 0; i < std::min(kChecked, bench_.people); ++i) {
    for (const LoadKind kind : {LoadKind::identify, LoadKind::verify}) {
      const auto pick = static_cast<std::uint64_t>(i * kProbes / kChecked);
      WHORL_TRY(const auto request, clients_.request(kind, pick));
      const LoadClients::Told told = clients_.ask(request, kPatientRetries);
      WHORL_TRY_VOID(told.fault);
      ++figures.checked;
      figures.right_first += told.right;
    }
  }
  if (10 * figures.right_first >= 9 * figures.checked) return {};
  return fail(Fault::index_unavailable, 0,
              std::to_string(figures.right_first) + " of " + std::to_string(figures.checked) +
                  " people were found");
}

Result<LoadStep> LoadRun::crowd(int askers, const LoadShares& shares) {
  const auto begun = SteadyClock::now();
  std::atomic<std::uint64_t> next = 0;
  const std::uint64_t seed = mixed(bench_.seed, 1000 + runs_);
  return together(askers, [&](Tally& tally) -> Result<> {
    while (seconds_since(begun) < bench_.seconds) {
      const std::uint64_t number = next++;
      const LoadKind kind = kind_of(mixed(seed, 2 * number), shares);
      WHORL_TRY(const auto request, clients_.request(kind, mixed(seed, 2 * number + 1)));
      const auto asked = SteadyClock::now();
      const LoadClients::Told told = clients_.ask(request);
      tally.count(kind, told, 1000 * seconds_since(asked));
      if (!told.fault) std::this_thread::sleep_for(kAfterRefusal);
    }
    return {};
  });
}

// Threads take arrivals in their order, each when it is free. Where all of them wait for answers an
// arrival is sent late, and its latency says so.
Result<LoadStep> LoadRun::at_rate(double rate) {
  const std::vector<Arrival> planned =
      arrivals(rate, bench_.seconds, bench_.shares, mixed(bench_.seed, 2000 + runs_));
  std::atomic<std::size_t> next = 0;
  // Threads begin one after another; nobody is late because of that.
  const auto begun = SteadyClock::now() + std::chrono::milliseconds(500);
  WHORL_TRY(LoadStep step, together(bench_.in_flight, [&](Tally& tally) -> Result<> {
              for (std::size_t at = next++; at < planned.size(); at = next++) {
                const Arrival& arrival = planned[at];
                WHORL_TRY(const auto request, clients_.request(arrival.kind, arrival.pick));
                const auto meant = begun + std::chrono::duration_cast<SteadyClock::duration>(
                                               std::chrono::duration<double>(arrival.at_s));
                std::this_thread::sleep_until(meant);
                tally.late_ms.push_back(1000 * seconds_since(meant));
                const LoadClients::Told told = clients_.ask(request);
                tally.count(arrival.kind, told, 1000 * seconds_since(meant));
              }
              return {};
            }));
  step.offered_per_second = rate;
  step.seconds = seconds_since(begun);
  return step;
}

Result<> LoadRun::look_for_lost(LoadFigures& figures) {
  const std::vector<std::uint64_t> acknowledged = clients_.acknowledged();
  figures.acknowledged = std::ssize(acknowledged);
  std::atomic<std::size_t> next = 0;
  std::atomic<std::int64_t> lost = 0;
  WHORL_TRY_VOID(together(kCrowd, [&](Tally&) -> Result<> {
    for (std::size_t at = next++; at < acknowledged.size(); at = next++) {
      WHORL_TRY(const bool there, clients_.knows(acknowledged[at]));
      lost += !there;
    }
    return {};
  }));
  figures.lost = lost;
  return {};
}

Result<> check_options(const LoadBench& o) {
  if (o.people < 2 || o.people > INT32_MAX) return fail(Fault::bad_argument, 0, "--people");
  if (o.fingers < 1 || o.fingers > 10) return fail(Fault::bad_argument, 0, "--fingers");
  if (o.clients < 1 || o.clients > 1000) return fail(Fault::bad_argument, 0, "--clients");
  // More on one connection would wait for each other before they are sent.
  if (o.in_flight < 1 || o.in_flight > o.clients * kMaxStreamsPerConnection) {
    return fail(Fault::bad_argument, 0, "--in-flight: 1 to 100 for each of --clients");
  }
  if (o.batch < 1 || o.batch > kMaxQueriesPerBatch) return fail(Fault::bad_argument, 0, "--batch");
  if (!(o.seconds > 0)) return fail(Fault::bad_argument, 0, "--seconds");
  const bool none = std::ranges::any_of(o.shares, [](double share) { return !(share >= 0); }) ||
                    !(std::accumulate(o.shares.begin(), o.shares.end(), 0.0) > 0);
  if (none) return fail(Fault::bad_argument, 0, "--identify, --verify, --enrol");
  if (o.ramp.empty()) return fail(Fault::bad_argument, 0, "--ramp");
  for (const double percent : o.ramp) {
    if (!(percent > 0 && percent <= 10'000)) return fail(Fault::bad_argument, 0, "--ramp");
  }
  return {};
}

Result<EmbeddedFigures> embedded(const OwnGround& own, const std::vector<Probe>& probes,
                                 const LoadBench& bench) {
  WHORL_TRY(const auto engine, own.embedded());
  return measure_embedded(*engine, probes, bench.batch, bench.seconds);
}

Result<> measure(const LoadBench& bench, LoadRun& run, Console& console, LoadFigures& figures) {
  WHORL_TRY_VOID(run.check(figures));
  console.note("as fast as it goes");
  WHORL_TRY(figures.alone, run.crowd(1, {0, 1, 0}));
  WHORL_TRY(figures.searching, run.crowd(kCrowd, {1, 0, 0}));
  WHORL_TRY(figures.mixed, run.crowd(kCrowd, bench.shares));
  for (const double percent : bench.ramp) {
    const double rate = figures.mixed.accepted_per_second() * percent / 100;
    if (!(rate > 0)) return fail(Fault::index_unavailable, 0, "nothing was answered");
    console.note(rounded(rate, 1) + " requests a second");
    WHORL_TRY(figures.steps.emplace_back(), run.at_rate(rate));
    figures.steps.back().percent = percent;
  }
  return run.look_for_lost(figures);
}

}  // namespace

Result<LoadFigures> bench_load(const LoadBench& given, Console& console) {
  WHORL_TRY_VOID(check_options(given));
  LoadBench bench = given;
  LoadFigures figures;
  const LoadPeople people(bench.people, bench.fingers, bench.seed);
  WHORL_TRY(const auto probes, probes_of(people, std::min(kProbes, bench.people)));
  const bool its_own = bench.service.dev.empty() && bench.service.server.empty();
  Progress progress = console.progress("enrol", "people", bench.people);
  std::unique_ptr<OwnGround> own;
  if (its_own) {
    bench.service.gallery = kLoadGallery;
    WHORL_TRY(own, OwnGround::make(people, [&](std::int64_t done) { progress.at(done); }));
    WHORL_TRY(figures.before, embedded(*own, probes, bench));
    WHORL_TRY_VOID(own->start());
    bench.service.dev = own->dev_folder().string();
  }
  WHORL_TRY(const auto clients, LoadClients::connect(bench, console.clock(), people, probes));
  LoadRun run(bench, *clients, own.get());
  if (!its_own) WHORL_TRY_VOID(run.enrol_people(bench.people, progress));
  progress.finish();
  WHORL_TRY_VOID(measure(bench, run, console, figures));
  if (its_own) {
    own->stop();
    WHORL_TRY(figures.after, embedded(*own, probes, bench));
  }
  return figures;
}

}  // namespace whorl::app
