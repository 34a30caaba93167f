// Checks the CUDA scanners against the definitions on awkward shapes on this machine's GPU, then
// times them.
//   whorl_gpu_check [--report FOLDER] [--minutes N] [--only prints|faces|comparisons] [--rehearse]
// Exit 0: they agree. 1: they do not, or the device failed. 3: time was up before all were checked.
// 77: no device, nothing was checked.
// With --report the figures also go to FOLDER/<date>-<device>.md and .json. What would begin after
// so many minutes, 6 where nothing is said, is left out, and they say so. --only is for after a
// fault, which takes the device from all that follows in the process. --rehearse does as little as
// passes through all of it: its figures say nothing.

#include <cstdio>
#include <cstdlib>
#include <functional>
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

constexpr int kNotAllChecked = 3, kSkipped = 77;
constexpr double kMinutes = 6;

struct Report {
  GpuMachine machine;
  std::vector<GpuFigure> figures;
  std::string folder;
  GpuBudget& budget;
  bool good = true, all_checked = true;

  void add(bool right) { good = right && good; }
  void save() {
    machine.left_out = budget.left_out();
    if (!folder.empty()) add(write_gpu_report(folder, machine, figures));
  }
};

const char* name_of(GpuPart part) { return part == GpuPart::wgmma ? ", wgmma" : ""; }

// Kernels that are checked and timed by themselves.
struct Family {
  const char* name;
  std::function<bool(const DeviceInfo&)> check;
  std::function<bool(std::vector<GpuFigure>&)> time;
  bool right =
      false;  // what gives wrong answers on one device, or was not checked, is timed on none
};

void check(Family& family, const std::vector<DeviceInfo>& devices, GpuPart part,
           const GpuSizes& sizes, Report& report) {
  bool right = true, in_time = true;
  for (const DeviceInfo& device : devices) {
    if (!has_part(device, part)) continue;
    in_time = in_time && sizes.time_for(std::string(family.name) + name_of(part));
    if (in_time) right = family.check(device) && right;
  }
  report.add(right);
  report.all_checked = in_time && report.all_checked;
  family.right = right && in_time;
}

// All is checked before anything is timed: whether it is right matters more.
void run_part(const std::vector<DeviceInfo>& devices, GpuPart part, const GpuSizes& sizes,
              Report& report) {
  const DeviceInfo& first = report.machine.device;
  GpuRates& rates = report.machine.rates;
  if (has_part(first, part) && sizes.time_for(std::string("limits") + name_of(part)))
    report.add(measure_gpu_rates(first, part, sizes.rehearsal, rates) == Status::ok);
  std::vector<Family> families{
      {"prints", [&](const DeviceInfo& device) { return check_gpu_fingers(device, part, sizes); },
       [&](auto& figures) { return time_gpu_fingers(first, part, sizes, rates, figures); }},
      {"faces",
       [&](const DeviceInfo& device) { return check_gpu_faces(device.number, part, sizes); },
       [&](auto& figures) { return time_gpu_faces(first.number, part, sizes, rates, figures); }}};
  if (part == GpuPart::portable)
    families.push_back(
        {"comparisons",
         [&](const DeviceInfo& device) { return check_gpu_comparisons(device.number, sizes); },
         [&](auto& figures) { return time_gpu_comparisons(first.number, sizes, rates, figures); }});
  const std::string& only = report.machine.only;
  for (Family& family : families) {
    if (only.empty() || only == family.name) check(family, devices, part, sizes, report);
  }
  for (const Family& family : families) {
    if (family.right && has_part(first, part)) report.add(family.time(report.figures));
  }
}

int run(const std::string& folder, const std::string& only, const GpuSizes& sizes) {
  Status status = Status::ok;
  const std::vector<DeviceInfo> devices = WHORL_CUDA_ENTRY(cuda_accelerator)().devices(&status);
  const std::string why = status == Status::ok ? "" : why_no_device();
  if (status == Status::no_device && why.empty()) {
    std::puts("gpu: SKIPPED, this machine has no CUDA device");
    return kSkipped;
  }
  if (status != Status::ok) {
    std::printf("gpu: FAILED, no device can be used: %s\n", why.c_str());
    return 1;
  }
  tell_cuda_errors();
  Report report{{}, {}, folder, *sizes.budget};
  report.machine.device = devices.front();
  report.machine.commit = WHORL_COMMIT;
  report.machine.only = only;
  report.machine.rehearsal = sizes.rehearsal;
  sizes.budget->write_down = [&] { report.save(); };
  run_part(devices, GpuPart::portable, sizes, report);
  run_part(devices, GpuPart::wgmma, sizes, report);
  report.save();
  for (const GpuFigure& figure : report.figures) report.add(figure.checked);
  report.add(report.machine.rates.wrong.empty());
  std::fputs(gpu_page(report.machine, report.figures).c_str(), stdout);
  std::puts(!report.good          ? "gpu: FAILED"
            : !report.all_checked ? "gpu: time was up before everything was checked"
                                  : "gpu: all answers are right");
  return !report.good ? 1 : !report.all_checked ? kNotAllChecked : 0;
}

int usage() {
  std::fputs(
      "usage: whorl_gpu_check [--report FOLDER] [--minutes N] [--only prints|faces|comparisons] "
      "[--rehearse]\n",
      stderr);
  return 2;
}

}  // namespace
}  // namespace whorl::kernels

int main(int argc, char** argv) {
  (void)std::setvbuf(stdout, nullptr, _IOLBF, 0);  // so that a hang or a kill takes no line away
  std::string folder, only;
  double minutes = whorl::kernels::kMinutes;
  whorl::kernels::GpuSizes sizes;
  for (int a = 1; a < argc; ++a) {
    const std::string argument = argv[a];
    if (argument == "--rehearse") {
      sizes.rehearsal = true;
    } else if (argument == "--report" && a + 1 < argc) {
      folder = argv[++a];
    } else if (argument == "--only" && a + 1 < argc) {
      only = argv[++a];
      if (only != "prints" && only != "faces" && only != "comparisons")
        return whorl::kernels::usage();
    } else if (argument == "--minutes" && a + 1 < argc) {
      char* end = nullptr;
      minutes = std::strtod(argv[++a], &end);
      if (*end != '\0' || end == argv[a] || !(minutes >= 0)) return whorl::kernels::usage();
    } else {
      return whorl::kernels::usage();
    }
  }
  whorl::kernels::GpuBudget budget(minutes);
  sizes.budget = &budget;
  return whorl::kernels::run(folder, only, sizes);
}
