#pragma once

#include <mutex>

namespace whorl {

// dlib and FAISS multiply matrices with the BLAS that the machine has. Hold this while they may:
//   - OpenBLAS is told, the first time, to stay on the calling thread, for oneTBB owns the cores;
//   - where it was built without threads it hands one buffer to calls that go on at once, and their
//     products are mixed: then they go one after another. Any other BLAS waits for nobody.
// Why: docs/decisions/blas.md.
[[nodiscard]] std::unique_lock<std::mutex> blas_turn();

}  // namespace whorl
