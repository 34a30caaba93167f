// The emulated device's runtime, where our code can tell it from NVIDIA's: memory that runs out,
// devices that are not there or fall off, calls that CUDA refuses.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "kernels/cuda_launch.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"

namespace whorl::kernels {
namespace {

class EmulatedRuntime : public testing::Test {
 protected:
  void SetUp() override { emulated::reset(); }
  void TearDown() override { EXPECT_EQ(emulated::live_objects(), 0); }
};

__global__ void set_to(int value, int* out) { out[0] = value; }
__global__ void take_over(const int* from, int* out) { out[0] = from[0]; }

// Everything that a scanner does: Status::ok, and its answer in `out`.
Status do_some_of_everything(int& out) {
  WHORL_CUDA_TRY(cudaSetDevice(0));
  Stream stream;
  Event before, after;
  PinnedArray<int> pinned;
  DeviceArray<int> memory;
  WHORL_STATUS_TRY(stream.open());
  WHORL_STATUS_TRY(before.open());
  WHORL_STATUS_TRY(after.open());
  WHORL_STATUS_TRY(pinned.reserve(1));
  WHORL_STATUS_TRY(memory.reserve(1));
  WHORL_CUDA_TRY(cudaMemsetAsync(memory.data(), 0, sizeof(int), stream.get()));
  WHORL_CUDA_TRY(cudaEventRecord(before.get(), stream.get()));
  WHORL_STATUS_TRY(launch(set_to, 1, 1, 0, stream.get(), 42, memory.data()));
  WHORL_CUDA_TRY(cudaEventRecord(after.get(), stream.get()));
  WHORL_STATUS_TRY(memory.copy_to(pinned.data(), 1, stream.get()));
  WHORL_STATUS_TRY(stream.wait());
  float ms = 0;
  WHORL_CUDA_TRY(cudaEventElapsedTime(&ms, before.get(), after.get()));
  EXPECT_GT(ms, 0);
  out = pinned.data()[0];
  return Status::ok;
}

TEST_F(EmulatedRuntime, DoesSomeOfEverything) {
  int out = 0;
  EXPECT_EQ(do_some_of_everything(out), Status::ok);
  EXPECT_EQ(out, 42);
}

TEST_F(EmulatedRuntime, HasNoDevice) {
  emulated::Devices none;
  none.count = 0;
  emulated::set_devices(none);
  int count = 7, out = 0;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorNoDevice);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(do_some_of_everything(out), Status::no_device);
  EXPECT_EQ(launch(set_to, 1, 1, 0, nullptr, 1, &out), Status::no_device);
  EXPECT_EQ(out, 0);
}

TEST_F(EmulatedRuntime, LosesTheDeviceAtAnyCall) {
  int out = 0;
  ASSERT_EQ(do_some_of_everything(out), Status::ok);
  const int calls = emulated::calls_made(), given_back = 5;
  for (int n = 1; n <= calls; ++n) {
    out = 0;
    emulated::fail_calls_after(n, cudaErrorLaunchFailure);
    const bool done = n > calls - given_back;
    EXPECT_EQ(do_some_of_everything(out), done ? Status::ok : Status::device_fault) << n;
    EXPECT_EQ(emulated::live_objects(), 0) << "what there was is given back, call " << n;
    EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure) << "and stays lost";
  }
}

TEST_F(EmulatedRuntime, RunsNoKernelOnALostDevice) {
  int out = 0;
  emulated::fail_calls_after(2, cudaErrorECCUncorrectable);
  EXPECT_EQ(launch(set_to, 1, 1, 0, nullptr, 1, &out), Status::ok);
  EXPECT_EQ(launch(set_to, 1, 1, 0, nullptr, 2, &out), Status::device_fault);
  EXPECT_EQ(out, 1);
}

TEST_F(EmulatedRuntime, RunsOutOfMemory) {
  emulated::Devices small;
  small.count = 2, small.memory_bytes = 1000;
  emulated::set_devices(small);
  DeviceArray<char> some, more, other;
  EXPECT_EQ(some.reserve(600), Status::ok);
  EXPECT_EQ(emulated::bytes_in_use(), 600U);
  EXPECT_EQ(more.reserve(401), Status::device_out_of_memory);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess) << "cleared by whoever took notice";
  EXPECT_EQ(more.reserve(400), Status::ok);
  std::size_t free = 1, all = 0;
  EXPECT_EQ(cudaMemGetInfo(&free, &all), cudaSuccess);
  EXPECT_EQ(free, 0U);
  EXPECT_EQ(all, 1000U);
  EXPECT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_EQ(other.reserve(1000), Status::ok) << "of the other device";
  EXPECT_EQ(emulated::live_allocations(), 3);
}

TEST_F(EmulatedRuntime, GivesMemoryThatIsNotZero) {
  DeviceArray<unsigned char> memory;
  ASSERT_EQ(memory.reserve(1), Status::ok);
  unsigned char found = 0;
  ASSERT_EQ(memory.copy_to(&found, 1, nullptr), Status::ok);
  EXPECT_EQ(found, 0xCD);
}

TEST_F(EmulatedRuntime, RefusesCopiesThatAreNotWhatTheySay) {
  emulated::Devices two;
  two.count = 2;
  emulated::set_devices(two);
  std::vector<char> host(64), other(64);
  DeviceArray<char> device, further;
  ASSERT_EQ(device.reserve(64), Status::ok);
  ASSERT_EQ(further.reserve(64), Status::ok);
  const struct {
    void* to;
    void* from;
    std::size_t bytes;
    cudaMemcpyKind kind;
    cudaError_t said;
  } rows[] = {
      {device.data(), host.data(), 64, cudaMemcpyHostToDevice, cudaSuccess},
      {host.data(), device.data() + 63, 1, cudaMemcpyDeviceToHost, cudaSuccess},
      {further.data(), device.data(), 64, cudaMemcpyDeviceToDevice, cudaSuccess},
      {host.data(), device.data(), 64, cudaMemcpyDefault, cudaSuccess},
      {nullptr, nullptr, 0, cudaMemcpyHostToDevice, cudaSuccess},
      {device.data(), host.data(), 65, cudaMemcpyHostToDevice, cudaErrorInvalidValue},
      {device.data() + 1, host.data(), 64, cudaMemcpyHostToDevice, cudaErrorInvalidValue},
      {host.data(), device.data() + 64, 1, cudaMemcpyDeviceToHost, cudaErrorInvalidValue},
      {device.data(), host.data(), 64, cudaMemcpyDeviceToHost, cudaErrorInvalidValue},
      {other.data(), host.data(), 64, cudaMemcpyHostToDevice, cudaErrorInvalidValue},
      {further.data(), device.data(), 64, cudaMemcpyHostToDevice, cudaErrorInvalidValue},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(cudaMemcpyAsync(row.to, row.from, row.bytes, row.kind, nullptr), row.said)
        << &row - rows;
  }
  EXPECT_EQ(cudaMemset(host.data(), 0, 1), cudaErrorInvalidValue);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(device.data(), host.data(), 1, cudaMemcpyHostToDevice),
            cudaErrorInvalidValue)
      << "memory of device 0";
}

TEST_F(EmulatedRuntime, RefusesLaunchesThatNoDeviceTakes) {
  emulated::Devices two;
  two.count = 2;
  emulated::set_devices(two);
  Stream of_first;
  ASSERT_EQ(of_first.open(), Status::ok);
  int out = 0;
  const auto error_of = [&](dim3 grid, int threads, std::size_t shared, cudaStream_t stream) {
    const Status said = launch(set_to, grid, threads, shared, stream, 1, &out);
    EXPECT_EQ(said, Status::device_fault);
    EXPECT_EQ(out, 0) << "it did not run";
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
  };
  error_of(1, 0, 0, nullptr);
  error_of(1, 1025, 0, nullptr);
  error_of(dim3(1, 65536), 1, 0, nullptr);
  error_of(1, 1, (48 << 10) + 1, nullptr);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  error_of(1, 1, 0, of_first.get());
}

TEST_F(EmulatedRuntime, GivesAKernelTheSharedMemoryItWasToldOf) {
  const auto tell = [](int bytes) {
    return cudaFuncSetAttribute(set_to, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  };
  int out = 0;
  EXPECT_EQ(tell((227 << 10) + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(tell(100 << 10), cudaSuccess);
  EXPECT_EQ(launch(set_to, 1, 1, 100 << 10, nullptr, 1, &out), Status::ok);
  EXPECT_EQ(launch(set_to, 1, 1, (100 << 10) + 1, nullptr, 2, &out), Status::device_fault);
  EXPECT_EQ(out, 1);
}

TEST_F(EmulatedRuntime, KeepsDeviceAndErrorOfEachHostThread) {
  emulated::Devices two;
  two.count = 2;
  emulated::set_devices(two);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(2), cudaErrorInvalidDevice);
  std::thread([] {
    int device = 7;
    EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
    EXPECT_EQ(device, 0);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  }).join();
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST_F(EmulatedRuntime, TellsNoTimeOfEventsThatNobodyRecorded) {
  Event before, after;
  ASSERT_EQ(before.open(), Status::ok);
  ASSERT_EQ(after.open(), Status::ok);
  float ms = 0;
  ASSERT_EQ(cudaEventRecord(before.get()), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&ms, before.get(), after.get()), cudaErrorInvalidResourceHandle);
}

// A copy into memory in one stream, a kernel in another that reads it, a copy back.
struct TwoStreams {
  Stream copies, work;
  Event copied;
  DeviceArray<int> memory, result;
  int given = 7, out = 0;
  Status run(bool waits) {
    WHORL_STATUS_TRY(copies.open());
    WHORL_STATUS_TRY(work.open());
    WHORL_STATUS_TRY(copied.open());
    WHORL_STATUS_TRY(result.reserve(1));
    WHORL_STATUS_TRY(memory.copy_from(&given, 1, copies.get()));
    WHORL_CUDA_TRY(cudaEventRecord(copied.get(), copies.get()));
    if (waits) WHORL_CUDA_TRY(cudaStreamWaitEvent(work.get(), copied.get(), 0));
    const int* from = memory.data();
    WHORL_STATUS_TRY(launch(take_over, 1, 1, 0, work.get(), from, result.data()));
    WHORL_STATUS_TRY(result.copy_to(&out, 1, work.get()));
    return work.wait();
  }
};
TEST_F(EmulatedRuntime, FindsOutWhoDoesNotWaitForAnotherStream) {
  for (const unsigned late : {0U, 1U, 2U, 3U}) {
    emulated::Devices devices;
    devices.late_streams = late;
    for (const bool waits : {false, true}) {
      emulated::set_devices(devices);
      TwoStreams two;
      ASSERT_EQ(two.run(waits), Status::ok);
      const bool early = !waits && (late & 1U) != 0;
      EXPECT_EQ(two.out, early ? static_cast<int>(0xCDCDCDCD) : 7) << late;
    }
  }
}
TEST_F(EmulatedRuntime, ALateStreamDoesNothingBeforeSomebodyWaits) {
  emulated::Devices devices;
  devices.late_streams = 3;
  emulated::set_devices(devices);
  Stream stream;
  Event before, after;
  DeviceArray<int> memory;
  int out = 0;
  ASSERT_EQ(stream.open(), Status::ok);
  ASSERT_EQ(before.open(), Status::ok);
  ASSERT_EQ(after.open(), Status::ok);
  ASSERT_EQ(memory.reserve(1), Status::ok);
  const auto told = [&](int value) {
    EXPECT_EQ(cudaEventRecord(before.get(), stream.get()), cudaSuccess);
    EXPECT_EQ(launch(set_to, 1, 1, 0, stream.get(), value, memory.data()), Status::ok);
    EXPECT_EQ(memory.copy_to(&out, 1, stream.get()), Status::ok);
    EXPECT_EQ(cudaEventRecord(after.get(), stream.get()), cudaSuccess);
  };
  told(1);
  float ms = 0;
  EXPECT_EQ(out, 0);
  EXPECT_EQ(cudaEventElapsedTime(&ms, before.get(), after.get()), cudaErrorNotReady);
  EXPECT_EQ(cudaGetLastError(), cudaErrorNotReady);
  EXPECT_EQ(cudaEventSynchronize(before.get()), cudaSuccess);
  EXPECT_EQ(out, 0) << "what stands behind the event";
  EXPECT_EQ(cudaEventSynchronize(after.get()), cudaSuccess);
  EXPECT_EQ(out, 1);
  EXPECT_EQ(cudaEventElapsedTime(&ms, before.get(), after.get()), cudaSuccess);
  told(2);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(out, 2);
  told(3);
  emulated::fail_calls_after(1, cudaErrorLaunchFailure);
  EXPECT_EQ(stream.wait(), Status::device_fault);
  EXPECT_EQ(out, 2) << "a lost device does nothing more";
}

TEST_F(EmulatedRuntime, DiesOfMemoryGivenBackTwice) {
  void* memory = nullptr;
  ASSERT_EQ(cudaMalloc(&memory, 8), cudaSuccess);
  EXPECT_DEATH(cudaFreeHost(memory), "given back that was not allocated so");
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
  EXPECT_DEATH(cudaFree(memory), "given back that was not allocated so");
}

TEST_F(EmulatedRuntime, DescribesItsDevices) {
  emulated::Devices old;
  old.count = 2, old.major = 7, old.minor = 5;
  emulated::set_devices(old);
  cudaDeviceProp properties{};
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 1), cudaSuccess);
  EXPECT_EQ(properties.major * 10 + properties.minor, 75);
  EXPECT_STREQ(properties.name, "emulated device 1");
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 2), cudaErrorInvalidDevice);
}

}  // namespace
}  // namespace whorl::kernels
