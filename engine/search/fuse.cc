#include "engine/search/fuse.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <tuple>

namespace whorl::search {
namespace {

double ratio_of(const Evidence& e) { return e.value.ratio.value(); }

auto in_order(const Scored& s) {
  return std::tuple(s.subject, s.evidence.probe, -ratio_of(s.evidence), s.evidence.encounter,
                    s.evidence.reference_position);
}

matchers::Calibrated total(const std::vector<Evidence>& evidence) {
  double sum = 0, least = 1;
  for (const Evidence& e : evidence) {
    sum += ratio_of(e);
    least = std::min(least, e.value.fmr.value());
  }
  const auto count = static_cast<double>(evidence.size());
  const double bonferroni = std::min(1.0, least * count);
  const double markov = count > 1 ? std::min(1.0, std::exp(-sum)) : 1.0;
  return {LogLikelihoodRatio{sum}, FalseMatchRate{std::min(bonferroni, markov)}};
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}

bool unlike_fingers(const Evidence& e) {
  return e.modality == Modality::finger && e.probe_position != FingerPosition::unknown &&
         e.reference_position != FingerPosition::unknown &&
         e.probe_position != e.reference_position;
}

}  // namespace

std::vector<Candidate> fuse(std::vector<Scored> comparisons, int most) {
  std::ranges::sort(comparisons, {}, in_order);
  std::vector<Candidate> candidates;
  for (const Scored& s : comparisons) {
    if (candidates.empty() || candidates.back().subject != s.subject)
      candidates.push_back({s.subject, {}, {}});
    auto& evidence = candidates.back().evidence;
    if (evidence.empty() || evidence.back().probe != s.evidence.probe)
      evidence.push_back(s.evidence);
  }
  for (Candidate& c : candidates) c.value = total(c.evidence);
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    if (a.value.ratio != b.value.ratio) return b.value.ratio < a.value.ratio;
    return a.subject < b.subject;
  });
  if (std::ssize(candidates) > most) candidates.resize(static_cast<std::size_t>(most));
  return candidates;
}

void decide(const Query& query, Answer& answer) {
  answer.decision = Decision::no_hit;
  if (answer.candidates.empty()) {
    answer.reasons.push_back(answer.effort.gallery_prints == 0
                                 ? "the gallery holds nothing to compare these templates with"
                                 : "no enrolled template resembles these");
    return;
  }
  const Candidate& best = answer.candidates.front();
  const double fmr = best.value.fmr.value();
  const std::string is = "the best candidate's false match rate is " + number(fmr);
  if (best.value.fmr <= query.hit_at) {
    answer.decision = Decision::hit;
    answer.reasons.push_back(is + ", at or below " + number(query.hit_at.value()) + " for a hit");
  } else if (best.value.fmr <= query.refer_at) {
    answer.decision = Decision::refer;
    answer.reasons.push_back(is + ", between " + number(query.hit_at.value()) + " for a hit and " +
                             number(query.refer_at.value()) +
                             " for no hit: an examiner should look");
  } else {
    answer.reasons.push_back(is + ", above " + number(query.refer_at.value()));
  }
  if (answer.decision != Decision::no_hit && std::ranges::any_of(best.evidence, unlike_fingers)) {
    answer.reasons.push_back(
        "unlike fingers match: hands may have been swapped or fingers mis-numbered");
  }
}

}  // namespace whorl::search
