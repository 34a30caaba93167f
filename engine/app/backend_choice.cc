#include "engine/app/backend_choice.h"

namespace whorl::app {

bool cuda_compiled() {
#ifdef WHORL_CUDA_TWINS
  return true;
#else
  return false;
#endif
}

Gpus find_gpus() {
  Gpus gpus;
  kernels::Status status = kernels::Status::ok;
  gpus.devices = kernels::cuda_accelerator().devices(&status);
  if (!gpus.devices.empty()) return gpus;
  gpus.reason = !cuda_compiled()                       ? "this build has no CUDA"
                : status == kernels::Status::no_device ? "no NVIDIA driver or GPU answers"
                                                       : "the NVIDIA driver failed";
  return gpus;
}

Result<BackendChoice> backend_from_name(const std::string& name) {
  if (name.empty()) return BackendChoice{};
  if (name == kCuda) {
    const Gpus gpus = find_gpus();
    if (gpus.devices.empty()) return fail(Fault::no_device, 0, "--backend cuda, " + gpus.reason);
    return BackendChoice{kernels::best_backend(), &kernels::cuda_accelerator()};
  }
  for (const kernels::Backend backend : kernels::kBackends) {
    if (kernels::name_of(backend) == name && kernels::available(backend)) {
      return BackendChoice{backend, nullptr};
    }
  }
  return fail(Fault::backend_unavailable, 0, "--backend " + name);
}

}  // namespace whorl::app
