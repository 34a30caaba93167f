#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <unordered_set>
#include <vector>

#include "engine/app/backend_choice.h"
#include "engine/app/client_access.h"
#include "engine/app/demo/figures.h"
#include "engine/app/demo/population.h"
#include "engine/app/demo/report.h"
#include "engine/app/demo/run.h"
#include "engine/app/files.h"
#include "engine/app/server_process.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "engine/base/crypto.h"
#include "engine/service/decide.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kServiceFolder = "service";

struct DemoOptions {
  std::string out, data, backend;
  std::int64_t people = 10'000;
  std::uint64_t seed = 1;
  int threads = 0;
};

// Takes away what an earlier demo made, known by its mark: another store may be somebody's
// register.
Result<> clear(const fs::path& out) {
  WHORL_TRY_VOID(make_folder(out));
  constexpr std::array kMade = {"store", "audit", kServiceFolder, "master.key"};
  const fs::path mark = out / "made-by-whorl-demo";
  std::error_code trouble;
  const bool earlier_demo = fs::exists(mark, trouble);
  for (const char* made : kMade) {
    if (!earlier_demo && fs::exists(fs::symlink_status(out / made, trouble))) {
      return fail(Fault::already_exists, 0, (out / made).string());
    }
  }
  WHORL_TRY_VOID(write_file(mark, "The next `whorl demo` here replaces what this one made.\n"));
  trouble.clear();
  for (const char* made : kMade) {
    if (!trouble) fs::remove_all(out / made, trouble);
  }
  if (trouble) return fail(Fault::io_error, 0, out.string() + " (" + trouble.message() + ")");
  return {};
}

// A service of its own over a fresh store.
Result<std::unique_ptr<ServerProcess>> fresh_service(const DemoOptions& o) {
  const fs::path out = o.out;
  WHORL_TRY_VOID(clear(out));
  SystemEntropy entropy;
  WHORL_TRY(const Key key, Key::random(entropy));
  WHORL_TRY_VOID(write_secret(out / "master.key", key.to_hex() + "\n"));
  std::vector<std::string> options = {"--create",
                                      "--gallery",
                                      kDemoGallery,
                                      "--store",
                                      out / "store",
                                      "--key-file",
                                      out / "master.key",
                                      "--audit",
                                      out / "audit",
                                      "--threads",
                                      std::to_string(o.threads)};
  if (!o.backend.empty()) options.insert(options.end(), {"--backend", o.backend});
  return ServerProcess::start(out / kServiceFolder, options);
}

Result<std::unique_ptr<service::Client>> client_of(const DemoOptions& o, Console& console) {
  ServiceOptions options;
  options.dev = (fs::path(o.out) / kServiceFolder).string();
  return connect(options, console);
}

// What the report draws is in the store, which is free once the service stopped.
Result<std::unique_ptr<gallery::Store>> store_of(const DemoOptions& o) {
  StoreOptions store;
  store.store = (fs::path(o.out) / "store").string();
  store.key.file = (fs::path(o.out) / "master.key").string();
  return open_store(store);
}

std::int64_t people_in(const DemoPopulation& population) {
  std::unordered_set<std::uint64_t> people;
  for (const DemoCapture& capture : population.known) people.insert(capture.person);
  return std::ssize(people);
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

// As the service's policy has it by default.
search::Query thresholds_for(std::int64_t people) {
  const service::Bands bands = service::bands_for(service::GalleryPolicy{}, people);
  search::Query query;
  query.hit_at = bands.hit_at, query.refer_at = bands.refer_at;
  return query;
}

Result<Exit> demo(const DemoOptions& o, Console& console) {
  WHORL_TRY_VOID(backend_from_name(o.backend));  // before anything is made
  WHORL_TRY(auto server, fresh_service(o));
  WHORL_TRY(const DemoPopulation population, demo_population({o.data, o.people, o.seed}, console));
  DemoProgress progress{console.progress("enrol", "prints", std::ssize(population.known)),
                        console.progress("stream", "captures", std::ssize(population.stream))};
  DemoRun run;
  {
    WHORL_TRY(const auto client, client_of(o, console));
    WHORL_TRY(run, run_demo(*client, population, progress));
  }
  server.reset();
  WHORL_TRY(const auto store, store_of(o));
  const DemoFigures figures = figures_of(run);
  const DemoScores scores = scores_of(population, console);
  WHORL_TRY(const std::string report,
            demo_report(population, run, scores, thresholds_for(people_in(population)), *store));
  const fs::path file = fs::path(o.out) / "report.html";
  WHORL_TRY_VOID(write_file(file, report));
  Json facts = as_json(figures);
  facts["real_captures"] = has_real(population);
  facts["sent_back"] = run.station.retries;
  facts["report"] = file.string();
  console.answer(facts, closing_words(o, run, figures, has_real(population)));
  return Exit::ok;
}

Run declare_demo(CLI::App& app) {
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
    "Starts `whorl serve --dev` over a fresh store in --out (an earlier demo's is replaced, no "
    "other). A "
    "register enrols\n"
    "people over the network, then new captures come through a station, some of people enrolled "
    "before, some of\n"
    "new ones, all under new numbers. Each is searched 1:N and enrolled unless it is found. Ends "
    "with a table and\n"
    "report.html.",
    declare_demo};

}  // namespace whorl::app
