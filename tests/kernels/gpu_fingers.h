#pragma once
// The finger scanner on a GPU that is there: against the definition, then against the clock. For
// gpu_main.cc; needs no test library.

#include <vector>

#include "tests/kernels/gpu_report.h"

namespace whorl::kernels {

// Whether every list is the definition's on awkward shapes, a thousand random queries and after
// updates, by the units of that part. Says so on stdout.
bool check_gpu_fingers(const DeviceInfo& device, GpuPart part, const GpuSizes& sizes);

// Each unit with a million prints: by codes and by alignment, one probe and 16. Then the best unit
// as a caller sees it, and galleries of 10 and 50 million where they fit. False where the device
// failed.
bool time_gpu_fingers(const DeviceInfo& device, GpuPart part, const GpuSizes& sizes,
                      const GpuRates& rates, std::vector<GpuFigure>& figures);

}  // namespace whorl::kernels
