#include "tests/kernels/gpu_report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "kernels/cuda_memory.h"

namespace whorl::kernels {
namespace {

constexpr std::int64_t kCopyBytes = std::int64_t{1} << 30;  // leaves every cache
constexpr int kCopies = 9;

Status time_copies(int device, float& best_ms) {
  WHORL_CUDA_TRY(cudaSetDevice(device));
  DeviceArray<std::byte> from, to;
  Stream stream;
  Event before, after;
  WHORL_STATUS_TRY(from.reserve(kCopyBytes));
  WHORL_STATUS_TRY(to.reserve(kCopyBytes));
  WHORL_STATUS_TRY(stream.open());
  WHORL_STATUS_TRY(before.open());
  WHORL_STATUS_TRY(after.open());
  const auto bytes = static_cast<std::size_t>(kCopyBytes);
  WHORL_CUDA_TRY(cudaMemsetAsync(from.data(), 0x5A, bytes, stream.get()));
  for (int copy = 0; copy < kCopies; ++copy) {
    WHORL_CUDA_TRY(cudaEventRecord(before.get(), stream.get()));
    WHORL_CUDA_TRY(
        cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToDevice, stream.get()));
    WHORL_CUDA_TRY(cudaEventRecord(after.get(), stream.get()));
    WHORL_STATUS_TRY(stream.wait());
    float ms = 0;
    WHORL_CUDA_TRY(cudaEventElapsedTime(&ms, before.get(), after.get()));
    if (copy > 0) best_ms = best_ms == 0 ? ms : std::min(best_ms, ms);  // the first one warms up
  }
  return Status::ok;
}

}  // namespace

std::string figure_header() {
  return "| kernel | achieved | unit | limit | ratio | answer |\n|---|---|---|---|---|---|\n";
}

std::string figure_row(const GpuFigure& figure) {
  char numbers[2][64] = {"", ""};
  if (figure.limit > 0) {
    std::snprintf(numbers[0], sizeof(numbers[0]), "%.3g, ", figure.limit);
    std::snprintf(numbers[1], sizeof(numbers[1]), "%.2f", figure.achieved / figure.limit);
  }
  char achieved[32];
  std::snprintf(achieved, sizeof(achieved), "%.3g", figure.achieved);
  return "| " + figure.name + " | " + achieved + " | " + figure.unit + " | " + numbers[0] +
         figure.limit_said + " | " + numbers[1] + " | " +
         (figure.checked ? "checked" : "WRONG OR NOT CHECKED") + " |\n";
}

double measured_copy_rate(int device) {
  float best_ms = 0;
  if (time_copies(device, best_ms) != Status::ok || best_ms == 0) return 0;
  return 2.0 * static_cast<double>(kCopyBytes) / (static_cast<double>(best_ms) * 1e-3);
}

}  // namespace whorl::kernels
