#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "engine/app/backend_choice.h"
#include "engine/app/demo/figures.h"
#include "engine/app/demo/population.h"
#include "engine/app/demo/report.h"
#include "engine/app/demo/run.h"
#include "engine/app/files.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

struct DemoOptions {
  std::string out, data, backend;
  std::int64_t people = 10'000;
  std::uint64_t seed = 1;
  int threads = 0;
};

// The demo's own folders and no other: whatever else lies in DIR stays.
Result<> clear(const fs::path& out) {
  WHORL_TRY_VOID(make_folder(out));
  std::error_code trouble;
  fs::remove_all(out / "store", trouble);
  if (!trouble) fs::remove(out / "master.key", trouble);
  if (trouble) return fail(Fault::io_error, 0, out.string() + " (" + trouble.message() + ")");
  return {};
}

Result<std::unique_ptr<search::Engine>> fresh_engine(const DemoOptions& o, Console& console) {
  const fs::path out = o.out;
  WHORL_TRY_VOID(clear(out));
  SystemEntropy entropy;
  WHORL_TRY(const Key key, Key::random(entropy));
  WHORL_TRY_VOID(write_secret(out / "master.key", key.to_hex() + "\n"));
  StoreOptions store;
  store.store = (out / "store").string();
  store.gallery = kDemoGallery;
  store.key_file = (out / "master.key").string();
  store.backend = o.backend;
  store.threads = o.threads;
  return open_engine(store, console, Create::yes);
}

bool has_real(const DemoPopulation& population) {
  return !population.known.empty() && population.known.front().real;
}

std::string closing_words(const DemoOptions& o, const DemoRun& run, const DemoFigures& figures,
                          bool real) {
  const fs::path out = o.out;
  std::string text;
  if (!real) text += "No real captures in " + o.data + ": everybody is simulated.\n\n";
  if (run.station.retries > 0) {
    text += with_commas(run.station.retries) +
            " captures of the stream were sent back for their quality, as a clerk would.\n\n";
  }
  text += as_text(outcome_table(figures)) + "\n" + as_text(speed_table(run, figures)) + "\n";
  return text + "Report: " + (out / "report.html").string() +
         "\nStore:  " + (out / "store").string() + " (key: " + (out / "master.key").string() +
         ", gallery: " + kDemoGallery + ")\n";
}

// What a register would settle first: of 1,000 searches for people who are not there, one may be a
// false hit and 100 may trouble an examiner. The rates of one comparison follow from the gallery.
constexpr double kFalseHitsASearch = 0.001, kFalseReferralsASearch = 0.1;

search::Dedup dedup_for(std::int64_t prints) {
  search::Dedup dedup;
  dedup.query.hit_at = FalseMatchRate{kFalseHitsASearch / static_cast<double>(prints)};
  dedup.query.refer_at = FalseMatchRate{kFalseReferralsASearch / static_cast<double>(prints)};
  return dedup;
}

Result<Exit> demo(const DemoOptions& o, Console& console) {
  WHORL_TRY(const auto engine, fresh_engine(o, console));
  WHORL_TRY(const DemoPopulation population, demo_population({o.data, o.people, o.seed}, console));
  DemoProgress progress{console.progress("enrol", "prints", std::ssize(population.known)),
                        console.progress("stream", "captures", std::ssize(population.stream))};
  const search::Dedup dedup = dedup_for(std::ssize(population.known));
  WHORL_TRY(const DemoRun run, run_demo(*engine, population, dedup, progress));
  const DemoFigures figures = figures_of(run);
  const DemoScores scores = scores_of(population, console);
  WHORL_TRY(const std::string report,
            demo_report(population, run, scores, dedup.query, engine->store()));
  const fs::path file = fs::path(o.out) / "report.html";
  WHORL_TRY_VOID(write_file(file, report));
  Json facts = as_json(figures);
  facts["real_captures"] = has_real(population);
  facts["sent_back"] = run.station.retries;
  facts["report"] = file.string();
  console.answer(facts, closing_words(o, run, figures, has_real(population)));
  return Exit::ok;
}

Run declare(CLI::App& app) {
  auto o = std::make_shared<DemoOptions>();
  o->data = default_data_folder().string();
  app.add_option("--out", o->out,
                 "Folder for the store, the key and report.html; the last one given")
      ->required()
      ->take_last();
  app.add_option("--data", o->data, "Real captures are in its fingerprints/fvc2002, if anywhere")
      ->capture_default_str();
  app.add_option("--people", o->people, "Simulated people beside the real ones")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--seed", o->seed, "Of the simulated people and the order of the stream")
      ->capture_default_str();
  app.add_option("--backend", o->backend, kBackendHelp);
  app.add_option("--threads", o->threads, "0: as many as there are CPUs")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  return [o](Console& console) { return demo(*o, console); };
}

}  // namespace

const Verb kDemo{
    "demo", "Show it all at once: enrol a population, find who comes a second time",
    "Example:\n"
    "  whorl demo --out demo\n"
    "\n"
    "Makes a fresh store in --out (an earlier demo's is replaced), enrols people, and lets new "
    "captures come\n"
    "through a station, some of people enrolled before, some of new ones, all under new numbers. "
    "Each is\n"
    "searched 1:N and enrolled unless it is found. Ends with a table and report.html.",
    declare};

}  // namespace whorl::app
