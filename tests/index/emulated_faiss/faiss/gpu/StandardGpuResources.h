#pragma once
// Stands in for FAISS's GPU indexes (1.7.3): the names and limits that
// engine/index/device_face_lists.cc meets, over FAISS's indexes of the CPU. What FAISS throws there
// it throws here; where FAISS asserts, the process ends.

#include <faiss/impl/FaissException.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "cuda_runtime.h"

namespace faiss::gpu {

struct Emulated {
  std::int64_t most_vectors = std::numeric_limits<std::int64_t>::max();  // memory is for so many
  bool broken = false;                                                   // every call throws
  int most_selected = 2048;                                              // k and lists stay below
  int copies = 0, searches = 0, looked_into = 0;                         // what was asked
  std::int64_t resident = 0;                                             // vectors
};
inline Emulated emulated;

class StandardGpuResources {
 public:
  ~StandardGpuResources() {  // gives streams and memory back
    if (cudaDeviceSynchronize() != cudaSuccess) std::abort();
  }
  void setTempMemory(std::size_t) {}
  void setPinnedMemory(std::size_t) {}
};

inline void refuse_if(bool refused, const char* message) {
  if (refused) throw FaissException(message);
}

}  // namespace faiss::gpu
