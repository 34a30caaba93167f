#pragma once
// Exact inner products of the rows that a scan listed, by kernels/face_dot.h's order and so with
// its bits: eight lanes a pair, each a partial sum. For .cu files alone; needs code without fused
// multiply-add.

#include <cstdint>

#include "kernels/face_dot.h"
#include "kernels/face_rows_cuda.h"

namespace whorl::kernels::device {

constexpr int kRankThreads = 256;

struct FacePair {
  std::uint32_t row, probe;
};
struct FaceRanking {
  FaceRows rows;
  const float* probes;  // [.., dimension]
  int dimension;
  const FacePair* pairs;
  float* similarities;  // of each pair
  std::int64_t count;
};

__device__ __forceinline__ void rank_pair(const FaceRanking& ranking) {
  const std::int64_t pair = (std::int64_t{blockIdx.x} * kRankThreads + threadIdx.x) / kFaceLanes;
  const int lane = static_cast<int>(threadIdx.x) % kFaceLanes;
  float sum = 0;
  if (pair < ranking.count) {
    const FacePair mine = ranking.pairs[pair];
    const FaceRows& rows = ranking.rows;
    const std::int64_t in_page = mine.row & ((1U << rows.page_shift) - 1);
    const float* row =
        rows.pages[mine.row >> rows.page_shift].vectors + in_page * ranking.dimension;
    const float* probe = ranking.probes + std::int64_t{mine.probe} * ranking.dimension;
#pragma unroll 8
    for (int d = lane; d < ranking.dimension; d += kFaceLanes) sum += probe[d] * row[d];
  }
  for (int by = kFaceLanes / 2; by > 0; by /= 2) sum += __shfl_xor_sync(kAllLanes, sum, by);
  if (lane == 0 && pair < ranking.count) ranking.similarities[pair] = sum;
}

}  // namespace whorl::kernels::device
