#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/app/answers.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/visits.h"
#include "engine/app/words.h"

namespace whorl::app {
namespace {

struct EnrollOptions {
  StoreOptions store;
  FileVisit files;
  std::string subject, manifest, folder, sex, source;
  std::optional<int> birth_year;
  bool create = false, add = false, dedup = false;
  double fmr = 1e-6;
};

// A list of millions of receipts helps nobody; beyond this many only the counts tell.
constexpr std::size_t kMostListed = 1000;

Result<std::vector<Visit>> planned(const EnrollOptions& o) {
  const int ways = !o.manifest.empty() + !o.folder.empty() + !o.files.files.empty();
  if (ways != 1) {
    return fail(Fault::bad_argument, 0, "give one of FILE... --subject, --manifest, --folder");
  }
  if (!o.manifest.empty()) {
    WHORL_TRY(std::vector<scanners::ManifestRow> rows, scanners::read_manifest(o.manifest));
    return visits_of(std::move(rows), o.files.model);
  }
  if (!o.folder.empty()) {
    const auto ppi = o.files.ppi ? std::optional(PixelsPerInch{*o.files.ppi}) : std::nullopt;
    WHORL_TRY(std::vector<scanners::ManifestRow> rows, scanners::rows_of_folder(o.folder, ppi));
    return visits_of(std::move(rows), o.files.model);
  }
  if (o.subject.empty()) return fail(Fault::bad_argument, 0, "FILE... needs --subject");
  WHORL_TRY(const SubjectId subject, subject_from(o.subject, "--subject"));
  WHORL_TRY(Visit visit, visit_of(o.files, subject));
  WHORL_TRY(visit.demographics, demographics_of(o.sex, o.birth_year));
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  if (o.source.size() > kMaxSourceBytes || std::ranges::any_of(o.source, control)) {
    return fail(Fault::bad_argument, 0, "--source, at most 64 bytes of one line");
  }
  visit.source = o.source;
  return std::vector{std::move(visit)};
}

struct VisitNote {
  SubjectId subject;
  std::vector<CaptureNote> templates;
};

// Feeds the enrol pipeline visit by visit, and keeps what a person needs to know of the outcome.
class Enroller {
 public:
  Enroller(std::vector<Visit> visits, const EnrollOptions& options, Console& console)
      : visits_(std::move(visits)),
        options_(options),
        console_(console),
        progress_(console.progress("enrol", "visits", std::ssize(visits_))) {}

  Result<search::StreamSummary> run(search::Engine& engine) {
    WHORL_TRY(const gallery::GalleryInfo info, engine.store().find_gallery(options_.store.gallery));
    keep_pictures_ = info.settings.keep_pictures;
    search::Dedup dedup;
    dedup.query.hit_at = FalseMatchRate{options_.fmr};
    dedup.query.refer_at = FalseMatchRate{std::max(options_.fmr, 1e-4)};
    WHORL_TRY(search::StreamSummary summary,
              engine.enrol_stream(
                  options_.store.gallery, [this] { return next(); },
                  [this](const search::Receipt& receipt) { note(receipt); },
                  options_.dedup ? &dedup : nullptr));
    progress_.finish();
    summary.refused += unreadable_;
    return summary;
  }

  // What a person should know of: refused, duplicate, or the only one there was.
  std::vector<search::Receipt> take_noted() {
    std::ranges::move(unread_, std::back_inserter(noted_));
    return std::move(noted_);
  }
  // What the only visit's captures are worth, and those in which something is amiss.
  std::vector<VisitNote> take_captures() { return std::move(captures_); }

 private:
  std::optional<search::Enrolment> next() {
    while (at_ < visits_.size()) {
      const Visit& visit = visits_[at_++];
      std::vector<CaptureNote> notes;
      std::vector<gallery::Picture> pictures;
      Result<Encounter> encounter =
          read_visit(visit, console_.clock(), &notes, keep_pictures_ ? &pictures : nullptr);
      if (encounter) {
        keep_captures(visit.subject, std::move(notes));
        const bool first = seen_.insert(visit.subject).second;
        return search::Enrolment{
            visit.subject, std::move(*encounter), first && !options_.add, {}, std::move(pictures)};
      }
      ++unreadable_;
      keep(unread_,
           {search::Outcome::refused, visit.subject, {}, {}, std::nullopt, encounter.error()});
    }
    return std::nullopt;
  }
  void keep_captures(SubjectId subject, std::vector<CaptureNote> notes) {
    const auto amiss = [](const CaptureNote& note) { return !note.flaws.empty(); };
    if (visits_.size() > 1 && std::ranges::none_of(notes, amiss)) return;
    if (captures_.size() < kMostListed) captures_.push_back({subject, std::move(notes)});
  }
  void note(const search::Receipt& receipt) {
    progress_.at(++done_);
    if (receipt.outcome != search::Outcome::enrolled || visits_.size() == 1) keep(noted_, receipt);
  }
  static void keep(std::vector<search::Receipt>& list, search::Receipt receipt) {
    if (list.size() < kMostListed) list.push_back(std::move(receipt));
  }

  std::vector<Visit> visits_;
  const EnrollOptions& options_;
  Console& console_;
  Progress progress_;
  bool keep_pictures_ = false;
  std::size_t at_ = 0;
  std::unordered_set<SubjectId> seen_;
  std::int64_t unreadable_ = 0, done_ = 0;
  std::vector<search::Receipt> unread_;  // the pipeline's reading end alone writes here
  std::vector<VisitNote> captures_;      // and here
  std::vector<search::Receipt> noted_;   // and its storing end here: they run at the same time
};

// What an enrolment's answer tells beside the counts.
struct Noted {
  std::vector<search::Receipt> receipts;
  std::vector<VisitNote> captures;
};

Json facts_of(const search::StreamSummary& s, const Noted& noted) {
  Json receipts = Json::array(), captures = Json::array();
  for (const search::Receipt& r : noted.receipts) receipts.push_back(as_json(r));
  for (const VisitNote& visit : noted.captures) {
    Json templates = Json::array();
    for (const CaptureNote& note : visit.templates) templates.push_back(as_json(note));
    captures.push_back({{"subject", visit.subject.value()}, {"templates", std::move(templates)}});
  }
  return {
      {"enrolled", s.enrolled},
      {"duplicates", s.duplicates},
      {"refused", s.refused},
      {"templates", s.templates},
      {"seconds", s.seconds},
      {"templates_per_second", s.seconds > 0 ? static_cast<double>(s.templates) / s.seconds : 0},
      {"receipts", receipts},
      {"captures", captures}};
}

std::string text_of_summary(const search::StreamSummary& s, const Noted& noted) {
  std::string text;
  for (const search::Receipt& r : noted.receipts) text += as_text(r);
  for (const VisitNote& visit : noted.captures) {
    text += "captures of subject " + std::to_string(visit.subject.value()) + ":\n";
    for (const CaptureNote& note : visit.templates) text += as_text(note);
  }
  text += with_commas(s.enrolled) + " enrolled";
  if (s.duplicates > 0) text += ", " + with_commas(s.duplicates) + " duplicates not enrolled";
  if (s.refused > 0) text += ", " + with_commas(s.refused) + " refused";
  return text + "; " + with_commas(s.templates) + " templates in " + duration(s.seconds);
}

Result<Exit> enroll(const EnrollOptions& o, Console& console) {
  if (!(o.fmr > 0 && o.fmr <= 1)) return fail(Fault::bad_argument, 0, "--fmr, 0 < FMR <= 1");
  WHORL_TRY(std::vector<Visit> visits, planned(o));
  const bool single = visits.size() == 1;
  if (single) {  // what cannot be read must not so much as create a store
    WHORL_TRY_VOID(read_visit(visits.front(), console.clock()));
  }
  WHORL_TRY(const auto engine, open_engine(o.store, console, o.create ? Create::yes : Create::no));
  Enroller enroller(std::move(visits), o, console);
  WHORL_TRY(const search::StreamSummary summary, enroller.run(*engine));
  const Noted noted{enroller.take_noted(), enroller.take_captures()};
  if (single && noted.receipts.front().error) {
    return tl::unexpected<Error>(*noted.receipts.front().error);
  }
  console.answer(facts_of(summary, noted), text_of_summary(summary, noted));
  return summary.refused > 0 ? Exit::bad_input : Exit::ok;
}

Run declare_enroll(CLI::App& app) {
  auto o = std::make_shared<EnrollOptions>();
  add_store_options(app, o->store, Gallery::required, Searches::yes);
  add_visit_options(app, o->files, FilesAre::optional);
  app.add_option("--subject", o->subject, "The person's number, for FILE...");
  app.add_option("--sex", o->sex, "female, male or other; searches may filter by it");
  app.add_option("--birth-year", o->birth_year, "Likewise");
  app.add_option("--source", o->source, "The station or register it comes from");
  app.add_option("--manifest", o->manifest, "CSV of visits: subject,modality,position,path,ppi");
  app.add_option("--folder", o->folder, "Folder of SUBJECT_IMPRESSION.iso files, each a visit");
  app.add_flag("--create", o->create, "Make the store and the gallery where there is none");
  app.add_flag("--add", o->add, "Add visits to people who are enrolled already; else refused");
  app.add_flag("--dedup", o->dedup,
               "Search first; who is found under another number is not enrolled");
  app.add_option("--fmr", o->fmr, "With --dedup: found means this false match rate or less")
      ->capture_default_str();
  return [o](Console& console) { return enroll(*o, console); };
}

}  // namespace

const Verb kEnroll{
    "enroll", "Enrol people: one visit from files, or many from a manifest or folder",
    "Examples:\n"
    "  whorl enroll --store store --gallery main --create --key-file master.key \\\n"
    "    --subject 12 --position right-index visit.iso\n"
    "  whorl enroll --store store --gallery main --key-file master.key --manifest people.csv "
    "--dedup\n"
    "\n"
    "Nothing is acknowledged before it is on disk. A visit is enrolled wholly or not at all; one "
    "that is\n"
    "refused (unreadable, no minutiae, another face model ...) is named with its reason and the "
    "rest goes on.\n"
    "A person who was enrolled before this command is refused as duplicate-id unless --add is "
    "given; several\n"
    "visits of one person in one manifest are fine. With --dedup each visit is searched against "
    "everybody\n"
    "before it, and the answer says whom it duplicates.\n"
    "What is wrong with a picture (blurred, too dark ...) is said with what to do about it.\n"
    "Exit code: 3 when any visit was refused.",
    declare_enroll};

}  // namespace whorl::app
