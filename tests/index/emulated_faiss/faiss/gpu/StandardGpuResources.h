#pragma once
// Stands in for FAISS's GPU indexes (1.7.3): the names and limits that engine/index/faiss_gpu.cc
// meets, over FAISS's indexes of the CPU. What FAISS throws there it throws here.

#include <faiss/impl/FaissException.h>

#include <cstdint>
#include <limits>

namespace faiss::gpu {

class StandardGpuResources {};

struct Emulated {
  std::int64_t most_vectors = std::numeric_limits<std::int64_t>::max();  // memory is for so many
  bool broken = false;                                                   // every call throws
  int copies = 0, searches = 0, trainings = 0, looked_into = 0;          // what was asked
  std::int64_t resident = 0;                                             // vectors
};
inline Emulated emulated;

inline void refuse_if(bool refused, const char* message) {
  if (refused) throw FaissException(message);
}

}  // namespace faiss::gpu
