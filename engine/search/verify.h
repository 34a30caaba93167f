#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/gallery/store.h"
#include "engine/search/query.h"

namespace whorl::search {

// Whether one person's templates are those of one other person: like fingers and faces of one model
// are compared, of a finger whose position nobody knows every one, and all that speaks is added up
// as a search does. Codes are not needed. The references may be of several encounters; the subject
// of the answer is theirs. Nothing where no two templates can be compared.
// Faults: those of the face matcher (wrong_model ...), with the template's number in `where`.
// Cost: one full comparison for each pair of like fingers (docs/benchmarks.md).
Result<std::optional<Candidate>> verify(std::span<const Template> probes,
                                        std::span<const gallery::StoredEncounter> references,
                                        kernels::Backend backend = kernels::best_backend());

}  // namespace whorl::search
