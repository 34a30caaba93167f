#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/cuda_wgmma.h"
#include "kernels/face_scan_cuda.h"
#include "kernels/face_wgmma_cuda.h"

namespace whorl::kernels {
namespace {

using namespace device;

// Each half of the eight warps takes 64 rows by all probes.
template <int kColumns, class Codes>
struct WgmmaUnit {
  static constexpr int kAlignment = kWgmmaAlignment, kGroups = 4 * kColumns;
  static constexpr int kSums = wgmma_sums(tile_probes(kColumns));
  static_assert(kFaceStride == kWgmmaRowBytes);
  using Dot = typename Codes::Dot;
  using Sums = Dot[kGroups][1][4];
  static_assert(sizeof(Sums) == sizeof(Dot[kSums]));

  __device__ __forceinline__ static int place(int row, int part) {
    return row * kTileChunks + swizzled_chunk(row, part);
  }
  __device__ __forceinline__ static int row(int r) {
    return warp_of_thread() * 16 + 8 * r + lane_of_warp() / 4;
  }
  __device__ __forceinline__ static int probe(int n) { return 8 * n + lane_of_warp() % 4 * 2; }
  __device__ __forceinline__ static void publish() { publish_to_wgmma(); }

  __device__ __forceinline__ static void multiply(const Chunk* stage, const Chunk* probes,
                                                  Sums& sums) {
    const Chunk* rows = stage + warp_of_thread() / 4 * kWarpRows * kTileChunks;
    auto& all = reinterpret_cast<Dot(&)[kSums]>(sums);
    hold(all);
    wgmma_begin();
#pragma unroll
    for (int k = 0; k < kWgmmaRowBytes; k += kWgmmaDepth) {
      const auto further = static_cast<std::uint32_t>(k);
      wgmma(all, wgmma_matrix(shared_address(rows) + further),
            wgmma_matrix(shared_address(probes) + further));
    }
    wgmma_wait();
    hold(all);
  }
};

template <int kColumns, class Codes>
__global__ void __launch_bounds__(kTileThreads, 1) scan_tiles_by_wgmma(FaceScan scan) {
  FaceTiles<kColumns, WgmmaUnit<kColumns, Codes>>(scan).run();
}
template <int kColumns, class Codes>
TileKernel tiles_of(int chunks) {
  return {scan_tiles_by_wgmma<kColumns, Codes>, tile_probes(kColumns), 1,
          tile_shared_bytes<kColumns, WgmmaUnit<kColumns, Codes>>(chunks)};
}
template <class Codes>
TileKernel widest_tiles(int chunks, std::int64_t shared_bytes) {
  const TileKernel wide = tiles_of<8, Codes>(chunks);
  return wide.shared_bytes <= shared_bytes ? wide : tiles_of<4, Codes>(chunks);
}

}  // namespace

TileKernel WHORL_CUDA_ENTRY(wgmma_tiles)(FaceCodes codes, int chunks, std::int64_t shared_bytes) {
  return codes == FaceCodes::bytes ? widest_tiles<ByteCodes>(chunks, shared_bytes)
                                   : widest_tiles<HalfCodes>(chunks, shared_bytes);
}

Status WHORL_CUDA_ENTRY(check_wgmma)(int device, FaceCodes codes, int dimension, bool& right) {
  constexpr int kRows = 300, kProbes = 130, kKept = 3;
  FaceScanTuning plain;
  plain.codes = codes;
  plain.list_entries = 256;  // so that what the first slice found decides who is seen of the rest
  plain.vectors = codes == FaceCodes::halves;  // their sums may differ in the last digits
  FaceScanTuning hopper = plain;
  hopper.wgmma = Wgmma::unchecked;
  std::vector<float> vectors;
  std::uint32_t random = 1;
  for (int r = 0; r < kRows + kProbes; ++r) {
    float squares = 0;
    for (int d = 0; d < dimension; ++d) {
      random = random * 1664525U + 1013904223U;  // Numerical Recipes, 2nd edition, 7.1
      vectors.push_back(static_cast<float>(random >> 16U) / 32768 - 1);
      squares += vectors.back() * vectors.back();
    }
    for (auto v = vectors.end() - dimension; v != vectors.end(); ++v) *v /= std::sqrt(squares);
  }
  std::vector<std::vector<FaceCandidate>> lists[2];
  for (int by = 0; by < 2; ++by) {
    Status status = Status::ok;
    const auto scanner = WHORL_CUDA_ENTRY(make_tuned_cuda_faces)(
        device, dimension, std::int64_t{32} << 20, by == 0 ? plain : hopper, &status);
    WHORL_STATUS_TRY(status);
    WHORL_STATUS_TRY(scanner->append(vectors.data(), kRows));
    WHORL_STATUS_TRY(scanner->scan(vectors.data() + std::ptrdiff_t{kRows} * dimension, kProbes,
                                   nullptr, kKept, lists[by]));
    for (auto& list : lists[by]) {
      std::sort(list.begin(), list.end(),
                [](const FaceCandidate& a, const FaceCandidate& b) { return a.row < b.row; });
    }
  }
  right = std::equal(lists[0].begin(), lists[0].end(), lists[1].begin(), [](auto& a, auto& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const FaceCandidate& x, const FaceCandidate& y) {
                        return x.row == y.row && x.similarity == y.similarity;
                      });
  });
  return Status::ok;
}

}  // namespace whorl::kernels
