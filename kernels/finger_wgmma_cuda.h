#pragma once
// The scan of finger_scan_kernel.h with its columns by Hopper's wgmma; in a source of its own
// because it is compiled for sm_90a alone.

#include <cstdint>

#include "kernels/cuda_accelerator.h"
#include "kernels/finger_scan_kernel.h"

namespace whorl::kernels {

// How the scan lays out its probes' slices: codes of a probe with so many, padded to an
// instruction's columns, and bytes of one code. All slices of the probes in hand begin at an
// address that is a multiple of the alignment.
constexpr int kSliceCodes = 16, kSlicedCodeBytes = 256, kSliceAlignment = 512;
inline int sliced_codes(int codes) { return (codes + kSliceCodes - 1) / kSliceCodes * kSliceCodes; }

// For devices of compute capability 9.0.
device::ScanKernel WHORL_CUDA_ENTRY(wgmma_scan)(FingerScore score);

}  // namespace whorl::kernels
