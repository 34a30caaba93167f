#include "engine/app/evidence_trace.h"

#include <algorithm>
#include <utility>

#include "engine/app/report/trace.h"
#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::app {
namespace {

// Of an encounter's prints of that finger, the one most like the probe: the one the search scored.
std::optional<FingerTemplate> most_alike(const FingerTemplate& probe, Encounter encounter,
                                         FingerPosition position) {
  matchers::FingerMatcher matcher;
  std::optional<FingerTemplate> best;
  Similarity most{-1};
  for (Template& t : encounter.templates) {
    auto* print = std::get_if<FingerTemplate>(&t);
    if (print == nullptr || print->position != position) continue;
    features::describe_minutiae(*print);
    const Similarity similarity = matcher.compare(probe, *print, matchers::Rotation::any);
    if (similarity > most) most = similarity, best = std::move(*print);
  }
  return best;
}

}  // namespace

Result<std::optional<FingerEvidence>> finger_evidence(const gallery::Store& store,
                                                      GalleryId gallery,
                                                      const std::vector<Template>& probes,
                                                      const search::Candidate& candidate) {
  const search::Evidence* loudest = nullptr;
  for (const search::Evidence& e : candidate.evidence) {
    if (e.modality != Modality::finger) continue;
    if (loudest == nullptr || e.value.ratio > loudest->value.ratio) loudest = &e;
  }
  if (loudest == nullptr) return std::nullopt;
  FingerTemplate probe =
      std::get<FingerTemplate>(probes.at(static_cast<std::size_t>(loudest->probe)));
  features::describe_minutiae(probe);
  WHORL_TRY(Encounter encounter,
            store.get_encounter(gallery, candidate.subject, loudest->encounter));
  auto reference = most_alike(probe, std::move(encounter), loudest->reference_position);
  if (!reference) return std::nullopt;
  return FingerEvidence{std::move(probe), std::move(*reference), *loudest};
}

Result<> trace_candidate(const std::filesystem::path& path, const gallery::Store& store,
                         const std::string& gallery, const search::Query& query,
                         const search::Candidate& candidate) {
  WHORL_TRY(const gallery::GalleryInfo info, store.find_gallery(gallery));
  WHORL_TRY(const auto found, finger_evidence(store, info.id, query.templates, candidate));
  if (!found) return fail(Fault::bad_argument, 0, "--trace draws fingerprints; this is a face");
  const Template probe = found->probe, reference = found->reference;
  return write_trace(path, {"probe", probe, "subject " + std::to_string(candidate.subject.value()),
                            reference, found->evidence.value, std::nullopt, std::nullopt});
}

}  // namespace whorl::app
