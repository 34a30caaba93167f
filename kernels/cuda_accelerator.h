#pragma once
// What the CUDA sources give cuda_accelerator.cu. The tests compile the same sources once more for
// an emulated device, under other names.

#include <cstdint>
#include <memory>

#include "kernels/accelerator.h"

#ifdef WHORL_EMULATED_CUDA
#define WHORL_CUDA_ENTRY(name) emulated_##name
#else
#define WHORL_CUDA_ENTRY(name) name
#endif

namespace whorl::kernels {

// What multiplies codes. Each gives the same bits.
enum class CodeUnit : std::uint8_t {
  best,      // bytes where the device has them
  popcount,  // any device
  bytes,     // tensor cores on 8-bit integers, compute capability 8.0
  bits,      // tensor cores on single bits, 8.0; emulated by some generations
  wgmma,     // bytes by Hopper's own instruction, 9.0 alone
};
std::unique_ptr<FingerScanner> WHORL_CUDA_ENTRY(make_cuda_fingers)(int device,
                                                                   std::int64_t memory_bytes,
                                                                   CodeUnit unit,
                                                                   Status* why = nullptr);
std::unique_ptr<FaceScanner> WHORL_CUDA_ENTRY(make_cuda_faces)(int device, int dimension,
                                                               std::int64_t memory_bytes,
                                                               Status* why = nullptr);
std::unique_ptr<PrintComparer> WHORL_CUDA_ENTRY(make_cuda_comparer)(int device,
                                                                    Status* why = nullptr);
const Accelerator& WHORL_CUDA_ENTRY(cuda_accelerator)();

}  // namespace whorl::kernels
