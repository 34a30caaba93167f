#pragma once
// Searches and enrolments as the command tells them: the same facts as JSON and as text.

#include <string>

#include "engine/app/console.h"
#include "engine/search/engine.h"
#include "engine/search/query.h"

namespace whorl::app {

// {"decision", "candidates": [{"subject", "fmr", "fpir", "log_likelihood_ratio", "evidence":
// [...]}],
//  "reasons", "effort"}
Json as_json(const search::Answer& answer);
std::string as_text(const search::Answer& answer);

// {"subject", "outcome", "encounter"?, "search"?, "error"?}
Json as_json(const search::Receipt& receipt);
std::string as_text(const search::Receipt& receipt);

std::string_view name_of(search::Outcome outcome);  // enrolled, duplicate, refused

}  // namespace whorl::app
