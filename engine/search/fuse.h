#pragma once

#include <span>
#include <vector>

#include "engine/search/query.h"

namespace whorl::search {

// One comparison's outcome on its way into a candidate.
struct Scored {
  SubjectId subject;
  Evidence evidence;
};

// Candidates from all the comparisons of one query, best first. Of a subject, the best comparison
// with each probe counts; their log likelihood ratios are added (independent samples multiply their
// likelihoods), and the rate at which one other person scores as much is bounded in two ways, of
// which the smaller holds: Bonferroni over all comparisons, and Markov's inequality P(ratio >= t)
// <= E(ratio) / t, where the best of m references has an expectation of up to m.
std::vector<Candidate> fuse(std::vector<Scored> comparisons, int most);

// 1 - (1 - fmr)^searched: that one of so many templates of other people scores this much, were they
// independent. Several visits of one person count each, so it is rather too high than too low.
FalsePositiveRate false_positive_rate(FalseMatchRate fmr, std::int64_t searched);

// One answer of an earlier one and that of a search for whom came since. Of a subject in both, the
// later holds: it was compared with all that the subject has.
Answer joined(const Query& query, Answer earlier, Answer later);

// Sets decision, reasons and the candidates' false positive rates from candidates and effort.
void decide(const Query& query, Answer& answer);

}  // namespace whorl::search
