#pragma once
// The tiles of face_tiles_cuda.h by Hopper's wgmma; in a source of its own because it is compiled
// for sm_90a alone.

#include "kernels/cuda_accelerator.h"
#include "kernels/face_scan_cuda.h"
#include "kernels/face_tiles_cuda.h"

namespace whorl::kernels {

// For 256 probes a thread block, of so many chunks each, or for 128 where these do not fit into its
// shared memory. For devices of compute capability 9.0.
device::TileKernel WHORL_CUDA_ENTRY(wgmma_tiles)(FaceCodes codes, int chunks,
                                                 std::int64_t shared_bytes);
// Whether the lists of a small gallery are the same by wgmma and by mma.sync.
Status WHORL_CUDA_ENTRY(check_wgmma)(int device, FaceCodes codes, int dimension, bool& right);

}  // namespace whorl::kernels
