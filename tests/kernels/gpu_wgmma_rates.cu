// How fast Hopper's own matrix instruction is, and whether its products are right. Compiled for
// sm_90a alone.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/cuda_launch.h"
#include "kernels/cuda_wgmma.h"
#include "tests/kernels/gpu_numbers.h"
#include "tests/kernels/gpu_rates.h"

namespace whorl::kernels {
namespace {

using namespace device;

constexpr int kThreads = 256, kGroups = 2;  // of four warps, 64 rows each
constexpr int kRows = 64, kColumns = 256, kRowWords = kWgmmaRowBytes / 4;
constexpr int kSums = wgmma_sums(kColumns);
constexpr int kRoundsAtOnce = 4;  // before the sums are waited for
constexpr std::size_t kShared =
    static_cast<std::size_t>(kGroups * kRows + kColumns) * kWgmmaRowBytes + kWgmmaAlignment;

// Rows of 64 bytes, swizzled. Word `w` of a row is word w % 4 of its chunk w / 4.
template <class WordOf>
__device__ __forceinline__ void fill(unsigned* matrix, int rows, WordOf word_of) {
  for (int i = static_cast<int>(threadIdx.x); i < rows * kRowWords; i += kThreads) {
    const int row = i / kRowWords, word = i % kRowWords;
    matrix[row * kRowWords + swizzled_chunk(row, word / 4) * 4 + word % 4] = word_of(row, word);
  }
}
template <class Numbers>
struct WordOf {
  unsigned matrix;
  __device__ __forceinline__ unsigned operator()(int row, int word) const {
    return Numbers::word(matrix, static_cast<unsigned>(row),
                         static_cast<unsigned>(word * Numbers::kPerWord));
  }
};
__device__ __forceinline__ unsigned* aligned_memory() {
  char* memory = shared_bytes();
  const unsigned over = shared_address(memory) % kWgmmaAlignment;
  return reinterpret_cast<unsigned*>(memory + (over == 0 ? 0 : kWgmmaAlignment - over));
}
template <class Dot>
__device__ __forceinline__ void multiply_row(Dot (&d)[kSums], std::uint32_t left,
                                             std::uint32_t right) {
#pragma unroll
  for (std::uint32_t k = 0; k < kWgmmaRowBytes; k += kWgmmaDepth)
    wgmma(d, wgmma_matrix(left + k), wgmma_matrix(right + k));
}

template <class Numbers>
__global__ void __launch_bounds__(kThreads, 1)
    multiply_by_wgmma(int rounds, typename Numbers::Dot* sums) {
  unsigned* const rows = aligned_memory();
  unsigned* const columns = rows + kGroups * kRows * kRowWords;
  for (int g = 0; g < kGroups; ++g) fill(rows + g * kRows * kRowWords, kRows, WordOf<Numbers>{0});
  fill(columns, kColumns, WordOf<Numbers>{1});
  publish_to_wgmma();
  __syncthreads();
  const int group = static_cast<int>(threadIdx.x) / (kThreads / kGroups);
  const std::uint32_t left = shared_address(rows + group * kRows * kRowWords);
  const std::uint32_t right = shared_address(columns);
  typename Numbers::Dot d[kSums] = {};
  for (int r = 0; r < rounds; r += kRoundsAtOnce) {
    hold(d);
    wgmma_begin();
#pragma unroll
    for (int at_once = 0; at_once < kRoundsAtOnce; ++at_once) multiply_row(d, left, right);
    wgmma_wait();
    hold(d);
  }
  if (blockIdx.x != 0) return;
  for (int e = 0; e < kSums; ++e)
    sums[threadIdx.x * static_cast<unsigned>(kSums) + static_cast<unsigned>(e)] = d[e];
}

struct Place {
  unsigned row, column;
};
Place place_of(unsigned thread, unsigned e) {
  const unsigned warp = thread % 128 / kWarp, g = thread % kWarp / 4, t = thread % 4;
  return {16 * warp + 8 * (e / 2 % 2) + g, e / 4 * 8 + 2 * t + e % 2};
}

template <class Numbers>
bool right(const std::vector<typename Numbers::Dot>& sums, int rounds) {
  constexpr unsigned kDepth = kRowWords * Numbers::kPerWord;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    for (unsigned e = 0; e < kSums; ++e) {
      const Place place = place_of(thread, e);
      const int once = dot_of<Numbers>(place.row, 1, place.column, kDepth);
      if (sums[thread * kSums + e] != static_cast<typename Numbers::Dot>(once * rounds))
        return false;
    }
  }
  return true;
}

template <class Numbers>
Status multiply(int blocks, int rounds, MatrixRun& run) {
  Timeline timeline;
  DeviceArray<typename Numbers::Dot> sums;
  std::vector<typename Numbers::Dot> told(std::size_t{kThreads} * kSums);
  const auto size = static_cast<std::int64_t>(told.size());
  WHORL_STATUS_TRY(timeline.open());
  WHORL_STATUS_TRY(sums.reserve(size));
  WHORL_STATUS_TRY(timeline.start());
  WHORL_STATUS_TRY(launch(multiply_by_wgmma<Numbers>, dim3(static_cast<unsigned>(blocks)), kThreads,
                          kShared, timeline.stream(), rounds, sums.data()));
  WHORL_STATUS_TRY(timeline.stop());
  WHORL_STATUS_TRY(sums.copy_to(told.data(), size, timeline.stream()));
  WHORL_STATUS_TRY(timeline.wait());
  float ms = 0;
  WHORL_STATUS_TRY(timeline.add_elapsed(ms));
  run.ms = static_cast<double>(ms);
  run.operations = 2.0 * kGroups * kRows * kColumns * kRowWords * Numbers::kPerWord *
                   static_cast<double>(rounds) * blocks;
  run.right = right<Numbers>(told, rounds);
  return Status::ok;
}

// The first 64 of kColumns vectors by all of them, 32 halves of each at a time.
struct HalvesFrom {
  const unsigned* words;
  int row_words, first;
  __device__ __forceinline__ unsigned operator()(int row, int word) const {
    return words[row * row_words + first + word];
  }
};
__global__ void __launch_bounds__(kThreads, 1)
    multiply_halves_by_wgmma(const unsigned* words, int size, float* sums) {
  unsigned* const rows = aligned_memory();
  unsigned* const columns = rows + kRows * kRowWords;
  float d[kSums] = {};
  for (int first = 0; first < size / 2; first += kRowWords) {
    __syncthreads();  // what was there has been multiplied
    fill(rows, kRows, HalvesFrom{words, size / 2, first});
    fill(columns, kColumns, HalvesFrom{words, size / 2, first});
    publish_to_wgmma();
    __syncthreads();
    hold(d);
    wgmma_begin();
    multiply_row(d, shared_address(rows), shared_address(columns));
    wgmma_wait();
    hold(d);
  }
  if (threadIdx.x >= kThreads / kGroups) return;  // they have made the same
  for (int e = 0; e < kSums; ++e)
    sums[threadIdx.x * static_cast<unsigned>(kSums) + static_cast<unsigned>(e)] = d[e];
}

}  // namespace

Status WHORL_CUDA_ENTRY(run_wgmma)(bool halves, int blocks, int rounds, MatrixRun& run) {
  rounds = (rounds + kRoundsAtOnce - 1) / kRoundsAtOnce * kRoundsAtOnce;
  return halves ? multiply<HalfNumbers>(blocks, rounds, run)
                : multiply<ByteNumbers>(blocks, rounds, run);
}

Status WHORL_CUDA_ENTRY(wgmma_slack_used)(int size, double& share) {
  const std::vector<std::uint16_t> halves = unit_halves(kColumns, size);
  std::vector<float> told(std::size_t{kThreads / kGroups} * kSums);
  WHORL_STATUS_TRY(add_up_halves(multiply_halves_by_wgmma, kThreads, kShared, halves, size, told));
  for (unsigned i = 0; i < told.size(); ++i) {
    const Place place = place_of(i / kSums, i % kSums);
    share = std::max(share, share_of_slack(halves, size, static_cast<int>(place.row),
                                           static_cast<int>(place.column), told[i]));
  }
  return Status::ok;
}

}  // namespace whorl::kernels
