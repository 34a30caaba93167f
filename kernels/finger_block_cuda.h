#pragma once
// The CUDA twin of kernels/finger_block.h. C++17 and free of CUDA's own types, so that any source
// may include it; built only with WHORL_CUDA.

#include <cstdint>
#include <memory>

#include "kernels/core.h"
#include "kernels/finger_block.h"

namespace whorl::kernels {

// ok when a device answers; no_device where there is no GPU or no driver for it.
Status find_cuda_device();

// Blocks copied to the device once and scored there many times. Not thread-safe: one query at a
// time, or one object a thread. Nothing is allocated on the device before upload().
class CudaFingerBlocks {
 public:
  CudaFingerBlocks();
  ~CudaFingerBlocks();
  CudaFingerBlocks(CudaFingerBlocks&&) noexcept;
  CudaFingerBlocks& operator=(CudaFingerBlocks&&) noexcept;

  // Replaces what was there. `blocks` [count], host memory, free to go afterwards. On failure the
  // object is empty.
  // Device memory: 34 bytes a lane and 72 a block.
  Status upload(const FingerBlock* blocks, std::int64_t count);

  // scores[p][b][print] as score_finger_block_reference gives them for probes[p], blocks[b] and
  // eligible[b] with at_least 0, bit for bit.
  //   probes    [probe_count]                             host; at most kMaxProbes
  //   eligible  [blocks]                                  host
  //   scores    [probe_count, blocks, kBlockPrints]       host; undefined unless ok
  // Waits for the answer. Zero probes or zero blocks: nothing is launched.
  Status score(const FingerProbe* probes, std::int64_t probe_count, const std::uint64_t* eligible,
               std::uint16_t* scores);
  static constexpr std::int64_t kMaxProbes = 65535;  // CUDA's limit on a grid's second side

  // Device time of the last score(), its copies left out; for benchmarks. 0 before the first.
  float last_kernel_ms() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whorl::kernels
