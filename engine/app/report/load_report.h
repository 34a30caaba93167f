#pragma once

#include <string>

#include "engine/app/bench/load_bench.h"
#include "engine/app/report/page.h"

namespace whorl::app {

// A row for each step of a load run.
Table load_table(const LoadFigures& figures);

// p50, p99 and p99.9 of accepted requests over the rate that was asked for; both axes from what was
// measured, latency logarithmic. At least one step.
Svg latency_picture(const LoadFigures& figures);

// The page of a run: what the service can do, latencies over the rate, what it costs. At least one
// step.
std::string load_report(const LoadBench& bench, const LoadFigures& figures);

}  // namespace whorl::app
