#pragma once
// What the GPU check tells: of the machine, and of each kernel how fast it is and how fast it could
// be. As a page to read and as JSON in the form of Google Benchmark's, which its tools take.

#include <string>
#include <vector>

#include "kernels/accelerator.h"
#include "tests/kernels/gpu_budget.h"
#include "tests/kernels/gpu_rates.h"

namespace whorl::kernels {

struct GpuFigure {
  std::string name;
  double achieved = 0;
  std::string unit;  // "B/s", "comparisons/s", "prints/s", "operations/s", "s", "rows a probe"
  double limit = 0;  // in the same unit; 0: not known
  std::string limit_said;
  bool checked = false;  // the answers that were timed are right
};

// How much of everything: what a GPU is worth timing with, or as little as passes through all of
// it, for rehearsals on the tests' emulated device.
struct GpuSizes {
  bool rehearsal = false;
  GpuBudget* budget = nullptr;
  bool time_for(const std::string& step) const { return budget->allows(step); }
  int at_most(int full, int rehearsed) const { return rehearsal ? rehearsed : full; }
  int warm_ups() const { return at_most(2, 0); }
};

// What stands above the figures.
struct GpuMachine {
  DeviceInfo device;
  GpuRates rates;
  std::string commit;                 // that the check was built from
  std::string only;                   // the one family that was asked for; else empty
  bool rehearsal = false;             // then no figure means anything
  std::vector<std::string> left_out;  // what there was no time for
};

std::string gpu_page(const GpuMachine& machine, const std::vector<GpuFigure>& figures);
std::string gpu_json(const GpuMachine& machine, const std::vector<GpuFigure>& figures);

// Both into FOLDER/<date>-<device>.md and .json; false where they cannot be written.
bool write_gpu_report(const std::string& folder, const GpuMachine& machine,
                      const std::vector<GpuFigure>& figures);

}  // namespace whorl::kernels
