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
// likelihoods), and the false match rate of the sum is bounded in two ways, of which the smaller
// holds: Bonferroni over the single rates, and Markov's inequality P(ratio >= t) <= exp(-t).
std::vector<Candidate> fuse(std::vector<Scored> comparisons, int most);

// Sets decision and reasons from the candidates and the effort.
void decide(const Query& query, Answer& answer);

}  // namespace whorl::search
