#pragma once
// What travels into and out of a search: docs/ARCHITECTURE.md, the life of one query.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/limits.h"
#include "engine/index/print_owner.h"
#include "engine/matchers/calibration.h"
#include "engine/search/survivor_policy.h"
#include "kernels/backend.h"

namespace whorl::search {

struct Query {
  std::vector<Template> templates;  // one person's, of one visit
  index::Filter filter;
  int max_candidates = 10;            // 1 .. kMaxCandidates
  FalseMatchRate hit_at{1e-6};        // at or below: the same person
  FalseMatchRate refer_at{1e-4};      // between the two: an examiner looks
  double max_loss = kDefaultMaxLoss;  // of mates, before they are compared in full; 0 < loss < 1
  bool any_finger = false;            // also compare unlike fingers: finds swapped hands
  bool any_rotation = false;          // search all rotations instead of the upright band
};

// The widest turn between two codes that are compared, in direction steps. Upright captures may be
// turned against each other by 45 degrees; 18 more are for the errors of two directions, three
// times what extractors err together (docs/simulation.md): 63 degrees.
constexpr int gate_of(const Query& query) { return query.any_rotation ? 128 : 45; }

// One comparison that spoke for a candidate.
struct Evidence {
  int probe = 0;  // index into the query's templates
  Modality modality = Modality::finger;
  FingerPosition probe_position = FingerPosition::unknown;
  FingerPosition reference_position = FingerPosition::unknown;
  EncounterId encounter;
  matchers::Calibrated value;
  int references = 1;  // of the candidate's, that this probe was compared with: the best of so many
};

// How often a search as large as this one names anybody at all who is not there with a false match
// rate as low (FPIR of ISO/IEC 2382-37): what a rate is worth at the gallery's size.
using FalsePositiveRate = Quantity<struct FalsePositiveRateTag, double>;

struct Candidate {
  SubjectId subject;
  matchers::Calibrated value;  // all evidence together
  FalsePositiveRate fpir{};    // of value.fmr, for the people of Effort::searched templates
  std::vector<Evidence> evidence;
};

enum class Decision : std::uint8_t { no_hit, refer, hit };
constexpr std::string_view name_of(Decision d) {
  return d == Decision::hit ? "hit" : d == Decision::refer ? "refer" : "no-hit";
}

struct Effort {
  // Live prints and faces that the filters and fingers let in at most.
  std::int64_t gallery_prints = 0;
  std::int64_t searched = 0;     // the most templates that one probe was compared with
  std::int64_t comparisons = 0;  // probe prints and faces times gallery's
  std::int64_t on_device = 0;    // of the comparisons, those an accelerator made
  kernels::Backend backend = kernels::Backend::reference;  // that made the others
  std::int64_t survivors = 0;                              // full comparisons made
  double loss = 0;  // of single prints' mates, as measured for what was done; 0 without fingers
  double stage1_s = 0, stage2_s = 0;
};

// How much of a gallery a search could see: the rows below these. What was added since can be
// searched by itself while the form is the same: nothing was taken out or made anew.
struct Seen {
  std::uint64_t form = 0;  // GalleryIndex::form
  std::array<std::int64_t, kFingerPositions> prints{};
  std::int64_t faces = 0;
};

struct Answer {
  Decision decision = Decision::no_hit;
  std::vector<Candidate> candidates;  // best first; equal ones by lower subject
  std::vector<std::string> reasons;   // for people: why this decision, what limits it
  Effort effort;
  Seen seen;
};

}  // namespace whorl::search
