#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>

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
    a[i] = Numbers::word(0, g + i % 2 * 8, w * t + i / 2 * kDepth / 2);
  for (unsigned c = 0; c < kChains; ++c) {
    for (unsigned i = 0; i < 2; ++i) b[c][i] = Numbers::word(c + 1, g, w * t + i * kDepth / 2);
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
  // After the sums were stored, which waits for them.
  if (lane == 0) cycles[blockIdx.x * kWarps + threadIdx.x / kWarp] = clock64() - before;
}

__global__ void count_only(int rounds, int* sums, long long*) {
  unsigned word[kChains];
  int sum[kChains] = {};
  for (unsigned c = 0; c < kChains; ++c) word[c] = threadIdx.x * 2654435761U + c;
  for (int r = 0; r < rounds; ++r) {
#pragma unroll
    for (int c = 0; c < kChains; ++c) {
      sum[c] += __popc(word[c]);
      word[c] += static_cast<unsigned>(sum[c]);
    }
  }
  const std::int64_t thread = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  for (int c = 0; c < kChains; ++c) sums[thread * kChains + c] = sum[c];
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
    return cycles_.reserve(std::int64_t{blocks} * kWarps);
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
      last_ms_ = ms;
    }
    std::vector<long long> cycles(static_cast<std::size_t>(blocks_ * kWarps));
    first_.resize(static_cast<std::size_t>(sums_of_block_));
    last_.resize(first_.size());
    const std::int64_t last = std::int64_t{blocks_ - 1} * sums_of_block_;
    WHORL_STATUS_TRY(sums_.copy_part_to(first_.data(), 0, sums_of_block_, timeline_.stream()));
    WHORL_STATUS_TRY(sums_.copy_part_to(last_.data(), last, sums_of_block_, timeline_.stream()));
    WHORL_STATUS_TRY(cycles_.copy_to(cycles.data(), blocks_ * kWarps, timeline_.stream()));
    WHORL_STATUS_TRY(timeline_.wait());
    cycles_of_warp_ = *std::max_element(cycles.begin(), cycles.end());
    return Status::ok;
  }
  double per_second(double all) const {
    return best_ms_ > 0 ? all / (static_cast<double>(best_ms_) * 1e-3) : 0;
  }
  // Where all warps run at once and the slowest runs for as long as the launch.
  double clock_hz() const {
    return last_ms_ > 0 ? static_cast<double>(cycles_of_warp_) / (last_ms_ * 1e-3) : 0;
  }
  const std::vector<Dot>& first() const { return first_; }
  const std::vector<Dot>& last() const { return last_; }

 private:
  int blocks_ = 0, sums_of_block_ = 0;
  float best_ms_ = 0, last_ms_ = 0;
  long long cycles_of_warp_ = 0;  // in the last run
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

// Every word once, as the scans read rows; `sums` of each thread.
__global__ void read_only(const Chunk* chunks, std::int64_t count, unsigned* sums) {
  const std::int64_t thread = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  constexpr int kAhead = 8;  // asked for before the first is needed
  const std::int64_t step = std::int64_t{gridDim.x} * kThreads;
  unsigned sum = 0;
  const auto add = [&sum](const Chunk& chunk) {
    sum += chunk.words[0] + chunk.words[1] + chunk.words[2] + chunk.words[3];
  };
  std::int64_t c = thread;
  for (; c + (kAhead - 1) * step < count; c += kAhead * step) {
    Chunk ahead[kAhead];
#pragma unroll
    for (int a = 0; a < kAhead; ++a) ahead[a] = load_row(chunks + c + a * step);
#pragma unroll
    for (int a = 0; a < kAhead; ++a) add(ahead[a]);
  }
  for (; c < count; c += step) add(load_row(chunks + c));
  sums[thread] = sum;
}
Status measure_reads(const DeviceArray<std::byte>& from, std::int64_t bytes, unsigned word,
                     Timeline& timeline, GpuRates& rates) {
  const int blocks = 8 * rates.processors;
  const auto chunks = bytes / static_cast<std::int64_t>(sizeof(Chunk));
  std::vector<unsigned> told(static_cast<std::size_t>(blocks * kThreads));
  DeviceArray<unsigned> sums;
  WHORL_STATUS_TRY(sums.reserve(blocks * kThreads));
  for (int run = 0; run < kRuns; ++run) {
    float ms = 0;
    WHORL_STATUS_TRY(timeline.start());
    WHORL_STATUS_TRY(launch(read_only, dim3(static_cast<unsigned>(blocks)), kThreads, 0,
                            timeline.stream(), reinterpret_cast<const Chunk*>(from.data()), chunks,
                            sums.data()));
    WHORL_STATUS_TRY(timeline.stop());
    WHORL_STATUS_TRY(timeline.wait());
    WHORL_STATUS_TRY(timeline.add_elapsed(ms));
    if (run > 0 && ms > 0)
      rates.read =
          std::max(rates.read, static_cast<double>(bytes) / (static_cast<double>(ms) * 1e-3));
  }
  WHORL_STATUS_TRY(sums.copy_to(told.data(), blocks * kThreads, timeline.stream()));
  WHORL_STATUS_TRY(timeline.wait());
  unsigned sum = 0;
  for (const unsigned one : told) sum += one;
  if (sum != static_cast<unsigned>(chunks) * 4U * word) rates.wrong.emplace_back("reads");
  return Status::ok;
}

// 16 vectors by 8, all of their halves: sum [16, 8].
__global__ void multiply_halves(const unsigned* words, int size, float* sums) {
  const int lane = lane_of_warp(), g = lane / 4, t = lane % 4, row_words = size / 2;
  float d[4] = {};
  for (int k = 0; k < row_words; k += 8) {
    const unsigned a[4] = {words[g * row_words + k + t], words[(g + 8) * row_words + k + t],
                           words[g * row_words + k + 4 + t],
                           words[(g + 8) * row_words + k + 4 + t]};
    const unsigned* column = words + (16 + g) * row_words + k + t;
    const unsigned b[2] = {column[0], column[4]};
    mma_m16n8k16_f16(d, a, b);
  }
  for (int i = 0; i < 4; ++i) sums[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = d[i];
}
Status mma_slack_used(int size, double& share) {
  const std::vector<std::uint16_t> halves = unit_halves(16 + 8, size);
  std::vector<float> told(std::size_t{16} * 8);
  WHORL_STATUS_TRY(add_up_halves(multiply_halves, kWarp, 0, halves, size, told));
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      const float sum = told[static_cast<std::size_t>(row * 8 + column)];
      share = std::max(share, share_of_slack(halves, size, row, 16 + column, sum));
    }
  }
  return Status::ok;
}
Status measure_slack(GpuPart part, bool rehearsal, GpuRates& rates) {
  const bool wgmma = part == GpuPart::wgmma;
  double& share = wgmma ? rates.wgmma_slack : rates.mma_slack;
  for (const int size : {128, 512, 4096}) {
    if (rehearsal && size > 128) break;
    WHORL_STATUS_TRY(wgmma ? WHORL_CUDA_ENTRY(wgmma_slack_used)(size, share)
                           : mma_slack_used(size, share));
  }
  if (!(share < 1)) rates.wrong.emplace_back(wgmma ? "wgmma, long sums" : "mma, long sums");
  return Status::ok;
}

Status measure_copies(std::int64_t bytes, GpuRates& rates) {
  DeviceArray<std::byte> from, to;
  Timeline timeline;
  WHORL_STATUS_TRY(from.reserve(bytes));
  WHORL_STATUS_TRY(to.reserve(bytes));
  WHORL_STATUS_TRY(timeline.open());
  const auto size = static_cast<std::size_t>(bytes);
  constexpr unsigned kByte = 0x5A, kWord = 0x5A5A5A5A;
  WHORL_CUDA_TRY(cudaMemsetAsync(from.data(), kByte, size, timeline.stream()));
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
  return measure_reads(from, bytes, kWord, timeline, rates);
}

// What NVIDIA's tool says of the driver, of the clocks as they are and as they may be, and of the
// power.
std::string told_by_driver(int device) {
  char bus[32] = "";
  if (cudaDeviceGetPCIBusId(bus, sizeof(bus), device) != cudaSuccess) return {};
  const std::string command =
      "timeout 10 nvidia-smi "
      "--query-gpu=driver_version,clocks.sm,clocks.max.sm,clocks.mem,clocks.max.mem,"
      "power.limit,temperature.gpu --format=csv,noheader -i " +
      std::string(bus) + " 2>/dev/null";
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  char line[256] = "";
  std::string said(std::fgets(line, sizeof(line), pipe) == nullptr ? "" : line);
  (void)pclose(pipe);
  while (!said.empty() && said.back() <= ' ') said.pop_back();
  return said;
}

Status measure_products(const Amount& amount, bool rehearsal, GpuRates& rates) {
  WHORL_STATUS_TRY(measure_mma<ByteNumbers>(amount, "mma, bytes", rates.mma_bytes, rates));
  WHORL_STATUS_TRY(measure_mma<BitNumbers>(amount, "mma, bits", rates.mma_bits, rates));
  WHORL_STATUS_TRY(measure_mma<HalfNumbers>(amount, "mma, halves", rates.mma_halves, rates));
  return measure_slack(GpuPart::portable, rehearsal, rates);
}

}  // namespace

void tell_cuda_errors() {
  on_cuda_error = [](const char* file, int line, const char* what) {
    std::fprintf(stderr, "gpu: %s:%d: %s\n", file, line, what);
  };
}

std::string why_no_device() {
  int count = 0, driver = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  (void)cudaGetLastError();
  const bool has_driver = cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0;
  if (!has_driver || error == cudaErrorNoDevice) return {};
  return error == cudaSuccess ? "none that the kernels were built for" : cudaGetErrorString(error);
}

Status measure_gpu_rates(const DeviceInfo& device, GpuPart part, bool rehearsal, GpuRates& rates) {
  cudaDeviceProp properties{};
  WHORL_CUDA_TRY(cudaSetDevice(device.number));
  WHORL_CUDA_TRY(cudaGetDeviceProperties(&properties, device.number));
  rates.processors = properties.multiProcessorCount;
  const Amount least{1, 2};
  if (part == GpuPart::wgmma) {
    const Amount whole = rehearsal ? least : Amount{rates.processors, kRounds};
    WHORL_STATUS_TRY(measure_wgmma(false, whole, rates.wgmma_bytes, rates));
    WHORL_STATUS_TRY(measure_wgmma(true, whole, rates.wgmma_halves, rates));
    return measure_slack(part, rehearsal, rates);
  }
  WHORL_STATUS_TRY(measure_copies(rehearsal ? 1 << 16 : kCopyBytes, rates));
  // As many blocks as run at once, so that a block's cycles are the launch's.
  const Amount amount = rehearsal ? least : Amount{kBlocksTogether * rates.processors, kRounds};
  WHORL_STATUS_TRY(measure_popcounts(amount, rates));
  if (device.major >= 8) WHORL_STATUS_TRY(measure_products(amount, rehearsal, rates));
  rates.driver_said = told_by_driver(device.number);
  return Status::ok;
}

}  // namespace whorl::kernels
