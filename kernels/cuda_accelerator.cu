#include "kernels/cuda_accelerator.h"
#include "kernels/cuda_memory.h"

namespace whorl::kernels {
namespace {

constexpr int kOldestGeneration = 75;  // Turing; WhorlToolchain.cmake

Status describe(int number, DeviceInfo& info) {
  cudaDeviceProp properties{};
  std::size_t free = 0, all = 0;
  WHORL_CUDA_TRY(cudaGetDeviceProperties(&properties, number));
  WHORL_CUDA_TRY(cudaSetDevice(number));
  WHORL_CUDA_TRY(cudaMemGetInfo(&free, &all));
  info = {number,
          properties.name,
          properties.major,
          properties.minor,
          static_cast<std::int64_t>(all),
          static_cast<std::int64_t>(free)};
  return Status::ok;
}

// Those that answer and that there is code for: others take none away.
Status list_devices(std::vector<DeviceInfo>& list) {
  int count = 0;
  WHORL_CUDA_TRY(cudaGetDeviceCount(&count));
  Status trouble = Status::no_device;
  for (int number = 0; number < count; ++number) {
    DeviceInfo info;
    const Status described = describe(number, info);
    if (described != Status::ok) {
      trouble = described;
    } else if (info.major * 10 + info.minor >= kOldestGeneration) {
      list.push_back(info);
    }
  }
  return list.empty() ? trouble : Status::ok;
}

class CudaAccelerator final : public Accelerator {
 public:
  std::vector<DeviceInfo> devices(Status* status) const override {
    std::vector<DeviceInfo> list;
    const Status found = list_devices(list);
    if (status != nullptr) *status = found;
    if (found != Status::ok) list.clear();
    return list;
  }
  std::unique_ptr<FingerScanner> fingers(int device, std::int64_t memory_bytes,
                                         Status* why) const override {
    return WHORL_CUDA_ENTRY(make_cuda_fingers)(device, memory_bytes, CodeUnit::best, why);
  }
  std::unique_ptr<FaceScanner> faces(int device, int dimension, std::int64_t memory_bytes,
                                     Status* why) const override {
    return WHORL_CUDA_ENTRY(make_cuda_faces)(device, dimension, memory_bytes, why);
  }
  std::unique_ptr<PrintComparer> comparer(int device, Status* why) const override {
    return WHORL_CUDA_ENTRY(make_cuda_comparer)(device, why);
  }
};

}  // namespace

const Accelerator& WHORL_CUDA_ENTRY(cuda_accelerator)() {
  static const CudaAccelerator accelerator;
  return accelerator;
}

}  // namespace whorl::kernels
