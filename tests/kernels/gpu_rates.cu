#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/cuda_launch.h"
#include "tests/kernels/gpu_numbers.h"
#include "tests/kernels/gpu_rates.h"

namespace whorl::kernels {
namespace {

using namespace device;

constexpr int kThreads = 256, kWarps = kThreads / kWarp;
constexpr int kChains = 8;          // products on their way, of a warp
constexpr int kBlocksTogether = 4;  // of a multiprocessor
// A millisecond or so. Halves add up to 2^10 a round, so that their sums are exact floats.
constexpr int kRounds = 4096;
static_assert(kRounds * 1024 < 1 << 24);
constexpr int kRuns = 7;
constexpr std::int64_t kCopyBytes = std::int64_t{1} << 30;  // leaves every cache

// A warp's own 16 rows by kChains times 8 columns, added up `rounds` times.
template <class Numbers>
__global__ void __launch_bounds__(kThreads, kBlocksTogether)
    multiply_only(int rounds, typename Numbers::Dot* sums, long long* cycles) {
  const auto lane = static_cast<unsigned>(lane_of_warp()), g = lane / 4, t = lane % 4;
  constexpr unsigned w = Numbers::kPerWord, kDepth = 8 * w;
  unsigned a[4], b[kChains][2];
  for (unsigned i = 0; i < 4; ++i)
    a[i] = word_of<Numbers>(0, g + i % 2 * 8, w * t + i / 2 * kDepth / 2);
  for (unsigned c = 0; c < kChains; ++c) {
    for (unsigned i = 0; i < 2; ++i) b[c][i] = word_of<Numbers>(c + 1, g, w * t + i * kDepth / 2);
  }
  typename Numbers::Dot d[kChains][4] = {};
  const long long before = clock64();
  for (int r = 0; r < rounds; ++r) {
#pragma unroll
    for (int c = 0; c < kChains; ++c) Numbers::multiply(d[c], a, b[c]);
  }
  const std::int64_t thread = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  for (int c = 0; c < kChains; ++c) {
    for (int i = 0; i < 4; ++i) sums[(thread * kChains + c) * 4 + i] = d[c][i];
  }
  if (threadIdx.x == 0) cycles[blockIdx.x] = clock64() - before;
}

__global__ void count_only(int rounds, int* sums, long long* cycles) {
  unsigned word[kChains];
  int sum[kChains] = {};
  for (unsigned c = 0; c < kChains; ++c) word[c] = threadIdx.x * 2654435761U + c;
  const long long before = clock64();
  for (int r = 0; r < rounds; ++r) {
#pragma unroll
    for (int c = 0; c < kChains; ++c) {
      sum[c] += __popc(word[c]);
      word[c] += static_cast<unsigned>(sum[c]);
    }
  }
  const std::int64_t thread = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  for (int c = 0; c < kChains; ++c) sums[thread * kChains + c] = sum[c];
  if (threadIdx.x == 0) cycles[blockIdx.x] = clock64() - before;
}
bool counted_right(const int* sums, int threads, int rounds) {
  for (int thread = 0; thread < threads; ++thread) {
    for (unsigned c = 0; c < kChains; ++c) {
      unsigned word = static_cast<unsigned>(thread) * 2654435761U + c;
      int sum = 0;
      for (int r = 0; r < rounds; ++r) {
        for (unsigned left = word; left != 0; left &= left - 1) ++sum;
        word += static_cast<unsigned>(sum);
      }
      if (sums[thread * kChains + static_cast<int>(c)] != sum) return false;
    }
  }
  return true;
}

// Every thread of the first and the last block.
template <class Numbers>
bool multiplied_right(const typename Numbers::Dot* sums, int rounds) {
  constexpr unsigned kDepth = 8U * Numbers::kPerWord;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    const unsigned g = thread % kWarp / 4, t = thread % 4;
    for (unsigned c = 0; c < kChains; ++c) {
      for (unsigned i = 0; i < 4; ++i) {
        const int once = dot_of<Numbers>(g + i / 2 * 8, c + 1, 2 * t + i % 2, kDepth);
        const auto expected = static_cast<typename Numbers::Dot>(once * rounds);
        if (sums[(thread * kChains + c) * 4 + i] != expected) return false;
      }
    }
  }
  return true;
}

// A launch and its time: the best of several after one that warms up.
template <class Dot>
class TimedLaunch {
 public:
  Status open(int blocks, int sums_of_thread) {
    blocks_ = blocks;
    sums_of_block_ = kThreads * sums_of_thread;
    WHORL_STATUS_TRY(timeline_.open());
    WHORL_STATUS_TRY(sums_.reserve(std::int64_t{blocks} * sums_of_block_));
    return cycles_.reserve(blocks);
  }
  Status run(void (*kernel)(int, Dot*, long long*), int rounds) {
    for (int run = 0; run < kRuns; ++run) {
      float ms = 0;
      WHORL_STATUS_TRY(timeline_.start());
      WHORL_STATUS_TRY(launch(kernel, dim3(static_cast<unsigned>(blocks_)), kThreads, 0,
                              timeline_.stream(), rounds, sums_.data(), cycles_.data()));
      WHORL_STATUS_TRY(timeline_.stop());
      WHORL_STATUS_TRY(timeline_.wait());
      WHORL_STATUS_TRY(timeline_.add_elapsed(ms));
      if (run > 0) best_ms_ = best_ms_ == 0 ? ms : std::min(best_ms_, ms);
    }
    std::vector<long long> cycles(static_cast<std::size_t>(blocks_));
    first_.resize(static_cast<std::size_t>(sums_of_block_));
    last_.resize(first_.size());
    const std::int64_t last = std::int64_t{blocks_ - 1} * sums_of_block_;
    WHORL_STATUS_TRY(sums_.copy_part_to(first_.data(), 0, sums_of_block_, timeline_.stream()));
    WHORL_STATUS_TRY(sums_.copy_part_to(last_.data(), last, sums_of_block_, timeline_.stream()));
    WHORL_STATUS_TRY(cycles_.copy_to(cycles.data(), blocks_, timeline_.stream()));
    WHORL_STATUS_TRY(timeline_.wait());
    cycles_of_block_ = *std::max_element(cycles.begin(), cycles.end());
    return Status::ok;
  }
  double per_second(double all) const {
    return best_ms_ > 0 ? all / (static_cast<double>(best_ms_) * 1e-3) : 0;
  }
  // Where all blocks run at once, each for as long as the launch.
  double clock_hz() const { return per_second(static_cast<double>(cycles_of_block_)); }
  const std::vector<Dot>& first() const { return first_; }
  const std::vector<Dot>& last() const { return last_; }

 private:
  int blocks_ = 0, sums_of_block_ = 0;
  float best_ms_ = 0;
  long long cycles_of_block_ = 0;
  std::vector<Dot> first_, last_;
  Timeline timeline_;
  DeviceArray<Dot> sums_;
  DeviceArray<long long> cycles_;
};

struct Amount {
  int blocks, rounds;
};

template <class Numbers>
Status measure_mma(const Amount& amount, const char* name, double& rate, GpuRates& rates) {
  TimedLaunch<typename Numbers::Dot> timed;
  WHORL_STATUS_TRY(timed.open(amount.blocks, kChains * 4));
  WHORL_STATUS_TRY(timed.run(multiply_only<Numbers>, amount.rounds));
  const double products = 16.0 * 8 * 8 * Numbers::kPerWord;
  rate = timed.per_second(2 * products * kChains * kWarps * amount.rounds * amount.blocks);
  rates.clock_hz = std::max(rates.clock_hz, timed.clock_hz());
  if (!multiplied_right<Numbers>(timed.first().data(), amount.rounds) ||
      !multiplied_right<Numbers>(timed.last().data(), amount.rounds)) {
    rates.wrong.emplace_back(name);
  }
  return Status::ok;
}

Status measure_popcounts(const Amount& amount, GpuRates& rates) {
  TimedLaunch<int> timed;
  WHORL_STATUS_TRY(timed.open(amount.blocks, kChains));
  WHORL_STATUS_TRY(timed.run(count_only, amount.rounds));
  rates.popcounts =
      timed.per_second(static_cast<double>(kChains) * kThreads * amount.rounds * amount.blocks);
  if (!counted_right(timed.first().data(), kThreads, amount.rounds) ||
      !counted_right(timed.last().data(), kThreads, amount.rounds)) {
    rates.wrong.emplace_back("popc");
  }
  return Status::ok;
}

Status measure_wgmma(bool halves, const Amount& amount, double& rate, GpuRates& rates) {
  double best = 0;
  bool right = true;
  for (int run = 0; run < kRuns; ++run) {
    MatrixRun one;
    WHORL_STATUS_TRY(WHORL_CUDA_ENTRY(run_wgmma)(halves, amount.blocks, amount.rounds, one));
    right = right && one.right;
    if (one.ms > 0) best = std::max(best, one.operations / (one.ms * 1e-3));
  }
  rate = best;
  if (!right) rates.wrong.emplace_back(halves ? "wgmma, halves" : "wgmma, bytes");
  return Status::ok;
}

Status measure_copies(std::int64_t bytes, GpuRates& rates) {
  DeviceArray<std::byte> from, to;
  Timeline timeline;
  WHORL_STATUS_TRY(from.reserve(bytes));
  WHORL_STATUS_TRY(to.reserve(bytes));
  WHORL_STATUS_TRY(timeline.open());
  const auto size = static_cast<std::size_t>(bytes);
  WHORL_CUDA_TRY(cudaMemsetAsync(from.data(), 0x5A, size, timeline.stream()));
  for (int run = 0; run < kRuns; ++run) {
    float ms = 0;
    WHORL_STATUS_TRY(timeline.start());
    WHORL_CUDA_TRY(
        cudaMemcpyAsync(to.data(), from.data(), size, cudaMemcpyDeviceToDevice, timeline.stream()));
    WHORL_STATUS_TRY(timeline.stop());
    WHORL_STATUS_TRY(timeline.wait());
    WHORL_STATUS_TRY(timeline.add_elapsed(ms));
    if (run > 0 && ms > 0)  // the first one warms up
      rates.copy = std::max(rates.copy, 2.0 * static_cast<double>(bytes) / (ms * 1e-3));
  }
  return Status::ok;
}

}  // namespace

Status measure_gpu_rates(const DeviceInfo& device, GpuPart part, bool rehearsal, GpuRates& rates) {
  cudaDeviceProp properties{};
  WHORL_CUDA_TRY(cudaSetDevice(device.number));
  WHORL_CUDA_TRY(cudaGetDeviceProperties(&properties, device.number));
  rates.processors = properties.multiProcessorCount;
  const Amount least{1, 2};
  if (part == GpuPart::wgmma) {
    const Amount whole = rehearsal ? least : Amount{rates.processors, kRounds};
    WHORL_STATUS_TRY(measure_wgmma(false, whole, rates.wgmma_bytes, rates));
    return measure_wgmma(true, whole, rates.wgmma_halves, rates);
  }
  WHORL_STATUS_TRY(measure_copies(rehearsal ? 1 << 16 : kCopyBytes, rates));
  // As many blocks as run at once, so that a block's cycles are the launch's.
  const Amount amount = rehearsal ? least : Amount{kBlocksTogether * rates.processors, kRounds};
  WHORL_STATUS_TRY(measure_popcounts(amount, rates));
  if (device.major < 8) return Status::ok;
  WHORL_STATUS_TRY(measure_mma<ByteNumbers>(amount, "mma, bytes", rates.mma_bytes, rates));
  WHORL_STATUS_TRY(measure_mma<BitNumbers>(amount, "mma, bits", rates.mma_bits, rates));
  return measure_mma<HalfNumbers>(amount, "mma, halves", rates.mma_halves, rates);
}

}  // namespace whorl::kernels
