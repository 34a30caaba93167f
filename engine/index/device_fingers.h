#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/finger_index.h"
#include "kernels/accelerator.h"

namespace whorl::index {

// What one probe asks of all prints of a finger position.
struct DeviceSearch {
  const FingerProbe* probe;
  std::span<const std::uint64_t> eligible;  // [blocks] a bit a print; searches may share one
  Passage passage;
};

// The prints of one FingerIndex, for life, once more on one or several devices; every list is the
// one the index would make. Block b is on device b % devices: so each gets about the same bytes,
// and nothing needs to be written down.
//
// Holds on to the index's blocks, from which a device streams what does not fit into its memory.
// Thread safety: one call at a time. After a status other than ok: drop it; the lists are as they
// were.
class DeviceFingers {
 public:
  // Null, with the reason in `status`, where one of them does not answer or is full.
  static std::unique_ptr<DeviceFingers> make(const kernels::Accelerator& accelerator,
                                             std::span<const int> devices,
                                             kernels::Status* status = nullptr);

  // Puts there what the index has got since the last time, the new blocks and the one that was its
  // last, and writes over what was removed from it.
  kernels::Status sync(const FingerIndex& index);

  // After sync, FingerIndex::search or rank_by_codes over all blocks: lists[i] for searches[i].
  kernels::Status search(const FingerIndex& index, std::span<const DeviceSearch> searches,
                         std::span<Shortlist> lists);
  kernels::Status rank_by_codes(const FingerIndex& index, std::span<const DeviceSearch> searches,
                                std::span<CodeHits> lists);

  std::int64_t resident_bytes() const;  // on all devices
  float last_kernel_ms() const;         // of the slowest device

 private:
  using Candidates = std::vector<std::vector<kernels::FingerCandidate>>;  // of each search
  template <class Score>
  kernels::Status scan(const FingerIndex& index, std::span<const DeviceSearch> searches,
                       kernels::FingerScore by, std::span<TopK<Score>> lists);
  kernels::Status scan_share(std::size_t device, std::vector<kernels::FingerSearch> searches,
                             kernels::FingerScore by, Candidates& found);

  std::vector<PackedBlock> blocks_;  // as they were put; scanners go before them
  std::size_t removals_ = 0;         // of the index's, that the devices know of
  std::vector<std::unique_ptr<kernels::FingerScanner>> scanners_;
};

}  // namespace whorl::index
