#pragma once

#include <cstdint>

#include "engine/search/query.h"
#include "engine/service/policy.h"

namespace whorl::service {

// The rates at which one comparison decides, from those that are wanted of a whole search:
// FPIR = 1 - (1 - FMR)^people.
struct Bands {
  FalseMatchRate hit_at{0}, refer_at{0};
  std::int64_t people = 0;
};
Bands bands_for(const GalleryPolicy& policy, std::int64_t people);

// 1 - (1 - fmr)^people, without loss of digits for small rates.
double false_positive_rate(FalseMatchRate fmr, std::int64_t people);

// A comparison's share of its candidate's log likelihood ratio: 0 .. 1, all together 1; evidence
// that speaks against counts 0.
double share_of(const search::Evidence& evidence, const search::Candidate& candidate);

// What candidate stands for under the policy: `hit` only where a modality that may decide alone
// reaches the hit band by itself, or two modalities together do.
search::Decision judge(const search::Candidate& candidate, const Bands& bands,
                       const GalleryPolicy& policy);

// Replaces the engine's decision by the policy's, with its reasons: what decided, what was missing,
// caveats (poor quality of the probe, swapped hands or fingers, a face alone, loss).
void decide(const GalleryPolicy& policy, const Bands& bands, const search::Query& query,
            search::Answer& answer);

}  // namespace whorl::service
