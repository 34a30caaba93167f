#pragma once
// One slice of a gallery of faces is offered to the probes' lists: by which kernel, and by how many
// of its thread blocks. For .cu files alone.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/face_rows_cuda.h"
#include "kernels/face_scan_cuda.h"
#include "kernels/face_tiles_cuda.h"
#include "kernels/face_wgmma_cuda.h"

namespace whorl::kernels {
namespace device {

// As many as their registers leave room for.
constexpr int word_blocks_per_processor(int sums) { return sums >= 16 ? 2 : 3; }
constexpr int tile_blocks_per_processor(int columns) {
  return columns >= 8 ? 1 : columns >= 4 ? 2 : 3;
}

template <class Codes, int kProbes, int kAhead, int kRows>
__global__ void __launch_bounds__(kWordThreads, word_blocks_per_processor(kProbes* kRows))
    scan_words(FaceScan scan) {
  FaceWords<Codes, kProbes, kAhead, kRows>(scan).run();
}
template <class Codes, int kColumns>
__global__ void __launch_bounds__(kTileThreads, tile_blocks_per_processor(kColumns))
    scan_tiles(FaceScan scan) {
  FaceTiles<kColumns, MmaUnit<kColumns, Codes>>(scan).run();
}

template <class Codes, int kColumns>
TileKernel mma_tiles(int chunks) {
  return {scan_tiles<Codes, kColumns>, tile_probes(kColumns), tile_blocks_per_processor(kColumns),
          tile_shared_bytes<kColumns, MmaUnit<kColumns, Codes>>(chunks)};
}

}  // namespace device

// Few probes by words, many by the widest tiles that they half fill and that fit.
template <class Codes>
class FaceSliceScan {
 public:
  // For the current device, which is `device`.
  Status open(int device, const cudaDeviceProp& properties, int dimension,
              const FaceScanTuning& tuning) {
    codes_ = tuning.codes, use_ = tuning.use;
    processors_ = properties.multiProcessorCount;
    shared_bytes_ = static_cast<std::int64_t>(properties.sharedMemPerBlockOptin);
    tiles_ = tuning.tiles && properties.major >= kFirstTensorCores;
    wgmma_ =
        tiles_ && tuning.wgmma != Wgmma::never && properties.major == 9 && properties.minor == 0;
    if (wgmma_ && tuning.wgmma == Wgmma::where_right)
      return WHORL_CUDA_ENTRY(check_wgmma)(device, codes_, dimension, wgmma_);
    return Status::ok;
  }

  Status start(const device::FaceScan& scan, cudaStream_t stream) const {
    using Eight = device::FaceWords<Codes, 8, 4, 2>;  // the longest rows
    const int count = scan.probes.count, chunks = scan.rows.chunks;
    Status status = Status::ok;
    if (use_ != nullptr) ++use_->launches;
    if (tiles_ && count > device::kMaxWordProbes) {
      const auto wgmma = WHORL_CUDA_ENTRY(wgmma_tiles)(codes_, chunks, shared_bytes_);
      if (wgmma_ && count > wgmma.probes / 2 && start_tiles(wgmma, scan, stream, status)) {
        if (use_ != nullptr) ++use_->by_wgmma;
        return status;
      }
      for (const auto& tiles :
           {device::mma_tiles<Codes, 8>(chunks), device::mma_tiles<Codes, 4>(chunks),
            device::mma_tiles<Codes, 2>(chunks)}) {
        if (count > tiles.probes / 2 && start_tiles(tiles, scan, stream, status)) return status;
      }
      if (start_tiles(device::mma_tiles<Codes, 1>(chunks), scan, stream, status)) return status;
    }
    if (count > 4 && Eight::shared_bytes(chunks) <= kUnaskedShared)
      return start_words<8>(scan, stream);
    if (count > 2) return start_words<4>(scan, stream);
    return count == 2 ? start_words<2>(scan, stream) : start_words<1>(scan, stream);
  }

 private:
  static constexpr int kFirstTensorCores = 8;                           // compute capability
  static constexpr std::size_t kUnaskedShared = std::size_t{48} << 10;  // of any thread block

  // Short rows: more of them at once, so that as much is on its way.
  template <int kProbes>
  Status start_words(const device::FaceScan& scan, cudaStream_t stream) const {
    if (scan.rows.chunks > 2 * device::kRowLanes)
      return start_words_ahead<kProbes, 4, 2>(scan, stream);
    if (scan.rows.chunks > device::kRowLanes) return start_words_ahead<kProbes, 2, 4>(scan, stream);
    return start_words_ahead<kProbes, 1, 4>(scan, stream);
  }
  template <int kProbes, int kAhead, int kRows>
  Status start_words_ahead(const device::FaceScan& scan, cudaStream_t stream) const {
    constexpr std::int64_t kBlockRows = device::kWordThreads;  // a warp takes 32
    const std::int64_t blocks = std::min<std::int64_t>(
        (scan.end - scan.begin + kBlockRows - 1) / kBlockRows,
        std::int64_t{processors_} * device::word_blocks_per_processor(kProbes * kRows));
    const dim3 grid(static_cast<unsigned>(blocks),
                    static_cast<unsigned>((scan.probes.count + kProbes - 1) / kProbes));
    using Words = device::FaceWords<Codes, kProbes, kAhead, kRows>;
    return launch(device::scan_words<Codes, kProbes, kAhead, kRows>, grid, device::kWordThreads,
                  Words::shared_bytes(scan.rows.chunks), stream, scan);
  }

  // False where a block's probes do not fit into shared memory.
  bool start_tiles(const device::TileKernel& tiles, const device::FaceScan& scan,
                   cudaStream_t stream, Status& status) const {
    if (tiles.shared_bytes > shared_bytes_) return false;
    const int groups = (scan.probes.count + tiles.probes - 1) / tiles.probes;
    const std::int64_t rows = (scan.end - scan.begin + device::kTileRows - 1) / device::kTileRows;
    const std::int64_t at_once = std::max(1, processors_ * tiles.blocks_per_processor / groups);
    const dim3 grid(static_cast<unsigned>(std::min(rows, at_once)), static_cast<unsigned>(groups));
    status = [&]() -> Status {
      WHORL_STATUS_TRY(allow_all_shared_bytes(tiles.start, shared_bytes_));
      return launch(tiles.start, grid, device::kTileThreads,
                    static_cast<std::size_t>(tiles.shared_bytes), stream, scan);
    }();
    return true;
  }

  FaceCodes codes_ = FaceCodes::bytes;
  FaceScanUse* use_ = nullptr;
  int processors_ = 1;
  std::int64_t shared_bytes_ = 0;
  bool tiles_ = false, wgmma_ = false;
};

}  // namespace whorl::kernels
