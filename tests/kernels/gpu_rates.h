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
  double read = 0;  // bytes read a second, as many
  // Operations a second, a multiply-add two; 0 where the device lacks the instruction.
  double mma_bytes = 0, mma_bits = 0, mma_halves = 0;
  double wgmma_bytes = 0, wgmma_halves = 0;
  double popcounts = 0;  // 32-bit words a second
  double clock_hz = 0;   // of the multiprocessors while they multiplied
  // How far sums of halves were from the exact ones, as a share of FaceHalves::dot_slack: above
  // 1 the scans by halves may lose rows.
  double mma_slack = 0, wgmma_slack = 0;
  std::vector<std::string> wrong;  // what gave other sums than it must
  std::string driver_said;         // by nvidia-smi, right after; nothing where it is not there
};

// From now on each CUDA call that fails says why on stderr.
void tell_cuda_errors();
// Why no device can be used; nothing where there is neither driver nor GPU.
std::string why_no_device();

// Some milliseconds an instruction; a rehearsal does as little as there is.
Status measure_gpu_rates(const DeviceInfo& device, GpuPart part, bool rehearsal, GpuRates& rates);

// One launch on the current device; its source is compiled for sm_90a alone.
struct MatrixRun {
  double operations = 0, ms = 0;
  bool right = false;  // every sum that was looked at
};
Status WHORL_CUDA_ENTRY(run_wgmma)(bool halves, int blocks, int rounds, MatrixRun& run);
// The largest share of the slack, of vectors of `size` halves, whole rows of 32.
Status WHORL_CUDA_ENTRY(wgmma_slack_used)(int size, double& share);

}  // namespace whorl::kernels
