#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/app/files.h"
#include "engine/app/names.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "engine/app/workers.h"
#include "engine/formats/template_container.h"
#include "scanners/simulated/people.h"

namespace whorl::app {
namespace {

namespace fs = std::filesystem;

struct SimulateOptions {
  std::int64_t people = 0;
  std::uint64_t seed = 1;
  std::string out;
  int fingers = 1, captures = 2;
  bool faces = false;
};

// The fingers most registers take first.
constexpr std::array<FingerPosition, 10> kFingerOrder{
    FingerPosition::right_index, FingerPosition::left_index,   FingerPosition::right_thumb,
    FingerPosition::left_thumb,  FingerPosition::right_middle, FingerPosition::left_middle,
    FingerPosition::right_ring,  FingerPosition::left_ring,    FingerPosition::right_little,
    FingerPosition::left_little};

// A thousand people a folder: file systems list long ones slowly.
std::string folder_of(std::int64_t person) { return std::to_string(person / 1000); }

// Writes the captures of one person; what is worth a manifest row each. Subjects count from 1.
class PersonWriter {
 public:
  PersonWriter(const SimulateOptions& options, const scanners::FaceModel& faces)
      : options_(options), faces_(faces), population_(options.seed) {}

  Result<std::string> write(std::int64_t index) const {
    const scanners::Person person = population_.person(static_cast<std::uint64_t>(index));
    std::string rows;
    // Capture by capture: each is a visit, and a manifest's visits stand together.
    for (int number = 1; number <= options_.captures; ++number) {
      const auto which = static_cast<std::uint64_t>(number);
      for (int f = 0; f < options_.fingers; ++f) {
        const FingerPosition position = kFingerOrder.at(static_cast<std::size_t>(f));
        WHORL_TRY(const std::string row,
                  write_one(index, position, number, person.capture(position, which)));
        rows += row;
      }
      if (!options_.faces) continue;
      WHORL_TRY(const std::string row, write_one(index, FingerPosition::unknown, number,
                                                 person.capture_face(faces_, which)));
      rows += row;
    }
    return rows;
  }

 private:
  Result<std::string> write_one(std::int64_t index, FingerPosition position, int number,
                                const Template& capture) const {
    const bool face = modality_of(capture) == Modality::face;
    const std::string subject = std::to_string(index + 1);
    const std::string part = face ? "face" : std::to_string(static_cast<int>(position));
    const fs::path file = fs::path(folder_of(index)) /
                          (subject + "_" + part + "_" + std::to_string(number) + ".whorl");
    WHORL_TRY(const Bytes bytes, formats::encode_template(capture));
    WHORL_TRY_VOID(write_file(fs::path(options_.out) / file, bytes));
    return subject + "," + std::string(name_of(modality_of(capture))) + "," +
           std::to_string(static_cast<int>(position)) + "," + file.string() + ",500\n";
  }

  const SimulateOptions& options_;
  const scanners::FaceModel& faces_;
  scanners::Population population_;
};

Result<Exit> simulate(const SimulateOptions& o, Console& console) {
  WHORL_TRY_VOID(make_folder(o.out));
  for (std::int64_t person = 0; person < o.people; person += 1000) {
    WHORL_TRY_VOID(make_folder(fs::path(o.out) / folder_of(person)));
  }
  const scanners::FaceModel faces;
  std::vector<Result<std::string>> rows(static_cast<std::size_t>(o.people));
  Progress progress = console.progress("simulate", "people", o.people);
  share_out(o.people, threads_or_all(0), progress, [&] {
    return [&rows, writer = PersonWriter(o, faces)](std::int64_t index) {
      rows[static_cast<std::size_t>(index)] = writer.write(index);
    };
  });
  std::string manifest = "subject,modality,position,path,ppi\n";
  for (Result<std::string>& row : rows) {
    if (!row) return tl::unexpected<Error>(row.error());
    manifest += *row;
  }
  const fs::path file = fs::path(o.out) / "manifest.csv";
  WHORL_TRY_VOID(write_file(file, manifest));
  const std::int64_t captures = o.people * o.captures * (o.fingers + (o.faces ? 1 : 0));
  console.answer(
      {{"people", o.people}, {"captures", captures}, {"seed", o.seed}, {"manifest", file.string()}},
      with_commas(o.people) + " people, " + with_commas(captures) + " captures: " + file.string());
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
  options.add_option("--fingers", o->fingers, "Fingers of each person")
      ->check(CLI::Range(0, 10))
      ->capture_default_str();
  options.add_option("--captures", o->captures, "Captures of each finger and face")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  options.add_flag("--faces", o->faces, "A face as well");
  return [o](Console& console) { return simulate(*o, console); };
}

}  // namespace

const Verb kSimulate{
    "simulate", "Make up a population: people who never lived, captured several times",
    "Example:\n"
    "  whorl simulate --people 1000 --seed 7 --out people --fingers 2\n"
    "\n"
    "Writes SUBJECT_POSITION_CAPTURE.whorl files and manifest.csv, which `whorl enroll "
    "--manifest`\n"
    "reads. Person n is the same person however many are made. Minutiae follow ridge flow, and\n"
    "captures are noisy, turned, bent and partial as real ones are; docs/simulation.md says how "
    "well.",
    declare};

}  // namespace whorl::app
