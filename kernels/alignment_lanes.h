#pragma once
// How the vector twins of print_alignment lay pairs and minutiae out in lanes.

#include <cstdint>

#include "kernels/alignment_rules.h"

namespace whorl::kernels::alignment {

inline constexpr int kChunk = 64;
inline constexpr int kChunks = (kMaxPrintMinutiae + kChunk - 1) / kChunk;
inline constexpr int kMaxPadded = kChunks * kChunk;

// 64 minutiae in bytes: places in steps of 4 px, which wrap, and directions. What is within reach
// is so in bytes too; the few that come from elsewhere are told by the exact test behind.
struct Chunk {
  static constexpr int kStepPx = 4;
  alignas(64) std::uint8_t x[kChunk], y[kChunk], direction[kChunk];
};
struct NearWidths {
  std::uint8_t x, y, direction;
};
inline constexpr NearWidths kNear{2 * (kReachPx / Chunk::kStepPx + 1),
                                  2 * (kReachPx / Chunk::kStepPx + 1), 2 * kReachSteps};
constexpr std::uint8_t step_of(int px) { return static_cast<std::uint8_t>(px >> 2); }
static_assert(Chunk::kStepPx == 4);

struct Pairs {
  int count = 0;
  alignas(64) float ax[kVoters], ay[kVoters], bx[kVoters], by[kVoters];  // whole numbers
  alignas(64) float cosine[kVoters], sine[kVoters];
  alignas(64) std::uint32_t turn[kVoters];   // in the upper byte, so that differences wrap
  alignas(64) std::int32_t weight[kVoters];  // 0 in lanes that are no pair
};
inline constexpr std::uint32_t kUpperByte = 1U << 24;
constexpr int steps_of(std::uint32_t upper_byte) {  // -128 .. 127
  return static_cast<std::int8_t>(upper_byte / kUpperByte);
}

// All ones where an offset is within reach, else none: what wrapped bytes told may be anywhere.
constexpr int inside(int offset_px) {
  return -static_cast<int>(static_cast<unsigned>(offset_px + kReachPx) <= 2U * kReachPx);
}

}  // namespace whorl::kernels::alignment
