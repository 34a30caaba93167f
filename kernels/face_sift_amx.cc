// Sixteen probes against sixteen rows a tile: probes as signed bytes, a group of rows as the
// unsigned ones, both read as they stand. Two tiles of each at a time, so that every load is used
// twice. tests/kernels runs this very source with the tile instructions emulated.

#include "kernels/amx_tiles.h"
#include "kernels/face_sift_avx512.h"

namespace whorl::kernels {
namespace {

static_assert(kProbeTile == kTileRows && kFaceStride == kTileBytes);
static_assert(kFaceGroupRows * kFaceCodesTogether == kTileBytes);
static_assert(kFaceCodesTogether * kTileRows == kFaceStride, "a tile is 64 codes of a group");

// With fewer the tiles are mostly empty, and memory is slower than either (bench/kernels).
constexpr int kFewestProbes = 12;

// [probe tile][group][probe, row]
struct alignas(64) Sums {
  std::int32_t of[2][2][kTileRows * kTileRows];
};

// Registers: 0 .. 3 sums, by probe tile and group; 4, 5 probes; 6, 7 groups.
template <int kTiles, int kGroups>
void multiply(Tiles& tiles, const std::int8_t* probes, const std::uint8_t* lanes, int codes,
              const NextGroups& next, int pass, Sums& sums) {
  const std::int64_t bytes = std::int64_t{codes} * kFaceGroupRows;  // of a tile of probes, too
  tiles.load<0>(sums.of[0][0]);
  if constexpr (kGroups == 2) tiles.load<1>(sums.of[0][1]);
  if constexpr (kTiles == 2) tiles.load<2>(sums.of[1][0]);
  if constexpr (kTiles == 2 && kGroups == 2) tiles.load<3>(sums.of[1][1]);
  for (std::int64_t at = 0; at < bytes; at += kTileSize) {
    next.fetch(pass, at / kTileSize);
    tiles.load<6>(lanes + at);
    tiles.load<4>(probes + at);
    tiles.add_products<0, 4, 6>();
    if constexpr (kGroups == 2) tiles.load<7>(lanes + bytes + at);
    if constexpr (kGroups == 2) tiles.add_products<1, 4, 7>();
    if constexpr (kTiles == 2) tiles.load<5>(probes + bytes + at);
    if constexpr (kTiles == 2) tiles.add_products<2, 5, 6>();
    if constexpr (kTiles == 2 && kGroups == 2) tiles.add_products<3, 5, 7>();
  }
  tiles.store<0>(sums.of[0][0]);
  if constexpr (kGroups == 2) tiles.store<1>(sums.of[0][1]);
  if constexpr (kTiles == 2) tiles.store<2>(sums.of[1][0]);
  if constexpr (kTiles == 2 && kGroups == 2) tiles.store<3>(sums.of[1][1]);
}

// Sums start at what the 128 of the rows' codes adds, taken off.
void start(const FaceSiftProbes& probes, int first, Sums& sums) {
  for (int t = 0; t < 2; ++t) {
    for (int p = 0; p < kProbeTile; ++p) {
      const int probe = first + t * kProbeTile + p;
      if (probe >= padded_probes(probes.count)) return;
      const __m512i excess = _mm512_set1_epi32(-kFaceCodeZero * probes.sums[probe]);
      for (auto& group : sums.of[t]) _mm512_store_si512(group + p * kTileRows, excess);
    }
  }
}

template <int kGroups>
void sift_groups(Tiles& tiles, const FaceSiftProbes& probes, const FaceCodeBlock& block,
                 std::int64_t g, std::uint16_t* passed, std::int32_t* dots) {
  const std::uint8_t* lanes = block.lanes + g * block.codes * kFaceGroupRows;
  const int passes = (probes.count + 2 * kProbeTile - 1) / (2 * kProbeTile);
  const NextGroups next(lanes, std::int64_t{block.codes} * kFaceGroupRows, kGroups, kTileSize,
                        passes);
  Sums sums;
  for (int first = 0; first < probes.count; first += 2 * kProbeTile) {
    const std::int8_t* codes = probes.codes + probe_code_place(first, 0, block.codes);
    const int pass = first / (2 * kProbeTile);
    start(probes, first, sums);
    if (probes.count - first > kProbeTile) {
      multiply<2, kGroups>(tiles, codes, lanes, block.codes, next, pass, sums);
    } else {
      multiply<1, kGroups>(tiles, codes, lanes, block.codes, next, pass, sums);
    }
    for (int p = 0; p < 2 * kProbeTile && first + p < probes.count; ++p) {
      for (int h = 0; h < kGroups; ++h) {
        const std::int32_t* row = sums.of[p / kProbeTile][h] + p % kProbeTile * kTileRows;
        tell_passed(probes, first + p, block, g + h, _mm512_load_si512(row), passed, dots);
      }
    }
  }
}

void sift_with_tiles(const FaceSiftProbes& probes, const FaceCodeBlock& block,
                     std::uint16_t* passed, std::int32_t* dots) {
  if (probes.count < kFewestProbes) return sift_faces_avx512(probes, block, passed, dots);
  check_sift(probes, block);
  Tiles tiles;
  std::int64_t g = 0;
  for (; g + 2 <= block.groups; g += 2) sift_groups<2>(tiles, probes, block, g, passed, dots);
  if (g < block.groups) sift_groups<1>(tiles, probes, block, g, passed, dots);
}

}  // namespace

#if defined(WHORL_EMULATE_TILES)
void sift_faces_emulated_amx(const FaceSiftProbes& probes, const FaceCodeBlock& block,
                             std::uint16_t* passed, std::int32_t* dots) {
  sift_with_tiles(probes, block, passed, dots);
}
#else
void sift_faces_amx(const FaceSiftProbes& probes, const FaceCodeBlock& block, std::uint16_t* passed,
                    std::int32_t* dots) {
  sift_with_tiles(probes, block, passed, dots);
}
#endif

}  // namespace whorl::kernels
