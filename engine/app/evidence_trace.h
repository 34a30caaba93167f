#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/gallery/store.h"
#include "engine/search/query.h"

namespace whorl::app {

// The finger comparison that speaks loudest for a candidate, with the templates it compared, the
// reference read from the store.
struct FingerEvidence {
  FingerTemplate probe, reference;  // with codes
  search::Evidence evidence;
};
// Nothing where the candidate rests on faces alone. Faults as of Store::get_encounter.
Result<std::optional<FingerEvidence>> finger_evidence(const gallery::Store& store,
                                                      GalleryId gallery,
                                                      const std::vector<Template>& probes,
                                                      const search::Candidate& candidate);

// Draws it to a file (report/trace.h). bad_argument where there is no finger to draw.
Result<> trace_candidate(const std::filesystem::path& path, const gallery::Store& store,
                         const std::string& gallery, const search::Query& query,
                         const search::Candidate& candidate);

}  // namespace whorl::app
