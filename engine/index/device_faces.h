#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/face_index.h"
#include "kernels/accelerator.h"

namespace whorl::index {

// The faces of one FaceIndex, for life, once more on one or several devices. A device names who may
// be among the nearest; where it did not compare them exactly the index does: the lists are those
// of an exact index, to the last bit. Rows are shared out by kShareRows, one device after the
// other.
//
// Thread safety: one call at a time. After a status other than ok: drop it.
class DeviceFaces {
 public:
  static constexpr std::int64_t kShareRows = 1024;  // whole words of `admitted`

  // Null, with the reason in `status`, where one of them does not answer or is full.
  static std::unique_ptr<DeviceFaces> make(const kernels::Accelerator& accelerator,
                                           std::span<const int> devices, int dimension,
                                           kernels::Status* status = nullptr);

  // Adds there what the index has got since the last time, and wipes what was removed.
  kernels::Status sync(const FaceIndex& index);

  // After sync, the `k` nearest to each probe, as FaceIndex::prepare gave it.
  //   admitted  [(rows + 31) / 32]  a bit a row, of live ones alone: FaceIndex::live_bits, admitted
  kernels::Status search(const FaceIndex& index, std::span<const std::vector<float>> probes,
                         std::span<const std::uint32_t> admitted, int k,
                         std::vector<std::vector<FaceHit>>& hits);

  std::int64_t resident_bytes() const;  // on all devices

 private:
  using Candidates = std::vector<std::vector<kernels::FaceCandidate>>;  // of each probe
  kernels::Status append_share(const FaceIndex& index, std::int64_t first, std::int64_t last);
  kernels::Status scan_share(std::size_t device, std::span<const float> probes, int count,
                             std::span<const std::uint32_t> admitted, int k, Candidates& found);

  std::vector<std::unique_ptr<kernels::FaceScanner>> scanners_;
  std::int64_t rows_ = 0;     // of the index that are there
  std::size_t removals_ = 0;  // of the index that were wiped there
};

}  // namespace whorl::index
