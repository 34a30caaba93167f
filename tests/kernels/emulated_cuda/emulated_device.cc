#include "emulated_device.h"

#include <atomic>

#include "runtime_state.h"

namespace whorl::emulated {

Runtime& runtime() {
  static Runtime one;
  return one;
}

// Asked by every thread of a kernel, whose launch may hold the runtime's lock.
static std::atomic<bool> broken_wgmma = false;
bool wgmma_does_nothing() { return broken_wgmma; }

void set_devices(const Devices& devices) {
  broken_wgmma = devices.broken_wgmma;
  runtime().look([&](Runtime& r) { r.set(devices); });
}
void reset() { set_devices({}); }
void fail_calls_after(int n, int error) {
  runtime().look([&](Runtime& r) { r.fail(n, static_cast<cudaError_t>(error)); });
}
int calls_made() {
  return runtime().look([](Runtime& r) { return r.calls(); });
}
int limits_lowered() {
  return runtime().look([](Runtime& r) { return r.lowered(); });
}
std::size_t bytes_in_use() {
  return runtime().look([](Runtime& r) { return r.used(); });
}
int live_allocations() {
  return runtime().look([](Runtime& r) { return r.pieces(); });
}
int live_objects() {
  return runtime().look([](Runtime& r) { return r.pieces() + r.streams() + r.events; });
}

bool admits_launch(const void* kernel, Index grid, int threads, std::size_t shared_bytes,
                   cudaStream_t stream) {
  return runtime().call([&] {
    return runtime().check_launch(kernel, grid, threads, shared_bytes, stream);
  }) == cudaSuccess;
}
void tell(cudaStream_t stream, std::function<void()> work) {
  if (stream == nullptr || !stream->late) return work();  // outside of the lock: it takes long
  runtime().look([&](Runtime& r) { r.tell(stream, std::move(work)); });
}
cudaError_t allow_shared_bytes(const void* kernel, int bytes) {
  return runtime().call([&] { return runtime().allow_shared(kernel, bytes); });
}

}  // namespace whorl::emulated
