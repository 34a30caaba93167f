#pragma once
// What travels into and out of a search: docs/ARCHITECTURE.md, the life of one query.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/limits.h"
#include "engine/index/print_owner.h"
#include "engine/matchers/calibration.h"

namespace whorl::search {

// How many prints of each probe finger go on to stage 2. More survivors lose fewer mates and cost
// 100 us each; docs/accuracy.md shows the loss against this number.
struct Survivors {
  double share = 0.005;  // of the prints scored in stage 1
  int least = 200;
  int most = 5000;
};
inline int survivors_of(const Survivors& policy, std::int64_t prints) {
  const auto share = static_cast<std::int64_t>(policy.share * static_cast<double>(prints));
  return static_cast<int>(std::clamp<std::int64_t>(share, policy.least, policy.most));
}

struct Query {
  std::vector<Template> templates;  // one person's, of one visit
  index::Filter filter;
  int max_candidates = 10;        // 1 .. kMaxCandidates
  FalseMatchRate hit_at{1e-6};    // at or below: the same person
  FalseMatchRate refer_at{1e-4};  // between the two: an examiner looks
  Survivors survivors;
  bool any_finger = false;    // also compare unlike fingers: finds swapped hands
  bool any_rotation = false;  // search all rotations instead of the upright band
};

// One comparison that spoke for a candidate.
struct Evidence {
  int probe = 0;  // index into the query's templates
  Modality modality = Modality::finger;
  FingerPosition probe_position = FingerPosition::unknown;
  FingerPosition reference_position = FingerPosition::unknown;
  EncounterId encounter;
  matchers::Calibrated value;
};

struct Candidate {
  SubjectId subject;
  matchers::Calibrated value;  // all evidence together
  std::vector<Evidence> evidence;
};

enum class Decision : std::uint8_t { no_hit, refer, hit };
constexpr std::string_view name_of(Decision d) {
  return d == Decision::hit ? "hit" : d == Decision::refer ? "refer" : "no-hit";
}

struct Effort {
  std::int64_t gallery_prints =
      0;  // live prints and faces that the filters and fingers let in at most
  std::int64_t comparisons = 0;  // stage-1 comparisons made
  std::int64_t survivors = 0;    // stage-2 comparisons made
  double stage1_s = 0, stage2_s = 0;
};

struct Answer {
  Decision decision = Decision::no_hit;
  std::vector<Candidate> candidates;  // best first; equal ones by lower subject
  std::vector<std::string> reasons;   // for people: why this decision, what limits it
  Effort effort;
};

}  // namespace whorl::search
