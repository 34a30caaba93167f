#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "engine/app/progress.h"

namespace whorl::app {

inline int threads_or_all(int asked) {
  return asked > 0 ? asked : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

// Does pieces 0 .. count - 1, each once, on `threads` threads: make_worker() is called on each
// thread and gives what does one piece there, so scratch memory needs no lock. The calling thread
// tells the progress. Pieces may write only what is theirs.
template <class MakeWorker>
void share_out(std::int64_t count, int threads, Progress& progress, MakeWorker make_worker) {
  std::atomic<std::int64_t> next = 0, done = 0;
  {
    std::vector<std::jthread> pool;
    for (int t = 0; t < threads; ++t) {
      pool.emplace_back([&] {
        auto work = make_worker();
        for (std::int64_t piece = next++; piece < count; piece = next++) work(piece), ++done;
      });
    }
    while (done < count) {
      progress.at(done);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  progress.at(count);
  progress.finish();
}

}  // namespace whorl::app
