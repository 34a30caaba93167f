#pragma once
// What --backend names.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "kernels/accelerator.h"
#include "kernels/backend.h"

namespace whorl::app {

// `cuda` is no twin: the GPUs look through the galleries, the CPU's fastest twins do the rest.
inline constexpr std::string_view kCuda = "cuda";
inline constexpr const char* kBackendHelp =
    "Kernel twin to use, or cuda: `whorl devices` lists what there is";

struct BackendChoice {
  kernels::Backend cpu = kernels::best_backend();
  const kernels::Accelerator* accelerator = nullptr;  // null: the CPU alone
};

// Empty is the CPU's fastest. Faults: backend_unavailable for a name that is not in `whorl
// devices`, no_device where it is cuda and none answers.
Result<BackendChoice> backend_from_name(const std::string& name);

// The GPUs of this machine, or why there is none to use.
struct Gpus {
  std::vector<kernels::DeviceInfo> devices;
  std::string reason;  // where there are none
};
Gpus find_gpus();
bool cuda_compiled();

}  // namespace whorl::app
