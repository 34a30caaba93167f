#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/answers.h"
#include "engine/app/evaluation.h"
#include "engine/app/evidence_trace.h"
#include "engine/app/names.h"
#include "engine/app/report/trace.h"
#include "engine/app/search_options.h"
#include "engine/app/store_access.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/visits.h"
#include "engine/app/words.h"

namespace whorl::app {
namespace {

struct IdentifyOptions {
  StoreOptions store;
  FileVisit files;
  SearchOptions search{.max_loss = search::kDefaultMaxLoss};
  std::string manifest, trace;
  double fmr = 1e-6, refer_fmr = 1e-4;
  bool evaluate = false;
};

constexpr std::size_t kTogether = 64;  // queries that share one pass over the gallery

// All of the query but the templates.
Result<search::Query> query_of(const IdentifyOptions& o) {
  if (!(o.fmr > 0 && o.fmr <= o.refer_fmr && o.refer_fmr <= 1)) {
    return fail(Fault::bad_argument, 0, "0 < --fmr <= --refer-fmr <= 1");
  }
  WHORL_TRY(search::Query query, query_of(o.search));
  query.hit_at = FalseMatchRate{o.fmr};
  query.refer_at = FalseMatchRate{o.refer_fmr};
  return query;
}

Exit exit_of(search::Decision decision) {
  return decision == search::Decision::no_hit ? Exit::no_match : Exit::ok;
}

Result<Exit> identify_one(const IdentifyOptions& o, search::Query query, Console& console) {
  WHORL_TRY(const Visit visit, visit_of(o.files, SubjectId{0}));
  WHORL_TRY(Encounter encounter, read_visit(visit, console.clock()));
  query.templates = std::move(encounter.templates);
  WHORL_TRY(const auto engine, open_engine(o.store, console));
  WHORL_TRY(const auto answers, engine->identify(o.store.gallery, {&query, 1}));
  const search::Answer& answer = answers.front();
  if (!o.trace.empty() && !answer.candidates.empty()) {
    WHORL_TRY_VOID(trace_candidate(o.trace, engine->store(), o.store.gallery, query,
                                   answer.candidates.front()));
  }
  console.answer(as_json(answer), as_text(answer));
  return exit_of(answer.decision);
}

// A visit of the manifest on its way through the search.
struct Asked {
  SubjectId subject;  // as the manifest numbers it
  Result<search::Answer> answer;
};

Result<std::vector<Asked>> ask_all(const std::vector<Visit>& visits, const search::Query& like,
                                   const std::string& gallery, const search::Engine& engine,
                                   Console& console) {
  std::vector<Asked> asked;
  Progress progress = console.progress("identify", "queries", std::ssize(visits));
  for (std::size_t first = 0; first < visits.size(); first += kTogether) {
    std::vector<search::Query> queries;
    std::vector<std::size_t> places;
    for (std::size_t i = first; i < std::min(visits.size(), first + kTogether); ++i) {
      Result<Encounter> encounter = read_visit(visits[i], console.clock());
      asked.push_back({visits[i].subject, search::Answer{}});
      if (!encounter) {
        asked.back().answer = tl::unexpected<Error>(encounter.error());
        continue;
      }
      places.push_back(i);
      queries.push_back(like);
      queries.back().templates = std::move(encounter->templates);
    }
    WHORL_TRY(auto answers, engine.identify(gallery, queries));
    for (std::size_t i = 0; i < places.size(); ++i) asked[places[i]].answer = std::move(answers[i]);
    progress.at(std::ssize(asked));
  }
  progress.finish();
  return asked;
}

Json facts_of(const Asked& a) {
  if (!a.answer) return {{"subject", a.subject.value()}, {"error", as_json(a.answer.error())}};
  Json facts = as_json(*a.answer);
  facts["subject"] = a.subject.value();
  return facts;
}

std::string line_of(const Asked& a) {
  const std::string who = std::to_string(a.subject.value()) + ": ";
  if (!a.answer) return who + describe(a.answer.error()) + "\n";
  std::string line = who + std::string(search::name_of(a.answer->decision));
  if (!a.answer->candidates.empty()) {
    const search::Candidate& best = a.answer->candidates.front();
    line +=
        ", subject " + std::to_string(best.subject.value()) + " (" + one_in(best.value.fmr) + ")";
  }
  return line + "\n";
}

Result<Exit> identify_many(const IdentifyOptions& o, const search::Query& like, Console& console) {
  if (!o.trace.empty()) return fail(Fault::bad_argument, 0, "--trace needs FILE..., one query");
  WHORL_TRY(std::vector<scanners::ManifestRow> rows, scanners::read_manifest(o.manifest));
  const std::vector<Visit> visits = visits_of(std::move(rows), o.files.model);
  WHORL_TRY(const auto engine, open_engine(o.store, console));
  WHORL_TRY(const gallery::GalleryInfo info, engine->store().find_gallery(o.store.gallery));
  WHORL_TRY(const std::vector<Asked> asked,
            ask_all(visits, like, o.store.gallery, *engine, console));
  Json answers = Json::array();
  std::string text;
  Evaluation evaluation;
  bool any_match = false, any_refused = false;
  for (const Asked& a : asked) {
    answers.push_back(facts_of(a));
    text += line_of(a);
    any_refused = any_refused || !a.answer;
    if (!a.answer) continue;
    any_match = any_match || a.answer->decision != search::Decision::no_hit;
    if (o.evaluate) {
      WHORL_TRY(const bool enrolled, engine->store().contains(info.id, a.subject));
      evaluation.add(a.subject, enrolled, *a.answer);
    }
  }
  Json facts{{"answers", answers}};
  if (o.evaluate) {
    facts["evaluation"] = as_json(evaluation);
    text = as_text(evaluation);
  }
  console.answer(facts, text);
  return any_refused ? Exit::bad_input : any_match ? Exit::ok : Exit::no_match;
}

Result<Exit> identify(const IdentifyOptions& o, Console& console) {
  if (o.manifest.empty() == o.files.files.empty()) {
    return fail(Fault::bad_argument, 0, "give FILE... or --manifest");
  }
  if (!o.trace.empty()) WHORL_TRY_VOID(check_trace_name(o.trace));
  WHORL_TRY(search::Query query, query_of(o));
  if (o.manifest.empty()) return identify_one(o, std::move(query), console);
  return identify_many(o, query, console);
}

Run declare_identify(CLI::App& app) {
  auto o = std::make_shared<IdentifyOptions>();
  add_store_options(app, o->store, Gallery::required, Searches::yes);
  add_visit_options(app, o->files, FilesAre::optional);
  app.add_option("--manifest", o->manifest, "CSV of visits; each is searched by itself");
  app.add_flag("--evaluate", o->evaluate,
               "The manifest's subjects are the truth: count found, missed and false hits");
  app.add_option("--fmr", o->fmr, "A hit has this false match rate or less")->capture_default_str();
  app.add_option("--refer-fmr", o->refer_fmr, "Up to this an examiner should look")
      ->capture_default_str();
  add_search_options(app, o->search, LooksAmong::some);
  app.add_option("--trace", o->trace, "Draw the best candidate's minutiae: FILE.html or FILE.svg");
  return [o](Console& console) { return identify(*o, console); };
}

}  // namespace

const Verb kIdentify{
    "identify", "Search a gallery 1:N: was this person enrolled before, under any number?",
    "Examples:\n"
    "  whorl identify --store store --gallery main --key-file master.key visit.iso --position 2\n"
    "  whorl identify --store store --gallery main --key-file master.key --manifest probes.csv\n"
    "\n"
    "FILE... are one person's templates of one visit; their evidence is added up. Like fingers are "
    "compared\n"
    "with like; a position the record does not state is compared with enrolled ones not stated.\n"
    "The decision is hit, refer (an examiner should look) or no-hit, with reasons; the false match "
    "rate is\n"
    "the chance that one other person scores this much.\n"
    "Exit code: 0 hit or refer, 1 no hit; 3 when a visit of the manifest could not be read.",
    declare_identify};

}  // namespace whorl::app
