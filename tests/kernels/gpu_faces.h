#pragma once
// The face scanner on a GPU that is there: against the definition, then against the clock. For
// gpu_main.cc; needs no test library.

#include <vector>

#include "tests/kernels/gpu_report.h"

namespace whorl::kernels {

// Whether every list is the definition's, bit for bit, on awkward shapes: by bytes those of
// FaceScanReference, with the vectors and by halves those of an exact comparison. Says so on
// stdout.
bool check_gpu_faces(int device, GpuPart part, const GpuSizes& sizes);

// A million vectors of 512: 1, 16 and 1024 probes, the last alone by wgmma, ten kept, by bytes and
// by halves. Kernel time and the whole call's. Whether the timed lists have the ten nearest in them
// is checked for some of the probes. False where the device failed. 4 GB of host memory.
bool time_gpu_faces(int device, GpuPart part, const GpuSizes& sizes, const GpuRates& rates,
                    std::vector<GpuFigure>& figures);

}  // namespace whorl::kernels
