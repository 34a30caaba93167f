#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "engine/app/names.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "scanners/replay/capture_folder.h"
#include "scanners/replay/write_captures.h"
#include "scanners/simulated/finger_image.h"
#include "scanners/simulated/people.h"
#include "scanners/simulated/ridge_pattern.h"
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

constexpr std::string_view kPictureFormat = "png";

// Every finger as its picture, in the order the simulated driver has; faces as templates.
Result<scanners::Written> write_pictures(const SimulateOptions& o, Progress& progress) {
  WHORL_TRY(auto folder, scanners::CaptureFolder::create(o.out, std::nullopt));
  const scanners::Population population(o.seed);
  const scanners::FaceModel faces;
  scanners::Written written;
  for (std::int64_t p = 0; p < o.people; ++p) {
    const scanners::Person person = population.person(static_cast<std::uint64_t>(p));
    scanners::CaptureOwner owner{SubjectId{static_cast<std::uint64_t>(p) + 1}, 0,
                                 person.demographics(), "simulated"};
    for (const FingerPosition position : first_fingers(o.fingers)) {
      const scanners::MasterFinger finger = person.finger(position);
      const scanners::RidgePattern pattern = scanners::grow_ridges(finger);
      for (owner.visit = 1; std::cmp_less_equal(owner.visit, o.captures); ++owner.visit) {
        SeededRandom moment = person.moment(position, owner.visit);
        WHORL_TRY_VOID(
            folder.add(owner, position, scanners::capture_image(finger, pattern, {}, {}, moment)));
        progress.at(++written.captures);
      }
    }
    for (owner.visit = 1; o.faces && std::cmp_less_equal(owner.visit, o.captures); ++owner.visit) {
      WHORL_TRY_VOID(folder.add(owner, person.capture_face(faces, owner.visit)));
      progress.at(++written.captures);
    }
  }
  WHORL_TRY(written.manifest, folder.finish());
  return written;
}

Result<scanners::Written> write_templates(const SimulateOptions& o, const Clock& clock,
                                          Progress& progress) {
  scanners::SimulatedVisits visits;
  visits.seed = o.seed;
  visits.people = o.people;
  visits.fingers = first_fingers(o.fingers);
  visits.faces = o.faces;
  visits.visits = static_cast<std::uint32_t>(o.captures);
  WHORL_TRY(const auto driver, scanners::open_simulated(visits, clock));
  scanners::WriteOptions options;
  WHORL_TRY(options.format, print_format(o.format));
  options.progress = [&](std::int64_t done) { progress.at(done); };
  return scanners::write_captures(*driver, o.out, options);
}

Result<Exit> simulate(const SimulateOptions& o, Console& console) {
  const std::int64_t captures = o.people * o.captures * (o.fingers + (o.faces ? 1 : 0));
  Progress progress = console.progress("simulate", "captures", captures);
  if (captures == 0) return fail(Fault::bad_argument, 0, "at least one finger or the face");
  WHORL_TRY(const scanners::Written written, o.format == kPictureFormat
                                                 ? write_pictures(o, progress)
                                                 : write_templates(o, console.clock(), progress));
  progress.finish();
  console.answer({{"people", o.people},
                  {"captures", written.captures},
                  {"seed", o.seed},
                  {"manifest", written.manifest.string()}},
                 with_commas(o.people) + " people, " + with_commas(written.captures) +
                     " captures: " + written.manifest.string());
  return Exit::ok;
}

Run declare_simulate(CLI::App& options) {
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
  options
      .add_option("--format", o->format, "Of prints: png for pictures, or one of " + format_names())
      ->capture_default_str();
  return [o](Console& console) { return simulate(*o, console); };
}

}  // namespace

const Verb kSimulate{
    "simulate", "Make up a population: people who never lived, captured several times",
    "Example:\n"
    "  whorl simulate --people 1000 --seed 7 --out people --fingers 2\n"
    "\n"
    "  whorl simulate --people 20 --format png --out pictures\n"
    "\n"
    "Writes a file for each capture, a thousand people a folder, and manifest.csv, which\n"
    "`whorl enroll --manifest` reads. Person n is the same person however many are made. Minutiae\n"
    "follow ridge flow, and captures are noisy, turned, bent and partial as real ones are;\n"
    "docs/simulation.md says how well.",
    declare_simulate};

}  // namespace whorl::app
