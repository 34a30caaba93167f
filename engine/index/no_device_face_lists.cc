// Stands in for device_face_lists.cc in builds without it.
#include "engine/index/device_face_lists.h"

namespace whorl::index {

using kernels::Status;

struct DeviceFaceLists::Copy {};
DeviceFaceLists::DeviceFaceLists(int device) : device_(device) {}
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
