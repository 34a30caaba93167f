#pragma once
// What the emulated runtime keeps: of the process, and of each host thread. For emulated_*.cc.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "emulated_device.h"
#include "emulated_runtime.h"

using Clock = std::chrono::steady_clock;

namespace whorl::emulated {

// A place in a stream, passed or not; it outlives the event that named it.
struct Mark {
  bool passed = false;
  Clock::time_point at{};
};
using Told = std::deque<std::function<void()>>;

}  // namespace whorl::emulated

struct CUstream_st {
  int device;
  bool late;                   // does nothing before somebody waits for it
  whorl::emulated::Told told;  // and not done yet
};
struct CUevent_st {
  int device;
  bool timed;
  cudaStream_t stream = nullptr;  // where it was last recorded
  std::shared_ptr<whorl::emulated::Mark> mark{};
};

namespace whorl::emulated {

inline constexpr int kHost = -1;
inline constexpr int kPoison = 0xCD;
inline constexpr std::size_t kAlignment = 256;           // of cudaMalloc
inline constexpr std::size_t kUnaskedShared = 48 << 10;  // a kernel may have it without being told
inline constexpr int kMaxThreads = 1024;
inline constexpr unsigned kMaxGridX = (1U << 31) - 1, kMaxGridYz = 65535;

struct Piece {
  int device;
  std::size_t bytes;
};
struct HostThread {
  int generation = 0;  // of Runtime, when `device` was set
  int device = 0;
  cudaError_t last = cudaSuccess;
};
inline thread_local HostThread host_thread;

class Runtime {
 public:
  // Every call of the runtime: refused where the device is lost or never was.
  template <class Body>
  cudaError_t call(Body body) {
    const std::lock_guard lock(mutex_);
    ++calls_;
    const cudaError_t said = lost() ? fault_ : devices_.count == 0 ? cudaErrorNoDevice : body();
    if (said != cudaSuccess) thread().last = said;
    return said;
  }
  // The same for what gives things back, which it does even then.
  template <class Body>
  cudaError_t call_anyway(Body body) {
    {
      const std::lock_guard lock(mutex_);
      body();
    }
    return call([] { return cudaSuccess; });
  }
  // A control, or a question that the runtime does not count.
  template <class Body>
  auto look(Body body) {
    const std::lock_guard lock(mutex_);
    return body(*this);
  }

  bool lost() const { return fails_at_ > 0 && calls_ >= fails_at_; }
  HostThread& thread() const {
    if (host_thread.generation != generation_) host_thread = {generation_, 0, cudaSuccess};
    return host_thread;
  }
  int& device() const { return thread().device; }
  int device_of(cudaStream_t stream) const { return stream != nullptr ? stream->device : device(); }

  // What a stream is told: done now, or when it is waited for. A stream of nobody is never late.
  void tell(cudaStream_t stream, std::function<void()> work) {
    if (stream != nullptr && stream->late) {
      stream->told.push_back(std::move(work));
    } else {
      work();
    }
  }
  // Does what the stream was told, up to the mark if there is one. A lost device does nothing.
  void catch_up(cudaStream_t stream, const Mark* mark = nullptr) {
    while (streams_.count(stream) != 0 && !stream->told.empty()) {
      if (mark != nullptr && mark->passed) return;
      const auto work = std::move(stream->told.front());
      stream->told.pop_front();
      if (!lost()) work();
    }
  }
  void catch_up() {
    for (cudaStream_t stream : streams_) catch_up(stream);
  }
  cudaStream_t open_stream() {
    const bool late = (devices_.late_streams >> (opened_++ % 2) & 1U) != 0;
    return *streams_.insert(new CUstream_st{device(), late, {}}).first;
  }
  void close_stream(cudaStream_t stream) {
    catch_up(stream);
    streams_.erase(stream);
    delete stream;
  }

  void set(const Devices& devices) {
    devices_ = devices;
    opened_ = 0;
    ++generation_, calls_ = 0, fails_at_ = 0;
    shared_allowed_.clear(), lowered_ = 0;
  }
  void fail(int n, cudaError_t error) { calls_ = 0, fails_at_ = n > 0 ? n : 1, fault_ = error; }

  std::size_t used(int device) const {
    std::size_t sum = 0;
    for (const auto& [address, piece] : pieces_) sum += piece.device == device ? piece.bytes : 0;
    return sum;
  }
  std::size_t used() const {
    std::size_t sum = 0;
    for (const auto& [address, piece] : pieces_) sum += piece.device != kHost ? piece.bytes : 0;
    return sum;
  }
  std::size_t free(int device) const {  // tests may shrink a device below what is used
    return devices_.memory_bytes - std::min(devices_.memory_bytes, used(device));
  }
  cudaError_t allocate(void** memory, std::size_t bytes, int device) {
    *memory = nullptr;
    if (bytes == 0) return cudaSuccess;
    if (device != kHost && bytes > free(device)) { return cudaErrorMemoryAllocation; }
    if (posix_memalign(memory, kAlignment, bytes) != 0) return cudaErrorMemoryAllocation;
    std::memset(*memory, kPoison, bytes);
    pieces_[reinterpret_cast<std::uintptr_t>(*memory)] = {device, bytes};
    return cudaSuccess;
  }
  void release(void* memory, bool of_host) {
    if (memory == nullptr) return;
    const auto found = pieces_.find(reinterpret_cast<std::uintptr_t>(memory));
    if (found == pieces_.end() || (found->second.device == kHost) != of_host) {
      std::fputs("emulated device: memory given back that was not allocated so\n", stderr);
      std::abort();
    }
    pieces_.erase(found);
    std::free(memory);
  }

  // Whether all of it is memory of `device`, or none of it of any.
  bool lies_on(const void* memory, std::size_t bytes, int device) const {
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    auto after = pieces_.upper_bound(address);
    if (after == pieces_.begin()) return device == kHost;
    const auto& [start, piece] = *--after;
    if (address - start >= piece.bytes) return device == kHost;
    return piece.device == device && bytes <= piece.bytes - (address - start);
  }
  bool copy_allowed(const void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                    int device) const {
    const auto within = [&](const void* memory, bool on_device) {
      return lies_on(memory, bytes, on_device ? device : kHost);
    };
    if (kind == cudaMemcpyDefault) {
      return (within(to, true) || within(to, false)) && (within(from, true) || within(from, false));
    }
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    return within(to, to_device) && within(from, from_device);
  }

  cudaError_t check_launch(const void* kernel, Index grid, int threads, std::size_t shared,
                           cudaStream_t stream) const {
    if (threads < 1 || threads > kMaxThreads || grid.x > kMaxGridX || grid.y > kMaxGridYz ||
        grid.z > kMaxGridYz) {
      return cudaErrorInvalidConfiguration;
    }
    if (device_of(stream) != device()) return cudaErrorInvalidResourceHandle;
    const auto told = shared_allowed_.find({device(), kernel});
    const std::size_t allowed =
        told == shared_allowed_.end() ? kUnaskedShared : std::max(told->second, kUnaskedShared);
    return shared > allowed ? cudaErrorInvalidValue : cudaSuccess;
  }
  cudaError_t allow_shared(const void* kernel, int bytes) {
    if (bytes < 0 || static_cast<std::size_t>(bytes) > devices_.shared_bytes) {
      return cudaErrorInvalidValue;
    }
    std::size_t& allowed = shared_allowed_[{device(), kernel}];
    lowered_ += static_cast<std::size_t>(bytes) < allowed ? 1 : 0;
    allowed = static_cast<std::size_t>(bytes);
    return cudaSuccess;
  }

  const Devices& devices() const { return devices_; }
  // A lost device's stays.
  cudaError_t last_error() const { return lost() ? fault_ : thread().last; }
  void clear_error() const { thread().last = cudaSuccess; }
  int calls() const { return calls_; }
  int lowered() const { return lowered_; }
  int streams() const { return static_cast<int>(streams_.size()); }
  int pieces() const { return static_cast<int>(pieces_.size()); }
  int events = 0;

 private:
  std::mutex mutex_;
  Devices devices_;
  std::set<cudaStream_t> streams_;
  unsigned opened_ = 0;  // streams, since set()
  int generation_ = 1;
  int calls_ = 0, fails_at_ = 0;  // 0: they do not
  cudaError_t fault_ = cudaSuccess;
  std::map<std::uintptr_t, Piece> pieces_;
  std::map<std::pair<int, const void*>, std::size_t> shared_allowed_;
  int lowered_ = 0;
};

Runtime& runtime();  // the one

}  // namespace whorl::emulated
