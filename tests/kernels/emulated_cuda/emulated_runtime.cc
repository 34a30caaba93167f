#include "emulated_runtime.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "runtime_state.h"

using whorl::emulated::kHost;
using whorl::emulated::runtime;

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInitializationError:
      return "initialization error";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorInsufficientDriver:
      return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorDevicesUnavailable:
      return "CUDA-capable device(s) is/are busy or unavailable";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorECCUncorrectable:
      return "uncorrectable ECC error encountered";
    case cudaErrorInvalidResourceHandle:
      return "invalid resource handle";
    case cudaErrorNotReady:
      return "device not ready";
    case cudaErrorIllegalAddress:
      return "an illegal memory access was encountered";
    case cudaErrorLaunchOutOfResources:
      return "too many resources requested for launch";
    case cudaErrorLaunchFailure:
      return "unspecified launch failure";
    case cudaErrorUnknown:
      return "unknown error";
  }
  return "unrecognized error code";
}

cudaError_t cudaPeekAtLastError() {
  return runtime().look([](auto& r) { return r.last_error(); });
}
cudaError_t cudaGetLastError() {
  return runtime().look([](auto& r) {
    const cudaError_t last = r.last_error();
    r.clear_error();
    return last;
  });
}

cudaError_t cudaDeviceGetPCIBusId(char* name, int bytes, int device) {
  std::snprintf(name, static_cast<std::size_t>(bytes), "0000:%02X:00.0", device);
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  return runtime().call([&] {
    *count = runtime().devices().count;
    return cudaSuccess;
  });
}
cudaError_t cudaSetDevice(int device) {
  return runtime().call([&] {
    if (device < 0 || device >= runtime().devices().count) return cudaErrorInvalidDevice;
    runtime().device() = device;
    return cudaSuccess;
  });
}
cudaError_t cudaGetDevice(int* device) {
  return runtime().call([&] {
    *device = runtime().device();
    return cudaSuccess;
  });
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return runtime().call([&] {
    const auto& devices = runtime().devices();
    if (device < 0 || device >= devices.count) return cudaErrorInvalidDevice;
    cudaDeviceProp p{};
    std::snprintf(p.name, sizeof(p.name), "emulated device %d", device);
    p.major = devices.major, p.minor = devices.minor;
    p.totalGlobalMem = devices.memory_bytes;
    p.sharedMemPerBlock = whorl::emulated::kUnaskedShared;
    p.sharedMemPerBlockOptin = p.sharedMemPerMultiprocessor = devices.shared_bytes;
    p.multiProcessorCount = devices.multiprocessors;
    p.warpSize = whorl::emulated::kWarpLanes;
    p.maxThreadsPerBlock = p.maxThreadsPerMultiProcessor = whorl::emulated::kMaxThreads;
    p.maxGridSize[0] = static_cast<int>(whorl::emulated::kMaxGridX);
    p.maxGridSize[1] = p.maxGridSize[2] = static_cast<int>(whorl::emulated::kMaxGridYz);
    *properties = p;
    return cudaSuccess;
  });
}
cudaError_t cudaDeviceSynchronize() {
  return runtime().call([] {
    runtime().catch_up();
    return cudaSuccess;
  });
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return runtime().call([&] {
    *total = runtime().devices().memory_bytes;
    *free = runtime().free(runtime().device());
    return cudaSuccess;
  });
}
cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  return runtime().call([&] { return runtime().allocate(memory, bytes, runtime().device()); });
}
cudaError_t cudaFree(void* memory) {
  return runtime().call_anyway([&] {
    runtime().catch_up();  // as CUDA waits
    runtime().release(memory, false);
  });
}
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  return runtime().call([&] { return runtime().allocate(memory, bytes, kHost); });
}
cudaError_t cudaMallocHost(void** memory, std::size_t bytes, unsigned flags) {
  return cudaHostAlloc(memory, bytes, flags);
}
cudaError_t cudaFreeHost(void* memory) {
  return runtime().call_anyway([&] {
    runtime().catch_up();
    runtime().release(memory, true);
  });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return runtime().call([&] {
    if (bytes == 0) return cudaSuccess;
    if (!runtime().copy_allowed(to, from, bytes, kind, runtime().device_of(stream))) {
      return cudaErrorInvalidValue;
    }
    runtime().tell(stream, [=] { std::memcpy(to, from, bytes); });
    return cudaSuccess;
  });
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  return runtime().call([&] {
    if (bytes == 0) return cudaSuccess;
    if (!runtime().lies_on(memory, bytes, runtime().device_of(stream))) {
      return cudaErrorInvalidValue;
    }
    runtime().tell(stream, [=] { std::memset(memory, value, bytes); });
    return cudaSuccess;
  });
}
cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
  return cudaMemsetAsync(memory, value, bytes, nullptr);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return runtime().call([&] {
    *stream = runtime().open_stream();
    return cudaSuccess;
  });
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return runtime().call_anyway([&] {
    if (stream != nullptr) runtime().close_stream(stream);
  });
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return runtime().call([&] {
    runtime().catch_up(stream);
    return cudaSuccess;
  });
}
// Of an event that nobody recorded there is nothing to wait for.
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return runtime().call([&] {
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (event->mark == nullptr) return cudaSuccess;
    runtime().tell(stream, [other = event->stream, mark = event->mark] {
      runtime().catch_up(other, mark.get());
    });
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return runtime().call([&] {
    *event = new CUevent_st{runtime().device(), (flags & cudaEventDisableTiming) == 0};
    ++runtime().events;
    return cudaSuccess;
  });
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return runtime().call_anyway([&] {
    if (event != nullptr) --runtime().events;
    delete event;
  });
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return runtime().call([&] {
    if (event == nullptr || event->device != runtime().device_of(stream)) {
      return cudaErrorInvalidResourceHandle;
    }
    event->stream = stream, event->mark = std::make_shared<whorl::emulated::Mark>();
    runtime().tell(stream, [mark = event->mark] { mark->passed = true, mark->at = Clock::now(); });
    return cudaSuccess;
  });
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return runtime().call([&] {
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (event->mark != nullptr) runtime().catch_up(event->stream, event->mark.get());
    return cudaSuccess;
  });
}
// The host's time, never quite 0, so that a rate can be told.
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t from, cudaEvent_t to) {
  return runtime().call([&] {
    if (from == nullptr || to == nullptr || from->device != to->device || !from->timed ||
        !to->timed || from->mark == nullptr || to->mark == nullptr) {
      return cudaErrorInvalidResourceHandle;
    }
    if (!from->mark->passed || !to->mark->passed) return cudaErrorNotReady;
    const std::chrono::duration<float, std::milli> passed = to->mark->at - from->mark->at;
    *ms = std::max(passed.count(), 1e-6F);
    return cudaSuccess;
  });
}
