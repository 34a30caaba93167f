#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/app/names.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "scanners/replay/write_captures.h"
#include "scanners/simulated/simulated_driver.h"

namespace whorl::app {
namespace {

struct SimulateOptions {
  std::int64_t people = 0;
  std::uint64_t seed = 1;
  std::string out, format = std::string(kWhorlFormat);
  int fingers = 1, captures = 2;
  bool faces = false;
};

Result<Exit> simulate(const SimulateOptions& o, Console& console) {
  scanners::SimulatedVisits visits;
  visits.seed = o.seed;
  visits.people = o.people;
  visits.fingers = first_fingers(o.fingers);
  visits.faces = o.faces;
  visits.visits = static_cast<std::uint32_t>(o.captures);
  WHORL_TRY(const auto driver, scanners::open_simulated(visits, console.clock()));
  const std::int64_t captures = o.people * o.captures * (o.fingers + (o.faces ? 1 : 0));
  Progress progress = console.progress("simulate", "captures", captures);
  scanners::WriteOptions options;
  WHORL_TRY(options.format, print_format(o.format));
  options.progress = [&](std::int64_t done) { progress.at(done); };
  WHORL_TRY(const scanners::Written written, scanners::write_captures(*driver, o.out, options));
  progress.finish();
  console.answer({{"people", o.people},
                  {"captures", written.captures},
                  {"seed", o.seed},
                  {"manifest", written.manifest.string()}},
                 with_commas(o.people) + " people, " + with_commas(written.captures) +
                     " captures: " + written.manifest.string());
  return Exit::ok;
}

Run declare(CLI::App& options) {
  auto o = std::make_shared<SimulateOptions>();
  options.add_option("--people", o->people, "How many")
      ->required()
      ->check(CLI::Range(1, 10'000'000));
  options.add_option("--seed", o->seed, "The same seed gives the same people on every machine")
      ->capture_default_str();
  options.add_option("--out", o->out, "Folder for the templates and manifest.csv")->required();
  options.add_option("--fingers", o->fingers, "Fingers of each person, index fingers first")
      ->check(CLI::Range(0, 10))
      ->capture_default_str();
  options.add_option("--captures", o->captures, "Visits of each person")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  options.add_flag("--faces", o->faces, "A face at each visit as well");
  options.add_option("--format", o->format, "Of prints: one of " + format_names())
      ->capture_default_str();
  return [o](Console& console) { return simulate(*o, console); };
}

}  // namespace

const Verb kSimulate{
    "simulate", "Make up a population: people who never lived, captured several times",
    "Example:\n"
    "  whorl simulate --people 1000 --seed 7 --out people --fingers 2\n"
    "\n"
    "Writes a template file for each capture, a thousand people a folder, and manifest.csv, which\n"
    "`whorl enroll --manifest` reads. Person n is the same person however many are made. Minutiae\n"
    "follow ridge flow, and captures are noisy, turned, bent and partial as real ones are;\n"
    "docs/simulation.md says how well.",
    declare};

}  // namespace whorl::app
