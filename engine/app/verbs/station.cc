#include "scanners/station.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/answers.h"
#include "engine/app/names.h"
#include "engine/app/stop_on_signal.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/words.h"
#include "scanners/replay/replay_driver.h"
#include "scanners/simulated/simulated_driver.h"

namespace whorl::app {
namespace {

struct StationOptions {
  StoreOptions store;
  std::string driver, source;
  std::optional<double> ppi;
  std::int64_t people = 100, first_person = 1;
  std::uint64_t seed = 1;
  std::uint32_t first_visit = 1, visits = 1;
  int fingers = 1;
  bool faces = false, pictures = false, create = false, add = false, dedup = false;
  double fmr = 1e-6;
};

Result<std::unique_ptr<scanners::Driver>> open_driver(const StationOptions& o, const Clock& clock) {
  if (o.driver == "replay") {
    if (o.source.empty()) return fail(Fault::bad_argument, 0, "--driver replay needs --source");
    const auto ppi = o.ppi ? std::optional(PixelsPerInch{*o.ppi}) : std::nullopt;
    return scanners::open_replay(o.source, ppi, clock);
  }
  if (!o.source.empty() || o.ppi) {
    return fail(Fault::bad_argument, 0, "--source and --ppi are of --driver replay");
  }
  scanners::SimulatedVisits visits;
  visits.seed = o.seed;
  visits.first_person = o.first_person - 1;
  visits.people = o.people;
  visits.fingers = first_fingers(o.fingers);
  visits.faces = o.faces;
  visits.pictures = o.pictures;
  visits.first_visit = o.first_visit, visits.visits = o.visits;
  return scanners::open_simulated(visits, clock);
}

// What the station hands its visits to, and what it has to say about its captures.
class Desk {
 public:
  Desk(const StationOptions& options, search::Engine& engine, Console& console)
      : options_(options), engine_(engine), progress_(console.progress("station", "captures", 0)) {
    dedup_.query.hit_at = FalseMatchRate{options.fmr};
    dedup_.query.refer_at = FalseMatchRate{std::max(options.fmr, 1e-4)};
  }

  Result<scanners::EnrolOutcome> enrol(scanners::EnrolRequest request) {
    if (!request.subject) return fail(Fault::bad_argument, 0, "a capture nobody claims");
    WHORL_TRY(const search::Receipt receipt,
              engine_.enrol(options_.store.gallery,
                            {*request.subject, std::move(request.encounter), !options_.add},
                            options_.dedup ? &dedup_ : nullptr));
    if (receipt.error) return tl::unexpected<Error>(*receipt.error);
    if (receipt.outcome != search::Outcome::duplicate) return scanners::EnrolOutcome::enrolled;
    if (duplicates_.size() < kMostListed) duplicates_.push_back(receipt);
    return scanners::EnrolOutcome::duplicate;
  }
  void tell(const scanners::Feedback& told) {
    progress_.at(told.number);
    if (told.verdict == scanners::Verdict::accepted || refusals_.size() >= kMostListed) return;
    refusals_.push_back(told);
  }
  void finish() { progress_.finish(); }

  const std::vector<search::Receipt>& duplicates() const { return duplicates_; }
  const std::vector<scanners::Feedback>& refusals() const { return refusals_; }

 private:
  static constexpr std::size_t kMostListed = 1000;
  const StationOptions& options_;
  search::Engine& engine_;
  Progress progress_;
  search::Dedup dedup_;
  std::vector<search::Receipt> duplicates_;
  std::vector<scanners::Feedback> refusals_;
};

Json facts_of(const scanners::StationSummary& s, const Desk& desk) {
  Json duplicates = Json::array(), refusals = Json::array();
  for (const search::Receipt& r : desk.duplicates()) duplicates.push_back(as_json(r));
  for (const scanners::Feedback& f : desk.refusals()) {
    refusals.push_back({{"capture", f.number},
                        {"verdict", f.verdict == scanners::Verdict::retry ? "retry" : "refused"},
                        {"code", f.fault ? static_cast<int>(*f.fault) : 0},
                        {"reason", f.reason}});
  }
  return {{"captures", s.captures},
          {"accepted", s.accepted},
          {"retries", s.retries},
          {"refused", s.refused},
          {"enrolled", s.enrolled},
          {"duplicates", s.duplicates},
          {"not_enrolled", s.not_enrolled},
          {"abandoned", s.abandoned},
          {"stopped", s.stopped},
          {"duplicate_receipts", duplicates},
          {"refusals", refusals}};
}

std::string text_of_summary(const scanners::StationSummary& s, const Desk& desk) {
  std::string text;
  for (const search::Receipt& r : desk.duplicates()) text += as_text(r);
  for (const scanners::Feedback& f : desk.refusals()) {
    text += "capture " + std::to_string(f.number) + ": " + f.reason + "\n";
  }
  return text + with_commas(s.captures) + " captures: " + with_commas(s.accepted) + " accepted, " +
         with_commas(s.retries) + " to be taken again, " + with_commas(s.refused) +
         " refused; visits: " + with_commas(s.enrolled) + " enrolled, " +
         with_commas(s.duplicates) + " duplicates, " + with_commas(s.not_enrolled) +
         " not enrolled" + (s.stopped ? "; stopped" : "");
}

Result<Exit> station(const StationOptions& o, Console& console) {
  if (!(o.fmr > 0 && o.fmr <= 1)) return fail(Fault::bad_argument, 0, "--fmr, 0 < FMR <= 1");
  const StopOnSignal stop;
  WHORL_TRY(const auto driver, open_driver(o, console.clock()));
  WHORL_TRY(const auto engine, open_engine(o.store, console, o.create ? Create::yes : Create::no));
  Desk desk(o, *engine, console);
  const scanners::StationSummary summary = scanners::run_station(
      *driver, {},
      {[&](scanners::EnrolRequest request) { return desk.enrol(std::move(request)); },
       [&](const scanners::Feedback& told) { desk.tell(told); }},
      stop.token());
  desk.finish();
  if (summary.failure) return tl::unexpected<Error>(*summary.failure);
  console.answer(facts_of(summary, desk), text_of_summary(summary, desk));
  return summary.refused + summary.not_enrolled > 0 ? Exit::bad_input : Exit::ok;
}

Run declare_station(CLI::App& app) {
  auto o = std::make_shared<StationOptions>();
  add_store_options(app, o->store, Gallery::required, Searches::yes);
  app.add_option("--driver", o->driver, "Where captures come from: replay or simulated")
      ->required()
      ->check(CLI::IsMember({"replay", "simulated"}));
  app.add_option("--source", o->source,
                 "replay: a manifest.csv, or a folder of templates or pictures");
  app.add_option("--ppi", o->ppi, "replay of a folder: true resolution");
  app.add_option("--people", o->people, "simulated: how many come")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--first-person", o->first_person, "simulated: number of the first, from 1")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--first-visit", o->first_visit, "simulated: other visits, other captures")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--visits", o->visits, "simulated: visits of each")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--seed", o->seed, "simulated: which population")->capture_default_str();
  app.add_option("--fingers", o->fingers, "simulated: fingers of each")
      ->check(CLI::Range(0, 10))
      ->capture_default_str();
  app.add_flag("--faces", o->faces, "simulated: a face as well");
  app.add_flag("--pictures", o->pictures,
               "simulated: fingers as pictures, extracted as a scanner's are; slower");
  app.add_flag("--create", o->create, "Make the store and the gallery where there is none");
  app.add_flag("--add", o->add, "Add visits to people who are enrolled already; else refused");
  app.add_flag("--dedup", o->dedup, "Search first; who is found is not enrolled");
  app.add_option("--fmr", o->fmr, "With --dedup: found means this false match rate or less")
      ->capture_default_str();
  return [o](Console& console) { return station(*o, console); };
}

}  // namespace

const Verb kStation{
    "station", "Take captures from a scanner, check their quality, enrol them one by one",
    "Examples:\n"
    "  whorl station --store store --gallery main --key-file master.key --create \\\n"
    "    --driver simulated --people 100\n"
    "  whorl station --store store --gallery main --key-file master.key --dedup \\\n"
    "    --driver replay --source people/manifest.csv\n"
    "\n"
    "A capture too poor to be searched with is asked for again. Captures of one visit are "
    "enrolled\n"
    "together. Ctrl-C stops after the visit at hand; half a visit is not enrolled.\n"
    "Exit code: 3 when a capture or visit was refused.",
    declare_station};

}  // namespace whorl::app
