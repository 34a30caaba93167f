// Scanners that share a device, and devices that share a machine.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/cuda_accelerator.h"
#include "kernels/face_scan_cuda.h"
#include "tests/kernels/emulated_cuda/cuda_runtime.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"
#include "tests/kernels/finger_scan_oracle.h"
#include "tests/kernels/random_faces.h"

namespace whorl::kernels {
namespace {

constexpr std::int64_t kMemory = 64 << 20;

// Host threads scan at the same time, each with its scanner.
TEST(SharedDevice, ScansOfPrintsTakeNoSharedMemoryFromOneAnother) {
  emulated::set_devices({});
  FingerGalleryMaker maker(3);
  const FingerGallery gallery = maker.gallery(1, 16, 2);
  const FingerSearches searches(maker, gallery, 16);
  for (const CodeUnit unit :
       {CodeUnit::popcount, CodeUnit::bytes, CodeUnit::bits, CodeUnit::wgmma}) {
    const auto scanner = emulated_make_cuda_fingers(0, kMemory, unit);
    ASSERT_EQ(scanner->put(0, gallery.blocks[0].view()), Status::ok);
    for (const int probes : {16, 1}) {
      std::vector<std::vector<FingerCandidate>> lists;
      ASSERT_EQ(scanner->scan(searches.all.data(), probes, FingerScore::codes, lists), Status::ok);
    }
  }
  EXPECT_EQ(emulated::limits_lowered(), 0);
}

TEST(SharedDevice, ScansOfFacesTakeNoSharedMemoryFromOneAnother) {
  emulated::set_devices({});
  for (const int dimension : {700, 32}) {
    const auto scanner = emulated_make_tuned_cuda_faces(0, dimension, kMemory, {});
    const std::vector<float> faces = FaceMaker(1, dimension).faces(9);
    ASSERT_EQ(scanner->append(faces.data(), 9), Status::ok);
    std::vector<std::vector<FaceCandidate>> lists;
    ASSERT_EQ(scanner->scan(faces.data(), 9, nullptr, 2, lists), Status::ok);
  }
  EXPECT_EQ(emulated::limits_lowered(), 0);
}

TEST(SharedDevice, GenerationsWithoutCodeAreNotListed) {
  emulated::Devices devices;
  devices.major = 7, devices.minor = 0;
  emulated::set_devices(devices);
  Status status = Status::ok;
  EXPECT_TRUE(emulated_cuda_accelerator().devices(&status).empty());
  EXPECT_EQ(status, Status::no_device);
  devices.minor = 5;
  emulated::set_devices(devices);
  EXPECT_EQ(emulated_cuda_accelerator().devices(&status).size(), 1U);
  EXPECT_EQ(status, Status::ok);
}

}  // namespace
}  // namespace whorl::kernels
