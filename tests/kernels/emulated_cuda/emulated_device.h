#pragma once
// A GPU that is not there, for tests: the .cu sources are compiled once more as C++ against the
// cuda_runtime.h beside this file, and their kernels run on the host. Device memory is the heap, so
// that AddressSanitizer watches it, and begins as 0xCD, so that nobody finds zeros.
// Here are the controls; thread-safe, as CUDA's runtime is.

#include <cstddef>

namespace whorl::emulated {

struct Devices {
  int count = 1;
  std::size_t memory_bytes = std::size_t{1} << 30;  // of each
  int major = 9, minor = 0;
  std::size_t shared_bytes = 227 << 10;  // what a block may have when its kernel was told so
  int multiprocessors = 2;
  // Bit s % 2: the s-th stream that is opened does what it is told only when it is waited for, the
  // others do it at once. Whoever forgets to wait is found out by one of the four.
  unsigned late_streams = 0;
  bool broken_wgmma = false;  // with both sides in shared memory it adds nothing
};
// From now on, with device 0 current on every host thread. Forgets faults and what kernels were
// told; what is allocated stays.
void set_devices(const Devices& devices);
void reset();  // one device, all right

// The n-th further call of the runtime, and all after it, give `error`: a device that fell off the
// bus. Launches count, and do not run from then on; memory can still be given back. 1 or more.
void fail_calls_after(int n, int error);
int calls_made();  // since the last of the three above

// How often a kernel was allowed less shared memory than before: another host thread that is about
// to start it with more would fail. Since set_devices.
int limits_lowered();

bool wgmma_does_nothing();

std::size_t bytes_in_use();  // of device memory
int live_allocations();      // of device memory and of pinned host memory
int live_objects();          // those, streams and events

}  // namespace whorl::emulated
