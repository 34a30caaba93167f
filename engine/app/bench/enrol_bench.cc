#include "engine/app/bench/enrol_bench.h"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <vector>

#include "engine/app/bench/bench_people.h"
#include "engine/search/engine.h"

namespace whorl::app {
namespace {

constexpr const char* kGallery = "bench";
constexpr std::int64_t kProbes = 20;

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What an engine says to a few probes, to the last bit.
Result<std::vector<double>> answers(const search::Engine& engine, const EnrolBench& bench) {
  const scanners::Population population(bench.seed);
  std::vector<search::Query> queries;
  for (std::int64_t p = 0; p < kProbes; ++p) {
    search::Query query;
    query.templates =
        capture_fingers(population, p * bench.people / kProbes, bench.fingers, 1).templates;
    queries.push_back(std::move(query));
  }
  WHORL_TRY(const auto found, engine.identify(kGallery, queries));
  std::vector<double> said;
  for (const search::Answer& answer : found) {
    for (const search::Candidate& c : answer.candidates) {
      said.push_back(static_cast<double>(c.subject.value()));
      said.push_back(c.value.ratio.value()), said.push_back(c.value.fmr.value());
    }
  }
  return said;
}

Result<> enrol_all(search::Engine& engine, const EnrolBench& bench, EnrolFigures& figures,
                   const std::function<void(std::int64_t)>& progress) {
  const scanners::Population population(bench.seed);
  std::int64_t next = 0, done = 0;
  const std::clock_t cpu = std::clock();
  const auto started = Clock::now();
  WHORL_TRY(const search::StreamSummary summary,
            engine.enrol_stream(
                kGallery,
                [&]() -> std::optional<search::Enrolment> {
                  if (next == bench.people) return std::nullopt;
                  const std::int64_t person = next++;
                  return search::Enrolment{bench_subject(person),
                                           capture_fingers(population, person, bench.fingers, 0),
                                           true};
                },
                [&](const search::Receipt&) { progress(++done); }));
  if (summary.enrolled != bench.people) return fail(Fault::index_unavailable, 0, "enrolments");
  figures.templates = summary.templates;
  figures.templates_per_second = static_cast<double>(summary.templates) / since(started);
  figures.templates_per_cpu_second = static_cast<double>(summary.templates) /
                                     (static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC);
  return {};
}

}  // namespace

Result<EnrolFigures> bench_enrol(const EnrolBench& bench,
                                 const std::function<void(std::int64_t)>& progress) {
  if (bench.people < kProbes) return fail(Fault::bad_argument, 0, "--people");
  if (bench.fingers < 1 || bench.fingers > 10) return fail(Fault::bad_argument, 0, "--fingers");
  if (std::filesystem::exists(bench.folder)) return fail(Fault::already_exists, 0, bench.folder);
  SystemEntropy entropy;
  search::EngineOptions options;
  options.folder = bench.folder;
  options.create = true;
  options.backend = bench.backend.cpu;
  options.devices.accelerator = bench.backend.accelerator;
  WHORL_TRY(options.master, Key::random(entropy));

  EnrolFigures figures;
  WHORL_TRY(auto engine, search::Engine::open(options));
  WHORL_TRY_VOID(engine->create_gallery(kGallery));
  WHORL_TRY_VOID(enrol_all(*engine, bench, figures, progress));
  WHORL_TRY(const auto stats, engine->store().stats());
  figures.disk_bytes = stats.disk_bytes;
  figures.resident_bytes_per_template =
      static_cast<double>(engine->status().front().resident_bytes) /
      static_cast<double>(figures.templates);
  WHORL_TRY(const auto before, answers(*engine, bench));
  WHORL_TRY_VOID(engine->save_snapshot());
  engine.reset();

  auto started = Clock::now();
  WHORL_TRY(engine, search::Engine::open(options));
  figures.snapshot_start_s = since(started);
  WHORL_TRY(const auto loaded, answers(*engine, bench));
  if (!engine->loaded_from_snapshot() || loaded != before)
    return fail(Fault::index_unavailable, 0, "snapshot");
  started = Clock::now();
  WHORL_TRY_VOID(engine->rebuild_indexes());
  figures.rebuild_s = since(started);
  WHORL_TRY(const auto rebuilt, answers(*engine, bench));
  if (rebuilt != before) return fail(Fault::index_unavailable, 0, "rebuilt index");
  WHORL_TRY_VOID(engine->save_snapshot());
  return figures;
}

}  // namespace whorl::app
