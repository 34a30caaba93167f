#include "engine/app/demo/report.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "engine/app/evidence_trace.h"
#include "engine/app/report/histogram_picture.h"
#include "engine/app/report/minutiae_picture.h"
#include "engine/app/report/page.h"
#include "engine/app/words.h"
#include "engine/matchers/comparison.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::app {
namespace {

constexpr std::size_t kMostMissedShown = 3;

// A comparison worth a picture: a visit and one of its candidates.
struct Shown {
  const DemoVisit* visit = nullptr;
  const search::Candidate* candidate = nullptr;
  std::string caption;
};

LogLikelihoodRatio first_ratio(const DemoVisit& v) {
  return v.answer.candidates.front().value.ratio;
}

// Real captures before simulated ones; then the outcome's extreme.
template <class Better>
const DemoVisit* pick(const DemoRun& run, DemoOutcome outcome, Better better) {
  const DemoVisit* best = nullptr;
  for (const DemoVisit& v : run.visits) {
    if (v.outcome != outcome || v.answer.candidates.empty()) continue;
    if (best == nullptr || (v.capture->real && !best->capture->real) ||
        (v.capture->real == best->capture->real && better(first_ratio(v), first_ratio(*best)))) {
      best = &v;
    }
  }
  return best;
}

std::vector<Shown> choose(const DemoRun& run) {
  std::vector<Shown> shown;
  const auto add = [&](const DemoVisit* v, const char* caption) {
    if (v != nullptr) shown.push_back({v, &v->answer.candidates.front(), caption});
  };
  add(pick(run, DemoOutcome::found, std::greater<>()),
      "The clearest duplicate: who came under a new number was found under the old one.");
  add(pick(run, DemoOutcome::found, std::less<>()), "The hardest duplicate that was found.");
  add(pick(run, DemoOutcome::referred, std::greater<>()),
      "A duplicate left to an examiner: alike, but not enough to decide alone.");
  add(pick(run, DemoOutcome::false_hit, std::greater<>()),
      "A false hit: two people whom the engine took for one.");
  add(pick(run, DemoOutcome::false_referral, std::greater<>()),
      "A false referral: two people alike enough that an examiner is asked.");
  add(pick(run, DemoOutcome::enrolled, std::greater<>()),
      "Of the new people, the one most like somebody else: not taken for a duplicate.");
  std::size_t missed = 0;
  for (const DemoVisit& v : run.visits) {
    if (v.outcome != DemoOutcome::missed || !v.right_first || missed == kMostMissedShown) continue;
    add(&v, "A missed duplicate: the right person came first, with too little evidence.");
    ++missed;
  }
  return shown;
}

Result<> add_picture(const Shown& shown, const gallery::Store& store, GalleryId gallery,
                     Page& page) {
  WHORL_TRY(const auto found,
            finger_evidence(store, gallery, {shown.visit->capture->print}, *shown.candidate));
  if (!found) return {};
  matchers::FingerMatcher matcher;
  const std::string kind = shown.visit->capture->real ? "real" : "simulated";
  const std::string reference =
      "enrolled as subject " + std::to_string(shown.candidate->subject.value());
  page.figure(
      minutiae_picture("captured (" + kind + ")", found->probe, reference, found->reference,
                       matcher.explain(found->probe, found->reference), found->evidence.value),
      shown.caption);
  return {};
}

std::int64_t people_in(const std::vector<DemoCapture>& captures, bool real) {
  std::vector<std::uint64_t> people;
  for (const DemoCapture& c : captures) {
    if (c.real == real) people.push_back(c.person);
  }
  std::ranges::sort(people);
  return std::unique(people.begin(), people.end()) - people.begin();
}

std::string what_was_done(const DemoPopulation& p, const DemoRun& run) {
  const std::int64_t real = people_in(p.known, true);
  return with_commas(run.known.templates) + " prints of " +
         with_commas(real + people_in(p.known, false)) + " people (" + with_commas(real) +
         " of them real, from FVC2002) were enrolled. Then " + with_commas(run.station.captures) +
         " new captures came through the station, each under a number nobody had: " +
         with_commas(run.station.retries + run.station.refused) +
         " were refused by the quality gate; every other one was searched against the whole "
         "gallery and enrolled unless the search found the person.";
}

std::string no_data_note() {
  return "No real captures were found (fingerprints/fvc2002 in --data, WHORL_DATA or "
         "../shared/data), so everybody here is simulated.";
}

void add_histogram(const DemoScores& scores, const search::Query& thresholds, Page& page) {
  if (scores.one_person.empty() && scores.two_people.empty()) return;
  page.heading("Scores");
  page.figure(
      histogram_picture({"Similarity of one person's captures and of two people's",
                         "similarity (the finger matcher's own scale)", scores.one_person,
                         scores.two_people, matchers::similarity_at(thresholds.hit_at).value(),
                         "hit: " + one_in(thresholds.hit_at)}),
      "Each bar is a share of its own population, on a logarithmic axis. Right of the dashed "
      "line a comparison alone is a hit. Captures left of it overlap too little, or are too "
      "poor, to be told from a stranger's.");
}

}  // namespace

Result<std::string> demo_report(const DemoPopulation& population, const DemoRun& run,
                                const DemoScores& scores, const search::Query& thresholds,
                                const gallery::Store& store) {
  const DemoFigures figures = figures_of(run);
  Page page("Whorl: who was enrolled before?");
  page.paragraph(what_was_done(population, run));
  if (people_in(population.known, true) == 0) page.paragraph(no_data_note());
  page.heading("Result");
  page.table(outcome_table(figures));
  page.paragraph("A hit is a likeness that two different people reach " +
                 one_in(thresholds.hit_at) +
                 " comparisons, so that one search in 1,000 may end "
                 "in a false hit; from " +
                 one_in(thresholds.refer_at) +
                 " on an examiner is asked, in one search of ten. Simulated captures are not "
                 "real ones: read the two columns apart.");
  page.table(speed_table(run, figures));
  add_histogram(scores, thresholds, page);
  page.heading("Comparisons explained");
  page.paragraph(
      "Blue: the new capture's minutiae. Orange: the enrolled ones. Corresponding minutiae are "
      "joined in green, the stronger the more they say; on the right the enrolled print is laid "
      "on the new one.");
  WHORL_TRY(const gallery::GalleryInfo gallery, store.find_gallery(kDemoGallery));
  for (const Shown& shown : choose(run)) {
    WHORL_TRY_VOID(add_picture(shown, store, gallery.id, page));
  }
  return page.html();
}

}  // namespace whorl::app
