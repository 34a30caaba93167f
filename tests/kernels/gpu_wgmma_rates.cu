// How fast Hopper's own matrix instruction is, and whether its products are right. Compiled for
// sm_90a alone.
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
constexpr int kRows = 64, kRowWords = kWgmmaRowBytes / 4;
constexpr int kRoundsAtOnce = 4;  // before the sums are waited for
constexpr std::size_t kShared =
    static_cast<std::size_t>(kGroups * kRows + kWgmmaColumns) * kWgmmaRowBytes + kWgmmaAlignment;

// Rows of 64 bytes, swizzled. Word `w` of a row is word w % 4 of its chunk w / 4.
template <class Numbers>
__device__ void fill(unsigned* matrix, unsigned number, int rows) {
  for (int i = static_cast<int>(threadIdx.x); i < rows * kRowWords; i += kThreads) {
    const int row = i / kRowWords, word = i % kRowWords;
    const int at = row * kRowWords + swizzled_chunk(row, word / 4) * 4 + word % 4;
    matrix[at] = word_of<Numbers>(number, static_cast<unsigned>(row),
                                  static_cast<unsigned>(word * Numbers::kPerWord));
  }
}

template <class Numbers>
__global__ void __launch_bounds__(kThreads, 1)
    multiply_by_wgmma(int rounds, typename Numbers::Dot* sums) {
  char* memory = shared_bytes();
  const unsigned over = shared_address(memory) % kWgmmaAlignment;
  memory += over == 0 ? 0 : kWgmmaAlignment - over;
  auto* const rows = reinterpret_cast<unsigned*>(memory);
  unsigned* const columns = rows + kGroups * kRows * kRowWords;
  for (int g = 0; g < kGroups; ++g) fill<Numbers>(rows + g * kRows * kRowWords, 0, kRows);
  fill<Numbers>(columns, 1, kWgmmaColumns);
  publish_to_wgmma();
  __syncthreads();
  const int group = static_cast<int>(threadIdx.x) / (kThreads / kGroups);
  const std::uint32_t left = shared_address(rows + group * kRows * kRowWords);
  const std::uint32_t right = shared_address(columns);
  typename Numbers::Dot d[kWgmmaSums] = {};
  for (int r = 0; r < rounds; r += kRoundsAtOnce) {
    hold(d);
    wgmma_begin();
#pragma unroll
    for (int at_once = 0; at_once < kRoundsAtOnce; ++at_once) {
#pragma unroll
      for (std::uint32_t k = 0; k < kWgmmaRowBytes; k += kWgmmaDepth)
        wgmma(d, wgmma_matrix(left + k), wgmma_matrix(right + k));
    }
    wgmma_wait();
    hold(d);
  }
  if (blockIdx.x != 0) return;
  for (int e = 0; e < kWgmmaSums; ++e)
    sums[threadIdx.x * static_cast<unsigned>(kWgmmaSums) + static_cast<unsigned>(e)] = d[e];
}

template <class Numbers>
bool right(const std::vector<typename Numbers::Dot>& sums, int rounds) {
  constexpr unsigned kDepth = kRowWords * Numbers::kPerWord;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    const unsigned warp = thread % 128 / kWarp, g = thread % kWarp / 4, t = thread % 4;
    for (unsigned e = 0; e < kWgmmaSums; ++e) {
      const unsigned row = 16 * warp + 8 * (e / 2 % 2) + g, column = e / 4 * 8 + 2 * t + e % 2;
      const int once = dot_of<Numbers>(row, 1, column, kDepth);
      if (sums[thread * kWgmmaSums + e] != static_cast<typename Numbers::Dot>(once * rounds))
        return false;
    }
  }
  return true;
}

template <class Numbers>
Status multiply(int blocks, int rounds, MatrixRun& run) {
  Timeline timeline;
  DeviceArray<typename Numbers::Dot> sums;
  std::vector<typename Numbers::Dot> told(std::size_t{kThreads} * kWgmmaSums);
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
  run.operations = 2.0 * kGroups * kRows * kWgmmaColumns * kRowWords * Numbers::kPerWord *
                   static_cast<double>(rounds) * blocks;
  run.right = right<Numbers>(told, rounds);
  return Status::ok;
}

}  // namespace

Status WHORL_CUDA_ENTRY(run_wgmma)(bool halves, int blocks, int rounds, MatrixRun& run) {
  rounds = (rounds + kRoundsAtOnce - 1) / kRoundsAtOnce * kRoundsAtOnce;
  return halves ? multiply<HalfNumbers>(blocks, rounds, run)
                : multiply<ByteNumbers>(blocks, rounds, run);
}

}  // namespace whorl::kernels
