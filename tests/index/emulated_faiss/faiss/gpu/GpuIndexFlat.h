#pragma once

#include <faiss/IndexFlat.h>
#include <faiss/gpu/StandardGpuResources.h>

namespace faiss::gpu {

class GpuIndexFlatIP : public IndexFlatIP {
 public:
  GpuIndexFlatIP(StandardGpuResources*, int dimension) : IndexFlatIP(dimension) {
    ++emulated.trainings;
  }
  void search(idx_t n, const float* x, idx_t k, float* distances, idx_t* labels,
              const SearchParameters* how = nullptr) const override {
    refuse_if(emulated.broken, "a device's fault");
    IndexFlatIP::search(n, x, k, distances, labels, how);
  }
};

}  // namespace faiss::gpu
