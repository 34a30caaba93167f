#include "emulated_threads.h"

#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <vector>

#include "fiber.h"

// The bounds of the section that cuda_runtime.h puts __shared__ variables into; the linker's names.
extern "C" std::uint8_t __start_whorl_shared[] __attribute__((weak));
extern "C" std::uint8_t __stop_whorl_shared[] __attribute__((weak));

namespace whorl::emulated {
namespace {

constexpr std::uint64_t kSeed = 20;
constexpr int kPoison = 0xCD;

__attribute__((format(printf, 1, 2), noreturn)) void give_up(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::fputs("emulated device: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputs("\n", stderr);
  va_end(arguments);
  std::abort();
}

// Volatile: not to become a memset, which AddressSanitizer would stop at the space between them.
__attribute__((no_sanitize("address"))) void poison_shared_variables() {
  for (volatile std::uint8_t* at = __start_whorl_shared; at < __stop_whorl_shared; ++at) {
    *at = kPoison;
  }
}

struct Worker {
  Fiber fiber;
  Thread thread;
  explicit Worker(void (*entry)()) : fiber(entry) {}
};

bool differ(const char* left, const char* right) {
  return left != right && std::strcmp(left, right) != 0;
}
struct Meeting {
  const char* what = nullptr;
  Finish finish = nullptr;
  unsigned mask = 0, come = 0;
  Values values = {};
};

class Scheduler {
 public:
  void run(Index grid, unsigned threads, std::size_t shared_bytes,
           const std::function<void()>& body) {
    Fiber host;
    host_ = &host, body_ = &body;
    while (workers_.size() < threads) workers_.push_back(std::make_unique<Worker>(enter));
    std::mt19937_64 random(kSeed);
    std::vector<std::uint64_t> order(std::uint64_t{grid.x} * grid.y * grid.z);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    for (const std::uint64_t b : order) {
      const Index block{static_cast<unsigned>(b % grid.x),
                        static_cast<unsigned>(b / grid.x % grid.y),
                        static_cast<unsigned>(b / grid.x / grid.y)};
      // Of its own, so that AddressSanitizer sees what runs over it.
      const std::unique_ptr<std::byte[]> shared(new std::byte[shared_bytes]);
      std::memset(shared.get(), kPoison, shared_bytes);
      poison_shared_variables();
      run_block({{}, block, {threads, 1, 1}, grid, shared.get()}, random);
    }
    host_ = nullptr, body_ = nullptr;
  }

  void barrier() {
    at_barrier_.push_back(current_);
    if (at_barrier_.size() < alive_) return wait();
    at_barrier_.pop_back();
    release_barrier();
  }

  void meet(const char* what, unsigned mask, void* value, Finish finish) {
    const unsigned thread = current_->thread.thread.x, warp = thread / kWarpLanes;
    const unsigned lane = thread % kWarpLanes, bit = 1U << lane;
    if ((mask & bit) == 0) give_up("lane %u calls %s for 0x%08x, others alone", lane, what, mask);
    Meeting& meeting = meeting_of(warp, mask);
    if (meeting.come == 0) {
      meeting.what = what, meeting.finish = finish, meeting.mask = mask;
    } else if (meeting.finish != finish || differ(meeting.what, what)) {
      give_up("lanes 0x%08x of a warp call %s, lane %u for the same ones %s", meeting.come,
              meeting.what, lane, what);
    }
    meeting.values[lane] = value;
    meeting.come |= bit;
    if (meeting.come != mask) return wait();
    if (finish != nullptr) finish(meeting.values, mask);
    meeting.come = 0;
    // They go on before other warps do, which shows a missing barrier and keeps to few stacks.
    for (unsigned l = 0; l < kWarpLanes; ++l) {
      if (l != lane && (mask >> l & 1U) != 0) ready_.push_front(&worker(warp * kWarpLanes + l));
    }
  }

 private:
  Worker& worker(unsigned thread) { return *workers_[thread]; }

  void run_block(Thread thread, std::mt19937_64& random) {
    alive_ = thread.block_size.x;
    meetings_.assign((alive_ + kWarpLanes - 1) / kWarpLanes, {});
    for (unsigned t = 0; t < alive_; ++t) {
      thread.thread.x = t;
      worker(t).thread = thread;
      ready_.push_back(&worker(t));
    }
    std::shuffle(ready_.begin(), ready_.end(), random);
    go_on(*host_);
    running = nullptr;
  }

  // Lanes that have split up may meet among themselves, under different masks.
  Meeting& meeting_of(unsigned warp, unsigned mask) {
    std::vector<Meeting>& meetings = meetings_[warp];
    Meeting* free = nullptr;
    for (Meeting& meeting : meetings) {
      if (meeting.come != 0 && meeting.mask == mask) return meeting;
      if (meeting.come == 0) free = &meeting;
    }
    return free != nullptr ? *free : meetings.emplace_back();
  }

  void release_barrier() {
    ready_.insert(ready_.end(), at_barrier_.begin(), at_barrier_.end());
    at_barrier_.clear();
  }
  void wait() { go_on(current_->fiber); }

  // Leaves `from` for whoever is ready.
  void go_on(Fiber& from) {
    if (ready_.empty()) report_deadlock();
    current_ = ready_.front();
    ready_.pop_front();
    running = &current_->thread;
    from.switch_to(current_->fiber);
  }
  void report_deadlock() {
    const Index block = current_->thread.block;
    for (std::size_t warp = 0; warp < meetings_.size(); ++warp) {
      for (const Meeting& meeting : meetings_[warp]) {
        if (meeting.come == 0) continue;
        std::fprintf(stderr, "warp %zu: %s for lanes 0x%08x, but only 0x%08x came\n", warp,
                     meeting.what, meeting.mask, meeting.come);
      }
    }
    give_up(
        "deadlock in block (%u, %u, %u): of %zu threads that have not ended %zu wait at "
        "__syncthreads, the others in their warps",
        block.x, block.y, block.z, alive_, at_barrier_.size());
  }

  static void enter();
  // Fibers outlive their threads: they wait here for the next block.
  void end_thread() {
    Fiber& fiber = current_->fiber;
    --alive_;
    if (alive_ == 0) return fiber.switch_to(*host_);
    if (at_barrier_.size() == alive_) release_barrier();
    go_on(fiber);
  }

  const std::function<void()>* body_ = nullptr;
  Fiber* host_ = nullptr;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::deque<Worker*> ready_;
  std::vector<Worker*> at_barrier_;
  std::vector<std::vector<Meeting>> meetings_;  // of each warp
  Worker* current_ = nullptr;
  std::size_t alive_ = 0;
};

Scheduler scheduler;

void Scheduler::enter() {
  for (;;) {
    (*scheduler.body_)();
    scheduler.end_thread();
  }
}

}  // namespace

void run(Index grid, unsigned threads, std::size_t shared_bytes,
         const std::function<void()>& body) {
  static std::mutex one_at_a_time;  // fibers, __shared__ variables and `running` are the process's
  const std::lock_guard lock(one_at_a_time);
  scheduler.run(grid, threads, shared_bytes, body);
}

void barrier() { scheduler.barrier(); }

void meet(const char* what, unsigned mask, void* value, Finish finish) {
  scheduler.meet(what, mask, value, finish);
}

}  // namespace whorl::emulated
