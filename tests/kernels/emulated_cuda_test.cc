// The emulated device's threads, against what CUDA's manual says of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "kernels/cuda_launch.h"
#include "kernels/cuda_mma.h"
#include "tests/kernels/emulated_cuda/emulated_device.h"

namespace whorl::kernels {
namespace {

constexpr unsigned kAllLanes = 0xFFFFFFFFU;

// What a kernel wrote into `count` elements that it was given as its last argument.
template <class T, class Kernel, class... Arguments>
std::vector<T> written_by(Kernel kernel, std::size_t count, dim3 grid, int threads,
                          std::size_t shared, const Arguments&... arguments) {
  std::vector<T> out(count);
  const auto size = static_cast<std::int64_t>(count);
  DeviceArray<T> device;
  EXPECT_EQ(device.copy_from(out.data(), size, nullptr), Status::ok);
  EXPECT_EQ(launch(kernel, grid, threads, shared, nullptr, arguments..., device.data()),
            Status::ok);
  EXPECT_EQ(device.copy_to(out.data(), size, nullptr), Status::ok);
  return out;
}

class EmulatedThreads : public testing::Test {
 protected:
  void SetUp() override { emulated::reset(); }
  void TearDown() override { EXPECT_EQ(emulated::live_objects(), 0); }
};
using EmulatedThreadsDeath = EmulatedThreads;

__global__ void count_visits(int* visits) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  visits[block * blockDim.x + threadIdx.x] += 1;
}
TEST_F(EmulatedThreads, RunOnceEach) {
  const dim3 grid(3, 4, 5);
  EXPECT_EQ(written_by<int>(count_visits, 60 * 33, grid, 33, 0), std::vector<int>(60 * 33, 1));
  EXPECT_EQ(written_by<int>(count_visits, 1, dim3(3, 0, 5), 33, 0), std::vector<int>(1, 0));
}

__global__ void __launch_bounds__(64) note_order(int* next_and_order) {
  next_and_order[1 + atomicAdd(next_and_order, 1)] =
      static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}
TEST_F(EmulatedThreads, ComeInNoOrder) {
  const auto order = written_by<int>(note_order, 1 + 8 * 64, 8, 64, 0);
  std::vector<int> blocks, threads;
  for (std::size_t i = 1; i < order.size(); i += 64) {
    blocks.push_back(order[i] / 64), threads.push_back(order[i] % 64);
  }
  EXPECT_FALSE(std::is_sorted(blocks.begin(), blocks.end()));
  EXPECT_GT(*std::max_element(threads.begin(), threads.end()), 0);
  EXPECT_EQ(order, written_by<int>(note_order, 1 + 8 * 64, 8, 64, 0)) << "the same every time";
}

__global__ void turn_round(int rounds, int* out) {
  auto* line = reinterpret_cast<int*>(device::shared_bytes());
  const int me = static_cast<int>(threadIdx.x), last = static_cast<int>(blockDim.x) - 1;
  line[me] = me;
  for (int r = 0; r < rounds; ++r) {
    __syncthreads();
    const int taken = line[last - me];
    __syncthreads();
    line[me] = taken + 1;
  }
  out[me] = line[me];
}
TEST_F(EmulatedThreads, SeeAfterABarrierWhatOthersWroteBefore) {
  const auto out = written_by<int>(turn_round, 256, 1, 256, 256 * sizeof(int), 7);
  for (int i = 0; i < 256; ++i) EXPECT_EQ(out[static_cast<std::size_t>(i)], 255 - i + 7);
}

__global__ void leave_early(int* out) {
  __shared__ int gone;
  if (threadIdx.x == 0) gone = 0;
  __syncthreads();
  if (threadIdx.x >= 100) {
    atomicAdd(&gone, 1);
    return;
  }
  __syncthreads();
  __syncthreads();
  if (threadIdx.x < 100) out[threadIdx.x] = gone;
}
TEST_F(EmulatedThreads, MayEndWhileOthersWaitAtABarrier) {
  const auto out = written_by<int>(leave_early, 100, 1, 160, 0);
  EXPECT_EQ(out[0], 60);  // whichever came first: the second barrier waits for all that go on
}

__global__ void find_shared(unsigned char* out) {
  __shared__ unsigned char fixed[16];
  char* given = device::shared_bytes();
  out[2 * blockIdx.x] = fixed[15], out[2 * blockIdx.x + 1] = static_cast<unsigned char>(given[7]);
  fixed[15] = 1, given[7] = 1;
}
TEST_F(EmulatedThreads, FindNothingOfTheLastBlockInSharedMemory) {
  EXPECT_EQ(written_by<unsigned char>(find_shared, 8, 4, 1, 8),
            std::vector<unsigned char>(8, 0xCD));
}

struct Shuffled {
  int direct, swapped, down, up;
  unsigned long long wide;
  float real;
};
__global__ void shuffle_all(int width, Shuffled* out) {
  const int lane = static_cast<int>(threadIdx.x) % 32, value = 100 + static_cast<int>(threadIdx.x);
  Shuffled& mine = out[threadIdx.x];
  mine.direct = __shfl_sync(kAllLanes, value, lane * 7, width);
  mine.swapped = __shfl_xor_sync(kAllLanes, value, 5, width);
  mine.down = __shfl_down_sync(kAllLanes, value, 3U, width);
  mine.up = __shfl_up_sync(kAllLanes, value, 3U, width);
  mine.wide = __shfl_sync(kAllLanes, (1ULL << 40) + threadIdx.x, 31, width);
  mine.real = __shfl_sync(kAllLanes, 0.5F * static_cast<float>(lane), 1, width);
}
TEST_F(EmulatedThreads, Shuffle) {
  for (const int width : {32, 16, 4}) {
    const auto out = written_by<Shuffled>(shuffle_all, 96, 1, 96, 0, width);
    for (int thread = 0; thread < 96; ++thread) {
      const int warp = thread / 32 * 32, lane = thread % 32, first = lane / width * width;
      const auto told = [&](int from) { return 100 + warp + from; };
      const Shuffled& mine = out[static_cast<std::size_t>(thread)];
      EXPECT_EQ(mine.direct, told(first + lane * 7 % width));
      EXPECT_EQ(mine.swapped, told((lane ^ 5) < first + width ? lane ^ 5 : lane));
      EXPECT_EQ(mine.down, told(lane + 3 < first + width ? lane + 3 : lane));
      EXPECT_EQ(mine.up, told(lane - 3 >= first ? lane - 3 : lane));
      EXPECT_EQ(mine.wide,
                (1ULL << 40) + static_cast<unsigned long long>(warp + first + 31 % width));
      EXPECT_EQ(mine.real, 0.5F * static_cast<float>(first + 1));
    }
  }
}

struct Vote {
  unsigned ballot;
  int any, all, sum, most, least;
};
// The halves of a warp split up, and vote twice among themselves.
__global__ void vote_in_halves(Vote* out) {
  const int lane = static_cast<int>(threadIdx.x);
  Vote& mine = out[lane];
  if (lane < 16) {
    mine = {__ballot_sync(0xFFFFU, lane % 3 == 0), __any_sync(0xFFFFU, 0),
            __all_sync(0xFFFFU, lane < 16),        __reduce_add_sync(0xFFFFU, lane - 20),
            __reduce_max_sync(0xFFFFU, lane - 20), __reduce_min_sync(0xFFFFU, lane - 20)};
  } else {
    mine = {__ballot_sync(0xFFFF0000U, lane == 31), __any_sync(0xFFFF0000U, lane == 20),
            __all_sync(0xFFFF0000U, lane != 20),    __reduce_add_sync(0xFFFF0000U, lane),
            __reduce_max_sync(0xFFFF0000U, lane),   __reduce_min_sync(0xFFFF0000U, lane)};
  }
}
TEST_F(EmulatedThreads, VoteAmongThoseNamed) {
  const auto out = written_by<Vote>(vote_in_halves, 32, 1, 32, 0);
  for (std::size_t lane = 0; lane < 32; ++lane) {
    const Vote& mine = out[lane];
    const bool low = lane < 16;
    EXPECT_EQ(mine.ballot, low ? 0x9249U : 0x80000000U);
    EXPECT_EQ(mine.any, low ? 0 : 1);
    EXPECT_EQ(mine.all, low ? 1 : 0);
    EXPECT_EQ(mine.sum, low ? 120 - 320 : 376);
    EXPECT_EQ(mine.most, low ? -5 : 31);
    EXPECT_EQ(mine.least, low ? -20 : 16);
  }
}

struct Tally {
  unsigned sum, most, least, bits, swapped, claimed, winner;
  int wrapped;
  unsigned long long wide;
};
__global__ void tally(Tally* out) {
  const unsigned me = blockIdx.x * blockDim.x + threadIdx.x;
  atomicAdd(&out->sum, me), atomicMax(&out->most, me), atomicMin(&out->least, 7 - me);
  atomicOr(&out->bits, 1U << me % 32), atomicExch(&out->swapped, 9U);
  if (atomicCAS(&out->claimed, 0U, me + 1) == 0) atomicAdd(&out->winner, me + 1);
  atomicAdd(&out->wrapped, 0x7FFFFFFF);
  atomicAdd(&out->wide, 1ULL << 33);
}
TEST_F(EmulatedThreads, CountTogether) {
  const Tally t = written_by<Tally>(tally, 1, 4, 96, 0)[0];
  EXPECT_EQ(t.sum, 383U * 384 / 2);
  EXPECT_EQ(t.most, 383U);
  EXPECT_EQ(t.least, 0U);
  EXPECT_EQ(t.bits, kAllLanes);
  EXPECT_EQ(t.swapped, 9U);
  EXPECT_GT(t.claimed, 0U);
  EXPECT_EQ(t.winner, t.claimed) << "one alone";
  EXPECT_EQ(t.wrapped, -384) << "wraps as on a device";
  EXPECT_EQ(t.wide, 384ULL << 33);
}

TEST_F(EmulatedThreads, OfSeveralHostThreadsTakeTurns) {
  std::vector<std::thread> hosts;
  for (int h = 0; h < 4; ++h) {
    hosts.emplace_back([] {
      for (int round = 0; round < 5; ++round) {
        EXPECT_EQ(written_by<int>(turn_round, 64, 2, 64, 256, 3)[0], 66);
      }
    });
  }
  for (std::thread& host : hosts) host.join();
}

TEST(EmulatedArithmetic, IsCudas) {
  EXPECT_EQ(__popc(0xF0F0U), 8);
  EXPECT_EQ(__popcll(~0ULL), 64);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__ffsll(1LL << 40), 41);
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__brev(0x80000001U), 0x80000001U);
  EXPECT_EQ(__brev(2), 0x40000000U);
  EXPECT_EQ(__byte_perm(0x33221100U, 0x77665544U, 0x7250U), 0x77225500U);
  EXPECT_EQ(__byte_perm(0x33221100U, 0, 0x0123U), 0x00112233U);
  EXPECT_EQ(__vminu2(0x00050009U, 0x0007FFFFU), 0x00050009U);
  EXPECT_EQ(__vminu2(0xFFFF0001U, 0x00020000U), 0x00020000U);
  EXPECT_EQ(__dp4a(static_cast<int>(0xFF7F8001U), 0x02010180, 10), 10 - 128 - 128 + 127 - 2);
  EXPECT_EQ(__dp4a(0xFF000001U, 0xFF000002U, 1U), 65025U + 2 + 1);
  EXPECT_EQ(__float2int_rn(2.5F), 2);
  EXPECT_EQ(__float2int_rn(-3.5F), -4);
  EXPECT_EQ(__float2int_rn(1e20F), 2147483647);
  EXPECT_EQ(__int_as_float(0x3F800000), 1.0F);
  EXPECT_EQ(__float_as_uint(-0.0F), 0x80000000U);
  EXPECT_EQ(min(-1, 2), -1);
  EXPECT_EQ(max(-1, 2U), kAllLanes) << "as unsigned";
  EXPECT_EQ(sizeof(float3), 12U);
  EXPECT_EQ(alignof(uint4), 16U);
}

template <class T>
using Multiply = void (*)(T (&)[4], const unsigned (&)[4], const unsigned (&)[2]);
template <class T, Multiply<T> kMultiply>
__global__ void multiply(const unsigned* a, const unsigned* b, T* d) {
  const unsigned lane = threadIdx.x;
  const unsigned left[4] = {a[4 * lane], a[4 * lane + 1], a[4 * lane + 2], a[4 * lane + 3]};
  const unsigned right[2] = {b[2 * lane], b[2 * lane + 1]};
  T sum[4];
  for (int i = 0; i < 4; ++i) sum[i] = static_cast<T>(i);
  kMultiply(sum, left, right);
  for (unsigned i = 0; i < 4; ++i) d[4 * lane + i] = sum[i];
}

// Small whole numbers; all of them are halves, too.
struct Matrices {
  int k;
  std::vector<int> a, b;  // [16, k] and [k, 8]
  Matrices(int k_, int least, int most) : k(k_) {
    std::mt19937 random(5);
    const auto fill = [&](std::vector<int>& m, int count) {
      for (int i = 0; i < count; ++i) {
        const auto range = static_cast<unsigned>(most - least + 1);
        m.push_back(least + static_cast<int>(random() % range));
      }
    };
    fill(a, 16 * k), fill(b, k * 8);
  }
  int at_a(int row, int column) const { return a[static_cast<std::size_t>(row * k + column)]; }
  int at_b(int row, int column) const { return b[static_cast<std::size_t>(row * 8 + column)]; }
};
unsigned half_of(int value) {
  if (value == 0) return 0;
  int exponent = 0;
  const double fraction = std::frexp(std::abs(value), &exponent);  // in [0.5, 1)
  return (value < 0 ? 0x8000U : 0U) | static_cast<unsigned>(exponent - 1 + 15) << 10 |
         static_cast<unsigned>((2 * fraction - 1) * 1024);
}

// The ISA's formulas for the row and the column of element i of lane 4 g + t.
template <class T, Multiply<T> kMultiply, class Encode>
void expect_product(const Matrices& m, Encode encode) {
  const int bits = 256 / m.k, w = 32 / bits;
  std::vector<unsigned> a(32 * 4), b(32 * 2);
  for (int lane = 0; lane < 32; ++lane) {
    const int g = lane / 4, t = lane % 4;
    const auto put = [&](std::vector<unsigned>& words, int word, int i, int value) {
      words[static_cast<std::size_t>(word)] |= encode(value) << (i % w * bits);
    };
    for (int i = 0; i < 4 * w; ++i) {
      const int row = i < w || (2 * w <= i && i < 3 * w) ? g : g + 8;
      const int column = t * w + i % w + (i < 2 * w ? 0 : m.k / 2);
      put(a, 4 * lane + i / w, i, m.at_a(row, column));
    }
    for (int i = 0; i < 2 * w; ++i) {
      put(b, 2 * lane + i / w, i, m.at_b(t * w + i % w + (i < w ? 0 : m.k / 2), g));
    }
  }
  DeviceArray<unsigned> device_a, device_b;
  ASSERT_EQ(device_a.copy_from(a.data(), 32 * 4, nullptr), Status::ok);
  ASSERT_EQ(device_b.copy_from(b.data(), 32 * 2, nullptr), Status::ok);
  const unsigned *left = device_a.data(), *right = device_b.data();
  const auto d = written_by<T>(multiply<T, kMultiply>, 32 * 4, 1, 32, 0, left, right);
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + (i < 2 ? 0 : 8), column = lane % 4 * 2 + i % 2;
      int sum = i;
      for (int k = 0; k < m.k; ++k) sum += m.at_a(row, k) * m.at_b(k, column);
      EXPECT_EQ(d[static_cast<std::size_t>(4 * lane + i)], static_cast<T>(sum));
    }
  }
}
TEST_F(EmulatedThreads, MultiplyMatrices) {
  const auto byte = [](int value) { return static_cast<unsigned>(value) & 0xFFU; };
  expect_product<int, device::mma_m16n8k32_s8>({32, -128, 127}, byte);
  expect_product<int, device::mma_m16n8k32_u8>({32, 0, 255}, byte);
  expect_product<int, device::mma_m16n8k256_b1_and>({256, 0, 1}, byte);
  expect_product<float, device::mma_m16n8k16_f16>({16, -60, 60}, half_of);
}

__global__ void wait_apart(int*) {
  if (threadIdx.x < 8) {
    __syncthreads();
  } else {
    __syncwarp();
  }
}
__global__ void ask_the_dead(int*) {
  if (threadIdx.x == 40) return;
  __shfl_sync(kAllLanes, 1, 0);
}
__global__ void ask_differently(int*) {
  if (threadIdx.x < 8) {
    __shfl_sync(kAllLanes, 1, 0);
  } else {
    __ballot_sync(kAllLanes, 1);
  }
}
__global__ void ask_others(int*) { __syncwarp(threadIdx.x == 3 ? ~8U : kAllLanes); }
__global__ void multiply_in_half_a_warp(int*) {
  int d[4] = {};
  const unsigned a[4] = {}, b[2] = {};
  if (threadIdx.x < 16) device::mma_m16n8k32_s8(d, a, b);
}
TEST_F(EmulatedThreadsDeath, OfADeadlockIsLoud) {
  const auto run = [](void (*kernel)(int*)) { written_by<int>(kernel, 1, 1, 64, 0); };
  EXPECT_DEATH(run(wait_apart), "warp 0: __syncwarp(.|\n)*deadlock in block .0, 0, 0.");
  EXPECT_DEATH(run(ask_the_dead), "warp 1: __shfl_sync for lanes 0xffffffff, but only 0xfffffeff");
  EXPECT_DEATH(run(ask_differently),
               "of a warp call __(shfl|ballot)_sync, lane .* __(shfl|ballot)");
  EXPECT_DEATH(run(ask_others), "lane 3 calls __syncwarp for 0xfffffff7, others alone");
  EXPECT_DEATH(run(multiply_in_half_a_warp), "mma.sync for lanes 0xffffffff(.|\n)*deadlock");
}

__global__ void write_at(int at, int* out) { out[at] = 1; }
__global__ void write_shared_at(int at, int*) { device::shared_bytes()[at] = 1; }
__global__ void write_fixed_at(int at, int* out) {
  __shared__ int fixed[3];
  fixed[at] = 1;
  out[0] = fixed[at];
}
TEST_F(EmulatedThreadsDeath, OfAnOverrunIsTheSanitizers) {
#if !defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "needs AddressSanitizer, NOT verified";
#endif
  EXPECT_DEATH(written_by<int>(write_at, 4, 1, 1, 0, 4), "heap-buffer-overflow");
  EXPECT_DEATH(written_by<int>(write_shared_at, 4, 1, 1, 10, 10), "heap-buffer-overflow");
  EXPECT_DEATH(written_by<int>(write_fixed_at, 4, 1, 1, 0, 3), "overflow|out of bounds");
}

}  // namespace
}  // namespace whorl::kernels
