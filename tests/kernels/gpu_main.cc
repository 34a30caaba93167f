// Checks the CUDA scanners against the definitions on awkward shapes on this machine's GPU, then
// times them.
//   whorl_gpu_check [--report FOLDER] [--rehearse]
// Exit 0: they agree. 1: they do not, or the device failed. 77: no device, nothing was checked.
// With --report the figures also go to FOLDER/<date>-<device>.md and .json. --rehearse does as
// little as passes through all of it: its figures say nothing.

#include <cstdio>
#include <string>
#include <vector>

#include "kernels/cuda_accelerator.h"
#include "tests/kernels/gpu_comparisons.h"
#include "tests/kernels/gpu_faces.h"
#include "tests/kernels/gpu_fingers.h"
#include "tests/kernels/gpu_report.h"

#ifndef WHORL_COMMIT
#define WHORL_COMMIT "unknown"
#endif

namespace whorl::kernels {
namespace {

constexpr int kSkipped = 77;

bool check(const DeviceInfo& device, GpuPart part, const GpuSizes& sizes) {
  if (!has_part(device, part)) return true;
  bool all = check_gpu_fingers(device, part, sizes);
  if (part == GpuPart::portable) all = check_gpu_comparisons(device.number, sizes) && all;
  return check_gpu_faces(device.number, part, sizes) && all;
}

bool time(GpuPart part, const GpuSizes& sizes, GpuMachine& machine,
          std::vector<GpuFigure>& figures) {
  const DeviceInfo& device = machine.device;
  GpuRates& rates = machine.rates;
  if (!has_part(device, part)) return true;
  if (measure_gpu_rates(device, part, sizes.rehearsal, rates) != Status::ok) return false;
  bool good = time_gpu_fingers(device, part, sizes, rates, figures);
  good = time_gpu_faces(device.number, part, sizes, rates, figures) && good;
  if (part == GpuPart::portable)
    good = time_gpu_comparisons(device.number, sizes, rates, figures) && good;
  return good;
}

int run(const std::string& folder, const GpuSizes& sizes) {
  Status status = Status::ok;
  const std::vector<DeviceInfo> devices = WHORL_CUDA_ENTRY(cuda_accelerator)().devices(&status);
  if (status == Status::no_device) {
    std::puts("gpu: SKIPPED, this machine has no CUDA device");
    return kSkipped;
  }
  bool good = status == Status::ok && !devices.empty();
  if (!good) return 1;
  GpuMachine machine{devices.front(), {}, WHORL_COMMIT, sizes.rehearsal};
  std::vector<GpuFigure> figures;
  for (const GpuPart part : {GpuPart::portable, GpuPart::wgmma}) {
    for (const DeviceInfo& device : devices) good = check(device, part, sizes) && good;
    // Nothing is timed whose answers are wrong, but what was timed before is told.
    if (good) good = time(part, sizes, machine, figures);
    if (!folder.empty() && !write_gpu_report(folder, machine, figures)) good = false;
  }
  for (const GpuFigure& figure : figures) good = good && figure.checked;
  good = good && machine.rates.wrong.empty();
  std::fputs(gpu_page(machine, figures).c_str(), stdout);
  std::puts(good ? "gpu: all answers are right" : "gpu: FAILED");
  return good ? 0 : 1;
}

}  // namespace
}  // namespace whorl::kernels

int main(int argc, char** argv) {
  std::string folder;
  whorl::kernels::GpuSizes sizes;
  for (int a = 1; a < argc; ++a) {
    const std::string argument = argv[a];
    if (argument == "--rehearse") {
      sizes.rehearsal = true;
    } else if (argument == "--report" && a + 1 < argc) {
      folder = argv[++a];
    } else {
      std::fputs("usage: whorl_gpu_check [--report FOLDER] [--rehearse]\n", stderr);
      return 2;
    }
  }
  return whorl::kernels::run(folder, sizes);
}
