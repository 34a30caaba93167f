#pragma once

#include <span>

namespace faiss {
struct IndexIVF;
}

namespace whorl::index {

// Trains lists with the nearest centres found on a GPU. False, and they are as they were: somebody
// else must, for there is no GPU, it failed, or FAISS was not built for any.
bool train_on_gpu(faiss::IndexIVF& lists, std::span<const float> sample);

}  // namespace whorl::index
