#pragma once
// The columns of kernels/finger_block.h by one warp: 32 gallery codes against all codes of a probe.
// For .cu files alone.
//
// The tensor cores count the bits that two codes share: hamming = |a| + |b| - 2 |a & b|, so the key
// (hamming << 8 | i) that the contract takes the least of is one multiply-add away from the count.
// The matrix instructions add over K in an order of their own, and the sum does not depend on it:
// each lane feeds the words that it can read at once.

#include <cstdint>

#include "kernels/cuda_accelerator.h"
#include "kernels/cuda_mma.h"
#include "kernels/cuda_warp.h"
#include "kernels/finger_block.h"

namespace whorl::kernels::device {

constexpr int kTileCodes = 8;  // probe codes of one matrix instruction
constexpr int kDirections = 256;
constexpr int kWords = kCodeBits / 32;
static_assert(kLanes == kWarp, "a warp takes one group, two instructions of 16 codes");

// A probe as the device reads it: its codes padded to whole tiles. Padding never is a partner.
struct ProbeTileCode {
  std::uint32_t words[kWords];
};
struct ProbeTileHead {
  std::int32_t key;        // popcount << 8 | i; kNeverKey for padding
  std::int32_t direction;  // padding repeats the last one's
};
constexpr std::int32_t kNeverKey = 1 << 28;
struct ProbeTiles {
  const ProbeTileCode* codes;
  const ProbeTileHead* heads;
  int tiles;
  int gate_steps;
};

// How a tile of probe codes and a group of gallery codes lie to each other. Both are sorted by
// direction, so their first and last ones bound all turns between them.
struct Band {
  bool any, all;  // some pairs, all pairs of codes lie within the gate
};
__device__ __forceinline__ Band band_of(int probe_first, int probe_last, int group_first,
                                        int group_last, int gate) {
  if (gate >= kDirections / 2) return {true, true};
  const int low = probe_first - group_last, high = probe_last - group_first;
  Band band{false, false};
  for (int turn = -kDirections; turn <= kDirections; turn += kDirections) {
    band.any = band.any || (low <= turn + gate && high >= turn - gate);
    band.all = band.all || (low >= turn - gate && high <= turn + gate);
  }
  return band;
}
__device__ __forceinline__ bool within_gate(int probe_direction, int code_direction, int gate) {
  return gate >= kDirections / 2 ||
         ((probe_direction - code_direction + gate) & (kDirections - 1)) <= 2 * gate;
}

// One group's codes in the registers of a warp. Lane 4 g + t holds quarter t of the codes g, g + 8,
// g + 16 and g + 24.
struct GroupCodes {
  std::uint32_t words[4][2];
  int key[4];  // popcount << 8 of each
  int direction[4];
  int first, last;  // directions of the group's ends
};

__device__ __forceinline__ GroupCodes load_group(const FingerBlock& block, std::int64_t group) {
  const int lane = lane_of_warp(), g = lane / 4, t = lane % 4;
  const std::uint16_t* planes = block.planes + group * kCodeWords * kLanes;
  GroupCodes codes;
#pragma unroll
  for (int c = 0; c < 4; ++c) {
    const int code = g + 8 * c;
    std::uint32_t half[4];
#pragma unroll
    for (int w = 0; w < 4; ++w) half[w] = planes[(4 * t + w) * kLanes + code];
    codes.words[c][0] = half[0] | half[1] << 16U;
    codes.words[c][1] = half[2] | half[3] << 16U;
    int bits = __popc(codes.words[c][0]) + __popc(codes.words[c][1]);
    bits += __shfl_xor_sync(kAllLanes, bits, 1);
    bits += __shfl_xor_sync(kAllLanes, bits, 2);
    codes.key[c] = bits << 8;
    codes.direction[c] = block.directions[group * kLanes + code];
  }
  codes.first = block.directions[group * kLanes];
  codes.last = block.directions[group * kLanes + kLanes - 1];
  return codes;
}

// The least keys so far of this lane's four codes.
struct Keys {
  int least[4] = {kNeverKey, kNeverKey, kNeverKey, kNeverKey};
};

// Takes in what one instruction counted for codes 16 m + g and 16 m + g + 8 and two probe codes;
// a count times `scale` is 512 times the bits that both have.
template <bool kGated>
__device__ __forceinline__ void take(const int (&counts)[4], int scale, const ProbeTileHead& left,
                                     const ProbeTileHead& right, const GroupCodes& codes, int m,
                                     int gate, Keys& keys) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int c = 2 * m + r;
    const int key_left = left.key - counts[2 * r] * scale;
    const int key_right = right.key - counts[2 * r + 1] * scale;
    if (!kGated || within_gate(left.direction, codes.direction[c], gate)) {
      keys.least[c] = min(keys.least[c], key_left);
    }
    if (!kGated || within_gate(right.direction, codes.direction[c], gate)) {
      keys.least[c] = min(keys.least[c], key_right);
    }
  }
}

// Bytes: bit s of each byte of a word, for s from 0 to 7, is a slice of 4 values for the 8-bit
// tensor cores. The probe's slice keeps its place, 2^s; the group's words are turned within their
// bytes, so its value is 2^(7 - s): every bit that both have adds 128, and one mask makes a slice.
constexpr int kSlices = 8, kSliceScale = 512 / 128;
__device__ __forceinline__ std::uint32_t probe_slice(std::uint32_t word, int s) {
  return word & 0x01010101U << s;
}
struct TurnedCodes {
  std::uint32_t words[4][2];
  __device__ __forceinline__ explicit TurnedCodes(const GroupCodes& codes) {
#pragma unroll
    for (int c = 0; c < 4; ++c) {
#pragma unroll
      for (int h = 0; h < 2; ++h) words[c][h] = __byte_perm(__brev(codes.words[c][h]), 0, 0x0123);
    }
  }
  // Codes 16 m + g and 16 m + g + 8 as the instruction takes them.
  __device__ __forceinline__ void slice(int m, int s, unsigned (&a)[4]) const {
    const std::uint32_t down = 0x01010101U << (kSlices - 1 - s);
    a[0] = words[2 * m][0] & down, a[1] = words[2 * m + 1][0] & down;
    a[2] = words[2 * m][1] & down, a[3] = words[2 * m + 1][1] & down;
  }
};
struct ByteUnit {
  static constexpr int kScale = kSliceScale;

  TurnedCodes turned;
  __device__ __forceinline__ explicit ByteUnit(const GroupCodes& codes) : turned(codes) {}
  __device__ __forceinline__ void count(int m, const std::uint32_t (&probe)[2],
                                        int (&counts)[4]) const {
#pragma unroll
    for (int s = 0; s < kSlices; ++s) {
      unsigned a[4];
      turned.slice(m, s, a);
      const unsigned b[2] = {probe_slice(probe[0], s), probe_slice(probe[1], s)};
      mma_m16n8k32_u8(counts, a, b);
    }
  }
};

// Bits: a whole code is one instruction's K.
struct BitUnit {
  static constexpr int kScale = 512;

  const GroupCodes& codes;
  __device__ __forceinline__ explicit BitUnit(const GroupCodes& group) : codes(group) {}
  __device__ __forceinline__ void count(int m, const std::uint32_t (&probe)[2],
                                        int (&counts)[4]) const {
    const unsigned a[4] = {codes.words[2 * m][0], codes.words[2 * m + 1][0], codes.words[2 * m][1],
                           codes.words[2 * m + 1][1]};
    const unsigned b[2] = {probe[0], probe[1]};
    mma_m16n8k256_b1_and(counts, a, b);
  }
};

template <class Unit, bool kGated>
__device__ __forceinline__ void take_tile(const Unit& unit, const GroupCodes& codes,
                                          const ProbeTiles& probe, int tile, Keys& keys) {
  const int lane = lane_of_warp(), g = lane / 4, t = lane % 4;
  const ProbeTileCode& code = probe.codes[tile * kTileCodes + g];
  const std::uint32_t words[2] = {code.words[2 * t], code.words[2 * t + 1]};
  const ProbeTileHead left = probe.heads[tile * kTileCodes + 2 * t];
  const ProbeTileHead right = probe.heads[tile * kTileCodes + 2 * t + 1];
#pragma unroll
  for (int m = 0; m < 2; ++m) {
    int counts[4] = {0, 0, 0, 0};
    unit.count(m, words, counts);
    take<kGated>(counts, Unit::kScale, left, right, codes, m, probe.gate_steps, keys);
  }
}

__device__ __forceinline__ Band band_of_tile(const GroupCodes& codes, const ProbeTiles& probe,
                                             int tile) {
  const ProbeTileHead* heads = probe.heads + tile * kTileCodes;
  return band_of(heads[0].direction, heads[kTileCodes - 1].direction, codes.first, codes.last,
                 probe.gate_steps);
}

// What the warp's lanes saw of a probe, as the group's columns.
__device__ __forceinline__ void write_columns(const GroupCodes& codes, const Keys& keys,
                                              int real_codes, FingerColumn* columns) {
  const int lane = lane_of_warp(), g = lane / 4, t = lane % 4;
#pragma unroll
  for (int c = 0; c < 4; ++c) {
    int least = keys.least[c];
    least = min(least, __shfl_xor_sync(kAllLanes, least, 1));
    least = min(least, __shfl_xor_sync(kAllLanes, least, 2));
    const int column = min(least + codes.key[c], static_cast<int>(kNoPartner));
    if (t == c) {
      const int code = g + 8 * c;
      columns[code] = static_cast<FingerColumn>(code < real_codes ? column : kNoPartner);
    }
  }
}

// Writes the group's columns against one probe.
template <class Unit>
__device__ __forceinline__ void columns_by_tiles(const GroupCodes& codes, const Unit& unit,
                                                 int real_codes, const ProbeTiles& probe,
                                                 FingerColumn* columns) {
  Keys keys;
  for (int tile = 0; tile < probe.tiles; ++tile) {
    const Band band = band_of_tile(codes, probe, tile);
    if (!band.any) continue;
    if (band.all) {
      take_tile<Unit, false>(unit, codes, probe, tile, keys);
    } else {
      take_tile<Unit, true>(unit, codes, probe, tile, keys);
    }
  }
  write_columns(codes, keys, real_codes, columns);
}

// The same without tensor cores: a lane a code.
__device__ __forceinline__ void columns_by_popcount(const FingerBlock& block, std::int64_t group,
                                                    int real_codes, const ProbeTiles& probe,
                                                    FingerColumn* columns) {
  const int lane = lane_of_warp();
  const std::uint16_t* plane = block.planes + group * kCodeWords * kLanes + lane;
  std::uint32_t words[kWords];
#pragma unroll
  for (int w = 0; w < kWords; ++w) {
    words[w] = plane[2 * w * kLanes] | static_cast<std::uint32_t>(plane[(2 * w + 1) * kLanes])
                                           << 16U;
  }
  const int direction = block.directions[group * kLanes + lane];
  int least = kNoPartner;
  for (int i = 0; i < probe.tiles * kTileCodes; ++i) {
    const ProbeTileHead head = probe.heads[i];
    if (head.key >= kNeverKey || !within_gate(head.direction, direction, probe.gate_steps))
      continue;
    int hamming = 0;
#pragma unroll
    for (int w = 0; w < kWords; ++w) hamming += __popc(probe.codes[i].words[w] ^ words[w]);
    least = min(least, hamming << 8 | i);
  }
  columns[lane] = static_cast<FingerColumn>(lane < real_codes ? least : kNoPartner);
}

}  // namespace whorl::kernels::device
