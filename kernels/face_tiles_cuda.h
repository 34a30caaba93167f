#pragma once
// The scan of many probes, on the tensor cores. For .cu files alone.
//
// A thread block keeps its probes in shared memory for good and takes tiles of 128 rows, 64 bytes
// of each at a time, through a ring of stages that fill while others are multiplied. What
// multiplies them is a Unit, which says how chunks of 16 bytes stand in a stage and which rows and
// probes a lane's sums are of: sums[n][..][..] of probes probe(n) and the next one, their rows
// row(0), row(1) and so on, both probes of each.

#include <cstdint>

#include "kernels/cuda_async_copy.h"
#include "kernels/cuda_mma.h"
#include "kernels/cuda_wgmma.h"
#include "kernels/face_rows_cuda.h"

namespace whorl::kernels::device {

constexpr int kTileShift = 7;
constexpr int kTileRows = 1 << kTileShift;
constexpr int kTileThreads = 256;
constexpr int kTileStages = 3;  // two on their way are as many bytes as memory needs to be busy
constexpr int kTileChunks =
    kFaceStride / kChunkBytes;  // of a row in one stage: a lane of four each
static_assert(kTileChunks == 4);
constexpr int kWarpRows = 64;
constexpr int kRowParts = kWarpRows / 16;  // a matrix instruction's rows
constexpr unsigned kQueuedHits = 512;

constexpr int tile_probes(int columns) { return 32 * columns; }

// A pair that the cut did not tell from those that reach the bar.
struct FaceHit {
  std::uint32_t row;
  int probe;
  float dot;
};
// What a block keeps before its probes' codes and its stages.
template <int kColumns>
struct alignas(16) TileShared {
  float cut[tile_probes(kColumns)], slope[tile_probes(kColumns)];
  FaceHit hits[kQueuedHits];
  unsigned hit_count;
};
template <int kColumns, class Unit>
constexpr std::int64_t tile_shared_bytes(int chunks) {
  return static_cast<std::int64_t>(sizeof(TileShared<kColumns>)) + Unit::kAlignment -
         static_cast<std::int64_t>(sizeof(Chunk)) +
         static_cast<std::int64_t>(sizeof(Chunk)) *
             (tile_probes(kColumns) * chunks + kTileStages * kTileRows * kTileChunks);
}

// mma.sync: the eight warps are two by four, 64 rows by 8 kColumns probes each. The order in which
// a dot product's terms are added does not matter, so each lane feeds the instructions with the 16
// bytes that it can load at once.
template <int kColumns, class Codes>
struct MmaUnit {
  static constexpr int kAlignment = 16, kGroups = kColumns;
  using Dot = typename Codes::Dot;
  using Sums = Dot[kGroups][kRowParts][4];

  int g, t;                  // a lane's place in a matrix instruction: group and thread in it
  int warp_row, warp_probe;  // the warp's first in the tile

  __device__ __forceinline__ MmaUnit()
      : g(lane_of_warp() / 4),
        t(lane_of_warp() % 4),
        warp_row(warp_of_thread() / 4 * kWarpRows),
        warp_probe(warp_of_thread() % 4 * 8 * kColumns) {}
  __device__ __forceinline__ static int place(int row, int part) {
    return row * kTileChunks + part;
  }
  __device__ __forceinline__ int row(int r) const { return warp_row + 8 * r + g; }
  __device__ __forceinline__ int probe(int n) const { return warp_probe + 8 * n + 2 * t; }
  __device__ __forceinline__ static void publish() {}

  __device__ __forceinline__ void multiply(const Chunk* stage, const Chunk* probes,
                                           Sums& sums) const {
    const Chunk* rows = stage + place(warp_row + g, t);
    const Chunk* columns = probes + place(warp_probe + g, t);
    Chunk row[2 * kRowParts];
#pragma unroll
    for (int j = 0; j < 2 * kRowParts; ++j) row[j] = rows[8 * j * kTileChunks];
#pragma unroll
    for (int n = 0; n < kColumns; ++n) {
      const Chunk column = columns[8 * n * kTileChunks];
#pragma unroll
      for (int m = 0; m < kRowParts; ++m) {
        const Chunk &low = row[2 * m], &high = row[2 * m + 1];
#pragma unroll
        for (int w = 0; w < 4; w += 2) {
          const unsigned a[4] = {low.words[w], high.words[w], low.words[w + 1], high.words[w + 1]};
          const unsigned b[2] = {column.words[w], column.words[w + 1]};
          Codes::multiply(sums[n][m], a, b);
        }
      }
    }
  }
};

// A kernel of them, whoever compiled it.
struct TileKernel {
  void (*start)(FaceScan);
  int probes, blocks_per_processor;  // of a thread block; that fit
  std::int64_t shared_bytes;
};

template <int kColumns, class Unit>
struct FaceTiles {
  static constexpr int kProbes = tile_probes(kColumns);
  using Dot = typename Unit::Dot;
  using Sums = typename Unit::Sums;
  static constexpr int kGroups = Unit::kGroups;
  static constexpr int kGroupSums = static_cast<int>(sizeof(Sums) / sizeof(Dot)) / kGroups;
  static constexpr int kOwnRows = kGroupSums / 2;

  const FaceScan& scan;
  TileShared<kColumns>& shared;
  Chunk* probes;  // [steps of a tile, kProbes, kTileChunks]
  Chunk* stages;  // [kTileStages, kTileRows, kTileChunks]
  int steps;      // of 64 bytes, for one tile
  int first_probe;
  Unit unit;

  __device__ __forceinline__ explicit FaceTiles(const FaceScan& the_scan)
      : scan(the_scan),
        shared(*reinterpret_cast<TileShared<kColumns>*>(shared_bytes())),
        probes(aligned(&shared + 1)),
        stages(probes + kProbes * the_scan.rows.chunks),
        steps(the_scan.rows.chunks / kTileChunks),
        first_probe(static_cast<int>(blockIdx.y) * kProbes) {}

  __device__ __forceinline__ static Chunk* aligned(void* from) {
    const unsigned over = shared_address(from) % Unit::kAlignment;
    char* at = static_cast<char*>(from) + (over == 0 ? 0 : Unit::kAlignment - over);
    return reinterpret_cast<Chunk*>(at);
  }

  // A place in the sequence of all steps of the block's tiles.
  struct Step {
    std::uint32_t row;  // the tile's first
    int number;
    const Chunk* codes;
  };
  __device__ __forceinline__ Step step_at(std::uint32_t row) const {
    return {row, 0, row < scan.end ? codes_of(scan.rows, row) : nullptr};
  }
  __device__ __forceinline__ Step after(const Step& step) const {
    if (step.number + 1 < steps) return {step.row, step.number + 1, step.codes};
    const std::uint32_t apart = gridDim.x * kTileRows;
    return step_at(apart < scan.end - step.row ? step.row + apart : scan.end);
  }

  __device__ __forceinline__ void load_probes() {
    for (int i = static_cast<int>(threadIdx.x); i < kProbes * scan.rows.chunks; i += kTileThreads) {
      const int part = i % kTileChunks, p = i / kTileChunks % kProbes;
      const int step = i / kTileChunks / kProbes;
      const std::int64_t from =
          std::int64_t{first_probe + p} * scan.rows.chunks + step * kTileChunks + part;
      probes[step * kProbes * kTileChunks + Unit::place(p, part)] =
          first_probe + p < scan.probes.count ? scan.probes.codes[from] : Chunk{};
    }
    for (int p = static_cast<int>(threadIdx.x); p < kProbes; p += kTileThreads) {
      const bool known = first_probe + p < scan.probes.count;
      const FaceProbeTerms coarse = known ? scan.probes.coarse[first_probe + p] : FaceProbeTerms{};
      shared.slope[p] = known ? face_slope(coarse) : 0;
      shared.cut[p] = known ? face_cut(coarse, scan.lists.ledgers[first_probe + p].bar)
                            : std::numeric_limits<float>::infinity();
    }
    if (threadIdx.x == 0) shared.hit_count = 0;
  }

  // One group of copies, empty past the end. The tile lies in one page, and may have more rows
  // there than the scan: what they hold is read, and judged by nobody.
  __device__ __forceinline__ void fetch(const Step& step, int stage) const {
    if (step.row < scan.end) {
      Chunk* to = stages + stage * kTileRows * kTileChunks;
      for (int i = static_cast<int>(threadIdx.x); i < kTileRows * kTileChunks; i += kTileThreads) {
        const int row = i / kTileChunks, part = i % kTileChunks;
        copy_16(&to[Unit::place(row, part)],
                &step.codes[row * scan.rows.chunks + step.number * kTileChunks + part]);
      }
    }
    close_copies();
  }

  __device__ __forceinline__ void judge(const FaceHit& hit) const {
    const std::uint32_t row = hit.row;
    if (row >= scan.end) return;
    const std::uint32_t* admitted = scan.rows.admitted;
    if (admitted != nullptr && (admitted[row / 32] >> row % 32 & 1U) == 0) return;
    const int probe = first_probe + hit.probe;
    offer(scan.lists, probe, scan.probes.coarse[probe], scan.lists.ledgers[probe].bar, row,
          *terms_of(scan.rows, row), hit.dot);
  }
  // Most hits wait in the queue, so that their way to device memory is gone together.
  __device__ __forceinline__ void note(const FaceHit& hit) {
    const unsigned at = atomicAdd(&shared.hit_count, 1U);
    if (at < kQueuedHits) {
      shared.hits[at] = hit;
    } else {
      judge(hit);
    }
  }

  __device__ __forceinline__ void note_all(const Sums& sums, int n, unsigned hits,
                                           std::uint32_t tile_row) {
    for (; hits != 0; hits &= hits - 1) {
      const int i = __ffs(static_cast<int>(hits)) - 1;
      Dot dot = 0;
#pragma unroll
      for (int k = 0; k < kGroupSums; ++k) dot = k == i ? sums[n][k / 4][k % 4] : dot;
      note({tile_row + static_cast<std::uint32_t>(unit.row(i / 2)), unit.probe(n) + i % 2,
            static_cast<float>(dot)});
    }
  }

  __device__ __forceinline__ void sift(const Sums& sums, std::uint32_t tile_row) {
    const FaceRowTerms* terms = terms_of(scan.rows, tile_row);
    float scale[kOwnRows], error = 0;
#pragma unroll
    for (int j = 0; j < kOwnRows; ++j) {
      const int row = unit.row(j);
      const bool there = static_cast<std::uint32_t>(row) < scan.end - tile_row;
      const FaceRowTerms mine = there ? terms[row] : FaceRowTerms{0, kFaceGone};
      scale[j] = mine.scale;
      error = fmaxf(error, mine.error);
    }
    for (int by = kWarp / 2; by >= 4; by /= 2) {  // lanes of a group have the same rows
      error = fmaxf(error, __shfl_xor_sync(kAllLanes, error, by));
    }
#pragma unroll
    for (int n = 0; n < kGroups; ++n) {
      const int p = unit.probe(n);
      const float cut[2] = {shared.cut[p] - shared.slope[p] * error,
                            shared.cut[p + 1] - shared.slope[p + 1] * error};
      bool any = false;
#pragma unroll
      for (int i = 0; i < kGroupSums; ++i) {
        any = any || !below_face_cut(sums[n][i / 4][i % 4], scale[i / 2], cut[i % 2]);
      }
      if (!any) continue;
      unsigned hits = 0;
#pragma unroll
      for (int i = 0; i < kGroupSums; ++i) {
        const bool hit = !below_face_cut(sums[n][i / 4][i % 4], scale[i / 2], cut[i % 2]);
        hits |= hit ? 1U << i : 0U;
      }
      note_all(sums, n, hits, tile_row);
    }
  }

  // By all threads. Nobody notes a hit before the next step's barrier.
  __device__ __forceinline__ void empty_queue(bool at_last) {
    __syncthreads();
    const unsigned count = min(shared.hit_count, kQueuedHits);
    __syncthreads();
    if (count < kQueuedHits / 2 && !at_last) return;
    for (unsigned i = threadIdx.x; i < count; i += kTileThreads) judge(shared.hits[i]);
    __syncthreads();
    if (threadIdx.x == 0) shared.hit_count = 0;
  }

  __device__ __forceinline__ void run() {
    if (scan.begin + blockIdx.x * kTileRows >= scan.end) return;
    load_probes();
    Step now = step_at(scan.begin + blockIdx.x * kTileRows), ahead = now;
    for (int stage = 0; stage < kTileStages - 1; ++stage, ahead = after(ahead)) fetch(ahead, stage);
    Sums sums = {};
    int stage = 0;
    for (; now.row < scan.end; now = after(now), ahead = after(ahead)) {
      wait_copies<kTileStages - 2>();
      Unit::publish();
      __syncthreads();  // the stage is full, and the one before it nobody's any more
      fetch(ahead, (stage + kTileStages - 1) % kTileStages);
      unit.multiply(stages + stage * kTileRows * kTileChunks,
                    probes + now.number * kProbes * kTileChunks, sums);
      stage = (stage + 1) % kTileStages;
      if (now.number + 1 < steps) continue;
      sift(sums, now.row);
      empty_queue(after(now).row >= scan.end);
      for (auto& group : sums) {
        for (auto& part : group) {
          for (Dot& sum : part) sum = 0;
        }
      }
    }
    wait_copies<0>();
  }
};

}  // namespace whorl::kernels::device
