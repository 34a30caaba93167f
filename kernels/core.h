#pragma once
// The ground floor: what kernels need and nothing else. Includes no other header of ours.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

// A breached contract is a bug of ours, never of the caller's data. Stays on in release builds.
#define WHORL_CHECK(condition)                                                               \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)

// What host and device share. nvcc alone knows the words.
#ifdef __CUDACC__
#define WHORL_HOST_DEVICE __host__ __device__
#else
#define WHORL_HOST_DEVICE
#endif

namespace whorl::kernels {

// Row-major, compact, non-owning. Whether it points to host or device memory is the callee's
// contract.
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;

  WHORL_HOST_DEVICE constexpr T* row(std::int64_t r) const { return data + r * cols; }
};

// Why a kernel could not run. These are operating conditions; callers decide what to do.
enum class [[nodiscard]] Status : std::uint8_t{ok, no_device, device_out_of_memory, device_fault};

}  // namespace whorl::kernels
