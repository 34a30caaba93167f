#include <algorithm>
#include <string>

#include "engine/base/limits.h"
#include "engine/matchers/face_matcher.h"
#include "engine/search/identify.h"

namespace whorl::search {

Result<> check_query(const Query& query, const GalleryIndex& gallery) {
  if (query.templates.empty()) return fail(Fault::empty_input, 0, "query");
  if (std::ssize(query.templates) > kMaxTemplatesPerEncounter)
    return fail(Fault::limit_exceeded, 0, "query templates");
  if (!(query.max_loss > 0 && query.max_loss < 1)) {
    return fail(Fault::bad_argument, 0, "0 < max_loss < 1");
  }
  if (!(query.hit_at > FalseMatchRate{0} && query.hit_at <= query.refer_at &&
        query.refer_at <= FalseMatchRate{1})) {
    return fail(Fault::bad_argument, 0, "0 < hit_at <= refer_at <= 1");
  }
  if (query.max_candidates < 1) return fail(Fault::bad_argument, 0, "max_candidates");
  if (query.max_candidates > kMaxCandidates)
    return fail(Fault::limit_exceeded, 0, "max_candidates");
  if (std::ssize(query.filter.excluded) > kMaxExcludedSubjects)
    return fail(Fault::limit_exceeded, 0, "exclude list");
  if (!std::ranges::is_sorted(query.filter.excluded))
    return fail(Fault::bad_argument, 0, "exclude list, ascending");
  for (std::size_t t = 0; t < query.templates.size(); ++t) {
    const std::string where = "query template " + std::to_string(t + 1);
    if (const auto* finger = std::get_if<FingerTemplate>(&query.templates[t])) {
      if (finger->minutiae.empty()) return fail(Fault::no_minutiae, 0, where);
      if (std::ssize(finger->minutiae) > kMaxMinutiaePerTemplate)
        return fail(Fault::limit_exceeded, 0, where);
    }
  }
  Encounter faces;  // held to the same rules as an enrolment
  faces.templates = query.templates;
  if (const auto fits = gallery.admissible(faces); !fits) return at(fits.error(), "query");
  for (const Template& t : query.templates) {
    const auto* face = std::get_if<FaceTemplate>(&t);
    if (face != nullptr) WHORL_TRY_VOID(matchers::face_calibration(face->model));
  }
  return {};
}

}  // namespace whorl::search
