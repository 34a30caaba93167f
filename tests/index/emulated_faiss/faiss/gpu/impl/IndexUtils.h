#pragma once

#include <faiss/gpu/StandardGpuResources.h>

namespace faiss::gpu {

inline int getMaxKSelection() { return emulated.most_selected; }

}  // namespace faiss::gpu
