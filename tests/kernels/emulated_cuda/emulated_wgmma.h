#pragma once
// wgmma as the PTX ISA has it, for the layout that our sources use: what a descriptor says, which
// bytes of shared memory an element is, and what a thread's registers hold. Where both matrices are
// in shared memory each thread makes its own sums; when it may read them is not checked. For
// cuda_runtime.h's users.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "emulated_device.h"
#include "emulated_mma.h"
#include "emulated_threads.h"
#include "emulated_warp.h"

namespace whorl::emulated {

// "Shared Memory Matrix Layout": bits 0-13 the address, 16-29 and 32-45 the leading and the stride
// byte offset, all without their last four bits; 49-51 the base offset; 62-63 the swizzling mode.
struct WgmmaMatrix {
  std::uint32_t start, stride;
  explicit WgmmaMatrix(std::uint64_t descriptor)
      : start(static_cast<std::uint32_t>(descriptor & 0x3FFFU) << 4U),
        stride(static_cast<std::uint32_t>(descriptor >> 32U & 0x3FFFU) << 4U) {
    if (descriptor >> 62U != 2 || (descriptor >> 49U & 7U) != 0) {
      std::fputs("emulated device: a wgmma matrix that is not swizzled by 64 bytes\n", stderr);
      std::abort();
    }
  }
  // Rows of 64 bytes, eight of them an atom; the swizzle exchanges address bits 4-5 by bits 7-8.
  // Chunk c of a row: its bytes 16 c to 16 c + 15.
  const std::byte* chunk(int row, int c) const {
    const std::uint32_t plain = start + static_cast<std::uint32_t>(row) / 8 * stride +
                                static_cast<std::uint32_t>(row) % 8 * 64 +
                                static_cast<std::uint32_t>(c) * 16;
    const std::uint32_t address = plain ^ (plain >> 7U & 3U) << 4U;
    return current().shared + address;
  }
};

template <class Unit, class T>
void wgmma(T* d, int columns, std::uint64_t a, std::uint64_t b) {
  __syncwarp();
  if (wgmma_does_nothing()) return;
  const WgmmaMatrix left(a), right(b);
  const auto thread = static_cast<int>(current().thread.x) % 128;
  const int warp = thread / 32, g = thread % 32 / 4, t = thread % 4;
  for (int e = 0; e < columns / 2; ++e) {
    const int row = 16 * warp + g + e / 2 % 2 * 8, column = e / 4 * 8 + 2 * t + e % 2;
    typename Unit::Sum sum = 0;
    for (int c = 0; c < 2; ++c) {
      unsigned mine[4], theirs[4];
      std::memcpy(mine, left.chunk(row, c), sizeof(mine));
      std::memcpy(theirs, right.chunk(column, c), sizeof(theirs));
      for (int w = 0; w < 4; ++w) {
        for (int k = 0; k < Unit::kElements; ++k)
          sum += Unit::product(Unit::element(mine[w], k), Unit::element(theirs[w], k));
      }
    }
    d[e] = wrapping_add(d[e], sum);
  }
}

// A warp's 16 rows are its own, so its products are those of the instruction for one warp.
inline void wgmma_u8(int* d, int columns, const unsigned (&a)[4], std::uint64_t b) {
  const WgmmaMatrix right(b);
  const int lane = static_cast<int>(current().thread.x) % kWarpLanes, g = lane / 4, t = lane % 4;
  for (int j = 0; j < columns / 8; ++j) {
    unsigned words[2];
    for (int c = 0; c < 2; ++c) std::memcpy(&words[c], right.chunk(8 * j + g, c) + 4 * t, 4);
    int sums[4];
    std::memcpy(sums, d + 4 * j, sizeof(sums));
    multiply<UnsignedBytes>(sums, a, words);
    std::memcpy(d + 4 * j, sums, sizeof(sums));
  }
}

}  // namespace whorl::emulated
