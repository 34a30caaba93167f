#pragma once
// Owners of what CUDA hands out, and its error codes as ours. For .cu files alone.

#include <cuda_runtime.h>

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

// Leaves the function with the status of a CUDA call that failed, and clears the error, so that the
// next caller is not blamed for it.
#define WHORL_CUDA_TRY(call)                           \
  do {                                                 \
    const cudaError_t whorl_error = (call);            \
    if (whorl_error != cudaSuccess) {                  \
      (void)cudaGetLastError();                        \
      return ::whorl::kernels::status_of(whorl_error); \
    }                                                  \
  } while (false)

#define WHORL_STATUS_TRY(expression)                                       \
  do {                                                                     \
    const ::whorl::kernels::Status whorl_status = (expression);            \
    if (whorl_status != ::whorl::kernels::Status::ok) return whorl_status; \
  } while (false)

// Device memory that grows and never shrinks, so that a steady stream of queries allocates once.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  ~DeviceArray() { (void)cudaFree(data_); }  // nothing can be done about a failure to free
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  // Contents are lost when it grows.
  Status reserve(std::int64_t count) {
    if (count <= capacity_) return Status::ok;
    (void)cudaFree(std::exchange(data_, nullptr));
    capacity_ = 0;
    WHORL_CUDA_TRY(cudaMalloc(reinterpret_cast<void**>(&data_), bytes(count)));
    capacity_ = count;
    return Status::ok;
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
  T* data() const { return data_; }

 private:
  static std::size_t bytes(std::int64_t count) {
    return static_cast<std::size_t>(count) * sizeof(T);
  }
  T* data_ = nullptr;
  std::int64_t capacity_ = 0;
};

}  // namespace whorl::kernels
