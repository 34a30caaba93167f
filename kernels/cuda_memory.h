#pragma once
// Owners of what CUDA hands out, and its error codes as ours. For whoever is built with CUDA.

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/core.h"

namespace whorl::kernels {

inline Status status_of(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return Status::ok;
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorInitializationError:
      return Status::no_device;
    case cudaErrorMemoryAllocation:
      return Status::device_out_of_memory;
    default:
      return Status::device_fault;
  }
}

// Told of each CUDA call that failed, by programs that look for causes; set before any is made.
inline void (*on_cuda_error)(const char* file, int line, const char* what) = nullptr;

// Leaves the function with the status of a CUDA call that failed, and clears the error, so that the
// next caller is not blamed for it.
#define WHORL_CUDA_TRY(call)                                                                  \
  do {                                                                                        \
    const cudaError_t whorl_error = (call);                                                   \
    if (whorl_error != cudaSuccess) {                                                         \
      (void)cudaGetLastError();                                                               \
      if (::whorl::kernels::on_cuda_error != nullptr)                                         \
        ::whorl::kernels::on_cuda_error(__FILE__, __LINE__, cudaGetErrorString(whorl_error)); \
      return ::whorl::kernels::status_of(whorl_error);                                        \
    }                                                                                         \
  } while (false)

#define WHORL_STATUS_TRY(expression)                                       \
  do {                                                                     \
    const ::whorl::kernels::Status whorl_status = (expression);            \
    if (whorl_status != ::whorl::kernels::Status::ok) return whorl_status; \
  } while (false)

// What galleries that share the current device may still take of it: enough for their searches'
// candidates, eligibilities and buffers stays free. Asked whenever one grows.
constexpr std::int64_t kSearchBytes = std::int64_t{1} << 30;
inline Status memory_for_galleries(std::int64_t& left) {
  std::size_t free = 0, all = 0;
  WHORL_CUDA_TRY(cudaMemGetInfo(&free, &all));
  left =
      static_cast<std::int64_t>(free) - std::min(kSearchBytes, static_cast<std::int64_t>(all) / 4);
  return Status::ok;
}

// Device memory that grows and never shrinks, so that a steady stream of queries allocates once.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  ~DeviceArray() { release(); }  // nothing can be done about a failure to free
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  // Contents are lost when it grows.
  Status reserve(std::int64_t count) {
    if (count <= capacity_) return Status::ok;
    release();
    WHORL_CUDA_TRY(cudaMalloc(reinterpret_cast<void**>(&data_), bytes(count)));
    capacity_ = count;
    return Status::ok;
  }
  void release() {
    (void)cudaFree(std::exchange(data_, nullptr));
    capacity_ = 0;
  }
  // `host` must stay until the stream has passed.
  Status copy_from(const T* host, std::int64_t count, cudaStream_t stream) {
    WHORL_STATUS_TRY(reserve(count));
    if (count > 0) {
      WHORL_CUDA_TRY(cudaMemcpyAsync(data_, host, bytes(count), cudaMemcpyHostToDevice, stream));
    }
    return Status::ok;
  }
  Status copy_to(T* host, std::int64_t count, cudaStream_t stream) const {
    WHORL_CUDA_TRY(cudaMemcpyAsync(host, data_, bytes(count), cudaMemcpyDeviceToHost, stream));
    return Status::ok;
  }
  // Into what has been reserved, and out of it, from element `at` on.
  Status copy_part(std::int64_t at, const T* host, std::int64_t count, cudaStream_t stream) {
    WHORL_CHECK(at + count <= capacity_);
    WHORL_CUDA_TRY(cudaMemcpyAsync(data_ + at, host, bytes(count), cudaMemcpyHostToDevice, stream));
    return Status::ok;
  }
  Status copy_part_to(T* host, std::int64_t at, std::int64_t count, cudaStream_t stream) const {
    WHORL_CHECK(at + count <= capacity_);
    if (count == 0) return Status::ok;
    WHORL_CUDA_TRY(cudaMemcpyAsync(host, data_ + at, bytes(count), cudaMemcpyDeviceToHost, stream));
    return Status::ok;
  }
  T* data() const { return data_; }
  std::int64_t capacity() const { return capacity_; }

 private:
  static std::size_t bytes(std::int64_t count) {
    return static_cast<std::size_t>(count) * sizeof(T);
  }
  T* data_ = nullptr;
  std::int64_t capacity_ = 0;
};

// Host memory that the device copies from without a detour.
template <class T>
class PinnedArray {
 public:
  PinnedArray() = default;
  ~PinnedArray() { (void)cudaFreeHost(data_); }
  PinnedArray(const PinnedArray&) = delete;
  PinnedArray& operator=(const PinnedArray&) = delete;

  // Contents are lost when it grows.
  Status reserve(std::int64_t count) {
    if (count <= capacity_) return Status::ok;
    (void)cudaFreeHost(std::exchange(data_, nullptr));
    capacity_ = 0;
    WHORL_CUDA_TRY(cudaHostAlloc(reinterpret_cast<void**>(&data_),
                                 static_cast<std::size_t>(count) * sizeof(T),
                                 cudaHostAllocDefault));
    capacity_ = count;
    return Status::ok;
  }
  T* data() const { return data_; }

 private:
  T* data_ = nullptr;
  std::int64_t capacity_ = 0;
};

class Stream {
 public:
  Stream() = default;
  ~Stream() {
    if (stream_ != nullptr) (void)cudaStreamDestroy(stream_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Status open() {
    WHORL_CUDA_TRY(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    return Status::ok;
  }
  Status wait() const {
    WHORL_CUDA_TRY(cudaStreamSynchronize(stream_));
    return Status::ok;
  }
  cudaStream_t get() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event() = default;
  ~Event() {
    if (event_ != nullptr) (void)cudaEventDestroy(event_);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  Status open() {
    WHORL_CUDA_TRY(cudaEventCreate(&event_));
    return Status::ok;
  }
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

// A stream, and the device time between two points of it.
class Timeline {
 public:
  Status open() {
    WHORL_STATUS_TRY(before_.open());
    WHORL_STATUS_TRY(after_.open());
    return stream_.open();
  }
  cudaStream_t stream() const { return stream_.get(); }
  Status start() { return record(before_); }
  Status stop() { return record(after_); }
  Status wait() const { return stream_.wait(); }
  Status add_elapsed(float& ms) const {
    float more = 0;
    WHORL_CUDA_TRY(cudaEventElapsedTime(&more, before_.get(), after_.get()));
    ms += more;
    return Status::ok;
  }

 private:
  Status record(const Event& event) {
    WHORL_CUDA_TRY(cudaEventRecord(event.get(), stream_.get()));
    return Status::ok;
  }
  Stream stream_;
  Event before_, after_;
};

}  // namespace whorl::kernels
