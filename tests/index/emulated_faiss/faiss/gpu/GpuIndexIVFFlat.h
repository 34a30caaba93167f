#pragma once

#include <faiss/IndexIVFFlat.h>
#include <faiss/gpu/GpuIndexIVF.h>

namespace faiss::gpu {

struct GpuIndexIVFFlatConfig : GpuIndexConfig {};

class GpuIndexIVFFlat : public GpuIndexIVF {
 public:
  GpuIndexIVFFlat(StandardGpuResources*, const IndexIVFFlat* lists, GpuIndexIVFFlatConfig)
      : GpuIndexIVF(*lists) {}
};

}  // namespace faiss::gpu
