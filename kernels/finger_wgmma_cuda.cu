#include <cstdint>

#include "kernels/cuda_wgmma.h"
#include "kernels/finger_wgmma_cuda.h"

namespace whorl::kernels {
namespace {

using namespace device;

// Four warps, a group each, meet all codes of a probe in one instruction a slice. The probes'
// slices are spread out in shared memory once for all groups, two to a row of 64 bytes; a group's
// stay in its warp's registers. A row's word 2 t stands at bytes 4 t of the slice's first half,
// word 2 t + 1 at those of the second, as load_group() has them.
struct WgmmaColumns {
  [[maybe_unused]] static constexpr int kBlocks = 2;
  static constexpr int kTogether = 4;                                 // warps
  static constexpr int kRowSlices = 2, kRows = kSlices / kRowSlices;  // of 64 bytes, a code
  static_assert(kRows * kWgmmaRowBytes == kSlicedCodeBytes && kSliceAlignment == kWgmmaAlignment);
  static constexpr int kMostTiles = 6;  // of one instruction: 48 codes

  __device__ static std::uint32_t aligned(const void* work) {
    return (shared_address(work) + kSliceAlignment - 1) / kSliceAlignment * kSliceAlignment;
  }

  __device__ static void spread(const ScanProbes& all, const ScanPart& part, int from, int to,
                                const ScanMemory& memory) {
    char* const slices = memory.work + (aligned(memory.work) - shared_address(memory.work));
    const int words = (to - from) * part.slice_codes * kWords;
    for (int n = static_cast<int>(threadIdx.x); n < words; n += static_cast<int>(blockDim.x)) {
      const int w = n % kWords, i = n / kWords % part.slice_codes;
      const int p = n / kWords / part.slice_codes;
      const ScanProbe& probe = all.probes[from + p];
      const std::uint32_t word =
          i < probe.codes ? memory.codes[probe.first_code + i].words[w] : std::uint32_t{0};
      char* const own = slices + static_cast<std::int64_t>(p) * part.slice_codes * kSlicedCodeBytes;
#pragma unroll
      for (int s = 0; s < kSlices; ++s) {
        const int row = s / kRowSlices * part.slice_codes + i;
        const int chunk = swizzled_chunk(i, s % kRowSlices * 2 + w % 2);
        *reinterpret_cast<std::uint32_t*>(own + row * kWgmmaRowBytes + chunk * 16 + w / 2 * 4) =
            probe_slice(word, s);
      }
    }
  }

  // Tiles [tile, tile + kTiles) of a probe; of the last ones there may be less.
  template <int kTiles>
  __device__ __forceinline__ static void take_tiles(const GroupCodes& codes,
                                                    const TurnedCodes& turned,
                                                    const ProbeTiles& probe, int tile,
                                                    std::uint32_t slices, int slice_codes,
                                                    Keys& keys) {
    const int g_pair = lane_of_warp() % 4 * 2;
#pragma unroll
    for (int m = 0; m < 2; ++m) {
      unsigned a[kSlices][4];
#pragma unroll
      for (int s = 0; s < kSlices; ++s) turned.slice(m, s, a[s]);
      int sums[4 * kTiles] = {};
      hold(sums);
#pragma unroll
      for (int s = 0; s < kSlices; ++s) hold(a[s]);
      wgmma_begin();
#pragma unroll
      for (int s = 0; s < kSlices; ++s) {
        const auto row = static_cast<std::uint32_t>(s / kRowSlices * slice_codes);
        const std::uint32_t at =
            slices + (row + static_cast<std::uint32_t>(tile * kTileCodes)) * kWgmmaRowBytes;
        wgmma_u8(sums, a[s],
                 wgmma_matrix(at + static_cast<std::uint32_t>(s % kRowSlices * kWgmmaDepth)));
      }
      wgmma_wait();
      hold(sums);
#pragma unroll
      for (int j = 0; j < kTiles; ++j) {
        if (tile + j >= probe.tiles) continue;
        const Band band = band_of_tile(codes, probe, tile + j);
        if (!band.any) continue;
        const ProbeTileHead* heads = probe.heads + (tile + j) * kTileCodes + g_pair;
        const int counts[4] = {sums[4 * j], sums[4 * j + 1], sums[4 * j + 2], sums[4 * j + 3]};
        if (band.all) {
          take<false>(counts, kSliceScale, heads[0], heads[1], codes, m, probe.gate_steps, keys);
        } else {
          take<true>(counts, kSliceScale, heads[0], heads[1], codes, m, probe.gate_steps, keys);
        }
      }
    }
  }

  __device__ static void fill(const FingerBlock& block, const ScanProbes& all, const ScanPart& part,
                              int from, int to, const ScanMemory& memory) {
    spread(all, part, from, to, memory);
    publish_to_wgmma();
    __syncthreads();
    const int warp = warp_of_thread(), warps = static_cast<int>(blockDim.x) / kWarp;
    for (std::int64_t first = warp / kTogether * kTogether; first < block.groups; first += warps) {
      // The last four may have fewer groups than warps, and all four multiply.
      const std::int64_t mine = first + warp % kTogether;
      const bool real = mine < block.groups;
      const std::int64_t group = real ? mine : block.groups - 1;
      const GroupCodes codes = load_group(block, group);
      const TurnedCodes turned(codes);
      FingerColumn* columns = memory.columns + group * kLanes;
      std::uint32_t slices = aligned(memory.work);
      for (int p = from; p < to; ++p, columns += block.groups * kLanes) {
        const ProbeTiles probe = tiles_of(all.probes[p], memory);
        Keys keys;
        for (int tile = 0; tile < probe.tiles; tile += kMostTiles) {
          const int n = part.slice_codes;
          switch ((min(probe.tiles - tile, kMostTiles) + 1) / 2) {
            case 1:
              take_tiles<2>(codes, turned, probe, tile, slices, n, keys);
              break;
            case 2:
              take_tiles<4>(codes, turned, probe, tile, slices, n, keys);
              break;
            default:
              take_tiles<6>(codes, turned, probe, tile, slices, n, keys);
          }
        }
        if (real) write_columns(codes, keys, codes_of_group(block, group), columns);
        slices += static_cast<std::uint32_t>(part.slice_codes * kSlicedCodeBytes);
      }
    }
  }
};

}  // namespace

device::ScanKernel WHORL_CUDA_ENTRY(wgmma_scan)(FingerScore score) {
  return device::kernel_of<WgmmaColumns>(score);
}

}  // namespace whorl::kernels
