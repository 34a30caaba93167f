#pragma once
// Between two slices of a scan: what was offered to a probe's list is thinned out, looked at again
// with the probe's second rounding, and its floor is raised. A thread block a probe. For .cu files
// alone.
//
// The floor is the keep-th largest lower bound of entries that are all different rows: `keep` rows
// reach it, so a row whose upper bound is below it is not among the keep best. That also holds for
// a list which lost entries for want of room; what it lost is scanned again.

#include <cfloat>
#include <cstdint>
#include <cstring>

#include "kernels/face_rows_cuda.h"

namespace whorl::kernels::device {

constexpr int kSettleThreads = 512;
constexpr int kSettleWarps = kSettleThreads / kWarp;
constexpr std::uint32_t kKeysAtHand = 8192;  // 32 KB: the usual list; others are read again

constexpr int kBinBits = 8, kBins = 1 << kBinBits;

struct SettleShared {
  std::uint32_t keys[kKeysAtHand];
  std::uint32_t of_warp[kSettleWarps];
  std::uint32_t bins[kBins];
  std::uint32_t bin, after;
};

// Whole numbers in the order of the floats.
__device__ __forceinline__ std::uint32_t key_of(float value) {
  std::uint32_t bits = 0;
  memcpy(&bits, &value, sizeof(bits));
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
}
__device__ __forceinline__ float value_of(std::uint32_t key) {
  const std::uint32_t bits = (key >> 31) != 0 ? key & 0x7FFFFFFFU : ~key;
  float value = 0;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

// Which of the bins, counted from the last on, holds the wanted-th entry (1 or more; the bins hold
// as many), and how many are in the bins after it. For the first warp alone.
__device__ __forceinline__ void find_bin(std::uint32_t wanted, SettleShared& shared) {
  constexpr int kPerLane = kBins / kWarp;
  const int last = kBins - 1 - lane_of_warp() * kPerLane;  // of the lane's
  std::uint32_t own = 0;
  for (int b = 0; b < kPerLane; ++b) own += shared.bins[last - b];
  std::uint32_t up_to = own;  // of this lane's and of those before it
  for (int by = 1; by < kWarp; by *= 2) {
    const std::uint32_t before = __shfl_up_sync(kAllLanes, up_to, static_cast<unsigned>(by));
    if (lane_of_warp() >= by) up_to += before;
  }
  std::uint32_t after = up_to - own;
  if (after >= wanted || up_to < wanted) return;
  int bin = last;
  for (; after + shared.bins[bin] < wanted; --bin) after += shared.bins[bin];
  shared.bin = static_cast<std::uint32_t>(bin), shared.after = after;
}

// The keep-th largest lower bound, eight bits of the keys at a time from the top (radix selection:
// Alabi et al., ACM JEA 17, 2012); -FLT_MAX where there are fewer.
__device__ __forceinline__ float floor_of(const FaceEntry* entries, std::uint32_t count,
                                          std::uint32_t keep, SettleShared& shared) {
  if (count < keep) return -FLT_MAX;
  for (std::uint32_t i = threadIdx.x; i < count && i < kKeysAtHand; i += kSettleThreads) {
    shared.keys[i] = key_of(entries[i].lower);
  }
  std::uint32_t found = 0, decided = 0, wanted = keep;  // decided: bits of `found`, a mask
  for (int shift = 32 - kBinBits; shift >= 0; shift -= kBinBits) {
    for (int b = static_cast<int>(threadIdx.x); b < kBins; b += kSettleThreads) shared.bins[b] = 0;
    __syncthreads();
    for (std::uint32_t i = threadIdx.x; i < count; i += kSettleThreads) {
      const std::uint32_t key = i < kKeysAtHand ? shared.keys[i] : key_of(entries[i].lower);
      if (((key ^ found) & decided) == 0) atomicAdd(&shared.bins[key >> shift & (kBins - 1U)], 1U);
    }
    __syncthreads();
    if (warp_of_thread() == 0) find_bin(wanted, shared);
    __syncthreads();
    found |= shared.bin << shift;
    decided |= (kBins - 1U) << shift;
    wanted -= shared.after;
  }
  return value_of(found);
}

// Moves those of entries from .. to - 1 that may be among the best to `into` and on, in their
// order; the end of them. into <= from: a round's entries are all read before one is written.
__device__ __forceinline__ std::uint32_t close_ranks(FaceEntry* entries, std::uint32_t from,
                                                     std::uint32_t to, std::uint32_t into,
                                                     float floor, SettleShared& shared) {
  const std::uint32_t below = (1U << lane_of_warp()) - 1;
  for (std::uint32_t first = from; first < to; first += kSettleThreads) {
    const std::uint32_t i = first + threadIdx.x;
    FaceEntry entry{};
    if (i < to) entry = entries[i];
    const bool stays = i < to && entry.upper >= floor;
    const unsigned staying = __ballot_sync(kAllLanes, stays ? 1 : 0);
    if (lane_of_warp() == 0) {
      shared.of_warp[warp_of_thread()] = static_cast<std::uint32_t>(__popc(staying));
    }
    __syncthreads();
    std::uint32_t at = into + static_cast<std::uint32_t>(__popc(staying & below));
    for (int w = 0; w < kSettleWarps; ++w) {
      const std::uint32_t of_warp = shared.of_warp[w];
      into += of_warp;
      if (w < warp_of_thread()) at += of_warp;
    }
    if (stays) entries[at] = entry;
    __syncthreads();
  }
  return into;
}

// A warp an entry.
template <class Codes>
__device__ __forceinline__ void refine(const FaceScan& scan, int probe, FaceEntry* entries,
                                       std::uint32_t from, std::uint32_t to) {
  const int chunks = scan.rows.chunks;
  const Chunk* codes = scan.probes.codes + std::int64_t{probe} * chunks;
  const Chunk* rest = scan.probes.rest + std::int64_t{probe} * chunks;
  for (std::uint32_t i = from + static_cast<std::uint32_t>(warp_of_thread()); i < to;
       i += kSettleWarps) {
    const std::uint32_t row = entries[i].row;
    const Chunk* of_row = codes_of(scan.rows, row);
    typename Codes::Dot dot = 0, rest_dot = 0;
    for (int c = lane_of_warp(); c < chunks; c += kWarp) {
      const Chunk chunk = load_row(of_row + c);
      dot = dot_chunk<Codes>(chunk, codes[c], dot);
      rest_dot = dot_chunk<Codes>(chunk, rest[c], rest_dot);
    }
    for (int by = kWarp / 2; by > 0; by /= 2) {
      dot += __shfl_xor_sync(kAllLanes, dot, by);
      rest_dot += __shfl_xor_sync(kAllLanes, rest_dot, by);
    }
    if (lane_of_warp() != 0) continue;
    const FaceBounds bounds = fine_bounds(scan.probes.coarse[probe], scan.probes.fine[probe],
                                          *terms_of(scan.rows, row), dot, rest_dot);
    entries[i] = {row, bounds.similarity, bounds.lower, bounds.upper};
  }
  __syncthreads();
}

// After a slice that the probe took part in. Where its offers found no room the slice's are dropped
// and `next` stays: the probe waits, and the host scans the slice again for it.
template <class Codes>
__device__ __forceinline__ void settle(const FaceScan& scan, int probe, SettleShared& shared) {
  FaceLedger& ledger = scan.lists.ledgers[probe];
  const FaceLedger was = ledger;
  if (was.next != scan.begin) return;
  const std::uint32_t capacity = scan.lists.capacity;
  FaceEntry* entries = scan.lists.entries + std::int64_t{probe} * capacity;
  const bool lost = was.offered > capacity;
  const std::uint32_t count = min(was.offered, capacity), keep = scan.lists.keep;
  float floor = fmaxf(was.floor, floor_of(entries, count, keep, shared));
  const std::uint32_t settled = close_ranks(entries, 0, was.settled, 0, floor, shared);
  std::uint32_t end = settled;
  if (!lost) {
    end = close_ranks(entries, was.settled, count, settled, floor, shared);
    refine<Codes>(scan, probe, entries, settled, end);
    floor = fmaxf(floor, floor_of(entries, end, keep, shared));
    end = close_ranks(entries, 0, end, 0, floor, shared);
  }
  __syncthreads();
  if (threadIdx.x != 0) return;
  ledger = {end, end, lost ? scan.begin : scan.end, floor,
            lost ? std::numeric_limits<float>::infinity() : floor};
}

// The lists one after another, each from starts[probe] on.
__device__ __forceinline__ void pack(const FaceLists& lists, const std::int64_t* starts,
                                     FaceEntry* packed) {
  const auto probe = static_cast<std::int64_t>(blockIdx.x);
  const FaceEntry* entries = lists.entries + probe * lists.capacity;
  for (std::uint32_t i = threadIdx.x; i < lists.ledgers[probe].offered; i += kSettleThreads) {
    packed[starts[probe] + i] = entries[i];
  }
}

}  // namespace whorl::kernels::device
