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
  double sum = 0, chances = 0, least = 1;
  for (const Evidence& e : evidence) {
    sum += ratio_of(e);
    chances += std::log(e.references);
    least = std::min(least, e.value.fmr.value() * e.references);
  }
  const auto count = static_cast<double>(evidence.size());
  const double bonferroni = std::min(1.0, least * count);
  const double markov = count > 1 ? std::min(1.0, std::exp(chances - sum)) : 1.0;
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

// How many templates of each person a probe met, had all as many as this one.
std::int64_t most_references(const Candidate& candidate) {
  std::int64_t most = 1;
  for (const Evidence& e : candidate.evidence) most = std::max<std::int64_t>(most, e.references);
  return most;
}

bool is_face(const Evidence& e) { return e.modality == Modality::face; }

void list_best(std::vector<Candidate>& candidates, int most) {
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    if (a.value.ratio != b.value.ratio) return b.value.ratio < a.value.ratio;
    return a.subject < b.subject;
  });
  if (std::ssize(candidates) > most) candidates.resize(static_cast<std::size_t>(most));
}

}  // namespace

std::vector<Candidate> fuse(std::vector<Scored> comparisons, int most) {
  std::ranges::sort(comparisons, {}, in_order);
  std::vector<Candidate> candidates;
  for (const Scored& s : comparisons) {
    if (candidates.empty() || candidates.back().subject != s.subject)
      candidates.push_back({s.subject, {}, {}, {}});
    auto& evidence = candidates.back().evidence;
    if (!evidence.empty() && evidence.back().probe == s.evidence.probe) {
      evidence.back().references += s.evidence.references;
    } else {
      evidence.push_back(s.evidence);
    }
  }
  for (Candidate& c : candidates) c.value = total(c.evidence);
  list_best(candidates, most);
  return candidates;
}

Answer joined(const Query& query, Answer earlier, Answer later) {
  Answer all = std::move(later);
  for (Candidate& c : earlier.candidates) {
    if (std::ranges::find(all.candidates, c.subject, &Candidate::subject) == all.candidates.end()) {
      all.candidates.push_back(std::move(c));
    }
  }
  list_best(all.candidates, query.max_candidates);
  const Effort& before = earlier.effort;
  all.effort.gallery_prints += before.gallery_prints;
  all.effort.searched += before.searched;
  all.effort.comparisons += before.comparisons;
  all.effort.on_device += before.on_device;
  all.effort.survivors += before.survivors;
  all.effort.loss = std::max(all.effort.loss, before.loss);
  all.effort.stage1_s += before.stage1_s, all.effort.stage2_s += before.stage2_s;
  all.reasons.clear();
  decide(query, all);
  return all;
}

FalsePositiveRate false_positive_rate(FalseMatchRate fmr, std::int64_t searched) {
  if (searched <= 0) return FalsePositiveRate{0};
  return FalsePositiveRate{-std::expm1(static_cast<double>(searched) * std::log1p(-fmr.value()))};
}

void decide(const Query& query, Answer& answer) {
  answer.decision = Decision::no_hit;
  for (Candidate& c : answer.candidates) {
    const std::int64_t each = most_references(c);
    c.fpir = false_positive_rate(c.value.fmr, (answer.effort.searched + each - 1) / each);
  }
  if (answer.candidates.empty()) {
    answer.reasons.push_back(answer.effort.gallery_prints == 0
                                 ? "the gallery holds nothing to compare these templates with"
                                 : "no enrolled template resembles these");
    return;
  }
  const Candidate& best = answer.candidates.front();
  const std::string is =
      "the best candidate's false match rate is " + number(best.value.fmr.value());
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
  if (answer.decision == Decision::no_hit) return;
  answer.reasons.push_back("among " + std::to_string(answer.effort.searched) +
                           " templates of other people one scores this much in " +
                           number(100 * best.fpir.value()) + " % of searches");
  if (std::ranges::any_of(best.evidence, unlike_fingers)) {
    answer.reasons.push_back(
        "unlike fingers match: hands may have been swapped or fingers mis-numbered");
  }
  if (std::ranges::all_of(best.evidence, is_face)) {
    answer.reasons.push_back(
        "a face alone speaks for it: the rates are of unrelated people, and twins, siblings and "
        "look-alikes score as one person does");
  }
}

}  // namespace whorl::search
