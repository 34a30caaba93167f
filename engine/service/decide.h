#pragma once
// What a search's candidates stand for under a gallery's policy, and why. docs/policy.md says it
// for people.

#include <cstdint>

#include "engine/search/query.h"
#include "engine/service/policy.h"

namespace whorl::service {

// False match rates that comparisons of strangers back (docs/accuracy.md, calibration): a finger's
// below 1 in 10,000 is extrapolated, a face's below 1 in a million. A decision that rests on less
// says so.
inline constexpr FalseMatchRate kBackedFingerRate{1e-4}, kBackedFaceRate{1e-6};

// Two modalities decide together only where each is worth something by itself: one stranger in a
// hundred does as well. Without it a face, which may not decide alone, would with a finger that
// says nothing.
inline constexpr FalseMatchRate kSupportRate{1e-2};

// The probe's quality below which a mate is easily missed: 12 % of such pairs of FVC2002 prints,
// 3 % of the next better ones (docs/quality.md). What a station asks to be captured again.
inline constexpr std::uint8_t kPoorQuality = 20;

// The rates at which one comparison decides, from those that are wanted of a whole search:
// FPIR = 1 - (1 - FMR)^people.
struct Bands {
  FalseMatchRate hit_at{0}, refer_at{0};
  std::int64_t people = 0;
};
// A gallery without people is taken for one of one.
Bands bands_for(const GalleryPolicy& policy, std::int64_t people);
// Of a comparison with one person who was named: the policy's rates of one comparison.
Bands verify_bands(const GalleryPolicy& policy);

// A comparison's share of its candidate's log likelihood ratio: 0 .. 1, all together 1; evidence
// that speaks against counts 0.
double share_of(const search::Evidence& evidence, const search::Candidate& candidate);

// What candidate stands for under the policy: `hit` only where a modality that may decide alone
// reaches the hit band by itself, or two modalities together do.
search::Decision judge(const search::Candidate& candidate, const Bands& bands,
                       const GalleryPolicy& policy);

// Replaces the engine's decision by the policy's, with its reasons: what decided, what was missing,
// caveats (poor quality of the probe, swapped hands or fingers, a face alone, loss). The decision
// is the best of all the candidates', whose order stays. Evidence's probes are the query's
// templates.
void decide(const GalleryPolicy& policy, const Bands& bands, const search::Query& query,
            search::Answer& answer);

}  // namespace whorl::service
