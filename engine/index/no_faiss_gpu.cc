// Stands in for faiss_gpu.cc in builds without it.
#include "engine/index/device_face_lists.h"
#include "engine/index/faiss_gpu.h"

namespace whorl::index {

using kernels::Status;

bool train_on_gpu(faiss::IndexIVF&, std::span<const float>) { return false; }

struct DeviceFaceLists::Copy {};
DeviceFaceLists::DeviceFaceLists(std::unique_ptr<Copy> copy) : copy_(std::move(copy)) {}
DeviceFaceLists::~DeviceFaceLists() = default;
bool DeviceFaceLists::takes(const FaceIndex&) { return false; }
std::unique_ptr<DeviceFaceLists> DeviceFaceLists::make(int, Status* status) {
  if (status != nullptr) *status = Status::no_device;
  return nullptr;
}
Status DeviceFaceLists::sync(const FaceIndex&) { return Status::no_device; }
Status DeviceFaceLists::search(const FaceIndex&, std::span<const std::vector<float>>, int,
                               std::vector<std::vector<FaceHit>>&) {
  return Status::no_device;
}
std::int64_t DeviceFaceLists::resident_bytes() const { return 0; }

}  // namespace whorl::index
