#include "engine/app/evaluation.h"

#include <nlohmann/json.hpp>

#include "engine/app/report/page.h"
#include "engine/app/words.h"

namespace whorl::app {

void Evaluation::add(SubjectId truth, bool enrolled, const search::Answer& answer) {
  const bool right = !answer.candidates.empty() && answer.candidates.front().subject == truth;
  (enrolled ? mated : unmated) += 1;
  if (enrolled && right) ++rank1;
  if (answer.decision == search::Decision::hit) ++(right ? found : false_hits);
  if (answer.decision == search::Decision::refer) ++(right ? referred : false_referrals);
}

Json as_json(const Evaluation& e) {
  const double rank1 =
      e.mated > 0 ? static_cast<double>(e.rank1) / static_cast<double>(e.mated) : 0;
  return {{"mated", e.mated},           {"rank1", rank1},
          {"found", e.found},           {"referred", e.referred},
          {"missed", e.missed()},       {"unmated", e.unmated},
          {"false_hits", e.false_hits}, {"false_referrals", e.false_referrals}};
}

std::string as_text(const Evaluation& e) {
  const auto share = [](std::int64_t part, std::int64_t of) {
    return of > 0 ? percent(static_cast<double>(part) / static_cast<double>(of)) : std::string("-");
  };
  const std::int64_t all = e.mated + e.unmated;
  return as_text(
      Table{{"what", "queries", "share"},
            {{"of people enrolled", with_commas(e.mated), share(e.mated, all)},
             {"  first candidate", with_commas(e.rank1), share(e.rank1, e.mated)},
             {"  found", with_commas(e.found), share(e.found, e.mated)},
             {"  referred", with_commas(e.referred), share(e.referred, e.mated)},
             {"  missed", with_commas(e.missed()), share(e.missed(), e.mated)},
             {"of others", with_commas(e.unmated), share(e.unmated, all)},
             {"false hits", with_commas(e.false_hits), share(e.false_hits, all)},
             {"false referrals", with_commas(e.false_referrals), share(e.false_referrals, all)}}});
}

}  // namespace whorl::app
