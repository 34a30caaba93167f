#include "kernels/finger_block.h"

namespace whorl::kernels {

void score_finger_block_avx2(const FingerProbe& probe, const FingerBlock& block,
                             std::uint64_t eligible, std::uint16_t* scores) {
  score_finger_block_reference(probe, block, eligible, scores);
}

}  // namespace whorl::kernels
