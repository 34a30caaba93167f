#pragma once
// The kernel of a finger scan: a thread block takes one block of prints and all probes of the
// launch. Codes to columns, columns to scores, scores to candidates, without leaving the
// multiprocessor. For .cu files alone.

#include <cstdint>
#include <vector>

#include "kernels/accelerator.h"
#include "kernels/cuda_launch.h"
#include "kernels/finger_columns_cuda.h"
#include "kernels/print_alignment_cuda.h"

namespace whorl::kernels::device {

constexpr int kMostWarps = 8;
constexpr std::int64_t kSharedAlignment = 16;  // of each part of a block's shared memory

// A block of prints in device memory.
struct GalleryBlock {
  FingerBlock codes;
  BlockMinutiae minutiae;
};

struct ScanProbe {
  int first_code, codes, gate_steps;
  int first_minutia, aligned_codes, minutiae;
  int least_votes;
  int mask;  // which of the eligibilities
};
struct ScanProbes {
  const ScanProbe* probes;
  const ProbeTileCode* codes;
  const ProbeTileHead* heads;
  const PackedMinutia* minutiae;
  const int* floors;
  int count;
};
struct ScanPart {
  const GalleryBlock* blocks;  // those of this launch
  std::int64_t first, all;     // number of the first of them, and of all in the gallery
  const std::uint64_t* eligible;
  std::int64_t work_bytes, probe_bytes, column_bytes;  // of shared memory
  int at_once;                                         // probes whose columns are made together
  int slice_codes;                                     // of each of them, where slices are spread
};
struct ScanOutput {
  FingerCandidate* candidates;  // [probes, room]
  int* counters;                // [probes]
  std::int64_t room;
};

inline int padded_codes(int codes) { return (codes + kTileCodes - 1) / kTileCodes * kTileCodes; }
inline std::int64_t tile_bytes(int codes) {
  return padded_codes(codes) *
         static_cast<std::int64_t>(sizeof(ProbeTileCode) + sizeof(ProbeTileHead));
}
inline std::int64_t table_bytes() {
  return (static_cast<std::int64_t>(sizeof(AlignmentTables)) + kSharedAlignment - 1) /
         kSharedAlignment * kSharedAlignment;
}
inline std::int64_t scratch_bytes(int warps) {
  return warps * static_cast<std::int64_t>(sizeof(AlignmentScratch));
}
inline void add_tiles(const FingerProbe& probe, std::vector<ProbeTileCode>& codes,
                      std::vector<ProbeTileHead>& heads) {
  for (int i = 0; i < padded_codes(probe.count); ++i) {
    const bool real = i < probe.count;
    const ProbeCode& code = probe.codes[real ? i : probe.count - 1];
    ProbeTileCode tile{};
    for (int w = 0; real && w < kWords; ++w) {
      tile.words[w] = code.words[2 * w] | static_cast<std::uint32_t>(code.words[2 * w + 1]) << 16U;
    }
    codes.push_back(tile);
    heads.push_back({real ? code.popcount << 8 | i : kNeverKey, code.direction_steps});
  }
}

// Where things stand in the block's shared memory. Columns are made and scored in turns, so what
// each of the two writes down for itself has the same place.
struct ScanMemory {
  char* work;
  AlignmentScratch* scratch;  // [warps]
  AlignmentTables* tables;
  ProbeTileCode* codes;  // of all probes
  ProbeTileHead* heads;
  FingerColumn* columns;

  __device__ ScanMemory(const ScanPart& part, int all_codes) {
    char* at = shared_bytes();
    work = at;
    scratch = reinterpret_cast<AlignmentScratch*>(at);
    at += part.work_bytes;
    tables = reinterpret_cast<AlignmentTables*>(at);
    at += (sizeof(AlignmentTables) + kSharedAlignment - 1) / kSharedAlignment * kSharedAlignment;
    codes = reinterpret_cast<ProbeTileCode*>(at);
    heads = reinterpret_cast<ProbeTileHead*>(codes + all_codes);
    columns = reinterpret_cast<FingerColumn*>(at + part.probe_bytes);
  }
};
static_assert(sizeof(AlignmentScratch) % kSharedAlignment == 0);

template <class T>
__device__ __forceinline__ void copy_words(T* to, const T* from, int count) {
  static_assert(sizeof(T) % 4 == 0);
  const int words = count * static_cast<int>(sizeof(T) / 4);
  for (int w = static_cast<int>(threadIdx.x); w < words; w += static_cast<int>(blockDim.x)) {
    reinterpret_cast<std::uint32_t*>(to)[w] = reinterpret_cast<const std::uint32_t*>(from)[w];
  }
}

__device__ __forceinline__ ProbeTiles tiles_of(const ScanProbe& probe, const ScanMemory& memory) {
  return {memory.codes + probe.first_code, memory.heads + probe.first_code,
          (probe.codes + kTileCodes - 1) / kTileCodes, probe.gate_steps};
}

// How many codes of a group are a print's; the rest is padding.
__device__ __forceinline__ int codes_of_group(const FingerBlock& block, std::int64_t group) {
  const std::int64_t left = block.codes - group * kLanes;
  return static_cast<int>(left < kLanes ? left : std::int64_t{kLanes});
}

// Columns of probes [from, to) against the whole block; a warp takes a group for all of them, so
// that its codes are read and spread out once.
struct PopcountColumns {
  static constexpr int kBlocks = 1;  // of threads, that a multiprocessor is to have room for
  __device__ static void fill(const FingerBlock& block, const ScanProbes& all, const ScanPart&,
                              int from, int to, const ScanMemory& memory) {
    const int warps = static_cast<int>(blockDim.x) / kWarp;
    for (std::int64_t group = warp_of_thread(); group < block.groups; group += warps) {
      FingerColumn* columns = memory.columns + group * kLanes;
      for (int p = from; p < to; ++p, columns += block.groups * kLanes) {
        columns_by_popcount(block, group, codes_of_group(block, group),
                            tiles_of(all.probes[p], memory), columns);
      }
    }
  }
};
template <class Unit>
struct TileColumns {
  static constexpr int kBlocks = 1;
  __device__ static void fill(const FingerBlock& block, const ScanProbes& all, const ScanPart&,
                              int from, int to, const ScanMemory& memory) {
    const int warps = static_cast<int>(blockDim.x) / kWarp;
    for (std::int64_t group = warp_of_thread(); group < block.groups; group += warps) {
      FingerColumn* columns = memory.columns + group * kLanes;
      const GroupCodes codes = load_group(block, group);
      const Unit unit(codes);
      for (int p = from; p < to; ++p, columns += block.groups * kLanes) {
        columns_by_tiles(codes, unit, codes_of_group(block, group), tiles_of(all.probes[p], memory),
                         columns);
      }
    }
  }
};

// Scores of probes [from, to): a warp a print.
template <FingerScore kScore>
__device__ void score_prints(const GalleryBlock& block, std::int64_t number, const ScanPart& part,
                             const ScanProbes& all, int from, int to, const ScanMemory& memory,
                             const ScanOutput& output) {
  const int warp = warp_of_thread(), warps = static_cast<int>(blockDim.x) / kWarp;
  WarpAlignment alignment(*memory.tables, memory.scratch[warp]);
  for (int task = warp; task < (to - from) * kBlockPrints; task += warps) {
    const int p = from + task / kBlockPrints, print = task % kBlockPrints;
    const ScanProbe& probe = all.probes[p];
    if ((part.eligible[probe.mask * part.all + number] >> print & 1U) == 0) continue;
    alignment.load(block.minutiae, print,
                   memory.columns + (p - from) * block.codes.groups * kLanes);
    int score = 0;
    if constexpr (kScore == FingerScore::codes) {
      score = alignment.code_score(probe.codes, block.codes.print_sizes[print]);
    } else {
      const AlignmentProbe mine{all.minutiae + probe.first_minutia, probe.aligned_codes,
                                probe.minutiae};
      score = alignment.alignment_score(mine, probe.least_votes);
    }
    if (score < all.floors[p] || lane_of_warp() != 0) continue;
    const int slot = atomicAdd(&output.counters[p], 1);
    output.candidates[p * output.room + slot] = {
        static_cast<std::uint32_t>(number * kBlockPrints + print),
        static_cast<std::uint16_t>(score)};
  }
}

template <class Columns, FingerScore kScore>
__global__ void __launch_bounds__(kMostWarps* kWarp, Columns::kBlocks)
    scan_fingers(ScanPart part, ScanProbes all, const AlignmentTables* tables, ScanOutput output) {
  const ScanProbe& last = all.probes[all.count - 1];
  const int codes = last.first_code + (last.codes + kTileCodes - 1) / kTileCodes * kTileCodes;
  const ScanMemory memory(part, codes);
  copy_words(memory.tables, tables, 1);
  copy_words(memory.codes, all.codes, codes);
  copy_words(memory.heads, all.heads, codes);
  __syncthreads();
  const GalleryBlock& block = part.blocks[blockIdx.x];
  const std::int64_t number = part.first + blockIdx.x;
  const std::int64_t each =
      block.codes.groups * kLanes * static_cast<std::int64_t>(sizeof(FingerColumn));
  const int fit = each == 0 ? all.count : static_cast<int>(part.column_bytes / each);
  const int at_once = min(fit, part.at_once);
  for (int from = 0; from < all.count; from += at_once) {
    const int to = min(from + at_once, all.count);
    Columns::fill(block.codes, all, part, from, to, memory);
    __syncthreads();
    score_prints<kScore>(block, number, part, all, from, to, memory, output);
    __syncthreads();
  }
}

using ScanKernel = void (*)(ScanPart, ScanProbes, const AlignmentTables*, ScanOutput);
template <class Columns>
ScanKernel kernel_of(FingerScore score) {
  return score == FingerScore::codes ? scan_fingers<Columns, FingerScore::codes>
                                     : scan_fingers<Columns, FingerScore::alignment>;
}

}  // namespace whorl::kernels::device
