#pragma once
// Faces on a device: where the rows lie, what a scan is told and writes, and the scan of few
// probes. A scan offers every row whose upper bound reaches the probe's bar; face_lists_cuda.h
// settles what was offered. For .cu files alone.

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda_launch.h"
#include "kernels/cuda_mma.h"
#include "kernels/cuda_warp.h"
#include "kernels/face_scan.h"

namespace whorl::kernels::device {

struct alignas(16) Chunk {  // of codes, the first of a word lowest
  unsigned words[4];
};
constexpr int kChunkBytes = 16;
static_assert(kFaceStride % kChunkBytes == 0);

// What a word of codes is to a lane and to the tensor cores.
struct ByteCodes : FaceBytes {
  using Kind = FaceBytes;
  static constexpr int kPerWord = 4;
  __device__ __forceinline__ static int dot_word(unsigned a, unsigned b, int sum) {
    return __dp4a(static_cast<int>(a), static_cast<int>(b), sum);
  }
  __device__ __forceinline__ static void multiply(int (&d)[4], const unsigned (&a)[4],
                                                  const unsigned (&b)[2]) {
    mma_m16n8k32_s8(d, a, b);
  }
};
struct HalfCodes : FaceHalves {
  using Kind = FaceHalves;
  static constexpr int kPerWord = 2;
  struct Pair {
    float first, second;
  };
  __device__ __forceinline__ static Pair floats_of(unsigned word) {
#ifdef WHORL_EMULATED_CUDA
    return {float_of_half(static_cast<Code>(word)), float_of_half(static_cast<Code>(word >> 16))};
#else
    Pair pair;
    asm("{.reg .b16 low, high;\n\tmov.b32 {low, high}, %2;\n\t"
        "cvt.f32.f16 %0, low;\n\tcvt.f32.f16 %1, high;}"
        : "=f"(pair.first), "=f"(pair.second)
        : "r"(word));
    return pair;
#endif
  }
  __device__ __forceinline__ static float dot_word(unsigned a, unsigned b, float sum) {
    const Pair left = floats_of(a), right = floats_of(b);
    return __fmaf_rn(left.second, right.second, __fmaf_rn(left.first, right.first, sum));
  }
  __device__ __forceinline__ static void multiply(float (&d)[4], const unsigned (&a)[4],
                                                  const unsigned (&b)[2]) {
    mma_m16n8k16_f16(d, a, b);
  }
};

// 2^shift rows, whole tiles of face_tiles_cuda.h.
struct FacePage {
  Chunk* codes;
  FaceRowTerms* terms;
  float* vectors;  // as they came, [rows, dimension]; null where there was no room for them
};
struct FaceRows {
  const FacePage* pages;
  int page_shift;
  int chunks;                     // of a row
  const std::uint32_t* admitted;  // a bit a row, or null: all
};
struct FaceProbes {
  const Chunk *codes, *rest;  // [count, chunks]
  const FaceProbeTerms *coarse, *fine;
  int count;
};

// What stands between a probe and its list's end.
struct FaceLedger {
  std::uint32_t offered;  // entries, those that found no room included
  std::uint32_t settled;  // of them, in front: their bounds are the fine ones
  std::uint32_t next;     // all rows below it have been taken in
  float floor;            // `keep` rows are known to reach it
  float bar;              // the floor; infinite while the probe does not take part
};
struct FaceLists {
  FaceEntry* entries;  // [count, capacity]
  FaceLedger* ledgers;
  std::uint32_t capacity;
  std::uint32_t keep;
};
struct FaceScan {
  FaceRows rows;
  FaceProbes probes;
  FaceLists lists;
  std::uint32_t begin, end;  // rows; begin at a tile
};

__device__ __forceinline__ const Chunk* codes_of(const FaceRows& rows, std::uint32_t row) {
  const std::uint32_t in_page = row & ((1U << rows.page_shift) - 1);
  return rows.pages[row >> rows.page_shift].codes + std::int64_t{in_page} * rows.chunks;
}
__device__ __forceinline__ const FaceRowTerms* terms_of(const FaceRows& rows, std::uint32_t row) {
  return rows.pages[row >> rows.page_shift].terms + (row & ((1U << rows.page_shift) - 1));
}

// Rows are read once: no use to keep them near. Says what the compiler cannot know of a pointer
// that it found in a page table, that it is one to device memory.
__device__ __forceinline__ Chunk load_row(const Chunk* from) {
#ifdef WHORL_EMULATED_CUDA
  return *from;
#else
  Chunk chunk;
  asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
      : "=r"(chunk.words[0]), "=r"(chunk.words[1]), "=r"(chunk.words[2]), "=r"(chunk.words[3])
      : "l"(from));
  return chunk;
#endif
}

template <class Codes>
__device__ __forceinline__ typename Codes::Dot dot_chunk(const Chunk& a, const Chunk& b,
                                                         typename Codes::Dot sum) {
#pragma unroll
  for (int w = 0; w < 4; ++w) sum = Codes::dot_word(a.words[w], b.words[w], sum);
  return sum;
}

template <class Dot>
__device__ __forceinline__ void offer(const FaceLists& lists, int probe,
                                      const FaceProbeTerms& coarse, float bar, std::uint32_t row,
                                      const FaceRowTerms& terms, Dot dot) {
  const FaceBounds bounds = coarse_bounds(coarse, terms, dot);
  if (!(bounds.upper >= bar)) return;
  const std::uint32_t at = atomicAdd(&lists.ledgers[probe].offered, 1U);
  if (at >= lists.capacity) return;
  lists.entries[std::int64_t{probe} * lists.capacity + at] = {row, bounds.similarity, bounds.lower,
                                                              bounds.upper};
}

// --- Rounding rows: a warp a row, the bits of quantise_face().

struct FaceIntake {
  const float* vectors;  // [rows, dimension]
  int rows, dimension;
  FacePage to;  // the first row's place
  int chunks;
};

template <class Codes>
__device__ __forceinline__ void quantise_row(const FaceIntake& intake, int row) {
  const int lane = lane_of_warp(), dimension = intake.dimension;
  const float* vector = intake.vectors + std::int64_t{row} * dimension;
  float largest = 0;
  for (int d = lane; d < dimension; d += kWarp) largest = fmaxf(largest, fabsf(vector[d]));
  for (int by = kWarp / 2; by > 0; by /= 2) {
    largest = fmaxf(largest, __shfl_xor_sync(kAllLanes, largest, by));
  }
  const float scale = Codes::scale_of(largest);
  auto* words = reinterpret_cast<unsigned*>(intake.to.codes + std::int64_t{row} * intake.chunks);
  double sum = 0;
  for (int w = lane; w < intake.chunks * 4; w += kWarp) {
    unsigned word = 0;
    for (int k = 0; k < Codes::kPerWord; ++k) {
      const int d = Codes::kPerWord * w + k;
      if (d >= dimension) break;
      const typename Codes::Code code = Codes::code_of(vector[d], scale);
      const double rest = face_rest<typename Codes::Kind>(vector[d], scale, code);
      sum += rest * rest;
      constexpr int kBits = 32 / Codes::kPerWord;
      word |= (static_cast<unsigned>(code) & ((1U << kBits) - 1)) << (kBits * k);
    }
    words[w] = word;
  }
  for (int by = kWarp / 2; by > 0; by /= 2) sum += __shfl_xor_sync(kAllLanes, sum, by);
  if (lane == 0) intake.to.terms[row] = {scale, face_norm_above(sum)};
}

// --- Few probes: as fast as memory gives the rows, each read once for all kProbes of a block
// (blockIdx.y says which). Eight lanes share a row, so a load of theirs is a line of 128 bytes;
// each asks for kAhead chunks of kRows rows before it needs the first of them. A warp takes the 32
// rows of one word of the filter.

constexpr int kWordThreads = 256;
constexpr int kRowLanes = 8;
constexpr int kMaxWordProbes = kRowLanes;  // each lane of a row's judges one

// The rows of word `word` that are there and admitted.
__device__ __forceinline__ std::uint32_t wanted_rows(const FaceScan& scan, std::uint32_t word) {
  const std::uint32_t left = scan.end - word * 32;
  const std::uint32_t there = left >= 32 ? ~0U : (1U << left) - 1;
  return scan.rows.admitted == nullptr ? there : there & scan.rows.admitted[word];
}

template <class Codes, int kProbes, int kAhead, int kRows>
struct FaceWords {
  using Dot = typename Codes::Dot;
  static_assert(kProbes <= kMaxWordProbes);
  static constexpr int kStepRows = kWarp / kRowLanes * kRows;
  static_assert(kWarp % kStepRows == 0);

  // Of one probe in shared memory: zeros at the end, so that nobody asks where a row ends.
  static constexpr int padded(int chunks) {
    constexpr int kUnit = kRowLanes * kAhead;
    return (chunks + kUnit - 1) / kUnit * kUnit;
  }
  static constexpr std::size_t shared_bytes(int chunks) {
    return sizeof(Chunk) * kProbes * static_cast<std::size_t>(padded(chunks));
  }

  const FaceScan& scan;
  const int chunks, first_probe;
  const int lane, group;    // in its row's eight, and which eight
  Chunk* const probes;      // [kProbes, padded]
  FaceProbeTerms coarse{};  // of the probe that this lane judges
  float bar = 0;

  __device__ __forceinline__ explicit FaceWords(const FaceScan& the_scan)
      : scan(the_scan),
        chunks(the_scan.rows.chunks),
        first_probe(static_cast<int>(blockIdx.y) * kProbes),
        lane(lane_of_warp() % kRowLanes),
        group(lane_of_warp() / kRowLanes),
        probes(reinterpret_cast<Chunk*>(device::shared_bytes())) {}

  __device__ __forceinline__ bool judges() const {
    return lane < kProbes && first_probe + lane < scan.probes.count;
  }

  __device__ __forceinline__ void load_probes() {
    const int length = padded(chunks);
    for (int i = static_cast<int>(threadIdx.x); i < kProbes * length; i += kWordThreads) {
      const int p = first_probe + i / length, c = i % length;
      const bool known = p < scan.probes.count && c < chunks;
      probes[i] = known ? scan.probes.codes[std::int64_t{p} * chunks + c] : Chunk{};
    }
    __syncthreads();
    if (!judges()) return;
    coarse = scan.probes.coarse[first_probe + lane];
    bar = scan.lists.ledgers[first_probe + lane].bar;
  }

  // Rows that nobody wants are not read: in their place is the first that somebody does, once for
  // all of them. Past a row's end its last chunk is.
  __device__ __forceinline__ void step(std::uint32_t first_row, std::uint32_t wanted) const {
    const auto any = static_cast<std::uint32_t>(__ffs(static_cast<int>(wanted)) - 1);
    const Chunk* codes[kRows];
    FaceRowTerms terms[kRows];
    Dot dots[kRows][kProbes] = {};
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const auto own = static_cast<std::uint32_t>(group * kRows + r);
      const std::uint32_t row = first_row + ((wanted >> own & 1U) != 0 ? own : any);
      codes[r] = codes_of(scan.rows, row);
      terms[r] = *terms_of(scan.rows, row);
    }
    for (int base = lane; base < padded(chunks); base += kRowLanes * kAhead) {
      Chunk row[kAhead][kRows];
#pragma unroll
      for (int a = 0; a < kAhead; ++a) {
        const int c = min(base + a * kRowLanes, chunks - 1);
#pragma unroll
        for (int r = 0; r < kRows; ++r) row[a][r] = load_row(codes[r] + c);
      }
#pragma unroll
      for (int a = 0; a < kAhead; ++a) {
#pragma unroll
        for (int p = 0; p < kProbes; ++p) {
          const Chunk mine = probes[p * padded(chunks) + base + a * kRowLanes];
#pragma unroll
          for (int r = 0; r < kRows; ++r) {
            dots[r][p] = dot_chunk<Codes>(row[a][r], mine, dots[r][p]);
          }
        }
      }
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      Dot judged = 0;
#pragma unroll
      for (int p = 0; p < kProbes; ++p) {
        Dot dot = dots[r][p];
        for (int by = kRowLanes / 2; by > 0; by /= 2) dot += __shfl_xor_sync(kAllLanes, dot, by);
        if (lane == p) judged = dot;
      }
      const auto own = static_cast<std::uint32_t>(group * kRows + r);
      if ((wanted >> own & 1U) == 0 || !judges()) continue;
      offer(scan.lists, first_probe + lane, coarse, bar, first_row + own, terms[r], judged);
    }
  }

  __device__ __forceinline__ void run() {
    load_probes();
    constexpr unsigned kBlockWarps = kWordThreads / kWarp;
    const unsigned warp = blockIdx.x * kBlockWarps + static_cast<unsigned>(warp_of_thread());
    for (std::uint32_t word = scan.begin / 32 + warp; word < (scan.end + 31) / 32;
         word += gridDim.x * kBlockWarps) {
      const std::uint32_t wanted = wanted_rows(scan, word);
      for (unsigned s = 0; s < kWarp; s += kStepRows) {
        const std::uint32_t here =
            wanted >> s & static_cast<std::uint32_t>((1ULL << kStepRows) - 1);
        if (here != 0) step(word * 32 + s, here);
      }
    }
  }
};

}  // namespace whorl::kernels::device
