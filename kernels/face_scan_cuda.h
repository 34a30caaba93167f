#pragma once
// The CUDA twin of kernels/face_scan.h with its sizes open to tests.

#include <cstdint>
#include <memory>

#include "kernels/cuda_accelerator.h"

namespace whorl::kernels {

// Hopper's own matrix instruction for more than 128 probes (64 where rows are long), where the
// device is one.
enum class Wgmma : std::uint8_t {
  never,
  where_right,  // once a small gallery's lists were those of mma.sync
  unchecked,    // for tests, and for the check itself
};

// What rows are read as first. Halves are twice the bytes and leave few rows to be compared
// exactly.
enum class FaceCodes : std::uint8_t { bytes, halves };

// Counted for tests: a scan that does not fit goes another way without a word.
struct FaceScanUse {
  std::int64_t launches = 0, by_wgmma = 0;
};

struct FaceScanTuning {
  FaceCodes codes = FaceCodes::bytes;
  bool tiles = true;  // tensor cores for many probes, where the device has them
  Wgmma wgmma = Wgmma::never;
  // The vectors are kept as well, where they fit, so that lists are exact().
  bool vectors = false;
  // Growing by a page of this size leaves the others where they are. Smaller galleries get eighths.
  std::int64_t page_bytes = std::int64_t{32} << 20;
  // Of all lists of one launch: 1024 probes of usual lists.
  std::int64_t list_bytes = std::int64_t{128} << 20;
  // Of one list, or 64 for each row to keep where that is more. At least 256.
  std::int64_t list_entries = 8192;
  FaceScanUse* use = nullptr;  // outlives the scanner
};

std::unique_ptr<FaceScanner> WHORL_CUDA_ENTRY(make_tuned_cuda_faces)(int device, int dimension,
                                                                     std::int64_t memory_bytes,
                                                                     const FaceScanTuning& tuning,
                                                                     Status* why = nullptr);

}  // namespace whorl::kernels
