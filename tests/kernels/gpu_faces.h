#pragma once
// The face scanner on a GPU that is there: against the definition, then against the clock. For
// gpu_main.cc; needs no test library.

#include <cstdint>
#include <vector>

#include "tests/kernels/gpu_report.h"

namespace whorl::kernels {

// Whether every list is the definition's, bit for bit, on awkward shapes. Says so on stdout.
bool check_gpu_faces(int device);

// `rows` vectors of 512: 1, 16 and 1024 probes, ten kept. Kernel time and the whole call's. Whether
// the timed lists have the ten nearest in them is checked for some of the probes. Empty where the
// device failed. 4 kB of host memory a row.
//   copy_rate  of measured_copy_rate(), or 0
std::vector<GpuFigure> time_gpu_faces(int device, double copy_rate, std::int64_t rows = 1'000'000);

}  // namespace whorl::kernels
