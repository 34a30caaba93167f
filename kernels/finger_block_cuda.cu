#include <cstdint>
#include <vector>

#include "kernels/cuda_memory.h"
#include "kernels/finger_block_cuda.h"

namespace whorl::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kWarpLanes = 32;
constexpr int kWarps = kThreads / kWarpLanes;
static_assert(kLanes == kWarpLanes, "a warp takes one group, a lane one code");
constexpr int kPackedWords = kCodeWords / 2;

// v = kCodeBits - 2 * hamming is even, so m has 128 values above zero, and a print at most 255
// codes: one byte counts each value, four of them share a word.
constexpr int kValues = kCodeBits / 2;
constexpr int kCountsPerWord = 4;
constexpr int kHistogramWords = kValues / kCountsPerWord;
static_assert(kValues % kCountsPerWord == 0);

struct DeviceProbe {
  std::int64_t first_code;
  std::int32_t count;
  std::int32_t gate_steps;
};

// All blocks one after another; block b owns the groups group_starts[b] .. group_starts[b + 1] - 1.
struct DeviceBlocks {
  const std::uint16_t* planes;
  const std::uint8_t* directions;
  const std::uint8_t* prints;
  const std::uint8_t* print_sizes;
  const std::int64_t* group_starts;
};

struct SharedProbe {
  std::uint32_t words[kMaxProbeCodes][kPackedWords];
  std::int32_t directions[kMaxProbeCodes];
};

__device__ std::uint32_t pack(std::uint16_t low, std::uint16_t high) {
  return static_cast<std::uint32_t>(low) | static_cast<std::uint32_t>(high) << 16U;
}

__device__ void load_probe(const DeviceProbe& probe, const ProbeCode* codes, SharedProbe& shared) {
  codes += probe.first_code;
  for (int i = threadIdx.x; i < probe.count * kPackedWords; i += kThreads) {
    const int code = i / kPackedWords, w = i % kPackedWords;
    shared.words[code][w] = pack(codes[code].words[2 * w], codes[code].words[2 * w + 1]);
  }
  for (int i = threadIdx.x; i < probe.count; i += kThreads) {
    shared.directions[i] = codes[i].direction_steps;
  }
}

// m(j) of the contract. The codes of a warp are neighbours in direction, so its lanes mostly agree
// on which probe codes the gate lets through.
__device__ int best_value(const DeviceProbe& probe, const SharedProbe& shared,
                          const std::uint32_t (&code)[kPackedWords], int direction) {
  int best = 0;
  for (int i = 0; i < probe.count; ++i) {
    const int apart = abs(shared.directions[i] - direction);
    if (min(apart, 256 - apart) > probe.gate_steps) continue;
    int hamming = 0;
    for (int w = 0; w < kPackedWords; ++w) hamming += __popc(shared.words[i][w] ^ code[w]);
    best = max(best, kCodeBits - 2 * hamming);
  }
  return best;
}

// The n largest values of one print's histogram, summed from the top.
__device__ int sum_of_largest(const std::uint32_t* histogram, int n) {
  int sum = 0;
  for (int value = kValues; value > 0 && n > 0; --value) {
    const int slot = value - 1;
    const std::uint32_t word = histogram[slot / kCountsPerWord];
    const int count = static_cast<int>(word >> (8 * (slot % kCountsPerWord)) & 0xFFU);
    const int taken = min(count, n);
    sum += taken * 2 * value;
    n -= taken;
  }
  return sum;
}

// One thread block scores one probe against one block: warps take its groups in turn, each lane
// counts the m of its code in its print's histogram, then a thread a print reads off the sum.
__global__ void __launch_bounds__(kThreads)
    score_blocks(DeviceBlocks blocks, const DeviceProbe* probes, const ProbeCode* codes,
                 const std::uint64_t* eligible, std::uint16_t* scores) {
  __shared__ SharedProbe shared;
  __shared__ std::uint32_t histograms[kBlockPrints][kHistogramWords];
  const std::int64_t block = blockIdx.x;
  const DeviceProbe probe = probes[blockIdx.y];
  for (int i = threadIdx.x; i < kBlockPrints * kHistogramWords; i += kThreads) {
    histograms[i / kHistogramWords][i % kHistogramWords] = 0;
  }
  load_probe(probe, codes, shared);
  __syncthreads();

  const int lane = threadIdx.x % kWarpLanes;
  const std::uint64_t wanted = eligible[block];
  for (std::int64_t group = blocks.group_starts[block] + threadIdx.x / kWarpLanes;
       group < blocks.group_starts[block + 1]; group += kWarps) {
    const int print = blocks.prints[group * kLanes + lane];
    if (print == kNoPrint || (wanted >> print & 1U) == 0) continue;
    const std::uint16_t* plane = blocks.planes + group * kCodeWords * kLanes + lane;
    std::uint32_t code[kPackedWords];
    for (int w = 0; w < kPackedWords; ++w) {
      code[w] = pack(plane[2 * w * kLanes], plane[(2 * w + 1) * kLanes]);
    }
    const int m = best_value(probe, shared, code, blocks.directions[group * kLanes + lane]);
    if (m == 0) continue;
    const int slot = m / 2 - 1;
    atomicAdd(&histograms[print][slot / kCountsPerWord], 1U << (8 * (slot % kCountsPerWord)));
  }
  __syncthreads();

  if (threadIdx.x < kBlockPrints) {
    const int print = static_cast<int>(threadIdx.x);
    const int n = pairs_counted(probe.count, blocks.print_sizes[block * kBlockPrints + print]);
    const int score = kScoreUnit * sum_of_largest(histograms[print], n) / n;
    scores[(blockIdx.y * static_cast<std::int64_t>(gridDim.x) + block) * kBlockPrints + print] =
        static_cast<std::uint16_t>(score);
  }
}

}  // namespace

struct CudaFingerBlocks::State {
  cudaStream_t stream = nullptr;
  cudaEvent_t before = nullptr, after = nullptr;
  std::int64_t count = 0;
  float kernel_ms = 0;
  DeviceArray<std::uint16_t> planes;
  DeviceArray<std::uint8_t> directions, prints, print_sizes;
  DeviceArray<std::int64_t> group_starts;
  DeviceArray<DeviceProbe> probes;
  DeviceArray<ProbeCode> codes;
  DeviceArray<std::uint64_t> eligible;
  DeviceArray<std::uint16_t> scores;

  Status open() {
    if (stream != nullptr) return Status::ok;
    WHORL_CUDA_TRY(cudaEventCreate(&before));
    WHORL_CUDA_TRY(cudaEventCreate(&after));
    WHORL_CUDA_TRY(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return Status::ok;
  }
  ~State() {
    if (before != nullptr) (void)cudaEventDestroy(before);
    if (after != nullptr) (void)cudaEventDestroy(after);
    if (stream != nullptr) (void)cudaStreamDestroy(stream);
  }
};

Status find_cuda_device() {
  int devices = 0;
  WHORL_CUDA_TRY(cudaGetDeviceCount(&devices));
  return devices > 0 ? Status::ok : Status::no_device;
}

CudaFingerBlocks::CudaFingerBlocks() : state_(std::make_unique<State>()) {}
CudaFingerBlocks::~CudaFingerBlocks() = default;
CudaFingerBlocks::CudaFingerBlocks(CudaFingerBlocks&&) noexcept = default;
CudaFingerBlocks& CudaFingerBlocks::operator=(CudaFingerBlocks&&) noexcept = default;

Status CudaFingerBlocks::upload(const FingerBlock* blocks, std::int64_t count) {
  State& state = *state_;
  state.count = 0;
  if (count == 0) return Status::ok;
  std::vector<std::uint16_t> planes;
  std::vector<std::uint8_t> directions, prints, sizes;
  std::vector<std::int64_t> starts{0};
  for (std::int64_t b = 0; b < count; ++b) {
    const FingerBlock& block = blocks[b];
    const std::int64_t lanes = block.groups * kLanes;
    planes.insert(planes.end(), block.planes, block.planes + lanes * kCodeWords);
    directions.insert(directions.end(), block.directions, block.directions + lanes);
    prints.insert(prints.end(), block.prints, block.prints + lanes);
    sizes.insert(sizes.end(), block.print_sizes, block.print_sizes + kBlockPrints);
    starts.push_back(starts.back() + block.groups);
  }
  const auto size = [](const auto& v) { return static_cast<std::int64_t>(v.size()); };
  WHORL_STATUS_TRY(state.open());
  WHORL_STATUS_TRY(state.planes.copy_from(planes.data(), size(planes), state.stream));
  WHORL_STATUS_TRY(state.directions.copy_from(directions.data(), size(directions), state.stream));
  WHORL_STATUS_TRY(state.prints.copy_from(prints.data(), size(prints), state.stream));
  WHORL_STATUS_TRY(state.print_sizes.copy_from(sizes.data(), size(sizes), state.stream));
  WHORL_STATUS_TRY(state.group_starts.copy_from(starts.data(), size(starts), state.stream));
  WHORL_CUDA_TRY(cudaStreamSynchronize(state.stream));
  state.count = count;
  return Status::ok;
}

Status CudaFingerBlocks::score(const FingerProbe* probes, std::int64_t probe_count,
                               const std::uint64_t* eligible, std::uint16_t* scores) {
  State& state = *state_;
  WHORL_CHECK(probe_count >= 0 && probe_count <= kMaxProbes);
  if (probe_count == 0 || state.count == 0) return Status::ok;
  std::vector<DeviceProbe> headers;
  std::vector<ProbeCode> codes;
  for (std::int64_t p = 0; p < probe_count; ++p) {
    WHORL_CHECK(probes[p].count >= 0 && probes[p].count <= kMaxProbeCodes);
    headers.push_back(
        {static_cast<std::int64_t>(codes.size()), probes[p].count, probes[p].gate_steps});
    codes.insert(codes.end(), probes[p].codes, probes[p].codes + probes[p].count);
  }
  const std::int64_t answers = probe_count * state.count * kBlockPrints;
  const auto code_count = static_cast<std::int64_t>(codes.size());
  WHORL_STATUS_TRY(state.probes.copy_from(headers.data(), probe_count, state.stream));
  WHORL_STATUS_TRY(state.codes.copy_from(codes.data(), code_count, state.stream));
  WHORL_STATUS_TRY(state.eligible.copy_from(eligible, state.count, state.stream));
  WHORL_STATUS_TRY(state.scores.reserve(answers));
  const DeviceBlocks blocks{state.planes.data(), state.directions.data(), state.prints.data(),
                            state.print_sizes.data(), state.group_starts.data()};
  const dim3 grid(static_cast<unsigned>(state.count), static_cast<unsigned>(probe_count));
  WHORL_CUDA_TRY(cudaEventRecord(state.before, state.stream));
  score_blocks<<<grid, kThreads, 0, state.stream>>>(blocks, state.probes.data(), state.codes.data(),
                                                    state.eligible.data(), state.scores.data());
  WHORL_CUDA_TRY(cudaGetLastError());
  WHORL_CUDA_TRY(cudaEventRecord(state.after, state.stream));
  WHORL_STATUS_TRY(state.scores.copy_to(scores, answers, state.stream));
  WHORL_CUDA_TRY(cudaStreamSynchronize(state.stream));
  WHORL_CUDA_TRY(cudaEventElapsedTime(&state.kernel_ms, state.before, state.after));
  return Status::ok;
}

float CudaFingerBlocks::last_kernel_ms() const { return state_->kernel_ms; }

}  // namespace whorl::kernels
