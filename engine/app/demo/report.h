#pragma once

#include <string>

#include "engine/app/demo/figures.h"
#include "engine/app/demo/population.h"
#include "engine/app/demo/run.h"
#include "engine/base/result.h"
#include "engine/gallery/store.h"
#include "engine/search/query.h"

namespace whorl::app {

// The demo as one HTML page: what was done, the tables, the scores of one person's captures and of
// two people's, and comparisons that explain themselves: the clearest duplicate, the hardest one
// found, the missed ones, the strangers who looked most alike. References are read from `store`.
Result<std::string> demo_report(const DemoPopulation& population, const DemoRun& run,
                                const DemoScores& scores, const search::Query& thresholds,
                                const gallery::Store& store);

}  // namespace whorl::app
