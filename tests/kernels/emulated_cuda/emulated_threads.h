#pragma once
// The threads of a kernel, each a fiber. Thread blocks run one after another in a shuffled order;
// of a block, each thread runs until it waits for others, in a shuffled order again, so that
// nothing can rely on one. A thread that spins until another one writes hangs.

#include <cstddef>
#include <functional>

namespace whorl::emulated {

inline constexpr int kWarpLanes = 32;

struct Index {
  unsigned x = 0, y = 0, z = 0;
};
struct Thread {
  Index thread, block, block_size, grid_size;
  std::byte* shared = nullptr;  // dynamic shared memory, exactly what was asked for
};
inline const Thread* running = nullptr;
inline const Thread& current() { return *running; }
inline int lane() { return static_cast<int>(current().thread.x) % kWarpLanes; }

// Runs all threads of all blocks; callers wait for each other. Aborts, saying so, where no thread
// can go on.
void run(Index grid, unsigned threads, std::size_t shared_bytes, const std::function<void()>& body);

void barrier();  // of the thread block: those of its threads that have not ended

// The lanes of `mask` meet, all for the same `what`. Each says where its value is; the last to come
// calls finish(values, mask), if it is given, before any of them goes on.
using Values = void* [kWarpLanes];
using Finish = void (*)(const Values& values, unsigned mask);
void meet(const char* what, unsigned mask, void* value, Finish finish);

}  // namespace whorl::emulated
