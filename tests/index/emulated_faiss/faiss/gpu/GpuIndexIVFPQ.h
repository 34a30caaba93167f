#pragma once

#include <faiss/IndexIVFPQ.h>
#include <faiss/gpu/GpuIndexIVF.h>

namespace faiss::gpu {

struct GpuIndexIVFPQConfig : GpuIndexConfig {
  bool useFloat16LookupTables = false;
};

class GpuIndexIVFPQ : public GpuIndexIVF {
 public:
  GpuIndexIVFPQ(StandardGpuResources*, const IndexIVFPQ* lists, GpuIndexIVFPQConfig how)
      : GpuIndexIVF(*lists), parts_(static_cast<int>(lists->pq.M)) {
    refuse_if(lists->pq.nbits != 8 || !lists->by_residual, "not supported");
    refuse_if(parts_ * 256 * (how.useFloat16LookupTables ? 2 : 4) > 49'152, "shared memory");
  }
  int getNumSubQuantizers() const { return parts_; }

 private:
  int parts_;
};

}  // namespace faiss::gpu
