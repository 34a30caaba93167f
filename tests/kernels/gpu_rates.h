#pragma once
// What a GPU can do at most, measured: the limits that the kernels' figures are held against. Needs
// no test library.

#include <string>
#include <vector>

#include "kernels/cuda_accelerator.h"

namespace whorl::kernels {

// What every device of its age can do, or what Hopper's own matrix instruction does. The latter
// comes last, in a step of its own: a device that refuses it is lost for what follows.
enum class GpuPart { portable, wgmma };
inline bool has_part(const DeviceInfo& device, GpuPart part) {
  return part == GpuPart::portable || (device.major == 9 && device.minor == 0);
}

struct GpuRates {
  int processors = 0;
  double copy = 0;  // bytes read and written a second, of copies larger than every cache
  // Operations a second, a multiply-add two; 0 where the device lacks the instruction.
  double mma_bytes = 0, mma_bits = 0, mma_halves = 0;
  double wgmma_bytes = 0, wgmma_halves = 0;
  double popcounts = 0;            // 32-bit words a second
  double clock_hz = 0;             // of the multiprocessors while they multiplied
  std::vector<std::string> wrong;  // instructions whose products are not those of the definition
};

// Some milliseconds an instruction; a rehearsal does as little as there is.
Status measure_gpu_rates(const DeviceInfo& device, GpuPart part, bool rehearsal, GpuRates& rates);

// One launch on the current device; its source is compiled for sm_90a alone.
struct MatrixRun {
  double operations = 0, ms = 0;
  bool right = false;  // every sum that was looked at
};
Status WHORL_CUDA_ENTRY(run_wgmma)(bool halves, int blocks, int rounds, MatrixRun& run);

}  // namespace whorl::kernels
