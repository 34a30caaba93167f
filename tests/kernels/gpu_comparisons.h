#pragma once
// The full comparison of prints on a GPU that is there: against the definition, then against the
// clock. For gpu_main.cc; needs no test library.

#include <vector>

#include "tests/kernels/gpu_report.h"

namespace whorl::kernels {

// Whether every similarity has the definition's bits. Says so on stdout.
bool check_gpu_comparisons(int device, const GpuSizes& sizes);

// Probes against prints of 40 minutiae, nearly all strangers, as a search's survivors are: kernel
// time and the whole call's. False where the device failed.
bool time_gpu_comparisons(int device, const GpuSizes& sizes, const GpuRates& rates,
                          std::vector<GpuFigure>& figures);

}  // namespace whorl::kernels
