// Stands in for the CUDA sources in builds without them.
#include "kernels/accelerator.h"

namespace whorl::kernels {
namespace {

class NoAccelerator : public Accelerator {
 public:
  std::vector<DeviceInfo> devices(Status* status) const override {
    if (status != nullptr) *status = Status::no_device;
    return {};
  }
  std::unique_ptr<FingerScanner> fingers(int, std::int64_t, Status* why) const override {
    if (why != nullptr) *why = Status::no_device;
    return nullptr;
  }
  std::unique_ptr<FaceScanner> faces(int, int, std::int64_t, Status* why) const override {
    if (why != nullptr) *why = Status::no_device;
    return nullptr;
  }
  std::unique_ptr<PrintComparer> comparer(int, Status* why) const override {
    if (why != nullptr) *why = Status::no_device;
    return nullptr;
  }
};

}  // namespace

const Accelerator& cuda_accelerator() {
  static const NoAccelerator none;
  return none;
}

}  // namespace whorl::kernels
