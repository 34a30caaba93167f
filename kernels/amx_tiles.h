#pragma once
// The tile instructions of AMX that we use, and nothing else of it: eight registers of 16 rows of
// 64 bytes. With WHORL_EMULATE_TILES the same names are done in plain C++, one element after
// another, so that a test can run what is built on them where the processor has no tiles. Nothing
// but that test may define it.
//
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, TDPBSUD,
// TILELOADD.

#include <cstdint>
#include <cstring>

namespace whorl::kernels {
namespace {  // each file has its own: one test links both kinds

inline constexpr int kTileRows = 16;
inline constexpr int kTileBytes = 64;  // of one row
inline constexpr int kTileSize = kTileRows * kTileBytes;

#if defined(WHORL_EMULATE_TILES)

class Tiles {
 public:
  template <int kTile>
  void load(const void* rows) {
    std::memcpy(tiles_[kTile], rows, kTileSize);
  }
  template <int kTile>
  void store(void* rows) const {
    std::memcpy(rows, tiles_[kTile], kTileSize);
  }
  template <int kSum, int kSigned, int kUnsigned>
  void add_products() {
    const auto& left = tiles_[kSigned];
    const auto& right = tiles_[kUnsigned];
    for (int m = 0; m < kTileRows; ++m) {
      std::int32_t sums[kTileRows];
      std::memcpy(sums, tiles_[kSum][m], sizeof sums);
      for (int k = 0; k < kTileBytes; ++k) {
        const auto weight = static_cast<std::int8_t>(left[m][k]);
        for (int n = 0; n < kTileRows; ++n) sums[n] += weight * right[k / 4][4 * n + k % 4];
      }
      std::memcpy(tiles_[kSum][m], sums, sizeof sums);
    }
  }

 private:
  std::uint8_t tiles_[8][kTileRows][kTileBytes] = {};
};

#else

// What ldtilecfg reads: palette 1, and the bytes a row and the rows of each tile.
struct TileConfiguration {
  std::uint8_t palette, start_row, zero[14];
  std::uint16_t row_bytes[16];
  std::uint8_t rows[16];
};
static_assert(sizeof(TileConfiguration) == 64);

constexpr TileConfiguration full_tiles() {
  TileConfiguration all{};
  all.palette = 1;
  for (int tile = 0; tile < 8; ++tile) {
    all.row_bytes[tile] = kTileBytes;
    all.rows[tile] = kTileRows;
  }
  return all;
}
alignas(64) inline constexpr TileConfiguration kFullTiles = full_tiles();

// Configures the tiles of this thread while it lives. The memory clobbers are ours: gcc 12's
// intrinsics do not tell the compiler that a tile load reads, and it drops the stores before one.
class Tiles {
 public:
  Tiles() { __asm__ volatile("ldtilecfg %0" ::"m"(kFullTiles) : "memory"); }
  ~Tiles() { __asm__ volatile("tilerelease" ::: "memory"); }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  template <int kTile>
  void load(const void* rows) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(rows), "r"(kStride), "i"(kTile)
                     : "memory");
  }
  template <int kTile>
  void store(void* rows) const {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(rows), "r"(kStride), "i"(kTile)
                     : "memory");
  }
  // sum[m][n] += sum over k of signed[m][k] * unsigned[k / 4][4 * n + k % 4], in 32 bits.
  template <int kSum, int kSigned, int kUnsigned>
  void add_products() {
    __asm__ volatile("tdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSum), "i"(kSigned),
                     "i"(kUnsigned));
  }

 private:
  static constexpr std::int64_t kStride = kTileBytes;
};

#endif

}  // namespace
}  // namespace whorl::kernels
